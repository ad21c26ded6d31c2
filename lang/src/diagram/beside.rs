//! Two policies of which the diagrams would be too large, compared as lists of arms: where requests
//! of each old arm end now is looked for, one new arm after the other, until nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::{ArmId, Fact};

use super::budget::TooLarge;
use super::from_model::Built;
use super::joint::Ends;
use super::listed;
use super::search::{Path, Rest, find, find_outside};
use super::sieve::{Sieve, falls};
use super::store::Ref;
use crate::model::{Cond, Guard, Model, RouteId};
use crate::oracle;

/// The pairs of arms, each with the way of one request.
pub(super) fn ends<'b>(
    (both, conds): (&'b Model, &[&'b Cond]),
    (guards, second): (&[Guard], RouteId),
    (new, arms): (&Model, u32),
) -> Result<(Built<'b>, Ends), TooLarge> {
    let mut built = Built::loose(both, conds)?;
    let real = built.possible;
    let old_ways = listed::ways(&mut built, &both.guards, both.root)?;
    let new_ways = listed::ways(&mut built, guards, second)?;
    let sieve = |built: &mut Built<'_>, ways: &[(ArmId, Ref)]| {
        let conds: Vec<Ref> = ways.iter().map(|(_, cond)| *cond).collect();
        Sieve::of(&conds, built)
    };
    let sieves = (sieve(&mut built, &old_ways)?, sieve(&mut built, &new_ways)?);
    let (Sieve::Joined(old_sieve), Sieve::Joined(new_sieve)) = &sieves else {
        let ways = (&*old_ways, &*new_ways);
        let found = one_by_one(&mut built, (ways, &sieves), (both, new, arms))?;
        return Ok((built, found));
    };
    let mut same: BTreeMap<Rest, ArmId> = BTreeMap::new();
    let mut falls: BTreeMap<ArmId, Vec<Rest>> = BTreeMap::new();
    for (position, (arm, _)) in new_ways.iter().enumerate() {
        let rest = new_sieve.rest(position);
        falls.entry(*arm).or_default().extend(rest);
        same.extend(rest.map(|rest| (rest, *arm)));
    }
    let mut found = Ends::new();
    for (position, (arm, _)) in old_ways.iter().enumerate() {
        let Some(rest) = old_sieve.rest(position) else {
            continue;
        };
        let [own, before @ ..] = rest;
        // Most policies change little: what falls to the arm falls to one arm as a whole.
        if let Some(to) = same.get(&rest) {
            if let Some(path) = find(&built, &[real, own], &before)? {
                found.entry((*arm, *to)).or_insert(path);
            }
            continue;
        }
        let mut told: Vec<Rest> = Vec::new();
        let mut known: BTreeSet<ArmId> = BTreeSet::new();
        // Each turn finds another new arm, so there are no more turns than arms.
        for _ in 0..=new_ways.len() {
            let must = [real, own];
            let Some(mut path) = find_outside(&built, (&must, &before), &told)? else {
                break;
            };
            called(&built, &mut path);
            let request = built.request(&path);
            let ends = oracle::arm(new, &request);
            let Some(to) = ends.map(|to| ArmId(to.0 + arms)) else {
                break;
            };
            // The request is what is shown, so it is asked where it came from as well.
            let from = oracle::arm(both, &request).unwrap_or(*arm);
            if !known.insert(to) {
                break;
            }
            told.extend(falls.get(&to).into_iter().flatten());
            found.entry((from, to)).or_insert(path);
        }
    }
    Ok((built, found))
}

/// Each old arm held against each new one, where what arms leave over is not joined.
fn one_by_one(
    built: &mut Built<'_>,
    ((old_ways, new_ways), (old, new)): (Ways<'_>, &(Sieve, Sieve)),
    (first, second, arms): (&Model, &Model, u32),
) -> Result<Ends, TooLarge> {
    let mut found = Ends::new();
    for (position, (arm, own)) in old_ways.iter().enumerate() {
        let before = old.before(position);
        let real = built.store.gate(built.possible, *own)?;
        for (other_position, (to, other)) in new_ways.iter().enumerate() {
            let other_before = new.before(other_position);
            // What both policies ask alike is mostly seen at once.
            let is_apart = before.contains(other) || other_before.contains(own);
            if is_apart || found.contains_key(&(*arm, *to)) {
                continue;
            }
            let must = built.store.gate(real, *other)?;
            let all = [&*before, &*other_before].concat();
            let Some(mut path) = falls(built, must, &all)? else {
                continue;
            };
            called(built, &mut path);
            let request = built.request(&path);
            let ends = oracle::arm(second, &request).map(|to| ArmId(to.0 + arms));
            if let Some((from, to)) = oracle::arm(first, &request).zip(ends) {
                found.entry((from, to)).or_insert(path);
            }
        }
    }
    Ok(found)
}

/// The arms of two policies in order, each with what it asks for.
type Ways<'a> = (&'a [(ArmId, Ref)], &'a [(ArmId, Ref)]);

/// Lets a request come from a client, where clients are declared. A way that asks no client is one
/// for all of them, but the other policy is asked too, and it may tell clients apart from nobody.
fn called(built: &Built<'_>, path: &mut Path) {
    let Some(client) = built.position(&Fact::Client) else {
        return;
    };
    if path.iter().all(|(field, _)| *field != client) {
        path.push((client, built.least(client)));
    }
}
