//! Two policies of which the diagrams would be too large, compared as lists of arms: where requests
//! of each old arm end now is looked for, one new arm after the other, until nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::{ArmId, Fact};

use super::budget::TooLarge;
use super::from_model::Built;
use super::joint::Ends;
use super::listed;
use super::search::{Path, Rest, find, find_outside};
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
    let old_sieve = listed::sieve(&mut built, &old_ways)?;
    let new_sieve = listed::sieve(&mut built, &new_ways)?;
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
