//! The targets of a class in the order in which one request tries them.
//!
//! ```text
//! legs  a/x, pool, b/y          pool  c/1 95 %, d/2 5 %
//! draw 97%  →  a/x, d/2, c/1, b/y
//! ```
//!
//! What a gateway picks by load or by chance, a test picks by its `draw`: the place of the request
//! among the shares, the same in every pool.

use claw_table::policy::{Balance, Leg, Policy, Pool, Target};

use crate::oracle::Request;
use crate::worst;

/// Hundredths of a percent in the whole.
const WHOLE: u64 = 10_000;

/// Every target that these legs lead to, each once.
pub(super) fn listed(
    policy: &Policy,
    legs: &[Leg],
    (request, draw): (&Request, u32),
) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::new();
    let mut rest: Vec<(Leg, u64)> = legs
        .iter()
        .rev()
        .map(|leg| (*leg, u64::from(draw)))
        .collect();
    // Pools lead to no pool that leads back, so this ends.
    while let Some((leg, draw)) = rest.pop() {
        match leg {
            Leg::Target(target) if !found.contains(&target) => found.push(target),
            Leg::Target(_) => {}
            Leg::Requested(list) => {
                let asked = request.model.as_deref();
                let target = asked.and_then(|name| policy.offer(list, name));
                found.extend(target.filter(|target| !found.contains(target)));
            }
            Leg::Pool(id) => {
                if let Some(pool) = policy.pools.get(id.index()) {
                    rest.extend(members(policy, pool, (request, draw)).into_iter().rev());
                }
            }
        }
    }
    found
}

/// The members of a pool, the picked one first and the others after it as they are written. A pool
/// that is picked draws again with what its share leaves of the draw.
fn members(policy: &Policy, pool: &Pool, (request, draw): (&Request, u64)) -> Vec<(Leg, u64)> {
    let (picked, inner) = match pool.balance {
        Balance::Cheapest => (cheapest(policy, pool, request), draw),
        // Nothing else is under way in a test, and nothing has been measured.
        Balance::RoundRobin | Balance::Weighted | Balance::LeastBusy | Balance::Fastest => {
            drawn(pool, draw)
        }
    };
    let first = pool.members.get(picked).map(|member| (member.leg, inner));
    let others = pool.members.iter().enumerate();
    let others = others.filter(|(at, _)| *at != picked);
    first
        .into_iter()
        .chain(others.map(|(_, member)| (member.leg, draw)))
        .collect()
}

fn drawn(pool: &Pool, draw: u64) -> (usize, u64) {
    let shares = pool.members.iter().map(|member| u64::from(member.share));
    let all = shares.clone().sum::<u64>().max(1);
    // The last place of all belongs to the last share.
    let mut left = (draw.saturating_mul(all)).min(WHOLE.saturating_mul(all).saturating_sub(1));
    for (at, share) in shares.enumerate() {
        let width = share.saturating_mul(WHOLE);
        if left < width {
            return (at, left.checked_div(share).unwrap_or(0));
        }
        left = left.saturating_sub(width);
    }
    (0, draw)
}

/// The member whose first target costs least for this request; one without a known price is the
/// dearest, and of equals the first is taken.
fn cheapest(policy: &Policy, pool: &Pool, request: &Request) -> usize {
    let costs = pool.members.iter().map(|member| {
        let reached = policy.reached(&[member.leg]);
        let least = reached.iter().filter_map(|target| {
            let provider = policy.providers.get(target.provider.index())?;
            let model = provider.models.get(target.model.index())?;
            worst::asked(model, request.tokens, request.max_output).ok()
        });
        least.min().unwrap_or(u128::MAX)
    });
    let least = costs
        .enumerate()
        .reduce(|least, next| if next.1 < least.1 { next } else { least });
    least.map_or(0, |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use claw_table::policy::Member;
    use claw_table::{ModelId, PoolId, ProviderId};

    use super::*;

    fn target(model: u16) -> Leg {
        Leg::Target(Target {
            provider: ProviderId(0),
            model: ModelId(model),
        })
    }

    fn pool(balance: Balance, members: &[(Leg, u32)]) -> Pool {
        Pool {
            name: String::new(),
            balance,
            sticky: None,
            members: members
                .iter()
                .map(|(leg, share)| Member {
                    leg: *leg,
                    share: *share,
                })
                .collect(),
        }
    }

    fn order(pools: Vec<Pool>, draw: u32) -> Vec<u16> {
        let policy = Policy {
            pools,
            ..Policy::default()
        };
        let legs = [target(9), Leg::Pool(PoolId(0))];
        let found = listed(&policy, &legs, (&Request::default(), draw));
        found.iter().map(|target| target.model.0).collect()
    }

    #[test]
    fn the_draw_picks_by_share_and_the_others_follow_as_they_are_written() {
        let canary = || {
            vec![pool(
                Balance::Weighted,
                &[(target(1), 9_000), (target(2), 500), (target(3), 500)],
            )]
        };
        assert_eq!(order(canary(), 0), [9, 1, 2, 3]);
        assert_eq!(order(canary(), 8_999), [9, 1, 2, 3]);
        assert_eq!(order(canary(), 9_000), [9, 2, 1, 3]);
        assert_eq!(order(canary(), 9_499), [9, 2, 1, 3]);
        assert_eq!(order(canary(), 9_500), [9, 3, 1, 2]);
        assert_eq!(order(canary(), 10_000), [9, 3, 1, 2]);
    }

    #[test]
    fn a_pool_in_a_pool_draws_with_what_is_left_of_the_draw() {
        let nested = || {
            vec![
                pool(
                    Balance::RoundRobin,
                    &[(target(1), 1), (Leg::Pool(PoolId(1)), 1)],
                ),
                pool(Balance::RoundRobin, &[(target(2), 1), (target(3), 1)]),
            ]
        };
        assert_eq!(order(nested(), 4_999), [9, 1, 2, 3]);
        assert_eq!(order(nested(), 5_000), [9, 2, 3, 1]);
        assert_eq!(order(nested(), 7_499), [9, 2, 3, 1]);
        assert_eq!(order(nested(), 7_500), [9, 3, 2, 1]);
    }
}
