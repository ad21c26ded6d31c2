//! What is so of every request, whatever a policy asks: who calls from where, and what for.

use claw_table::Fact;
use claw_table::policy::{Client, Policy, Prefix};

use super::{Ask, Cond, Endpoints, Net, Pattern};

/// What ties facts to one another.
#[derive(Debug, Clone)]
pub struct World {
    /// For each client the condition that it is the caller.
    pub callers: Vec<Cond>,
    /// That one of them is the caller, where there are any.
    pub client: Option<Cond>,
    /// Who can call from where, if not everybody from anywhere.
    pub known: Option<Cond>,
    /// What paths ask for.
    pub endpoints: Endpoints,
}

impl World {
    /// What is so where this policy is in force.
    pub fn of(policy: &Policy) -> Self {
        let names = || policy.clients.iter().map(|client| client.name.as_str());
        Self {
            callers: names().map(|name| is([name])).collect(),
            client: names().next().map(|_| is(names())),
            known: Self::known(&policy.clients),
            endpoints: Endpoints::of(policy.gateway.base.as_deref()),
        }
    }

    /// The condition that every request meets whose caller is one of these clients: it comes from
    /// where that client can come from. Nothing if all of them call from anywhere.
    pub(crate) fn known(clients: &[Client]) -> Option<Cond> {
        let (free, bound): (Vec<_>, Vec<_>) = clients.iter().partition(|it| it.from.is_empty());
        if bound.is_empty() {
            return None;
        }
        let places = Places::of(&bound);
        let mut ways = Vec::with_capacity(bound.len() + 1);
        if !free.is_empty() {
            ways.push(is(free.iter().map(|client| client.name.as_str())));
        }
        for client in bound {
            let own = is([client.name.as_str()]);
            ways.push(Cond::All(vec![own, places.of_client(client)]));
        }
        Some(Cond::Any(ways))
    }
}

fn is<'a>(names: impl IntoIterator<Item = &'a str>) -> Cond {
    let names = names
        .into_iter()
        .map(|name| Pattern::Exact(name.to_owned()));
    Cond::Test(Fact::Client, Ask::Matches(names.collect()))
}

/// The prefixes by which clients without a key are known, shorter ones before those inside them.
struct Places<'a>(Vec<(Prefix, &'a str)>);

impl<'a> Places<'a> {
    fn of(clients: &[&'a Client]) -> Self {
        let keyless = clients.iter().filter(|client| client.keys.is_empty());
        let places = keyless.flat_map(|client| {
            let prefixes = client.from.iter();
            prefixes.map(|prefix| (*prefix, client.name.as_str()))
        });
        let mut places: Vec<(Prefix, &str)> = places.collect();
        places.sort_unstable_by_key(|(prefix, _)| (prefix.first, prefix.bits));
        Self(places)
    }

    /// Where a client can call from. One with a key is bound by its own prefixes alone; without one the
    /// longest prefix decides who it is.
    fn of_client(&self, client: &Client) -> Cond {
        let mut plain = Vec::new();
        let mut ways = Vec::new();
        for prefix in &client.from {
            let others = if client.keys.is_empty() {
                self.inside(*prefix, &client.name)
            } else {
                Vec::new()
            };
            if others.is_empty() {
                plain.push(*prefix);
            } else {
                let not = Cond::Not(Box::new(within(&others)));
                ways.push(Cond::All(vec![within(&[*prefix]), not]));
            }
        }
        if !plain.is_empty() {
            ways.push(within(&plain));
        }
        Cond::Any(ways)
    }

    /// The longer prefixes of others inside this one.
    fn inside(&self, prefix: Prefix, own: &str) -> Vec<Prefix> {
        let start = self
            .0
            .partition_point(|(other, _)| other.first < prefix.first);
        let after = self.0.iter().skip(start);
        let inside = after.take_while(|(other, _)| prefix.holds(other.first));
        let longer = inside.filter(|(other, name)| other.bits > prefix.bits && *name != own);
        longer.map(|(other, _)| *other).collect()
    }
}

/// The address is in one of these. A prefix that lies around all addresses of IPv4 holds them too,
/// which a range in a condition does not.
fn within(prefixes: &[Prefix]) -> Cond {
    let mut nets: Vec<Net> = prefixes
        .iter()
        .flat_map(|prefix| Net::of(*prefix))
        .collect();
    nets.sort_unstable();
    nets.dedup();
    Cond::Test(Fact::Ip, Ask::In(nets))
}
