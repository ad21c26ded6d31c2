//! Arms as boxes: each a set of atoms in each of some fields, tried in order.

use std::collections::BTreeMap;

use claw_table::ArmId;

use super::atoms::id;
use super::budget::{Budget, TooLarge};
use super::from_model::Built;
use super::held::questions;
use crate::model::{Cond, Goal, RouteId};

/// Atoms as sorted ranges that do not touch.
pub(crate) type Ranges = Vec<(u16, u16)>;

/// What a box asks: of each of these fields one of these atoms. No side is empty or the whole field.
pub(crate) type Sides = BTreeMap<u16, Ranges>;

/// The boxes of a policy in order: the first that holds counts. The last one holds for all.
pub(crate) fn boxes(built: &Built<'_>) -> Result<Vec<(ArmId, Sides)>, TooLarge> {
    let mut made = Vec::new();
    for guard in &built.model.guards {
        for sides in spread(built, &guard.arm.cond, Sense::Holds)? {
            made.push((guard.arm.id, sides));
        }
    }
    route(built, (built.model.root, &[Sides::new()], 0), &mut made)?;
    // What stands behind a box that holds for all is never looked at.
    let end = made.iter().position(|(_, sides)| sides.is_empty());
    made.truncate(end.map_or(made.len(), |end| end + 1));
    Ok(made)
}

fn route(
    built: &Built<'_>,
    (route, under, depth): (RouteId, &[Sides], usize),
    made: &mut Vec<(ArmId, Sides)>,
) -> Result<(), TooLarge> {
    Budget::RouteDepth.admits(depth)?;
    for arm in built.arms(route) {
        let own = spread(built, &arm.cond, Sense::Holds)?;
        let both = product(under, &own)?;
        match arm.to {
            Goal::End(_) => made.extend(both.into_iter().map(|sides| (arm.id, sides))),
            Goal::Route(_) if both.is_empty() => {}
            Goal::Route(next) => self::route(built, (next, &both, depth + 1), made)?,
        }
        Budget::Boxes.admits(made.len())?;
    }
    Ok(())
}

/// Whether a condition or its opposite is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    Holds,
    Fails,
}

impl Sense {
    fn other(self) -> Self {
        match self {
            Self::Holds => Self::Fails,
            Self::Fails => Self::Holds,
        }
    }
}

/// The boxes in which a condition holds, or fails.
fn spread(built: &Built<'_>, cond: &Cond, sense: Sense) -> Result<Vec<Sides>, TooLarge> {
    match (cond, sense) {
        (Cond::Always, Sense::Holds) => Ok(vec![Sides::new()]),
        (Cond::Always, Sense::Fails) => Ok(Vec::new()),
        (Cond::Not(part), _) => spread(built, part, sense.other()),
        (Cond::All(parts), Sense::Holds) | (Cond::Any(parts), Sense::Fails) => {
            parts.iter().try_fold(vec![Sides::new()], |all, part| {
                product(&all, &spread(built, part, sense)?)
            })
        }
        (Cond::Any(parts), Sense::Holds) | (Cond::All(parts), Sense::Fails) => {
            let mut any = Vec::new();
            for part in parts {
                any.extend(spread(built, part, sense)?);
                Budget::Boxes.admits(any.len())?;
            }
            Ok(joined(any, built))
        }
        (Cond::Test(fact, ask), _) => {
            // What no field knows is answered with no.
            let any = questions(built, fact, ask).into_iter();
            match sense {
                Sense::Holds => {
                    let boxes = any.filter_map(|(at, yes)| one(at, yes, built.last_atom(at)));
                    Ok(joined(boxes.collect(), built))
                }
                Sense::Fails => any
                    .into_iter()
                    .try_fold(vec![Sides::new()], |all, (at, yes)| {
                        let end = built.last_atom(at);
                        let none = one(at, rest(&yes, end), end);
                        product(&all, &none.into_iter().collect::<Vec<_>>())
                    }),
            }
        }
    }
}

