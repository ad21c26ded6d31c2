//! How a class serves, beside where: when it commits, whose keys it uses, what it keeps and changes.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::policy::{AfterCut, Commit, Fail, Heartbeat, Keys, Requested};
use claw_table::{CacheId, ProviderId};

use super::Work;
use crate::check::names::Sort;
use crate::check::{edit, fields, values};
use crate::codes::Code;
use crate::model::Need;
use crate::report::Diagnostic;
use crate::span::Span;
use crate::syntax::ast::Statement;

impl Work<'_> {
    pub(super) fn serving(&mut self, field: &Statement) {
        match field.keyword.text.as_str() {
            "commit" => {
                const WAYS: &[(&str, Commit)] = &[
                    ("first-content", Commit::FirstContent),
                    ("whole", Commit::Whole),
                ];
                self.out.commit = self.choose(field, WAYS).unwrap_or_default();
                self.ask(field, "commit-whole", self.out.commit == Commit::Whole);
            }
            "after-cut" => {
                const WAYS: &[(&str, AfterCut)] =
                    &[("error", AfterCut::Error), ("continue", AfterCut::Continue)];
                self.out.after_cut = self.choose(field, WAYS).unwrap_or_default();
                let continues = self.out.after_cut == AfterCut::Continue;
                self.ask(field, "after-cut-continue", continues);
            }
            "fail" => {
                const WAYS: &[(&str, Fail)] = &[("closed", Fail::Closed), ("open", Fail::Open)];
                self.out.fail = self.choose(field, WAYS).unwrap_or_default();
                self.ask(field, "fail-open", self.out.fail == Fail::Open);
            }
            "keys" => {
                const WAYS: &[(&str, Keys)] = &[("caller", Keys::Caller)];
                self.out.keys = self.choose(field, WAYS).unwrap_or_default();
                self.places.keys = Some(field.span);
                self.ask(field, "keys-caller", self.out.keys == Keys::Caller);
            }
            "heartbeat" => self.heartbeat(field),
            "cache" => self.cache(field),
            "min-output" => {
                let value = fields::one(field, "class", self.report);
                self.out.output_tokens_min =
                    value.and_then(|value| values::count(value, self.report));
                self.ask(field, "min-output", true);
            }
            _ => {
                edit::edits((field, "class"), &mut self.out.edits, self.report);
                self.ask(field, "edits", true);
            }
        }
        self.places.fails_late =
            self.out.commit == Commit::Whole || self.out.after_cut == AfterCut::Continue;
    }

    /// Notes what a gateway has to do for a field, if it says something out of the ordinary.
    #[expect(
        clippy::fn_params_excessive_bools,
        reason = "whether there is anything to note"
    )]
    fn ask(&mut self, field: &Statement, feature: &'static str, is_asked: bool) {
        if is_asked {
            let value = field.groups.iter().flatten().next();
            self.needs.push(Need {
                feature,
                span: value.map_or(field.keyword.span, |value| value.span),
            });
        }
    }

    /// A field with one of these words.
    fn choose<T: Copy>(&mut self, field: &Statement, words: &[(&str, T)]) -> Option<T> {
        let value = fields::one(field, "class", self.report)?;
        let what = format!("a way to `{}`", field.keyword.text);
        fields::choice(value, &what, words, self.report)
    }

    fn heartbeat(&mut self, field: &Statement) {
        let Some(value) = fields::one(field, "class", self.report) else {
            return;
        };
        let every = if value.is_word("off") {
            Some(Heartbeat::Off)
        } else {
            values::duration(value, self.report).map(Heartbeat::Every)
        };
        self.out.heartbeat = every.unwrap_or_default();
        self.ask(field, "heartbeat", true);
    }

    fn cache(&mut self, field: &Statement) {
        let Some(value) = fields::one(field, "class", self.report) else {
            return;
        };
        let at = self.names.resolve(value, Sort::Cache, self.report);
        self.out.cache = at.and_then(|at| u16::try_from(at).ok()).map(CacheId);
        self.places.cache = Some(field.span);
    }

    /// The places of two targets at different providers that one request could reach.
    fn spread(&self) -> Option<(Span, Span)> {
        let all = self.out.targets.iter().zip(&self.places.targets);
        let listed = all.enumerate().filter(|(at, _)| !self.asked.contains(at));
        let mut listed = listed.map(|(_, (target, span))| (target.provider, *span));
        let first = listed.next();
        let (one, span) = first.unzip();
        if let Some((_, other)) = listed.find(|(provider, _)| Some(*provider) != one) {
            return span.map(|span| (span, other));
        }
        // A model that is asked for leads to one provider in each list.
        let mut known: BTreeMap<&str, (ProviderId, Span)> = BTreeMap::new();
        let lists = self.requests.iter().zip(&self.request_spans);
        for (name, id, span) in lists.flat_map(|(list, spans)| self.offers(list, spans)) {
            let before = first.or_else(|| known.get(name).copied());
            if let Some((_, place)) = before.filter(|(other, _)| *other != id) {
                return Some((place, span));
            }
            known.entry(name).or_insert((id, span));
        }
        None
    }

    /// Every model of a list, with the provider to which its name leads.
    fn offers(&self, list: &Requested, spans: &[Span]) -> Vec<(&str, ProviderId, Span)> {
        let mut names = BTreeSet::new();
        let mut found = Vec::new();
        for (id, span) in list.providers.iter().zip(spans) {
            let provider = self.known.providers.get(id.index());
            let models = provider.map_or(&[][..], |known| &known.provider.models);
            for model in models {
                if names.insert(model.name.as_str()) {
                    found.push((model.name.as_str(), *id, *span));
                }
            }
        }
        found
    }

    /// What a class with the caller's key must not do.
    pub(super) fn lent(&mut self) {
        let Some(keys) = self.places.keys else { return };
        self.places.spread = self.spread();
        let mut tell = |span, message: &str| {
            let found = Diagnostic::new(Code::WrongValue, span, message);
            self.report.add(
                found
                    .and(keys, "the key is the caller's")
                    .help("take one of the two out"),
            );
        };
        if let Some(cache) = self.places.cache {
            tell(cache, "what a caller's key was asked is never kept");
        }
        for (_, places) in &self.ceilings {
            tell(
                places.whole,
                "what a caller's key costs is charged to no ceiling",
            );
        }
    }
}
