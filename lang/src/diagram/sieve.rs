//! Conditions in an order, without a diagram of them all: what is left for each by those before it.

use super::budget::TooLarge;
use super::from_model::Built;
use super::search::{Path, Rest, find};
use super::store::{Ref, Store};

/// Conditions of which the first that holds counts.
#[derive(Debug)]
pub(crate) struct Sieve {
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

impl Sieve {
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

    /// A request that falls to the condition at this position, and meets all of `must`.
    pub(crate) fn falls_to(
        &self,
        position: usize,
        must: &[Ref],
        built: &Built<'_>,
    ) -> Result<Option<Path>, TooLarge> {
        let Some([own, before @ ..]) = self.rest(position) else {
            return Ok(None);
        };
        let must: Vec<Ref> = must.iter().copied().chain([own]).collect();
        find(built, &must, &before)
    }

    /// What falls to the condition at this position.
    pub(crate) fn rest(&self, position: usize) -> Option<Rest> {
        self.items.get(position).copied()
    }

    /// A request that meets the condition at this position and one before it, and all of `must`.
    pub(crate) fn meets(
        &self,
        position: usize,
        must: &[Ref],
        built: &Built<'_>,
    ) -> Result<Option<Path>, TooLarge> {
        let Some([own, parts @ ..]) = self.rest(position) else {
            return Ok(None);
        };
        for before in parts.into_iter().rev() {
            let must: Vec<Ref> = must.iter().copied().chain([own, before]).collect();
            if let Some(path) = find(built, &must, &[])? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Whether some request, possible or not, falls to none.
    pub(crate) fn is_open(&self, built: &Built<'_>) -> Result<bool, TooLarge> {
        Ok(find(built, &[Ref::YES], &self.all)?.is_some())
    }
}

/// Joins a part to the one further away.
fn pass(store: &mut Store, part: &mut Ref, further: &mut Ref) -> Result<(), TooLarge> {
    *further = store.first_of(&[*further, *part])?;
    *part = Ref::NOWHERE;
    Ok(())
}