/// The boxes in which one of each holds.
fn product(left: &[Sides], right: &[Sides]) -> Result<Vec<Sides>, TooLarge> {
    Budget::Boxes.admits(left.len().saturating_mul(right.len()))?;
    let mut made = Vec::new();
    for one in left {
        for other in right {
            made.extend(both(one, other));
        }
    }
    Ok(made)
}

/// What two boxes share, if anything.
fn both(one: &Sides, other: &Sides) -> Option<Sides> {
    let mut made = one.clone();
    for (field, atoms) in other {
        let shared = match made.get(field) {
            Some(own) => meet(own, atoms),
            None => atoms.clone(),
        };
        if shared.is_empty() {
            return None;
        }
        made.insert(*field, shared);
    }
    Some(made)
}

/// The box of these atoms of one field, if there are any.
fn one(field: u16, atoms: Ranges, end: u16) -> Option<Sides> {
    match atoms.as_slice() {
        [] => None,
        [(0, last)] if *last == end => Some(Sides::new()),
        _ => Some(Sides::from([(field, atoms)])),
    }
}

/// Boxes that ask one and the same field are one box.
fn joined(boxes: Vec<Sides>, built: &Built<'_>) -> Vec<Sides> {
    let mut single: BTreeMap<u16, Ranges> = BTreeMap::new();
    let mut made = Vec::new();
    for sides in boxes {
        match (sides.len(), sides.first_key_value()) {
            (1, Some((field, atoms))) => single.entry(*field).or_default().extend(atoms),
            _ => made.push(sides),
        }
    }
    for (field, mut atoms) in single {
        atoms.sort_unstable();
        made.extend(one(field, merged(&atoms), built.last_atom(field)));
    }
    made
}

fn merged(sorted: &[(u16, u16)]) -> Ranges {
    let mut made: Ranges = Vec::new();
    for (first, last) in sorted {
        match made.last_mut() {
            Some((_, end)) if *first <= end.saturating_add(1) => *end = (*end).max(*last),
            _ => made.push((*first, *last)),
        }
    }
    made
}

fn rest(atoms: &[(u16, u16)], end: u16) -> Ranges {
    let mut made = Vec::new();
    let mut next = Some(0_u16);
    for (first, last) in atoms {
        if let (Some(start), Some(before)) = (next, first.checked_sub(1))
            && start <= before
        {
            made.push((start, before));
        }
        next = last.checked_add(1);
    }
    if let Some(start) = next.filter(|start| *start <= end) {
        made.push((start, end));
    }
    made
}

fn meet(one: &[(u16, u16)], other: &[(u16, u16)]) -> Ranges {
    let (mut a, mut b) = (one.iter().peekable(), other.iter().peekable());
    let mut made = Vec::new();
    while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
        let (first, last) = (left.0.max(right.0), left.1.min(right.1));
        if first <= last {
            made.push((first, last));
        }
        if left.1 < right.1 {
            a.next();
        } else {
            b.next();
        }
    }
    made
}

/// The number of the last atom of each field.
impl Built<'_> {
    pub(crate) fn last_atom(&self, field: u16) -> u16 {
        let field = self.fields.get(usize::from(field));
        id(field.map_or(0, |field| field.atoms().saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::{meet, merged, rest};

    #[test]
    fn ranges_are_joined_turned_round_and_cut_with_one_another() {
        assert_eq!(
            merged(&[(0, 2), (3, 4), (4, 9), (11, 11)]),
            [(0, 9), (11, 11)]
        );
        assert_eq!(rest(&[(0, 2), (5, 5)], 9), [(3, 4), (6, 9)]);
        assert_eq!(rest(&[], 3), [(0, 3)]);
        assert_eq!(rest(&[(0, u16::MAX)], u16::MAX), []);
        assert_eq!(meet(&[(0, 4), (6, 9)], &[(3, 7)]), [(3, 4), (6, 7)]);
        assert_eq!(meet(&[(0, 4)], &[(5, 7)]), []);
    }
}
