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
type State = SmallVec<[Ref; 8]>;

/// A way on which every diagram of `must` leads somewhere and none of `not` does.
pub(crate) fn find(built: &Built<'_>, must: &[Ref], not: &[Ref]) -> Result<Option<Path>, TooLarge> {
    find_outside(built, (must, not), &[])
}

/// A way on which every diagram of `must` leads somewhere, and one to this end.
pub(crate) fn find_to(
    built: &Built<'_>,
    must: &[Ref],
    (root, end): (Ref, Ref),
) -> Result<Option<Path>, TooLarge> {
    let must: State = must.iter().copied().chain([root]).collect();
    let mut search = Search::of(built, (must.len(), must.len()));
    search.end = Some(end);
    let found = search.below(&must)?;
    Ok(found.then_some(search.path))
}

/// What comes of a search that may take so many steps and no more.
pub(crate) fn briefly<T>(
    built: &Built<'_>,
    steps: usize,
    search: impl FnOnce() -> Result<T, TooLarge>,
) -> Result<T, TooLarge> {
    let before = built.looked.get();
    built
        .looked
        .set(Budget::Steps.limit().saturating_sub(steps));
    let found = search();
    built.looked.set(before);
    found
}

/// What is in the first of some diagrams and in none of the others.
pub(crate) type Rest = [Ref; REST];

const REST: usize = 5;

/// The same, on a way that is in none of these.
pub(crate) fn find_outside(
    built: &Built<'_>,
    (must, not): (&[Ref], &[Ref]),
    rests: &[Rest],
) -> Result<Option<Path>, TooLarge> {
    let mut search = Search::of(built, (must.len(), must.len() + not.len()));
    let rests = rests.iter().flatten();
    let mut state: State = must.iter().chain(not).chain(rests).copied().collect();
    search.settle(&mut state);
    let found = search.below(&state)?;
    Ok(found.then_some(search.path))
}

/// The most places in failed states that are remembered: some tens of megabytes.
const REMEMBERED_MAX: usize = 1 << 21;

struct Search<'b, 'm> {
    built: &'b Built<'m>,
    /// So many of the diagrams, the first ones, must lead somewhere.
    wanted: usize,
    /// So many stand for themselves; each five of the others are a rest.
    single: usize,
    /// Where the last that must lead somewhere leads to.
    end: Option<Ref>,
    failed: BTreeSet<State>,
    /// How many places stand in the failed states together.
    remembered: usize,
    path: Path,
}

impl<'b, 'm> Search<'b, 'm> {
    fn of(built: &'b Built<'m>, (wanted, single): (usize, usize)) -> Self {
        Self {
            built,
            wanted,
            single,
            end: None,
            failed: BTreeSet::new(),
            remembered: 0,
            path: Path::new(),
        }
    }

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
            let steps = self.built.looked.get() + 1;
            self.built.looked.set(steps);
            Budget::Steps.admits(steps)?;
            let (last, is_lost) = self.stretch(state, field, (first, end));
            if !is_lost && self.step(state, field, (first, last))? {
                return Ok(true);
            }
            if last >= end {
                break;
            }
            first = last + 1;
        }
        // What failed is remembered to save time. Memory goes before: when it is too much, all of it
        // is forgotten.
        self.remembered += state.len();
        if self.remembered > REMEMBERED_MAX {
            self.remembered = state.len();
            self.failed.clear();
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
        let mut next: State = next.collect();
        self.settle(&mut next);
        self.path
            .push((field, self.built.natural(field, first, last)));
        let found = self.below(&next)?;
        if !found {
            self.path.pop();
        }
        Ok(found)
    }

    /// A rest that the way has left for good says nothing more, and one says as much as two that are
    /// equal; so that states which fail alike are equal too.
    fn settle(&self, state: &mut State) {
        let rests = state.get(self.single..).unwrap_or_default();
        if rests.is_empty() {
            return;
        }
        let taken = |other: &Ref| other.node().is_none() && *other != Ref::NOWHERE;
        let is_left = |rest: &Rest| rest[0] == Ref::NOWHERE || rest[1..].iter().any(taken);
        let rests = rests.chunks_exact(REST);
        let rests = rests.filter_map(|rest| Rest::try_from(rest).ok());
        let mut rests: SmallVec<[Rest; 2]> = rests.filter(|rest| !is_left(rest)).collect();
        rests.sort_unstable();
        rests.dedup();
        state.truncate(self.single);
        state.extend(rests.into_iter().flatten());
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
        let rests = state.get(self.single..).unwrap_or_default();
        let is_in = |rest: &[Ref]| {
            let (own, others) = rest.split_first().unzip();
            let others: &[Ref] = others.unwrap_or_default();
            let is_own = own.is_some_and(|own| own.node().is_none() && *own != Ref::NOWHERE);
            is_own && others.iter().all(|other| *other == Ref::NOWHERE)
        };
        all.any(|(number, at)| self.rules_out(number, *at)) || rests.chunks(REST).any(is_in)
    }

    fn rules_out(&self, number: usize, at: Ref) -> bool {
        if number >= self.single {
            false
        } else if number < self.wanted {
            let is_elsewhere = |end: Ref| at.node().is_none() && at != end;
            let end = self.end.filter(|_| number + 1 == self.wanted);
            at == Ref::NOWHERE || end.is_some_and(is_elsewhere)
        } else {
            at.node().is_none() && at != Ref::NOWHERE
        }
    }
}
