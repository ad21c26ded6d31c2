//! The order in which fields are tested.

use std::collections::BTreeMap;

use claw_table::{Fact, Within};

use super::atoms::Field;
use super::held::parted;
use crate::model::{Ask, Cond, Model};

/// Fields in the order of the diagram: what the head tells, then the body, then what must be
/// counted. Inside a phase, first the facts that decide most: those that most conditions ask, and of
/// these the ones with few atoms, so that a table branches late.
pub(crate) fn order(model: &Model, fields: Vec<Field>) -> Vec<Field> {
    let mut asked: BTreeMap<Fact, Asked> = BTreeMap::new();
    for cond in model.conditions() {
        count(cond, &mut asked);
    }
    let mut ordered: Vec<(Asked, Field)> = fields
        .into_iter()
        .map(|field| (asked.get(&field.fact).copied().unwrap_or_default(), field))
        .collect();
    // Texts in the middle of others are fields of their own. Those of one condition stand together, or
    // a diagram must keep in mind which were met of all the others.
    let first = |(asked, field): &(Asked, Field)| {
        let is_part = matches!(field.fact, Fact::Contains(_));
        if is_part { asked.first } else { 0 }
    };
    ordered.sort_by(|one, other| {
        let ((a_asked, a), (b_asked, b)) = (one, other);
        (a.fact.phase().cmp(&b.fact.phase()))
            .then(b_asked.times.cmp(&a_asked.times))
            .then(a.atoms().cmp(&b.atoms()))
            .then(first(one).cmp(&first(other)))
            .then(a.fact.cmp(&b.fact))
    });
    ordered.into_iter().map(|(_, field)| field).collect()
}

/// How often a fact is asked, and after how many others for the first time.
#[derive(Debug, Clone, Copy, Default)]
struct Asked {
    times: usize,
    first: usize,
}

fn note(fact: Fact, asked: &mut BTreeMap<Fact, Asked>) {
    let first = asked.len();
    let known = asked.entry(fact).or_insert(Asked { times: 0, first });
    known.times += 1;
}

fn count(cond: &Cond, asked: &mut BTreeMap<Fact, Asked>) {
    match cond {
        Cond::Always => {}
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| count(part, asked)),
        Cond::Not(part) => count(part, asked),
        Cond::Test(fact, ask) => {
            match asked.get_mut(fact) {
                Some(known) => known.times += 1,
                None => note(fact.clone(), asked),
            }
            if let (Ask::Matches(patterns), Some(within)) = (ask, Within::of(fact)) {
                for text in parted(patterns).1 {
                    let held = Fact::Contains((within.clone(), text.to_owned()));
                    note(held, asked);
                }
            }
        }
    }
}
