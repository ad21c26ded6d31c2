//! Pools: targets that share requests, and what a class tries in which order.

use std::collections::BTreeSet;

use super::{Policy, Target};
use crate::PoolId;

/// What is tried next: one target, or one of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// This target.
    Target(Target),
    /// One member of this pool, and its other members after it.
    Pool(PoolId),
}

/// Targets that share requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Its name in the policy.
    pub name: String,
    /// Which member is picked.
    pub balance: Balance,
    /// What keeps to the member that it was given.
    pub sticky: Option<Sticky>,
    /// Its members, in text order. Pools never lead back to themselves.
    pub members: Vec<Member>,
}

/// One member of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub leg: Leg,
    /// Its share of the sum of all shares; hundredths of a percent, where the policy says percents.
    pub share: u32,
}

/// How a pool picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Balance {
    /// By share, evenly in turn.
    #[default]
    RoundRobin,
    /// By share, by chance.
    Weighted,
    /// The one with the fewest requests under way.
    LeastBusy,
    /// The one that answers soonest.
    Fastest,
    /// The one that costs least for this request.
    Cheapest,
}

/// What keeps to the member that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sticky {
    /// A client.
    Client,
    /// A session.
    Session,
    /// An address.
    Ip,
}

impl Policy {
    /// Every target that these legs lead to, in the order of the text, each once.
    pub fn reached(&self, legs: &[Leg]) -> Vec<Target> {
        let mut found = Vec::new();
        let mut known = BTreeSet::new();
        let mut opened = BTreeSet::new();
        let mut rest: Vec<Leg> = legs.iter().rev().copied().collect();
        // Each pool is opened once, so that this ends whatever pools lead to.
        while let Some(leg) = rest.pop() {
            match leg {
                Leg::Target(target) => {
                    if known.insert((target.provider, target.model)) {
                        found.push(target);
                    }
                }
                Leg::Pool(pool) => {
                    let members = self.pools.get(pool.index()).filter(|_| opened.insert(pool));
                    let members = members.map_or(&[][..], |pool| &pool.members);
                    rest.extend(members.iter().rev().map(|member| member.leg));
                }
            }
        }
        found
    }
}
