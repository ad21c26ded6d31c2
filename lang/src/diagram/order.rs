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
    let mut asked: BTreeMap<Fact, usize> = BTreeMap::new();
    for cond in model.conditions() {
        count(cond, &mut asked);
    }
    let mut ordered: Vec<(usize, Field)> = fields
        .into_iter()
        .map(|field| (asked.get(&field.fact).copied().unwrap_or(0), field))
        .collect();
    ordered.sort_by(|(a_asked, a), (b_asked, b)| {
        (a.fact.phase().cmp(&b.fact.phase()))
            .then(b_asked.cmp(a_asked))
            .then(a.atoms().cmp(&b.atoms()))
            .then(a.fact.cmp(&b.fact))
    });
    ordered.into_iter().map(|(_, field)| field).collect()
}

fn count(cond: &Cond, asked: &mut BTreeMap<Fact, usize>) {
    match cond {
        Cond::Always => {}
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| count(part, asked)),
        Cond::Not(part) => count(part, asked),
        Cond::Test(fact, ask) => {
            match asked.get_mut(fact) {
                Some(times) => *times += 1,
                None => {
                    asked.insert(fact.clone(), 1);
                }
            }
            if let (Ask::Matches(patterns), Some(within)) = (ask, Within::of(fact)) {
                for text in parted(patterns).1 {
                    let held = Fact::Contains((within.clone(), text.to_owned()));
                    *asked.entry(held).or_default() += 1;
                }
            }
        }
    }
}
