//! Routes that are entered from others: which requests come in, and which arms they get to.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::ArmId;

use super::budget::{Budget, TooLarge};
use super::from_model::Built;
use super::listed;
use super::store::Ref;
use crate::model::{Goal, RouteId};

impl Built<'_> {
    /// The arms of a route to which requests are led, guards aside, also those that lead on.
    pub(super) fn entered(&mut self, route: RouteId) -> Result<BTreeSet<ArmId>, TooLarge> {
        let led = if self.listed.is_some() {
            listed::entered(self, route)?
        } else {
            let alone = self.alone(route)?;
            let mut made = BTreeMap::from([(route, alone)]);
            let root = self.cut(self.model.root, 0, &mut made)?;
            self.led(root)?.into_keys().collect()
        };
        let own: BTreeSet<ArmId> = self.arms(route).iter().map(|arm| arm.id).collect();
        Ok(led.intersection(&own).copied().collect())
    }

    /// The diagram of a route that goes no further than what is made already.
    fn cut(
        &mut self,
        route: RouteId,
        depth: usize,
        made: &mut BTreeMap<RouteId, Ref>,
    ) -> Result<Ref, TooLarge> {
        if let Some(known) = made.get(&route) {
            return Ok(*known);
        }
        Budget::RouteDepth.admits(depth)?;
        let mut arms = Vec::new();
        for arm in self.arms(route) {
            let to = match arm.to {
                Goal::End(_) => Ref::leaf(arm.id),
                Goal::Route(next) => self.cut(next, depth + 1, made)?,
            };
            arms.push(self.under(&arm.cond, to)?);
        }
        let whole = self.store.first_of(&arms)?;
        made.insert(route, whole);
        Ok(whole)
    }

    /// What arms that lead to a route ask of those they lead there, and these arms. What is taken
    /// before them is not left out.
    pub(super) fn entering(&mut self, route: RouteId) -> Result<(Ref, Vec<ArmId>), TooLarge> {
        self.entering_below(route, 0, &mut BTreeMap::new())
    }

    fn entering_below(
        &mut self,
        route: RouteId,
        depth: usize,
        known: &mut BTreeMap<RouteId, Ref>,
    ) -> Result<(Ref, Vec<ArmId>), TooLarge> {
        if route == self.model.root {
            return Ok((Ref::YES, Vec::new()));
        }
        Budget::RouteDepth.admits(depth)?;
        let mut any = Vec::new();
        let mut leads = Vec::new();
        for (from, whole) in (0..).map(RouteId).zip(&self.model.routes) {
            for arm in whole.arms.iter().filter(|it| it.to == Goal::Route(route)) {
                let before = match known.get(&from) {
                    Some(before) => *before,
                    None => self.entering_below(from, depth + 1, known)?.0,
                };
                any.push(self.under(&arm.cond, before)?);
                leads.push(arm.id);
            }
        }
        let any = self.store.first_of(&any)?;
        known.insert(route, any);
        Ok((any, leads))
    }
}
