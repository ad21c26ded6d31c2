//! A policy whose diagram would be too large: its arms in order, each with the requests it asks for.
//!
//! Everything that is asked of a diagram is asked of the list: which arms are reached, by which
//! request, and by which of the requests that meet a further condition.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::ArmId;

use super::budget::{Budget, TooLarge};
use super::from_model::Built;
use super::search::{Path, find};
use super::sieve::Sieve;
use super::store::Ref;
use crate::model::{Goal, Guard, RouteId};

/// The arms of a policy, guards first, then the routes with what they lead to in place.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Where each arm stands: one in a route to which several lead stands in several places.
    places: BTreeMap<ArmId, Vec<usize>>,
    sieve: Sieve,
    /// Each arm that some request would fall to, were there no guards.
    pub(crate) open: BTreeSet<ArmId>,
    pub(crate) is_open: bool,
}

impl Listed {
    pub(crate) fn of(built: &mut Built<'_>) -> Result<Self, TooLarge> {
        let model = built.model;
        let mut guards = Vec::new();
        for guard in &model.guards {
            guards.push((guard.arm.id, built.condition(&guard.arm.cond)?));
        }
        let mut ways = Vec::new();
        inlined(built, ((model.root, Ref::YES, 0), None), &mut ways)?;
        let open = if guards.is_empty() {
            None
        } else {
            let unguarded = sieve(built, &ways)?;
            Some(reached(built, &unguarded, &ways)?)
        };
        let ways: Vec<(ArmId, Ref)> = guards.into_iter().chain(ways).collect();
        let sieve = sieve(built, &ways)?;
        built.reached = reached(built, &sieve, &ways)?;
        let mut places: BTreeMap<ArmId, Vec<usize>> = BTreeMap::new();
        for (place, (arm, _)) in ways.into_iter().enumerate() {
            places.entry(arm).or_default().push(place);
        }
        Ok(Self {
            is_open: sieve.is_open(built)?,
            open: {
                let open = open.as_ref().unwrap_or(&built.reached);
                open.keys().copied().collect()
            },
            places,
            sieve,
        })
    }

    /// The way of a request that falls to the arm and meets a condition.
    pub(crate) fn way(
        &self,
        arm: ArmId,
        cond: Ref,
        built: &Built<'_>,
    ) -> Result<Option<Path>, TooLarge> {
        for position in self.places.get(&arm).into_iter().flatten() {
            // Mostly it is the condition by itself that rules the arm out, which is seen at once.
            if let Some(own) = self.sieve.own(*position)
                && find(built, &[cond, own], &[])?.is_none()
            {
                continue;
            }
            if let Some(path) = self.sieve.falls_to(*position, &[cond], built)? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }
}

/// The arms of one route by themselves to which some request falls, also those that lead on.
pub(crate) fn alone(built: &mut Built<'_>, route: RouteId) -> Result<BTreeSet<ArmId>, TooLarge> {
    let mut ways = Vec::new();
    for arm in built.arms(route) {
        ways.push((arm.id, built.condition(&arm.cond)?));
    }
    let sieve = sieve(built, &ways)?;
    Ok(reached(built, &sieve, &ways)?.into_keys().collect())
}

/// The arms to which requests are led if this route is the last they come to: those that lead on from
/// it end there.
pub(super) fn entered(built: &mut Built<'_>, route: RouteId) -> Result<BTreeSet<ArmId>, TooLarge> {
    let mut ways = Vec::new();
    let start = (built.model.root, Ref::YES, 0);
    inlined(built, (start, Some(route)), &mut ways)?;
    let sieve = sieve(built, &ways)?;
    Ok(reached(built, &sieve, &ways)?.into_keys().collect())
}

fn sieve(built: &mut Built<'_>, ways: &[(ArmId, Ref)]) -> Result<Sieve, TooLarge> {
    let conds: Vec<Ref> = ways.iter().map(|(_, cond)| *cond).collect();
    Sieve::of(&conds, built)
}

fn reached(
    built: &Built<'_>,
    sieve: &Sieve,
    ways: &[(ArmId, Ref)],
) -> Result<BTreeMap<ArmId, Path>, TooLarge> {
    let mut found: BTreeMap<ArmId, Path> = BTreeMap::new();
    for (position, (arm, _)) in ways.iter().enumerate() {
        if !found.contains_key(arm)
            && let Some(path) = sieve.falls_to(position, &[built.possible], built)?
        {
            found.insert(*arm, path);
        }
    }
    Ok(found)
}

/// Every arm in which a request can end that comes to these guards and then to this route, each
/// with the condition under which it is looked at.
pub(super) fn ways(
    built: &mut Built<'_>,
    guards: &[Guard],
    route: RouteId,
) -> Result<Vec<(ArmId, Ref)>, TooLarge> {
    let mut ways = Vec::new();
    for guard in guards {
        ways.push((guard.arm.id, built.condition(&guard.arm.cond)?));
    }
    inlined(built, ((route, Ref::YES, 0), None), &mut ways)?;
    Ok(ways)
}

/// Every arm that ends a route, with the condition under which it is looked at. From the last route
/// nothing leads on.
fn inlined(
    built: &mut Built<'_>,
    ((route, under, depth), last): ((RouteId, Ref, usize), Option<RouteId>),
    ways: &mut Vec<(ArmId, Ref)>,
) -> Result<(), TooLarge> {
    Budget::RouteDepth.admits(depth)?;
    for arm in built.arms(route) {
        let own = built.condition(&arm.cond)?;
        let both = built.store.gate(under, own)?;
        match arm.to {
            Goal::End(_) => ways.push((arm.id, both)),
            Goal::Route(_) if last == Some(route) => ways.push((arm.id, both)),
            Goal::Route(_) if both == Ref::NOWHERE => {}
            Goal::Route(next) => inlined(built, ((next, both, depth + 1), last), ways)?,
        }
        Budget::Boxes.admits(ways.len())?;
    }
    Ok(())
}

/// Whether a policy that ran into this bound can be listed instead.
pub(crate) fn helps(why: TooLarge) -> bool {
    match why.budget {
        Budget::Nodes | Budget::Edges | Budget::Steps | Budget::TableBytes => true,
        Budget::Facts | Budget::Atoms | Budget::RouteDepth | Budget::Boxes => false,
    }
}
