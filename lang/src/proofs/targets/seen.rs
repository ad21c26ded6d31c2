//! What is known of arms and targets so far, and what it leaves open.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::policy::{Class, Leg, Target};
use claw_table::{ArmId, ClassId};

use super::super::served::{Served, class_name};
use super::super::short::words;
use super::{Kind, carriers};
use crate::codes::Code;
use crate::diagram::TooLarge;
use crate::model::Model;
use crate::moves::{self, Stop};
use crate::never::written;
use crate::report::Diagnostic;
use crate::worst::Asks;

/// What was seen of arms and targets over all requests.
#[derive(Default)]
pub(super) struct Seen {
    /// The arms of which some request is carried, and all from which some request comes, with their
    /// classes.
    pub(super) carried: BTreeSet<ArmId>,
    pub(super) arms: BTreeMap<ArmId, ClassId>,
    /// For each class to which some request comes the targets that one is sent to.
    pub(super) used: BTreeMap<ClassId, Vec<Target>>,
    /// Classes of which one request has no other target, with what is to be said of it, and the
    /// targets that do not help.
    thin: BTreeMap<ClassId, (Diagnostic, Vec<Target>)>,
}

impl Seen {
    /// Those arms of a stop of which a kind of request could still tell something new. To look for
    /// them is what costs time.
    pub(super) fn open(
        &self,
        (model, windows): (&Model, &[u64]),
        (stop, arms): (&Stop, &[ArmId]),
        (class, kind): (&Class, Kind),
    ) -> Vec<ArmId> {
        let can = carriers(model, (class, kind), &[]);
        let used = self.used.get(&stop.class);
        let listed = listed(model, class);
        let is_new = |target: &Target| {
            used.is_none_or(|used| !used.contains(target)) && !listed.contains(target)
        };
        if used.is_none()
            || can.iter().any(is_new)
            || self.may_be_thin((model, windows), (stop, class, kind))
        {
            return arms.to_vec();
        }
        let is_open = |arm: &&ArmId| {
            let is_known = can.is_empty() && listed.is_empty() && self.arms.contains_key(arm);
            stop.chain.is_empty() && !self.carried.contains(arm) && !is_known
        };
        arms.iter().filter(is_open).copied().collect()
    }

    pub(super) fn note(&mut self, stop: &Stop, carriers: &[Target], arms: &[ArmId]) {
        if stop.chain.is_empty() {
            self.arms.extend(arms.iter().map(|arm| (*arm, stop.class)));
            let carried = arms.iter().filter(|_| !carriers.is_empty());
            self.carried.extend(carried);
        }
        let used = self.used.entry(stop.class).or_default();
        for target in carriers {
            if !used.contains(target) {
                used.push(*target);
            }
        }
    }

    /// Whether some request of this kind could be one that has no other target.
    fn may_be_thin(
        &self,
        (model, windows): (&Model, &[u64]),
        (stop, class, kind): (&Stop, &Class, Kind),
    ) -> bool {
        if self.thin.contains_key(&stop.class) || class.legs.len() < 2 {
            return false;
        }
        // What is asked for decides on the targets.
        if class
            .legs
            .iter()
            .any(|leg| matches!(leg, Leg::Requested(_)))
        {
            return kind.needs != 0 || !windows.is_empty();
        }
        (0..=windows.len()).any(|many| {
            let small = windows.get(..many).unwrap_or_default();
            alone(model, (class, kind, small)).is_some()
        })
    }

