//! The pools that a class shares requests by, as a policy writes them.

use claw_table::policy::{Balance, Class, Leg, Policy, Pool, Sticky};

use super::class::name;

/// The name of each pool that the class leads to, and what it does.
pub(crate) fn pools(policy: &Policy, class: &Class) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest: Vec<Leg> = class.legs.iter().rev().copied().collect();
    while let Some(leg) = rest.pop() {
        let Leg::Pool(id) = leg else { continue };
        let Some(pool) = policy.pools.get(id.index()) else {
            continue;
        };
        if found.iter().all(|(known, _)| *known != pool.name) {
            found.push((pool.name.clone(), told(policy, pool)));
            rest.extend(pool.members.iter().rev().map(|member| member.leg));
        }
    }
    found
}

fn told(policy: &Policy, pool: &Pool) -> String {
    let balance = match pool.balance {
        Balance::RoundRobin => "round-robin",
        Balance::Weighted => "weighted",
        Balance::LeastBusy => "least-busy",
        Balance::Fastest => "fastest",
        Balance::Cheapest => "cheapest",
    };
    let sticky = match pool.sticky {
        None => "",
        Some(Sticky::Client) => " sticky client",
        Some(Sticky::Session) => " sticky session",
        Some(Sticky::Ip) => " sticky ip",
    };
    let all: u64 = pool
        .members
        .iter()
        .map(|member| u64::from(member.share))
        .sum();
    let members = pool.members.iter().map(|member| {
        let text = match member.leg {
            Leg::Target(target) => name(policy, target),
            Leg::Pool(id) => {
                let pool = policy.pools.get(id.index());
                pool.map_or_else(String::new, |pool| pool.name.clone())
            }
            // No pool has it for a member.
            Leg::Requested(_) => String::new(),
        };
        format!("{text} {} of {all}", member.share)
    });
    let members: Vec<String> = members.collect();
    format!("{balance}{sticky}: {}", members.join(", "))
}
