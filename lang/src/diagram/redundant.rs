//! Arms that could be left out: what they take would go the same way without them.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::Fact;

use super::audit::Finding;
use super::budget::{Budget, TooLarge};
use super::exclusive::leads_alike;
use super::from_model::Built;
use super::search::find;
use super::sieve::Joined;
use super::store::Ref;
use crate::model::{Arm, Model, RouteId};
use crate::oracle::holds;

/// The most arms of one route that are asked whether they could be left out.
const ARMS_MAX: usize = 256;

/// The steps that are taken to find out. Beyond them arms are kept without a word: that one says
/// nothing new is worth a hint, and not a policy that is refused for the effort.
const STEPS_MAX: usize = 1 << 18;

/// The arms of a route that could be left out, all of them together, each with those that would take
/// its requests. `reached` are those to which some request falls in this route.
///
/// An arm that asks for the model stays: the name it asks for is one that `GET /v1/models` tells.
pub(super) fn redundant(
    built: &mut Built<'_>,
    route: RouteId,
    reached: &BTreeSet<Ref>,
) -> Vec<Finding> {
    let arms = built.arms(route);
    if arms.len() > ARMS_MAX {
        return Vec::new();
    }
    let kin = kin(built.model, arms);
    let asked = arms.iter().enumerate().filter(|(at, arm)| {
        let has_later = || {
            kin.iter()
                .skip(at + 1)
                .any(|other| kin.get(*at) == Some(other))
        };
        reached.contains(&Ref::leaf(arm.id)) && !arm.cond.asks(&Fact::Model) && has_later()
    });
    // An arm that is told is taken as gone by those above it.
    let asked: Vec<usize> = asked.map(|(at, _)| at).rev().collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let bounds = (built.store.allow(STEPS_MAX), built.looked.get());
    built
        .looked
        .set(Budget::Steps.limit().saturating_sub(STEPS_MAX));
    // What was found when the steps are used up stays true.
    let _used_up = look((arms, &kin), &asked, built, &mut found);
    built.store.hold(bounds.0);
    built.looked.set(bounds.1);
    found.reverse();
    found
}

/// For each arm the first one that leads the same way.
fn kin(model: &Model, arms: &[Arm]) -> Vec<usize> {
    let mut firsts: Vec<(usize, &Arm)> = Vec::new();
    let mut kin = Vec::with_capacity(arms.len());
    for (at, arm) in arms.iter().enumerate() {
        let known = firsts
            .iter()
            .find(|(_, first)| leads_alike(model, first.to, arm.to));
        let first = known.map_or(at, |(first, _)| *first);
        if first == at {
            firsts.push((at, arm));
        }
        kin.push(first);
    }
    kin
}

fn look(
    (arms, kin): (&[Arm], &[usize]),
    asked: &[usize],
    built: &mut Built<'_>,
    found: &mut Vec<Finding>,
) -> Result<(), TooLarge> {
    let mut conds: Vec<Ref> = Vec::with_capacity(arms.len());
    for arm in arms {
        conds.push(built.condition(&arm.cond)?);
    }
    let sieve = Joined::of(&conds, &mut built.store)?;
    let mut below = Below {
        kin,
        conds: &conds,
        gone: BTreeSet::new(),
        known: BTreeMap::new(),
    };
    for at in asked.iter().copied() {
        let (Some(arm), Some([own, before @ ..])) = (arms.get(at), sieve.rest(at)) else {
            continue;
        };
        // One that takes everything is another finding.
        if built.store.gate(built.possible, own)? == built.possible {
            continue;
        }
        // The first request that comes to mind mostly goes elsewhere without the arm.
        let Some(path) = find(built, &[built.possible, own], &before)? else {
            continue;
        };
        let request = built.request(&path);
        let mut others = arms.iter().enumerate().skip(at + 1);
        let next = others.find(|(at, arm)| !below.gone.contains(at) && holds(&arm.cond, &request));
        if next.is_none_or(|(next, _)| kin.get(next) != kin.get(at)) {
            continue;
        }
        let alike = below.alike(at, built)?;
        let [far, middle, close, near] = before;
        if find(
            built,
            &[built.possible, own],
            &[far, middle, close, near, alike],
        )?
        .is_none()
        {
            let by = below.takers(at, (own, &before), built)?;
            let by = by.into_iter().filter_map(|at| Some(arms.get(at)?.id));
            found.push(Finding::Redundant {
                arm: arm.id,
                by: by.collect(),
            });
            below.gone.insert(at);
        }
    }
    Ok(())
}

/// What becomes of a request below an arm.
struct Below<'a> {
    kin: &'a [usize],
    conds: &'a [Ref],
    /// The arms that are told already.
    gone: BTreeSet<usize>,
    /// For a way to lead: the requests that the arms from here on lead that way.
    known: BTreeMap<usize, (usize, Ref)>,
}

impl Below<'_> {
    /// The requests that arms below lead the way of this one. To be asked from the last arm up.
    fn alike(&mut self, at: usize, built: &mut Built<'_>) -> Result<Ref, TooLarge> {
        let own = self.kin.get(at).copied().unwrap_or(at);
        let start = (self.conds.len(), Ref::NOWHERE);
        let (from, mut alike) = self.known.get(&own).copied().unwrap_or(start);
        for (cond, other) in self.later(at).filter(|(_, other)| *other < from).rev() {
            alike = if self.kin.get(other) == Some(&own) {
                built.store.first_of(&[cond, alike])?
            } else {
                built.store.except(alike, cond)?
            };
        }
        self.known.insert(own, (at + 1, alike));
        Ok(alike)
    }

    /// The arms below that take something of what falls to this one, when it is gone.
    fn takers(
        &self,
        at: usize,
        (own, before): (Ref, &[Ref]),
        built: &mut Built<'_>,
    ) -> Result<Vec<usize>, TooLarge> {
        let mut by = Vec::new();
        let mut left = own;
        for (cond, other) in self.later(at) {
            if find(built, &[built.possible, left, cond], before)?.is_some() {
                by.push(other);
            }
            left = built.store.except(left, cond)?;
        }
        Ok(by)
    }

    /// The arms below this one that are not told, and where they stand.
    fn later(&self, at: usize) -> impl DoubleEndedIterator<Item = (Ref, usize)> + use<'_> {
        let below = self.conds.iter().copied().enumerate().skip(at + 1);
        below
            .filter(|(at, _)| !self.gone.contains(at))
            .map(|(at, cond)| (cond, at))
    }
}
