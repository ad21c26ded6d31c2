//! `never`, proved: every class that a request of its condition can reach keeps to its claim.
//!
//! ```text
//! condition ─gate→ diagram ─ends→ arms ─→ classes ─→ targets that can carry the request ─→ claim
//! ```
//!
//! What holds of a target depends on what a request uses, so the condition is split by the
//! capabilities that some target lacks and some condition asks. In each part every request has the
//! same targets, and the answer is exact: a finding is a request, and no finding is a proof.

mod broken;
mod tell;

use std::collections::BTreeSet;

use claw_table::{Can, Fact};

use crate::diagram::{Reached, TooLarge};
use crate::model::{Claim, Cond, Model, Never};
use crate::worst::{Load, Shape};

pub use broken::{Broken, Why};
pub(crate) use tell::tell;
pub use tell::written;

/// Every claim of the policy that some request breaks; for each class that breaks it, one.
///
/// # Errors
/// The policy with its claims does not fit into a budget of the compiler.
pub fn broken(model: &Model) -> Result<Vec<Broken>, TooLarge> {
    let nevers = &model.claims.nevers;
    let mut found = Vec::new();
    if nevers.is_empty() {
        return Ok(found);
    }
    let conds: Vec<&Cond> = nevers.iter().map(|never| &never.cond).collect();
    let mut reached = Reached::new(model, &conds)?;
    for (at, never) in nevers.iter().enumerate() {
        let mut classes = BTreeSet::new();
        for flags in parts(model, never, &reached) {
            let part = reached.under(&never.cond, &flags)?;
            let load = load(&flags);
            let all: Vec<Broken> = reached
                .arms(part)
                .iter()
                .filter_map(|arm| broken::by(model, (at, never), (*arm, load)))
                .collect();
            for broken in all {
                // An arm that nobody real comes to must not stand for the others of its class.
                if !classes.contains(&broken.class)
                    && let Some(witness) = reached.witness(part, broken.arm)
                {
                    classes.insert(broken.class);
                    found.push(Broken {
                        witness: settled(witness, load),
                        ..broken
                    });
                }
            }
        }
    }
    Ok(found)
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
    if matches!(never.claim, Claim::TakesOver(_)) {
        split(Fact::Streaming, [false, true]);
    }
    parts
}

fn load(part: &[(Fact, bool)]) -> Load {
    let has = part.iter().filter(|(_, is_set)| *is_set);
    let has = has.fold(0, |all, (fact, _)| {
        if let Fact::Has(can) = fact {
            all | can.bit()
        } else {
            all
        }
    });
    let is_stream = part.contains(&(Fact::Streaming, true));
    let shape = if is_stream {
        Shape::Stream
    } else {
        Shape::Plain
    };
    Load { has, shape }
}

/// A request says also what no condition asks, if a claim depends on it.
fn settled(mut witness: crate::oracle::Request, load: Load) -> crate::oracle::Request {
    witness.streaming |= load.shape == Shape::Stream;
    witness
}
