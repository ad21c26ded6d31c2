//! Pools: targets that share requests, and what a class tries in which order.

use std::collections::BTreeSet;

use super::{Policy, Target};
use crate::{ModelId, PoolId, ProviderId, RequestedId};

/// What is tried next: one target, or one of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// This target.
    Target(Target),
    /// One member of this pool, and its other members after it.
    Pool(PoolId),
    /// The model that the client names, at the first of these providers that offers it.
    Requested(RequestedId),
}

/// `requested from P, Q`: the providers at which the model that a client names is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// In text order.
    pub providers: Vec<ProviderId>,
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
    /// Every model that `requested from` may lead to: a name that several of its providers have
    /// leads to the first of them.
    pub fn offered_by(&self, list: RequestedId) -> impl Iterator<Item = Target> {
        let list = self.requested.get(list.index());
        let providers = list.map_or(&[][..], |list| &list.providers);
        let all = providers.iter().flat_map(|id| {
            let provider = self.providers.get(id.index());
            let models = provider.map_or(&[][..], |provider| &provider.models);
            (0..).zip(models).map(move |(model, named)| {
                let target = Target {
                    provider: *id,
                    model: ModelId(model),
                };
                (named.name.as_str(), target)
            })
        });
        let mut names = BTreeSet::new();
        all.filter_map(move |(name, target)| names.insert(name).then_some(target))
    }

    /// Where `requested from` leads for a model of this name, if anywhere.
    pub fn offer(&self, list: RequestedId, name: &str) -> Option<Target> {
        let named = |target: &Target| {
            let provider = self.providers.get(target.provider.index());
            let model = provider.and_then(|provider| provider.models.get(target.model.index()));
            model.is_some_and(|model| model.name == name)
        };
        self.offered_by(list).find(named)
    }

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
                Leg::Requested(list) => {
                    let offered = self.offered_by(list);
                    found.extend(offered.filter(|it| known.insert((it.provider, it.model))));
                }
            }
        }
        found
    }
}
