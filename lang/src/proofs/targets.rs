//! Targets held against the requests that are led to them: who can carry what.
//!
//! What a target can carry depends on what a request uses, so the requests of a class are split by
//! the capabilities that some target lacks, by whether vectors are asked for, and by the windows
//! of its models. In each part every request has the same targets.

mod behind;
mod seen;
mod useless;

use std::borrow::Cow;

use claw_table::policy::{Class, Target};
use claw_table::{ArmId, Can, Fact};

use super::served::{Conds, Served, lacking};
use crate::diagram::{Part, TooLarge};
use crate::model::{Ask, Cond, Model};
use crate::moves::Stop;
use crate::report::Report;
use crate::worst::Asks;
use seen::Seen;

pub(super) fn check(
    (served, conds): (&mut Served<'_>, &Conds),
    report: &mut Report,
) -> Result<(), TooLarge> {
    let mut seen = Seen::default();
    for at in 0..served.stops.len() {
        stop(served, (conds, at), &mut seen)?;
    }
    for found in seen.alone() {
        report.add(found);
    }
    useless::tell((served, &seen), report)?;
    useless::one_provider((served, &seen), report)
}

/// Looks at the requests of one stop, kind by kind, as long as there is something to learn of it.
fn stop(
    served: &mut Served<'_>,
    (conds, at): (&Conds, usize),
    seen: &mut Seen,
) -> Result<(), TooLarge> {
    let model = served.model;
    let Some((stop, arms)) = served.stops.get(at).cloned() else {
        return Ok(());
    };
    let Some(class) = model.policy.classes.get(stop.class.index()) else {
        return Ok(());
    };
    // Of what no condition asks nothing is known of any request; one without it goes as far.
    let asks = |can: &Can| served.reached.asks(&Fact::Has(*can));
    let split: Vec<Can> = lacking(model, &class.targets);
    let split: Vec<Can> = split.into_iter().filter(asks).collect();
    let asks_endpoint = model.facts().contains(&Fact::Endpoint);
    let windows = windows(model, conds, class);
    let sizes: Vec<u64> = windows.iter().map(|(size, _)| *size).collect();
    for needs in subsets(&split) {
        // A count of tokens that nobody makes is estimated, and fails for want of no target.
        for (asks, cond) in conds.asks.iter().filter(|(asks, _)| *asks != Asks::Count) {
            let kind = Kind { needs, asks: *asks };
            let open = seen.open((model, &sizes), (&stop, &arms), (class, kind));
            // Where no condition asks for it, what nobody carries comes along with chats.
            let is_free = !asks_endpoint && !asks.is_carried(&model.policy, 0);
            if open.is_empty() || is_free {
                continue;
            }
            for (class, part) in kind.ways((served, cond), &stop, &split)? {
                let part = Stop {
                    part,
                    ..stop.clone()
                };
                for (small, arms) in by_window((served, &windows), part.part, &open)? {
                    let carriers = carriers(model, (&class, kind), &small);
                    seen.note(&part, &carriers, &arms);
                    let met = (&part, arms.as_slice());
                    seen.thin(served, met, (&class, kind, &small))?;
                }
            }
        }
    }
    Ok(())
}

/// What the requests of a part have in common.
#[derive(Debug, Clone, Copy)]
struct Kind {
    needs: u16,
    asks: Asks,
}

impl Kind {
    /// The requests of a stop that are of this kind, with the class as they meet it. Only what some
    /// condition asks tells them apart here.
    fn ways<'m>(
        self,
        (served, asks): (&mut Served<'m>, &Cond),
        stop: &Stop,
        split: &[Can],
    ) -> Result<Vec<(Cow<'m, Class>, Part)>, TooLarge> {
        let mut part = stop.part;
        for can in split {
            let test = Cond::Test(Fact::Has(*can), Ask::Yes);
            let is_set = self.needs & can.bit() != 0;
            part = served.reached.among(part, &turned(test, is_set))?;
        }
        part = served.reached.among(part, asks)?;
        if part.is_empty() {
            return Ok(Vec::new());
        }
        served.ways(&Stop {
            part,
            ..stop.clone()
        })
    }
}

#[expect(clippy::fn_params_excessive_bools, reason = "the answer that is due")]
fn turned(cond: Cond, is_plain: bool) -> Cond {
    if is_plain {
        cond
    } else {
        Cond::Not(Box::new(cond))
    }
}

/// Every set of capabilities, the small ones first.
fn subsets(lacks: &[Can]) -> Vec<u16> {
    let mut sets = vec![0_u16];
    for can in lacks {
        let with: Vec<u16> = sets.iter().map(|set| set | can.bit()).collect();
        sets.extend(with);
    }
    sets.sort_by_key(|set| (set.count_ones(), *set));
    sets
}

/// The targets of a class that can carry a kind of request in their windows.
fn carriers(model: &Model, (class, kind): (&Class, Kind), windows: &[u64]) -> Vec<Target> {
    let carries = |target: &&Target| {
        let Some(provider) = model.policy.providers.get(target.provider.index()) else {
            return false;
        };
        provider
            .models
            .get(target.model.index())
            .is_some_and(|known| {
                let beyond = known.context_tokens.filter(|size| windows.contains(size));
                let beyond = beyond.map(|size| size.saturating_add(1));
                let is_small = beyond.is_some() && !kind.asks.fits(known, beyond);
                kind.asks.carries((provider.api, known), kind.needs) && !is_small
            })
    };
    class.targets.iter().filter(carries).copied().collect()
}

/// The windows that targets of a class have, if some condition asks how large requests are.
fn windows<'c>(model: &Model, conds: &'c Conds, class: &Class) -> Vec<&'c (u64, Cond)> {
    let window = |target: &Target| {
        let provider = model.policy.providers.get(target.provider.index())?;
        provider.models.get(target.model.index())?.context_tokens
    };
    let own: Vec<u64> = class.targets.iter().filter_map(window).collect();
    let all = conds.windows.iter();
    all.filter(|(size, _)| own.contains(size)).collect()
}

/// Some arms, with the windows that are too small for all that comes from there.
type InWindow = (Vec<u64>, Vec<ArmId>);

/// Those of some arms from which requests of a part really come, by the windows that are too small
/// for all that come from there. The smallest windows come first: most arms fit into them, and need
/// not be held against the others.
fn by_window(
    (served, windows): (&mut Served<'_>, &[&(u64, Cond)]),
    part: Part,
    arms: &[ArmId],
) -> Result<Vec<InWindow>, TooLarge> {
    let (mut left, mut small) = (arms.to_vec(), Vec::new());
    let mut found = Vec::new();
    for (size, over) in windows {
        if left.is_empty() {
            break;
        }
        let within = served.reached.among(part, &turned(over.clone(), false))?;
        let fits = served.reached.ending(within, &left)?;
        left.retain(|arm| fits.binary_search(arm).is_err());
        found.push((small.clone(), fits));
        small.push(*size);
    }
    found.push((small, served.reached.ending(part, &left)?));
    found.retain(|(_, arms)| !arms.is_empty());
    Ok(found)
}
