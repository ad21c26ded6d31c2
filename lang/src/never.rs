//! `never`, proved: every class that a request of its condition can reach keeps to its claim.
//!
//! ```text
//! condition ─gate→ diagram ─ends→ arms ─→ classes ─ceilings→ classes ─→ targets that can carry the request ─→ claim
//! ```
//!
//! What holds of a target depends on what a request uses, so the condition is split by the
//! capabilities that some target lacks and some condition asks. In each part every request has the
//! same targets, and the answer is exact: a finding is a request, and no finding is a proof.

mod asked;
mod broken;
mod tell;

use std::collections::BTreeSet;

use claw_table::{ArmId, Can, Fact};

use crate::diagram::{Kept, Reached, TooLarge};
use crate::model::{Claim, Cond, Model, Never, path_of};
use crate::moves::{self, Stop};
use crate::oracle::Request;
use crate::worst::{Asks, Load, Shape};

pub(crate) use asked::Asked;
pub use broken::{Broken, Why};
pub(crate) use tell::{moved, tell};
pub use tell::{said_at, written};

/// Every claim of the policy that some request breaks; for each class that breaks it, one.
///
/// `kept` says how the policy is kept without its claims; [`Kept::Diagram`] where that is not known.
///
/// # Errors
/// The policy with its claims does not fit into a budget of the compiler.
pub fn broken(model: &Model, kept: Kept) -> Result<Vec<Broken>, TooLarge> {
    let nevers = &model.claims.nevers;
    let mut found = Vec::new();
    if nevers.is_empty() {
        return Ok(found);
    }
    let asked = Asked::of(model);
    let mut conds: Vec<&Cond> = nevers.iter().map(|never| &never.cond).collect();
    conds.extend(asked.conds());
    conds.extend(moves::conds(model));
    let mut kinds = Asks::told_apart(&model.policy);
    kinds.retain(|(asks, _)| asks.is_carried(&model.policy, 0));
    conds.extend(kinds.iter().map(|(_, cond)| cond));
    let mut reached = Reached::new(model, &conds, kept)?;
    for (at, never) in nevers.iter().enumerate() {
        let mut classes = BTreeSet::new();
        let flags = parts(model, never, &reached);
        for ((asks, cond), flags) in kinds
            .iter()
            .flat_map(|kind| flags.iter().map(move |it| (kind, it)))
        {
            let load = load(*asks, flags);
            // Most sets of what is used are carried by nobody, so that nothing is sent.
            if !asks.is_carried(&model.policy, load.has) {
                continue;
            }
            let part = reached.under(&never.cond, flags)?;
            let part = reached.among(part, cond)?;
            if part.is_empty() {
                continue;
            }
            for (stop, arms) in moves::all(model, &mut reached, part)? {
                if classes.contains(&stop.class) {
                    continue;
                }
                let broken = first(&asked, &mut reached, (never, load), (&stop, &arms))?;
                if let Some(broken) = broken {
                    classes.insert(stop.class);
                    found.push(Broken {
                        never: at,
                        ..broken
                    });
                }
            }
        }
    }
    Ok(found)
}

/// What breaks a claim at a stop, with a request that does: where what is asked for decides on the
/// target, one that asks for it. Which claim it is is for the caller to say.
fn first(
    asked: &Asked<'_>,
    reached: &mut Reached<'_>,
    (never, load): (&Never, Load),
    (stop, arms): (&Stop, &[ArmId]),
) -> Result<Option<Broken>, TooLarge> {
    for (class, part) in asked.ways(reached, stop)? {
        let Some((why, load)) = broken::by(asked.model, never, (stop.class, &class, load)) else {
            continue;
        };
        let stop = Stop {
            part,
            ..stop.clone()
        };
        // What a ceiling does not let through is not spent.
        if let Claim::CostsOver(limit) = never.claim {
            let bound = moves::bound(asked.model, reached, (&stop, arms))?;
            if bound.is_some_and(|bound| bound <= limit) {
                continue;
            }
        }
        if let Some((arm, witness)) = moves::taken(reached, &stop, arms)? {
            return Ok(Some(Broken {
                never: 0,
                arm,
                class: stop.class,
                chain: stop.chain,
                load,
                why,
                witness: settled(witness, load),
            }));
        }
    }
    Ok(None)
}

/// The flags by which the requests of a claim are told apart, in every combination.
fn parts(model: &Model, never: &Never, reached: &Reached<'_>) -> Vec<Vec<(Fact, bool)>> {
    let models = model.policy.providers.iter().flat_map(|p| &p.models);
    let lacking = models.fold(0, |all, model| all | !model.can.unwrap_or(u16::MAX));
    let mut parts = vec![Vec::new()];
    let mut split = |fact: Fact, ways: [bool; 2]| {
        parts = ways
            .into_iter()
            .flat_map(|way| parts.iter().map(move |part| (part, way)))
            .map(|(part, way)| {
                let mut part: Vec<(Fact, bool)> = part.clone();
                part.push((fact.clone(), way));
                part
            })
            .collect();
    };
    for can in Can::ASKED {
        if lacking & can.bit() != 0 && reached.asks(&Fact::Has(can)) {
            split(Fact::Has(can), [false, true]);
        }
    }
    // Sound has a rate of its own, which is not charged where a guard refuses it.
    let hears = Can::Audio.bit();
    let is_told = lacking & hears != 0 || !reached.asks(&Fact::Has(Can::Audio));
    if matches!(never.claim, Claim::CostsOver(_)) && !is_told {
        split(Fact::Has(Can::Audio), [false, true]);
    }
    if matches!(never.claim, Claim::TakesOver(_)) {
        split(Fact::Streaming, [false, true]);
    }
    parts
}

fn load(asks: Asks, part: &[(Fact, bool)]) -> Load {
    let used = |wanted: bool| {
        let facts = part.iter().filter(move |(_, is_set)| *is_set == wanted);
        facts.fold(0, |all, (fact, _)| {
            if let Fact::Has(can) = fact {
                all | can.bit()
            } else {
                all
            }
        })
    };
    let is_stream = asks.streams() && part.contains(&(Fact::Streaming, true));
    let shape = if is_stream {
        Shape::Stream
    } else {
        Shape::Plain
    };
    Load {
        asks,
        has: used(true),
        without: used(false),
        shape,
    }
}

/// A request says also what no condition asks, if a claim depends on it.
fn settled(mut witness: Request, load: Load) -> Request {
    witness.streaming |= load.shape == Shape::Stream;
    let word = witness.endpoint.as_deref().unwrap_or_default();
    if Asks::of(word) != Some(load.asks)
        && let Some(own) = load.asks.words().first()
    {
        witness.endpoint = Some((*own).to_owned());
        witness.path = path_of(own).map(str::to_owned).or(witness.path);
    }
    witness
}
