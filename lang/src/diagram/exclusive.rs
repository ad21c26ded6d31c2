//! Routes whose arms must not meet: of any two, no request is in both.

use claw_table::ArmId;

use super::atoms::{Values, id};
use super::budget::TooLarge;
use super::from_model::Built;
use super::sieve::Sieve;
use super::store::Ref;
use crate::model::{Arm, Cond, RouteId};
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

/// The requests that there can be and that say nothing twice. A header that is sent with two values
/// could meet any two arms that ask for one each, and to rule that out would take a test in each.
fn plain(built: &mut Built<'_>) -> Result<Ref, TooLarge> {
    let mut plain = built.possible;
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
    let sieve = Sieve::of(&conds, &mut built.store)?;
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
