//! `requested from P, Q`: the model that the client names, at the first provider that offers it.

use std::collections::BTreeSet;

use claw_table::policy::{Leg, Requested, Target};
use claw_table::{ModelId, ProviderId, RequestedId};

use super::Work;
use crate::check::fields;
use crate::check::names::Sort;
use crate::model::Need;
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;

impl Work<'_> {
    /// Reads a list of providers from its first group on, and says how many groups belong to it.
    pub(super) fn requested(&mut self, field: &Statement, groups: &[Vec<Value>]) -> usize {
        let Some([word, from, first]) = groups.first().map(Vec::as_slice) else {
            let at = groups
                .first()
                .and_then(|group| group.get(3).or(group.last()));
            fields::shape::<()>(field, "requested", at, self.report);
            return 1;
        };
        if !from.is_word("from") {
            fields::shape::<()>(field, "requested", Some(from), self.report);
            return 1;
        }
        self.needs.push(Need {
            feature: "requested",
            span: word.span,
        });
        let more = groups.get(1..).unwrap_or_default().iter();
        let more = more.map_while(|group| match group.as_slice() {
            [name] if name.kind == Kind::Word => {
                let is_other = matches!(self.names.sort(&name.text), Some(Sort::Pool));
                (!is_other).then_some(name)
            }
            _ => None,
        });
        let named: Vec<&Value> = std::iter::once(first).chain(more).collect();
        fields::listed(groups.get(..named.len()).unwrap_or_default(), self.report);
        let mut providers: Vec<(ProviderId, Span)> = Vec::new();
        for name in &named {
            let at = self.names.resolve(name, Sort::Provider, self.report);
            let id = at.and_then(|at| u16::try_from(at).ok()).map(ProviderId);
            let is_new = |id: &ProviderId| providers.iter().all(|(known, _)| known != id);
            if let Some(id) = id.filter(is_new) {
                providers.push((id, name.span));
            }
        }
        if !providers.is_empty() {
            self.list(&providers);
        }
        named.len()
    }

    fn list(&mut self, providers: &[(ProviderId, Span)]) {
        let id = RequestedId(u16::try_from(self.requests.len()).unwrap_or(u16::MAX));
        self.requests.push(Requested {
            providers: providers.iter().map(|(id, _)| *id).collect(),
        });
        let spans = providers.iter().map(|(_, span)| *span).collect();
        self.request_spans.push(spans);
        let mut names = BTreeSet::new();
        for (provider, span) in providers {
            let known = self.known.providers.get(provider.index());
            let models = known.map_or(&[][..], |known| &known.provider.models);
            for (model, named) in (0..).map(ModelId).zip(models) {
                let target = Target {
                    provider: *provider,
                    model,
                };
                if names.insert(named.name.as_str()) && !self.out.targets.contains(&target) {
                    self.asked.insert(self.out.targets.len());
                    self.out.targets.push(target);
                    self.places.targets.push(*span);
                }
            }
        }
        self.out.legs.push(Leg::Requested(id));
    }
}
