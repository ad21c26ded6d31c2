//! Arms that one request meets: a fault where the route says that none do, and elsewhere what one
//! wants to know before one is moved.

use claw_table::ArmId;
use claw_table::policy::Action;

use super::atoms::{Values, id};
use super::budget::TooLarge;
use super::from_model::Built;
use super::sieve::Sieve;
use super::store::Ref;
use crate::model::{Arm, Cond, Goal, Model, RouteId};
use crate::oracle::{Request, holds};

/// Two arms of one route, and a request that meets the conditions of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// The one that takes it.
    pub first: ArmId,
    /// The one that would take it without the other.
    pub second: ArmId,
    /// The request, as plain as it gets.
    pub witness: Request,
}

/// The most overlaps of one route that are told; mending them shows the rest.
const TOLD_MAX: usize = 8;

/// The most arms of one route that are told to lean on its order, where that is asked.
const ASKED_MAX: usize = 256;

/// The requests that there can be, that no guard refuses, and that say nothing twice. A header that is sent with two values
/// could meet any two arms that ask for one each, and to rule that out would take a test in each.
fn plain(built: &mut Built<'_>) -> Result<Ref, TooLarge> {
    let mut plain = built.possible;
    for guard in &built.model.guards {
        let refused = built.condition(&guard.arm.cond)?;
        plain = built.store.except(plain, refused)?;
    }
    for at in (0_u16..).take(built.fields.len()) {
        let field = built.fields.get(usize::from(at));
        let Some(Values::Text(values)) = field.map(|field| &field.values) else {
            continue;
        };
        let singles = values.samples.iter().take_while(|texts| texts.len() < 2);
        let singles = singles.count();
        if singles < values.samples.len() {
            let single = built.among(at, &[(0, id(singles - 1))])?;
            plain = built.store.gate(single, plain)?;
        }
    }
    Ok(plain)
}

/// For each arm of a route that meets an earlier one, the first of these. `otherwise` is for what is
/// left, and meets none.
pub(super) fn overlaps(built: &mut Built<'_>, route: RouteId) -> Result<Vec<Overlap>, TooLarge> {
    let arms: Vec<&Arm> = built
        .arms(route)
        .iter()
        .filter(|arm| arm.cond != Cond::Always)
        .collect();
    let mut conds: Vec<Ref> = Vec::with_capacity(arms.len());
    for arm in &arms {
        conds.push(built.condition(&arm.cond)?);
    }
    let sieve = Sieve::of(&conds, built)?;
    let plain = plain(built)?;
    let mut found = Vec::new();
    for (position, second) in arms.iter().enumerate() {
        if found.len() == TOLD_MAX {
            break;
        }
        let Some(path) = sieve.meets(position, &[plain], built)? else {
            continue;
        };
        let witness = built.request(&path);
        let mut earlier = arms.iter().take(position);
        if let Some(first) = earlier.find(|arm| holds(&arm.cond, &witness)) {
            found.push(Overlap {
                first: first.id,
                second: second.id,
                witness,
            });
        }
    }
    Ok(found)
}

/// For each arm the first above it that takes a request from it and leads elsewhere: were the one
/// moved above the other, that request would go another way. Routes that are exclusive have no such
/// arms, and `otherwise` is what is left.
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub fn order_counts(model: &Model) -> Result<Vec<Overlap>, TooLarge> {
    let mut built = Built::loose(model, &[])?;
    let plain = plain(&mut built)?;
    let mut found = Vec::new();
    for (route, at) in model.routes.iter().zip(0_u16..) {
        if route.exclusive.is_none() {
            found.extend(in_order(&mut built, (RouteId(at), plain))?);
        }
    }
    Ok(found)
}

fn in_order(
    built: &mut Built<'_>,
    (route, plain): (RouteId, Ref),
) -> Result<Vec<Overlap>, TooLarge> {
    let arms = built.arms(route).iter();
    let arms: Vec<&Arm> = arms.filter(|arm| arm.cond != Cond::Always).collect();
    let mut conds: Vec<Ref> = Vec::with_capacity(arms.len());
    for arm in &arms {
        conds.push(built.condition(&arm.cond)?);
    }
    let sieve = Sieve::of(&conds, built)?;
    let mut found = Vec::new();
    for (position, (second, own)) in arms.iter().zip(&conds).enumerate() {
        if found.len() == ASKED_MAX {
            break;
        }
        // Most arms meet none at all, and that is known at once.
        if sieve.meets(position, &[plain], built)?.is_none() {
            continue;
        }
        for (above, first) in arms.iter().take(position).enumerate() {
            if leads_alike(built.model, first.to, second.to) {
                continue;
            }
            if let Some(path) = sieve.falls_to(above, &[plain, *own], built)? {
                found.push(Overlap {
                    first: first.id,
                    second: second.id,
                    witness: built.request(&path),
                });
                break;
            }
        }
    }
    Ok(found)
}

/// Whether two arms do the same with a request.
pub(super) fn leads_alike(model: &Model, one: Goal, other: Goal) -> bool {
    match (one, other) {
        (Goal::End(Action::Deny(one)), Goal::End(Action::Deny(other))) => {
            let deny = |at: usize| model.policy.denies.get(at);
            deny(one.index()) == deny(other.index())
        }
        _ => one == other,
    }
}
