//! The pools that a class shares requests by, as a policy writes them.

use claw_table::policy::{Balance, Class, Leg, Member, Policy, Pool, Sticky};

use super::bounds::share;
use super::serving::leg;

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
            found.push((pool.name.clone(), self::pool(policy, pool)));
            rest.extend(pool.members.iter().rev().map(|member| member.leg));
        }
    }
    found
}

/// How a pool picks, what it keeps to, and its members with their shares.
pub(crate) fn pool(policy: &Policy, pool: &Pool) -> String {
    let Pool {
        name: _,
        balance,
        sticky,
        members,
    } = pool;
    let balance = match balance {
        Balance::RoundRobin => "round-robin",
        Balance::Weighted => "weighted",
        Balance::LeastBusy => "least-busy",
        Balance::Fastest => "fastest",
        Balance::Cheapest => "cheapest",
    };
    let sticky = match sticky {
        None => "",
        Some(Sticky::Client) => " sticky client",
        Some(Sticky::Session) => " sticky session",
        Some(Sticky::Ip) => " sticky ip",
    };
    let shares = shares(members);
    let told = members.iter().zip(shares);
    let members = told.map(|(member, share)| format!("{}{share}", leg(policy, member.leg)));
    let members: Vec<String> = members.collect();
    format!("{balance}{sticky}: {}", members.join(", "))
}

/// The share of each member as a policy writes it, with a blank before it: ` 95%`, ` weight 3`, or
/// nothing where all share alike. Weights that add up to the whole of percents mean the same.
pub(crate) fn shares(members: &[Member]) -> Vec<String> {
    let sum: u64 = members.iter().map(|member| u64::from(member.share)).sum();
    let is_even = members.iter().all(|member| member.share == 1);
    let written = |member: &Member| match member.share {
        _ if is_even => String::new(),
        part if sum == PERCENTS => format!(" {}%", share(part)),
        weight => format!(" weight {weight}"),
    };
    members.iter().map(written).collect()
}

/// Hundredths of a percent in the whole.
const PERCENTS: u64 = 10_000;

#[cfg(test)]
mod tests {
    use claw_table::policy::{Leg, Member, Target};
    use claw_table::{ModelId, ProviderId};

    use super::shares;

    fn shown(all: &[u32]) -> Vec<String> {
        let target = Target {
            provider: ProviderId(0),
            model: ModelId(0),
        };
        let leg = Leg::Target(target);
        let members = all.iter().map(|share| Member { leg, share: *share });
        shares(&members.collect::<Vec<_>>())
    }

    #[test]
    fn shares_are_written_as_in_a_policy() {
        assert_eq!(shown(&[9_500, 450, 50]), [" 95%", " 4.5%", " 0.5%"]);
        assert_eq!(shown(&[3, 1]), [" weight 3", " weight 1"]);
        assert_eq!(shown(&[1, 1]), ["", ""]);
    }
}
