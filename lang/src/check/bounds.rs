//! What bounds traffic, as it is gathered from the whole folder.

use claw_table::policy::Ceiling;

use super::ceiling;
use super::cond::Reader;
use crate::model::{CeilingPlaces, Need, Scoped};
use crate::syntax::ast::Statement;

/// Ceilings and the conditions of what they are about, and what a gateway must do for all of it.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    /// Constructs that a gateway must enforce.
    pub needs: Vec<Need>,
    /// The conditions, by their guard ids.
    pub scopes: Vec<Scoped>,
    /// Ceilings inside classes and clients, then those that are declared.
    pub ceilings: Vec<ceiling::Read>,
}

impl Bounds {
    /// Reads what is declared.
    pub(super) fn declared(&mut self, ceilings: &[&Statement], reader: &mut Reader<'_, '_>) {
        for it in ceilings {
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
