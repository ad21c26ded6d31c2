//! Conditions in an order, without a diagram of them all: what is left for each by those before it.

use super::budget::TooLarge;
use super::from_model::Built;
use super::search::{Path, Rest, find};
use super::store::{Ref, Store};

/// Conditions of which the first that holds counts.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    items: Vec<Item>,
    /// What any of them takes.
    all: Vec<Ref>,
}

/// One of them. What is taken before it is kept in two parts, so that the large one is made once for
/// many.
#[derive(Debug, Clone, Copy)]
struct Item {
    own: Ref,
    far: Ref,
    near: Ref,
}

/// Conditions that share the large part of what is taken before them.
const NEAR_MAX: usize = 128;

impl Sieve {
    pub(crate) fn of(conds: &[Ref], store: &mut Store) -> Result<Self, TooLarge> {
        let mut sieve = Self::default();
        let mut far = Ref::NOWHERE;
        for part in conds.chunks(NEAR_MAX) {
            let mut near = Ref::NOWHERE;
            for own in part {
                sieve.items.push(Item {
                    own: *own,
                    far,
                    near,
                });
                near = store.first_of(&[near, *own])?;
            }
            far = store.first_of(&[far, near])?;
        }
        sieve.all.push(far);
        Ok(sieve)
    }

    /// A request that falls to the condition at this position, and meets all of `must`.
    pub(crate) fn falls_to(
        &self,
        position: usize,
        must: &[Ref],
        built: &Built<'_>,
    ) -> Result<Option<Path>, TooLarge> {
        let Some([own, far, near]) = self.rest(position) else {
            return Ok(None);
        };
        let must: Vec<Ref> = must.iter().copied().chain([own]).collect();
        find(built, &must, &[far, near])
    }

    /// What falls to the condition at this position.
    pub(crate) fn rest(&self, position: usize) -> Option<Rest> {
        let item = self.items.get(position)?;
        Some([item.own, item.far, item.near])
    }

    /// A request that meets the condition at this position and one before it, and all of `must`.
    pub(crate) fn meets(
        &self,
        position: usize,
        must: &[Ref],
        built: &Built<'_>,
    ) -> Result<Option<Path>, TooLarge> {
        let Some([own, far, near]) = self.rest(position) else {
            return Ok(None);
        };
        for before in [near, far] {
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
