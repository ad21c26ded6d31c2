//! What the world allows: fields are not all free of one another.
//!
//! Atoms are made field by field, so a way through the diagram may join values that no request has.
//! What is known of that is one more condition; analyses and witnesses look at the diagram under it,
//! the table is made of the whole one.

use super::atoms::Field;
use crate::model::{Ask, Cond};

/// Conditions that every request meets, whatever the policy. None for most policies.
pub(crate) fn possible(fields: &[Field]) -> Vec<Cond> {
    let mut all = Vec::new();
    let pointers = || {
        fields
            .iter()
            .filter_map(|field| Some((&field.fact, field.fact.pointer()?)))
    };
    for (outer, prefix) in pointers() {
        for (inner, pointer) in pointers() {
            // What has a member is an array or an object.
            if pointer
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('/'))
            {
                let absent = Cond::Not(Box::new(Cond::Test(inner.clone(), Ask::Present)));
                all.push(Cond::Any(vec![
                    absent,
                    Cond::Test(outer.clone(), Ask::Nested),
                ]));
            }
        }
    }
    all.extend(keywords(fields));
    all
}

/// A prompt that mentions `refund policy` mentions `refund`: whoever mentions a list mentions one of
/// its keywords, and with it every list of which a keyword is found in that.
fn keywords(fields: &[Field]) -> Vec<Cond> {
    let lists = || {
        let asked = fields.iter();
        asked.filter_map(|field| Some((&field.fact, field.fact.keywords()?)))
    };
    let mut all = Vec::new();
    for (fact, list) in lists() {
        let mut ways = vec![Cond::Not(Box::new(Cond::Test(fact.clone(), Ask::Yes)))];
        for keyword in list {
            let found = |other: &[String]| other.iter().any(|one| keyword.contains(one.as_str()));
            let others = lists().filter(|(other, words)| *other != fact && found(words));
            let with: Vec<Cond> = others
                .map(|(other, _)| Cond::Test(other.clone(), Ask::Yes))
                .collect();
            if with.is_empty() {
                // This keyword says nothing of other lists, so neither does this one.
                ways.clear();
                break;
            }
            ways.push(Cond::All(with));
        }
        if !ways.is_empty() {
            all.push(Cond::Any(ways));
        }
    }
    all
}
