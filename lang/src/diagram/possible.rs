//! What the world allows: fields are not all free of one another.
//!
//! Atoms are made field by field, so a way through the diagram may join values that no request has.
//! What is known of that is one more condition; analyses and witnesses look at the diagram under it,
//! the table is made of the whole one.

use claw_table::Fact;
use claw_table::policy::Auth;

use super::atoms::Field;
use crate::model::{Ask, Cond, Model};

/// Conditions that every request meets, whatever the policy. None for most policies.
pub(crate) fn possible(model: &Model, fields: &[Field]) -> Vec<Cond> {
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
    all.extend(caller_key(model, fields));
    all.extend(endpoints(model, fields));
    let is_asked = |fact: Fact| fields.iter().any(|field| field.fact == fact);
    if is_asked(Fact::Client) {
        all.extend(model.world.client.clone());
        all.extend(model.world.known.clone().filter(|_| is_asked(Fact::Ip)));
    }
    all.extend(always(fields));
    all
}

/// What every request has is absent from none. A moment is found for all clocks together.
fn always(fields: &[Field]) -> impl Iterator<Item = Cond> {
    let always = fields
        .iter()
        .filter(|field| field.fact.is_always() && field.fact.zone().is_none() && field.atoms() > 1);
    always.map(|field| Cond::Test(field.fact.clone(), Ask::Present))
}

/// There are a few endpoints; a path asks for its own, and no other path does.
fn endpoints(model: &Model, fields: &[Field]) -> Vec<Cond> {
    let is_asked = |fact: &Fact| fields.iter().any(|field| field.fact == *fact);
    if !is_asked(&Fact::Endpoint) {
        return Vec::new();
    }
    let one = std::iter::once(model.world.endpoints.one.clone());
    if !is_asked(&Fact::Path) {
        return one.collect();
    }
    let either =
        |not: &Cond, then: &Cond| Cond::Any(vec![Cond::Not(Box::new(not.clone())), then.clone()]);
    let told = model.world.endpoints.told.iter().flat_map(|endpoint| {
        [
            either(&endpoint.is, &endpoint.paths),
            either(&endpoint.paths, &endpoint.is),
        ]
    });
    one.chain(told).collect()
}

/// A key of the caller's own comes from one whose address says that it is one: `auth caller`.
fn caller_key(model: &Model, fields: &[Field]) -> Option<Cond> {
    let is_asked = |fact: Fact| fields.iter().any(|field| field.fact == fact);
    if !is_asked(Fact::CallerKey) {
        return None;
    }
    let clients = model.policy.clients.iter().zip(&model.world.callers);
    let bring = clients.filter(|(client, _)| client.auth == Auth::Caller);
    let bring: Vec<Cond> = bring.map(|(_, caller)| caller.clone()).collect();
    let none = Cond::Not(Box::new(Cond::Test(Fact::CallerKey, Ask::Yes)));
    if bring.is_empty() {
        return Some(none);
    }
    is_asked(Fact::Client).then(|| Cond::Any([vec![none], bring].concat()))
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
