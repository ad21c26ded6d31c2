//! The order in which fields are tested.

use std::collections::BTreeMap;

use claw_table::Fact;

use super::atoms::Field;
use crate::model::{Cond, Model};

/// Fields in the order of the diagram: what the head tells, then the body, then what must be
/// counted. Inside a phase, first the facts that decide most: those that most conditions ask, and of
/// these the ones with few atoms, so that a table branches late.
pub(crate) fn order(model: &Model, fields: BTreeMap<&Fact, Field>) -> Vec<Field> {
    let mut asked: BTreeMap<&Fact, usize> = BTreeMap::new();
    for cond in model.conditions() {
        count(cond, &mut asked);
    }
    let mut ordered: Vec<(usize, Field)> = fields
        .into_iter()
        .map(|(fact, field)| (asked.get(fact).copied().unwrap_or(0), field))
        .collect();
    ordered.sort_by(|(a_asked, a), (b_asked, b)| {
        (a.fact.phase().cmp(&b.fact.phase()))
            .then(b_asked.cmp(a_asked))
            .then(a.atoms().cmp(&b.atoms()))
            .then(a.fact.cmp(&b.fact))
    });
    ordered.into_iter().map(|(_, field)| field).collect()
}

fn count<'m>(cond: &'m Cond, asked: &mut BTreeMap<&'m Fact, usize>) {
    match cond {
        Cond::Always => {}
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| count(part, asked)),
        Cond::Not(part) => count(part, asked),
        Cond::Test(fact, _) => *asked.entry(fact).or_default() += 1,
    }
}