    /// A request that the first leg of a class carries, and none of its fallbacks.
    pub(super) fn thin(
        &mut self,
        served: &mut Served<'_>,
        (stop, arms): (&Stop, &[ArmId]),
        (class, kind, small): (&Class, Kind, &[u64]),
    ) -> Result<(), TooLarge> {
        let model = served.model;
        if self.thin.contains_key(&stop.class) {
            return Ok(());
        }
        let Some((carried, other)) = alone(model, (class, kind, small)) else {
            return Ok(());
        };
        let Some((_, mut witness)) = moves::taken(&mut served.reached, stop, arms)? else {
            return Ok(());
        };
        witness.has |= kind.needs;
        let others = class.legs.get(1..).unwrap_or_default();
        let others = model.policy.reached(others);
        let place = other.map(|other| served.place(stop.class, other));
        let found = Diagnostic::new(
            Code::NoCapableFallback,
            served.place(stop.class, carried),
            format!(
                "class `{}` has no fallback for some requests",
                class_name(model, stop.class)
            ),
        )
        .label(format!("only this can carry `{}`", written(&witness)))
        .and(
            place.unwrap_or_default(),
            lacks(model, other, (kind, small)),
        )
        .about(served.declared(stop.class))
        .help(format!(
            "add a fallback that can, or `accept C0507 in {} \"why\"`",
            class_name(model, stop.class)
        ));
        self.thin.insert(stop.class, (found, others));
        Ok(())
    }

    /// What is to be said of requests that have no other target. A class none of whose fallbacks is
    /// of any use is another finding.
    pub(super) fn alone(&self) -> impl Iterator<Item = Diagnostic> {
        let found = self.thin.iter().filter(|(class, (_, others))| {
            let used = self.used.get(class);
            used.is_some_and(|used| others.iter().any(|other| used.contains(other)))
        });
        found.map(|(_, (found, _))| found.clone())
    }
}

/// The targets that stand in a class only as some that may be asked for.
pub(super) fn listed(model: &Model, class: &Class) -> Vec<Target> {
    let lists = class.legs.iter().filter_map(|leg| match leg {
        Leg::Requested(list) => Some(*list),
        Leg::Target(_) | Leg::Pool(_) => None,
    });
    lists
        .flat_map(|list| model.policy.offered_by(list).collect::<Vec<_>>())
        .collect()
}

/// The target that carries a kind of request where no fallback of its class does, and the first of
/// these. Of what no condition asks, the author says nothing; a fallback that carries nothing
/// ordinary is another finding.
fn alone(
    model: &Model,
    (class, kind, small): (&Class, Kind, &[u64]),
) -> Option<(Target, Option<Target>)> {
    if kind.asks != Asks::Text || (kind.needs == 0 && small.is_empty()) {
        return None;
    }
    let (first, rest) = class.legs.split_first()?;
    let others = model.policy.reached(rest);
    let carriers = carriers(model, (class, kind), small);
    // What is asked for is judged by what the author says of it.
    let knows = |target: &Target| {
        let provider = model.policy.providers.get(target.provider.index());
        let known = provider.and_then(|provider| provider.models.get(target.model.index()));
        known.is_some_and(|known| {
            (kind.needs == 0 || known.can.is_some())
                && (small.is_empty() || known.context_tokens.is_some())
        })
    };
    let primary = model.policy.reached(&[*first]);
    let carried = primary
        .into_iter()
        .find(|target| carriers.contains(target) && knows(target))?;
    let fits = super::carriers(model, (class, kind), &[]);
    let is_alone = others.iter().all(|target| !carriers.contains(target));
    let is_ordinary = kind.needs != 0 || others.iter().any(|target| fits.contains(target));
    (is_alone && is_ordinary && !rest.is_empty()).then(|| (carried, others.first().copied()))
}

/// What the first other target lacks of a kind of request.
fn lacks(model: &Model, target: Option<Target>, (kind, small): (Kind, &[u64])) -> String {
    let known = target.and_then(|target| {
        let provider = model.policy.providers.get(target.provider.index())?;
        provider.models.get(target.model.index())
    });
    let lacking = known.map_or(0, |known| known.lacks(kind.needs));
    let window = known.and_then(|known| known.context_tokens);
    if lacking != 0 {
        format!("it has no {}", words(lacking))
    } else if let Some(window) = window.filter(|window| small.contains(window)) {
        format!("its window of {window} tokens is too small")
    } else {
        "it cannot carry them".to_owned()
    }
}
