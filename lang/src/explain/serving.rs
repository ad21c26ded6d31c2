//! How a class serves and what it changes, as a policy writes it.

use claw_table::RequestedId;
use claw_table::policy::{
    AfterCut, Class, Commit, Edit, Fail, Gateway, Heartbeat, Keys, Leg, MemberEdit, MemberPath,
    Policy, Prefix, Secret, State,
};

use super::class::name;
use super::human::time;
use super::shown::count;
use crate::model::shown;
use crate::syntax::escape;

/// Every rule of a class that says something out of the ordinary, with its value.
pub(crate) fn serving(policy: &Policy, class: &Class) -> Vec<(String, String)> {
    let mut rules = Vec::new();
    let mut rule = |name: &str, value: String| rules.push((name.to_owned(), value));
    let asked = class.legs.iter().filter_map(|leg| match leg {
        Leg::Requested(list) => Some(*list),
        Leg::Target(_) | Leg::Pool(_) => None,
    });
    for list in asked {
        let names: Vec<&str> = providers(policy, list).collect();
        rule("requested", format!("from {}", names.join(", ")));
    }
    if class.commit == Commit::Whole {
        rule("commit", "whole".to_owned());
    }
    if class.after_cut == AfterCut::Continue {
        rule("after-cut", "continue".to_owned());
    }
    match class.heartbeat {
        Heartbeat::Usual => {}
        Heartbeat::Off => rule("heartbeat", "off".to_owned()),
        Heartbeat::Every(ms) => rule("heartbeat", time(ms)),
    }
    if class.fail == Fail::Open {
        rule("fail", "open".to_owned());
    }
    if class.keys == Keys::Caller {
        rule("keys", "caller".to_owned());
    }
    if let Some(cache) = class.cache.and_then(|id| policy.caches.get(id.index())) {
        rule("cache", cache.name.clone());
    }
    if let Some(tokens) = class.output_tokens_min {
        rule("min-output", count(tokens));
    }
    rules.extend(edits(&class.edits));
    rules
}

/// The names of the providers after `requested from`.
pub(crate) fn providers(policy: &Policy, list: RequestedId) -> impl Iterator<Item = &str> {
    let list = policy.requested.get(list.index());
    let ids = list.map_or(&[][..], |list| &list.providers);
    ids.iter().map(|id| {
        let provider = policy.providers.get(id.index());
        provider.map_or("", |provider| provider.name.as_str())
    })
}

/// What is tried, as a class writes it: a target, the name of a pool, `requested from a, b`.
pub(crate) fn leg(policy: &Policy, leg: Leg) -> String {
    match leg {
        Leg::Target(target) => name(policy, target),
        Leg::Pool(id) => {
            let pool = policy.pools.get(id.index());
            pool.map_or_else(String::new, |pool| pool.name.clone())
        }
        Leg::Requested(list) => {
            let names: Vec<&str> = providers(policy, list).collect();
            format!("requested from {}", names.join(", "))
        }
    }
}

/// What is changed in a request.
pub(crate) fn edits(edits: &[Edit]) -> Vec<(String, String)> {
    let edit = |edit: &Edit| match edit {
        Edit::SetHeader((name, value)) => (format!("set header {}", escape(name)), escape(value)),
        Edit::DefaultHeader((name, value)) => (
            format!("set default header {}", escape(name)),
            escape(value),
        ),
        Edit::UnsetHeader(name) => (format!("unset header {}", escape(name)), "yes".to_owned()),
        Edit::SetMember(MemberEdit { path, json }) => {
            (format!("set {}", member(path)), json.clone())
        }
        Edit::DefaultMember(MemberEdit { path, json }) => {
            (format!("set default {}", member(path)), json.clone())
        }
        Edit::UnsetMember(path) => (format!("unset {}", member(path)), "yes".to_owned()),
    };
    edits.iter().map(edit).collect()
}

fn member(path: &MemberPath) -> String {
    match &path.inner {
        Some(inner) => format!("{}.{inner}", path.name),
        None => path.name.clone(),
    }
}

/// Whom the gateway believes, and where it keeps what must outlive it.
pub(crate) fn gateway(gateway: &Gateway) -> Vec<(String, String)> {
    let mut rules = Vec::new();
    for hop in &gateway.trust {
        let from = prefix(hop.from);
        rules.push((
            format!("gateway trust {from}"),
            format!("via {}", hop.via.word()),
        ));
    }
    if let Some(state) = &gateway.state {
        rules.push(("gateway state".to_owned(), self::state(state)));
    }
    if let Some(base) = &gateway.base {
        rules.push(("gateway base".to_owned(), escape(base)));
    }
    rules
}

/// `embedded "path"` or `redis env NAME`.
pub(crate) fn state(state: &State) -> String {
    match state {
        State::Embedded(path) => format!("embedded {}", escape(path)),
        State::Redis(key) => format!("redis {}", secret(key)),
    }
}

/// `env NAME`, `file "path"` or `none`.
pub(crate) fn secret(secret: &Secret) -> String {
    match secret {
        Secret::None => "none".to_owned(),
        Secret::Env(name) => format!("env {name}"),
        Secret::File(path) => format!("file {}", escape(path)),
    }
}

/// What stands behind `from`: `any`, or ranges of addresses.
pub(crate) fn from(prefixes: &[Prefix]) -> String {
    if prefixes.iter().any(|prefix| prefix.bits == 0) {
        return "any".to_owned();
    }
    let shown: Vec<String> = prefixes.iter().map(|one| prefix(*one)).collect();
    shown.join(", ")
}

/// A range of addresses, or one.
fn prefix(prefix: Prefix) -> String {
    let ip = shown(prefix.first);
    let bits = if ip.is_ipv4() {
        prefix.bits.saturating_sub(96)
    } else {
        prefix.bits
    };
    if prefix.bits == 128 {
        ip.to_string()
    } else {
        format!("{ip}/{bits}")
    }
}
