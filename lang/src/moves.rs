//! Where ceilings move requests: from class to class, judged once, at admission.

use std::collections::BTreeSet;

use claw_table::policy::{Ceiling, Held, Keys, Scope, Then};
use claw_table::{ArmId, ClassId};

use crate::diagram::{Budget, Part, Reached, TooLarge};
use crate::model::{Cond, Model};
use crate::oracle::Request;
use crate::span::Span;

/// One way on: a ceiling that is used up, or nearly, and the class that serves then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// Position of the ceiling in the policy.
    pub ceiling: usize,
    /// The class that serves.
    pub to: ClassId,
    /// Where that is written.
    pub place: Span,
}

/// A class that serves some requests, and how they came to it.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub(crate) class: ClassId,
    /// Those of them that may be moved so.
    pub(crate) part: Part,
    pub(crate) chain: Vec<Move>,
}

/// Whether any ceiling moves anything.
pub(crate) fn any(model: &Model) -> bool {
    model.policy.ceilings.iter().any(|ceiling| {
        let steps = ceiling.steps.iter().map(|step| step.then);
        steps
            .chain([ceiling.then])
            .any(|then| matches!(then, Then::Class(_)))
    })
}

/// The ways on of one ceiling.
pub(crate) fn of(model: &Model, at: usize) -> Vec<Move> {
    let Some((ceiling, places)) = model.policy.ceilings.get(at).zip(model.ceilings.get(at)) else {
        return Vec::new();
    };
    let steps = ceiling.steps.iter().map(|step| step.then);
    let steps = steps.zip(places.steps.iter().copied());
    let last = (ceiling.then, places.then.unwrap_or(places.whole));
    let ways = steps.chain([last]).filter_map(|(then, place)| match then {
        Then::Class(to) => Some(Move {
            ceiling: at,
            to,
            place,
        }),
        Then::Deny | Then::Warn => None,
    });
    ways.collect()
}

/// The conditions that must be asked of a diagram before [`stops`] can be.
pub(crate) fn conds(model: &Model) -> Vec<&Cond> {
    let clients = model
        .policy
        .ceilings
        .iter()
        .filter_map(|it| match it.scope {
            Scope::Client(client) => model.world.callers.get(client.index()),
            Scope::All | Scope::When(_) | Scope::Class(_) => None,
        });
    clients.collect()
}

/// Every class that may serve requests of this part which an arm leads to `class`: that class
/// first, then those to which ceilings move them.
pub(crate) fn stops(
    model: &Model,
    reached: &mut Reached<'_>,
    (class, part): (ClassId, Part),
) -> Result<Vec<Stop>, TooLarge> {
    let mut found = vec![Stop {
        class,
        part,
        chain: Vec::new(),
    }];
    let mut seen = BTreeSet::from([(class, part)]);
    let mut next = 0;
    while let Some(stop) = found.get(next).cloned() {
        next += 1;
        // A caller's key is charged to no ceiling.
        let class = model.policy.classes.get(stop.class.index());
        if class.is_none_or(|class| class.keys == Keys::Caller) {
            continue;
        }
        for (at, ceiling) in model.policy.ceilings.iter().enumerate() {
            // Each ceiling is judged once.
            if stop.chain.iter().any(|known| known.ceiling == at) {
                continue;
            }
            let ways = of(model, at);
            if ways.is_empty() {
                continue;
            }
            let Some(part) = under(model, reached, (ceiling, &stop))? else {
                continue;
            };
            for way in ways {
                if seen.insert((way.to, part)) {
                    Budget::Nodes.admits(seen.len())?;
                    let mut chain = stop.chain.clone();
                    chain.push(way);
                    found.push(Stop {
                        class: way.to,
                        part,
                        chain,
                    });
                }
            }
        }
    }
    Ok(found)
}

