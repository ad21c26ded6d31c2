//! Where a diagram leads the requests that there can be, without joining the two: a joined diagram
//! grows with the product of both, and one way to each arm is mostly found at once.

use std::collections::BTreeMap;

use claw_table::ArmId;

use super::bend::bent;
use super::budget::TooLarge;
use super::from_model::Built;
use super::search::{Path, briefly, find, find_to};
use super::store::Ref;

/// The steps in which one way is looked for before the diagrams are joined after all.
const STEPS_MAX: usize = 1 << 14;

/// What came of looking for a way.
pub(super) enum Sought {
    Found(Path),
    Nothing,
    /// It takes too long; the diagrams had better be joined.
    GivenUp,
}

impl Built<'_> {
    /// Looks for the arms that some request falls to. In a list that was done when it was made.
    pub(super) fn reach(&mut self) -> Result<(), TooLarge> {
        if self.listed.is_none() {
            self.reached = self.led(self.root)?;
        }
        Ok(())
    }

    /// Each arm to which a diagram leads requests that there can be, with the way of one.
    pub(super) fn led(&mut self, root: Ref) -> Result<BTreeMap<ArmId, Path>, TooLarge> {
        let mut found = BTreeMap::new();
        for (end, way) in self.paths(root, None) {
            let Some(arm) = end.arm() else { continue };
            let way = match bent(self, &way, self.possible) {
                Some(way) => Some(way),
                None => match self.led_to((root, arm), self.possible)? {
                    Sought::Found(way) => Some(way),
                    Sought::Nothing => None,
                    Sought::GivenUp => return self.joined(root, self.possible),
                },
            };
            found.extend(way.map(|way| (arm, way)));
        }
        Ok(found)
    }

    /// Looks for the way of a request that a diagram leads to an arm, and that meets a condition.
    pub(super) fn led_to(
        &mut self,
        (root, arm): (Ref, ArmId),
        cond: Ref,
    ) -> Result<Sought, TooLarge> {
        // Who comes to an arm meets what it asks for.
        let own = match self.conds.get(&arm) {
            Some(own) => self.condition(own)?,
            None => Ref::YES,
        };
        let end = Ref::leaf(arm);
        let built = &*self;
        let looked = briefly(built, STEPS_MAX, || {
            let Some(near) = find(built, &[cond, own], &[])? else {
                return Ok(None);
            };
            match built.on(root, near, end) {
                Some(way) => Ok(Some(way)),
                None => find_to(built, &[cond, own], (root, end)),
            }
        });
        Ok(match looked {
            Ok(Some(way)) => Sought::Found(way),
            Ok(None) => Sought::Nothing,
            Err(_) => Sought::GivenUp,
        })
    }

    /// Each arm to which a diagram leads requests that meet a condition, with the way of one.
    pub(super) fn joined(
        &mut self,
        root: Ref,
        cond: Ref,
    ) -> Result<BTreeMap<ArmId, Path>, TooLarge> {
        let joined = self.store.gate(cond, root)?;
        let paths = self.paths(joined, None).into_iter();
        Ok(paths
            .filter_map(|(end, path)| Some((end.arm()?, path)))
            .collect())
    }

    /// The way, with what else a diagram asks on it, if that leads to this end.
    fn on(&self, root: Ref, mut way: Path, end: Ref) -> Option<Path> {
        let mut at = root;
        while let Some(node) = at.node() {
            let (field, runs) = self.store.open(node);
            let known = way.iter().find(|(known, _)| *known == field);
            let atom = if let Some((_, atom)) = known {
                *atom
            } else {
                let atom = self.natural(field, 0, runs.last()?.last);
                way.push((field, atom));
                atom
            };
            at = runs.get(runs.partition_point(|run| run.last < atom))?.to;
        }
        way.sort_unstable();
        (at == end).then_some(way)
    }
}
