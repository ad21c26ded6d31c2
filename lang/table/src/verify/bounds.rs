//! The proof of what bounds traffic and of what is changed in it: every class, client, cache and
//! guard that is named is there, and every list is in its order.

use super::{Check, ordered};
use crate::policy::{
    Allowance, Cache, Ceiling, Class, Edit, Event, Gateway, Heartbeat, Limit, MemberPath, Policy,
    Scope, Then,
};
use crate::{ClassId, ProviderId};

pub(super) fn verify(policy: &Policy, guards: usize) -> Check {
    gateway(&policy.gateway)?;
    for ceiling in &policy.ceilings {
        self::ceiling(policy, ceiling, guards)?;
    }
    for limit in &policy.limits {
        self::limit(policy, limit, guards)?;
    }
    for cache in &policy.caches {
        self::cache(policy, cache, guards)?;
    }
    let events = Event::ALL.into_iter().fold(0, |all, one| all | one.bit());
    for notify in &policy.notifies {
        check!(
            notify.on != 0 && notify.on & !events == 0,
            "a webhook that is told of nothing known",
        );
    }
    for list in &policy.requested {
        let known = |id: &ProviderId| id.index() < policy.providers.len();
        check!(
            !list.providers.is_empty() && list.providers.iter().all(known),
            "a provider that is not there",
        );
    }
    let own = policy.providers.iter().flat_map(|it| &it.edits);
    let all = policy.classes.iter().flat_map(|it| &it.edits);
    own.chain(all).try_for_each(edit)?;
    policy
        .classes
        .iter()
        .try_for_each(|class| served(policy, class))
}

fn gateway(gateway: &Gateway) -> Check {
    let whole = gateway.trust.iter().all(|hop| hop.from.is_whole());
    check!(whole, "a range of addresses with more bits than it has");
    let base = gateway.base.as_deref().unwrap_or("/v1");
    check!(
        base.len() > 1 && base.starts_with('/') && !base.ends_with('/'),
        "a base that is no path",
    );
    Ok(())
}

fn limit(policy: &Policy, limit: &Limit, guards: usize) -> Check {
    scope(policy, limit.scope, guards)?;
    let what = |it: &Allowance| (it.rate.of, it.rate.per_ms);
    check!(
        ordered(&limit.rates, |a, b| what(a) < what(b)),
        "rates out of order",
    );
    let some = |it: &Allowance| it.rate.amount > 0 && it.rate.per_ms > 0 && it.burst != Some(0);
    let bites = limit.rates.iter().all(some);
    check!(
        bites && limit.concurrent != Some(0),
        "a limit that lets nothing through",
    );
    check!(
        limit.concurrent.is_some() || !limit.rates.is_empty(),
        "a limit of nothing",
    );
    check!(
        ordered(&limit.per, |a, b| a < b),
        "shares of a limit out of order",
    );
    Ok(())
}

fn cache(policy: &Policy, cache: &Cache, guards: usize) -> Check {
    scope(policy, cache.scope, guards)?;
    check!(
        cache.keep_ms > 0 && cache.size_bytes > 0,
        "a cache that keeps nothing",
    );
    Ok(())
}

fn served(policy: &Policy, class: &Class) -> Check {
    let cache = class.cache;
    let known = cache.is_none_or(|id| id.index() < policy.caches.len());
    check!(known, "a cache that is not there");
    check!(
        class.heartbeat != Heartbeat::Every(0),
        "a heartbeat without a pause",
    );
    Ok(())
}

fn edit(edit: &Edit) -> Check {
    let named = |path: &MemberPath| {
        !path.name.is_empty() && path.inner.as_ref().is_none_or(|inner| !inner.is_empty())
    };
    let known = match edit {
        Edit::SetHeader((name, _)) | Edit::DefaultHeader((name, _)) | Edit::UnsetHeader(name) => {
            !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase())
        }
        Edit::SetMember(edit) | Edit::DefaultMember(edit) => {
            named(&edit.path) && !edit.json.is_empty()
        }
        Edit::UnsetMember(path) => named(path),
    };
    check!(known, "a change of nothing");
    Ok(())
}

fn ceiling(policy: &Policy, ceiling: &Ceiling, guards: usize) -> Check {
    scope(policy, ceiling.scope, guards)?;
    check!(ceiling.amount_pico > 0, "a ceiling of nothing");
    check!(
        ordered(&ceiling.per, |a, b| a < b),
        "shares of a ceiling out of order",
    );
    check!(
        ordered(&ceiling.steps, |a, b| a.at < b.at),
        "steps of a ceiling out of order",
    );
    let within = ceiling
        .steps
        .iter()
        .all(|step| (1..10_000).contains(&step.at));
    check!(within, "a step beyond its ceiling");
    let steps = ceiling.steps.iter().map(|step| step.then);
    for then in steps.chain([ceiling.then]) {
        if let Then::Class(class) = then {
            check!(is_class(policy, class), "a class that is not there");
        }
    }
    Ok(())
}

pub(super) fn scope(policy: &Policy, scope: Scope, guards: usize) -> Check {
    let known = match scope {
        Scope::All => true,
        Scope::When(guard) => guard.index() < guards,
        Scope::Client(client) => client.index() < policy.clients.len(),
        Scope::Class(class) => is_class(policy, class),
    };
    check!(known, "a bound on requests that are not there");
    Ok(())
}

fn is_class(policy: &Policy, class: ClassId) -> bool {
    class.index() < policy.classes.len()
}