/// The most that one of these requests may be charged by the ceilings that each of them is under;
/// nothing if no ceiling bounds them all. An estimate may be passed, and a warning bounds nothing.
pub(crate) fn bound(
    model: &Model,
    reached: &mut Reached<'_>,
    (stop, arms): (&Stop, &[ArmId]),
) -> Result<Option<u128>, TooLarge> {
    let mut least: Option<u128> = None;
    for ceiling in &model.policy.ceilings {
        if ceiling.held != Held::Most || ceiling.then == Then::Warn {
            continue;
        }
        let cond = match ceiling.scope {
            Scope::All => None,
            Scope::Class(class) if class == stop.class => None,
            Scope::Class(_) => continue,
            Scope::Client(client) => model.world.callers.get(client.index()),
            Scope::When(guard) => model.scopes.get(guard.index()).map(|scoped| &scoped.cond),
        };
        let others = match cond {
            Some(cond) => {
                let others = Cond::Not(Box::new(cond.clone()));
                let others = reached.among(stop.part, &others)?;
                reached.comes_to(others, arms)?
            }
            None => false,
        };
        if !others {
            let amount = ceiling.amount_pico;
            least = Some(least.map_or(amount, |least| least.min(amount)));
        }
    }
    Ok(least)
}

/// The requests of a stop that the ceiling is about; nothing if there are none.
pub(crate) fn under(
    model: &Model,
    reached: &mut Reached<'_>,
    (ceiling, stop): (&Ceiling, &Stop),
) -> Result<Option<Part>, TooLarge> {
    let cond = match ceiling.scope {
        Scope::All => None,
        Scope::Class(class) if class == stop.class => None,
        Scope::Class(_) => return Ok(None),
        Scope::Client(client) => model.world.callers.get(client.index()),
        Scope::When(guard) => model.scopes.get(guard.index()).map(|scoped| &scoped.cond),
    };
    let part = match cond {
        Some(cond) => reached.among(stop.part, cond)?,
        None => stop.part,
    };
    Ok(Some(part).filter(|part| !part.is_empty()))
}

/// Every class that may serve requests of this part, each with the arms that lead requests to it. Of
/// these arms not all need be ones from which requests of the part come.
pub(crate) fn all(
    model: &Model,
    reached: &mut Reached<'_>,
    part: Part,
) -> Result<Vec<(Stop, Vec<ArmId>)>, TooLarge> {
    let mut found = Vec::new();
    for (class, arms) in classes(model, reached) {
        let stops = stops(model, reached, (class, part))?;
        found.extend(stops.into_iter().map(|stop| (stop, arms.clone())));
    }
    Ok(found)
}

/// The arms that lead requests to a class, by class.
pub(crate) fn classes(model: &Model, reached: &Reached<'_>) -> Vec<(ClassId, Vec<ArmId>)> {
    let mut found: Vec<(ClassId, Vec<ArmId>)> = Vec::new();
    let mut places: Vec<Option<usize>> = vec![None; model.policy.classes.len()];
    for arm in reached.all() {
        let to = model.policy.arms.get(arm.index()).map(|arm| arm.to);
        let Some(claw_table::policy::Action::Class(class)) = to else {
            continue;
        };
        let Some(place) = places.get_mut(class.index()) else {
            continue;
        };
        let at = *place.get_or_insert_with(|| {
            found.push((class, Vec::new()));
            found.len() - 1
        });
        if let Some((_, arms)) = found.get_mut(at) {
            arms.push(arm);
        }
    }
    found
}

/// The first of these arms that requests of a stop really take, with one of them. An arm that nobody
/// real comes to must not stand for the others of its class.
pub(crate) fn taken(
    reached: &mut Reached<'_>,
    stop: &Stop,
    arms: &[ArmId],
) -> Result<Option<(ArmId, Request)>, TooLarge> {
    for arm in arms {
        if let Some(witness) = reached.witness(stop.part, *arm)? {
            return Ok(Some((*arm, witness)));
        }
    }
    Ok(None)
}
