//! What bounds traffic, as it is gathered from the whole folder.

use claw_table::policy::{Cache, Ceiling, Class, Leg, Limit, Notify, Requested};

use super::cond::Reader;
use super::{ceiling, gateway, limit};
use crate::model::{CeilingPlaces, Need, Scoped};
use crate::syntax::ast::Statement;

/// Ceilings and the conditions of what they are about, and what a gateway must do for all of it.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    /// Constructs that a gateway must enforce.
    pub needs: Vec<Need>,
    /// The conditions, by their guard ids.
    pub scopes: Vec<Scoped>,
    /// Every list of providers.
    pub requested: Vec<Requested>,
    /// Every limit.
    pub limits: Vec<Limit>,
    /// Every cache; nothing in the place of one at fault.
    pub caches: Vec<Option<Cache>>,
    /// Who is told of what happens.
    pub notifies: Vec<Notify>,
    /// Ceilings inside classes and clients, then those that are declared.
    pub ceilings: Vec<ceiling::Read>,
}

/// What bounds traffic and is declared, as it is written.
#[derive(Debug, Default)]
pub(super) struct Declared<'f> {
    /// Every `ceiling`.
    pub ceilings: Vec<&'f Statement>,
    /// Every `limit`.
    pub limits: Vec<&'f Statement>,
    /// Every `cache`.
    pub caches: Vec<&'f Statement>,
    /// Every `notify`.
    pub notifies: Vec<&'f Statement>,
}

impl Bounds {
    fn need(&mut self, feature: &'static str, it: &Statement) {
        self.needs.push(Need {
            feature,
            span: it.keyword.span,
        });
    }

    /// Takes in the lists of providers of a class, and counts its legs by all of them.
    pub(super) fn requested(&mut self, class: &mut Class, requests: Vec<Requested>) {
        let before = u16::try_from(self.requested.len()).unwrap_or(u16::MAX);
        for leg in &mut class.legs {
            if let Leg::Requested(id) = leg {
                id.0 = id.0.saturating_add(before);
            }
        }
        self.requested.extend(requests);
    }

    /// Every cache; one at fault keeps its place.
    pub(super) fn caches(&mut self) -> Vec<Cache> {
        let caches = std::mem::take(&mut self.caches);
        caches.into_iter().flatten().collect()
    }

    /// Reads what is declared.
    pub(super) fn declared(&mut self, it: &Declared<'_>, reader: &mut Reader<'_, '_>) {
        for it in &it.limits {
            self.need("limit", it);
            let read = limit::limit(it, &mut self.scopes, reader);
            self.limits.extend(read);
        }
        for it in &it.caches {
            self.need("cache", it);
            self.caches.push(limit::cache(it, &mut self.scopes, reader));
        }
        for it in &it.notifies {
            let told = gateway::notify(it, &mut self.needs, (reader.names, reader.report));
            self.notifies.extend(told);
        }
        for it in &it.ceilings {
            self.needs.push(ceiling::need(it.keyword.span));
            let read = ceiling::declared(it, &mut self.scopes, reader);
            self.ceilings.extend(read);
        }
    }

    /// The needs, in the order of the text.
    pub(super) fn needs(&mut self) -> Vec<Need> {
        let mut needs = std::mem::take(&mut self.needs);
        needs.sort_by_key(|need| (need.span, need.feature));
        needs
    }

    /// The ceilings for the table and for the proofs: those that are declared first, each sort in
    /// the order of the text.
    pub(super) fn ceilings(&mut self) -> (Vec<Ceiling>, Vec<CeilingPlaces>) {
        let mut all = std::mem::take(&mut self.ceilings);
        all.sort_by_key(|(ceiling, _)| ceiling.name.contains('/'));
        all.into_iter().unzip()
    }
}
