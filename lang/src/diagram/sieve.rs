//! Conditions in an order, without a diagram of them all: what is left for each by those before it.

use super::budget::TooLarge;
use super::from_model::Built;
use super::search::{Path, Rest, briefly, find};
use super::store::{Ref, Store};

/// Conditions of which the first that holds counts.
#[derive(Debug)]
pub(crate) enum Sieve {
    /// Each with what is taken before it, joined.
    Joined(Joined),
    /// A few that grow when they are joined: each is held against all before it. Beside each the
    /// requests that meet it and that there can be: a search that knows both in one is not led astray.
    Apart(Vec<(Ref, Ref)>),
}

/// Conditions with what is left for each.
#[derive(Debug)]
pub(crate) struct Joined {
    items: Vec<Item>,
    /// What any of them takes, in parts.
    all: [Ref; 4],
}

/// One of them, with what is taken before it. That is kept in four parts, each made once for several
/// of the part before, so that most conditions are joined only with few others.
type Item = Rest;

/// Conditions that share all parts but the nearest.
const NEAR_MAX: usize = 4;
/// So many times as many share each part further away.
const FURTHER: usize = 6;

/// So many may stand apart, and so much is spent on joining them before they do.
const APART_MAX: usize = 512;
const STEPS_MAX: usize = 1 << 18;

impl Sieve {
    pub(crate) fn of(conds: &[Ref], built: &mut Built<'_>) -> Result<Self, TooLarge> {
        if conds.len() > APART_MAX {
            return Joined::of(conds, &mut built.store).map(Self::Joined);
        }
        let before = built.store.allow(STEPS_MAX);
        let joined = Joined::of(conds, &mut built.store);
        built.store.hold(before);
        if let Ok(joined) = joined {
            return Ok(Self::Joined(joined));
        }
        let apart = conds.iter().map(|own| {
            let real = built.store.gate(built.possible, *own)?;
            Ok((*own, real))
        });
        Ok(Self::Apart(apart.collect::<Result<_, _>>()?))
    }

    /// The condition at this position.
    pub(crate) fn own(&self, position: usize) -> Option<Ref> {
        match self {
            Self::Joined(joined) => joined.rest(position).map(|[own, ..]| own),
            Self::Apart(conds) => conds.get(position).map(|(own, _)| *own),
        }
    }

    /// A request that falls to the condition at this position, and meets all of `must`.
    pub(crate) fn falls_to(
        &self,
        position: usize,
        must: &[Ref],
        built: &Built<'_>,
    ) -> Result<Option<Path>, TooLarge> {
        let Some(own) = self.own(position) else {
            return Ok(None);
        };
        let must: Vec<Ref> = must.iter().copied().chain([own]).collect();
        match self {
            Self::Joined(_) => find(built, &must, &self.before(position)),
            Self::Apart(conds) => {
                let real = conds.get(position).map(|(_, real)| *real);
                let must: Vec<Ref> = must.into_iter().chain(real).collect();
                falls_among(built, &must, &self.before(position))
            }
        }
    }

    /// What is taken before the condition at this position, in parts.
    pub(crate) fn before(&self, position: usize) -> Vec<Ref> {
        match self {
            Self::Joined(joined) => {
                let rest = joined.rest(position);
                rest.map_or_else(Vec::new, |[_, before @ ..]| before.to_vec())
            }
            Self::Apart(conds) => {
                let before = conds.iter().take(position);
                before.map(|(own, _)| *own).collect()
            }
        }
    }

    /// A request that meets the condition at this position and one before it, and all of `must`.
    pub(crate) fn meets(
        &self,
        position: usize,
        must: &[Ref],
        built: &Built<'_>,
    ) -> Result<Option<Path>, TooLarge> {
        let Some(own) = self.own(position) else {
            return Ok(None);
        };
        for before in self.before(position).into_iter().rev() {
            let must: Vec<Ref> = must.iter().copied().chain([own, before]).collect();
            if let Some(path) = find(built, &must, &[])? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Whether some request, possible or not, falls to none.
    pub(crate) fn is_open(&self, built: &Built<'_>) -> Result<bool, TooLarge> {
        let all = match self {
            Self::Joined(joined) => joined.all.to_vec(),
            Self::Apart(conds) => conds.iter().map(|(own, _)| *own).collect(),
        };
        Ok(find(built, &[Ref::YES], &all)?.is_some())
    }
}

impl Joined {
    pub(crate) fn of(conds: &[Ref], store: &mut Store) -> Result<Self, TooLarge> {
        let mut sieve = Self {
            items: Vec::with_capacity(conds.len()),
            all: [Ref::NOWHERE; 4],
        };
        let [mut far, mut middle, mut close, mut near] = [Ref::NOWHERE; 4];
        for (at, own) in conds.iter().enumerate() {
            // What nobody comes after is not joined: the last would be the largest.
            if at.is_multiple_of(NEAR_MAX) {
                pass(store, &mut near, &mut close)?;
            }
            if at.is_multiple_of(NEAR_MAX * FURTHER) {
                pass(store, &mut close, &mut middle)?;
            }
            if at.is_multiple_of(NEAR_MAX * FURTHER * FURTHER) {
                pass(store, &mut middle, &mut far)?;
            }
            sieve.items.push([*own, far, middle, close, near]);
            near = store.first_of(&[near, *own])?;
        }
        sieve.all = [far, middle, close, near];
        Ok(sieve)
    }

    /// What falls to the condition at this position.
    pub(crate) fn rest(&self, position: usize) -> Option<Rest> {
        self.items.get(position).copied()
    }
}

/// A request that meets a condition and none of those before.
pub(crate) fn falls(
    built: &Built<'_>,
    must: Ref,
    before: &[Ref],
) -> Result<Option<Path>, TooLarge> {
    falls_among(built, &[must], before)
}

/// The same with more than one that must be met. Most of those before have nothing to do with it, and
/// one may take all of it.
fn falls_among(built: &Built<'_>, must: &[Ref], before: &[Ref]) -> Result<Option<Path>, TooLarge> {
    briefly(built, STEPS_MAX, || {
        let mut near = Vec::new();
        for other in before {
            let both: Vec<Ref> = must.iter().copied().chain([*other]).collect();
            if find(built, &both, &[])?.is_none() {
                continue;
            }
            if find(built, must, &[*other])?.is_none() {
                return Ok(None);
            }
            near.push(*other);
        }
        find(built, must, &near)
    })
}

/// Joins a part to the one further away.
fn pass(store: &mut Store, part: &mut Ref, further: &mut Ref) -> Result<(), TooLarge> {
    *further = store.first_of(&[*further, *part])?;
    *part = Ref::NOWHERE;
    Ok(())
}
