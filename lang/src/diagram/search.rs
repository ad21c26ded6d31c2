//! Looks for one request in which some diagrams end and others do not, without joining them: where a
//! joined diagram would be too large, one way through it is still found quickly.

use std::collections::BTreeSet;

use smallvec::SmallVec;

use super::atoms::id;
use super::budget::{Budget, TooLarge};
use super::from_model::Built;
use super::store::Ref;

/// The atoms on the way to a request.
pub(crate) type Path = Vec<(u16, u16)>;

/// Where each of the diagrams stands. Most are a claim, what the world allows, and what earlier arms
/// take.
type State = SmallVec<[Ref; 6]>;

/// A way on which every diagram of `must` leads somewhere and none of `not` does.
pub(crate) fn find(built: &Built<'_>, must: &[Ref], not: &[Ref]) -> Result<Option<Path>, TooLarge> {
    let mut search = Search {
        built,
        wanted: must.len(),
        failed: BTreeSet::new(),
        steps: 0,
        path: Path::new(),
    };
    let state: State = must.iter().chain(not).copied().collect();
    let found = search.below(&state)?;
    Ok(found.then_some(search.path))
}

struct Search<'b, 'm> {
    built: &'b Built<'m>,
    /// So many of the diagrams, the first ones, must lead somewhere.
    wanted: usize,
    failed: BTreeSet<State>,
    steps: usize,
    path: Path,
}

impl Search<'_, '_> {
    /// Whether there is a way from here; the path holds it then. The depth of this recursion is
    /// bounded by the number of fields.
    fn below(&mut self, state: &State) -> Result<bool, TooLarge> {
        if self.is_lost(state) {
            return Ok(false);
        }
        let fields = state.iter().filter_map(|at| self.field(*at));
        let Some(field) = fields.min() else {
            return Ok(true);
        };
        if self.failed.contains(state) {
            return Ok(false);
        }
        let atoms = self.built.fields.get(usize::from(field));
        let end = id(atoms.map_or(0, |field| field.atoms().saturating_sub(1)));
        let ordinary = self.built.natural(field, 0, end);
        if self.step(state, field, (ordinary, ordinary))? {
            return Ok(true);
        }
        let mut first = self.built.least(field);
        loop {
            self.steps += 1;
            Budget::Steps.admits(self.steps)?;
            let (last, is_lost) = self.stretch(state, field, (first, end));
            if !is_lost && self.step(state, field, (first, last))? {
                return Ok(true);
            }
            if last >= end {
                break;
            }
            first = last + 1;
        }
        self.failed.insert(state.clone());
        Ok(false)
    }

    /// Goes on under atoms that all diagrams treat alike.
    fn step(
        &mut self,
        state: &State,
        field: u16,
        (first, last): (u16, u16),
    ) -> Result<bool, TooLarge> {
        let next = state.iter().map(|at| self.child(*at, field, first).0);
        let next: State = next.collect();
        self.path
            .push((field, self.built.natural(field, first, last)));
        let found = self.below(&next)?;
        if !found {
            self.path.pop();
        }
        Ok(found)
    }

    /// The last atom up to which nothing changes, or up to which one diagram by itself rules all out.
    fn stretch(&self, state: &State, field: u16, (first, end): (u16, u16)) -> (u16, bool) {
        let mut shortest = end;
        for (number, at) in state.iter().enumerate() {
            let (to, last) = self.child(*at, field, first);
            if self.rules_out(number, to) {
                return (last.min(end), true);
            }
            shortest = shortest.min(last);
        }
        (shortest, false)
    }

    fn child(&self, at: Ref, field: u16, atom: u16) -> (Ref, u16) {
        let node = at.node().map(|node| self.built.store.open(node));
        let runs = match node {
            Some((own, runs)) if own == field => runs,
            _ => return (at, u16::MAX),
        };
        let place = runs.partition_point(|run| run.last < atom);
        runs.get(place)
            .map_or((Ref::NOWHERE, u16::MAX), |run| (run.to, run.last))
    }

    fn field(&self, at: Ref) -> Option<u16> {
        at.node().map(|node| self.built.store.open(node).0)
    }

    fn is_lost(&self, state: &State) -> bool {
        let mut all = state.iter().enumerate();
        all.any(|(number, at)| self.rules_out(number, *at))
    }

    fn rules_out(&self, number: usize, at: Ref) -> bool {
        if number < self.wanted {
            at == Ref::NOWHERE
        } else {
            at.node().is_none() && at != Ref::NOWHERE
        }
    }
}
