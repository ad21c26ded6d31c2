//! What bounds traffic, as a policy writes it.

use claw_table::ClassId;
use claw_table::policy::{
    Cache, Ceiling, Event, Fail, Held, Limit, Notify, Per, Policy, Scope, Sharing, Then, Window,
};
use serde::Serialize;

use super::class::dollars;
use super::human::time;
use super::serving::{gateway, secret};
use super::shown::{count, url};
use super::watched::rate;
use crate::model::Model;
use crate::span::Span;
use crate::syntax::escape;

/// One rule that bounds traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// Its name: `ceiling agents`.
    pub rule: String,
    /// Which requests it is about.
    pub about: String,
    /// What it says.
    pub is: String,
}

/// Every rule that bounds traffic; a condition is told by the text of its place.
pub(crate) fn bounds(model: &Model, text: &dyn Fn(Span) -> String) -> Vec<Bound> {
    let mut all: Vec<Bound> = scoped(model, text)
        .into_iter()
        .map(|(bound, _)| bound)
        .collect();
    for it in &model.policy.notifies {
        let host = &it.webhook.host;
        let is = format!("tell {host}{} key {}", it.webhook.base, secret(&it.key));
        all.push(Bound {
            rule: format!("notify {}", it.name),
            about: events(it),
            is,
        });
    }
    let settings = gateway(&model.policy.gateway);
    all.extend(settings.into_iter().map(|(rule, is)| Bound {
        rule,
        about: "every request".to_owned(),
        is,
    }));
    all
}

/// The same, each with the requests that it is about.
pub(super) fn scoped(model: &Model, text: &dyn Fn(Span) -> String) -> Vec<(Bound, Scope)> {
    let policy = &model.policy;
    let mut all = Vec::new();
    let mut add = |rule: String, scope: Scope, is: String| {
        let about = about(model, scope, text);
        all.push((Bound { rule, about, is }, scope));
    };
    for it in &policy.ceilings {
        add(
            format!("ceiling {}", it.name),
            it.scope,
            ceiling(policy, it),
        );
    }
    for it in &policy.limits {
        add(format!("limit {}", it.name), it.scope, limit(it));
    }
    for it in &policy.caches {
        add(format!("cache {}", it.name), it.scope, cache(it));
    }
    all
}

/// The rules that may bound requests of a class.
pub(crate) fn of_class(model: &Model, class: ClassId) -> Vec<Bound> {
    let when = |_| "requests that meet its `when`".to_owned();
    let own = model.policy.classes.get(class.index());
    let cache = own.and_then(|own| model.policy.caches.get(own.cache?.index()));
    let cache = cache.map(|cache| format!("cache {}", cache.name));
    let is_own = |(bound, scope): &(Bound, Scope)| {
        let is_cache = bound.rule.starts_with("cache ");
        let is_other = matches!(scope, Scope::Class(other) if *other != class);
        !is_other && (!is_cache || cache.as_ref() == Some(&bound.rule))
    };
    let all = scoped(model, &when).into_iter().filter(is_own);
    all.map(|(bound, _)| bound).collect()
}

/// What is told to whom.
pub(crate) fn notify(it: &Notify) -> String {
    let key = secret(&it.key);
    format!("tell {} of {} key {key}", url(&it.webhook), events(it))
}

fn events(it: &Notify) -> String {
    let told = Event::ALL.into_iter();
    let told = told.filter(|event| it.on & event.bit() != 0);
    told.map(Event::word).collect::<Vec<_>>().join(", ")
}

/// A limit without its name and condition.
pub(crate) fn limit(it: &Limit) -> String {
    let rates = it.rates.iter().map(|one| {
        let burst = one.burst.map(|burst| format!(" burst {}", count(burst)));
        format!("{}{}", rate(&one.rate), burst.unwrap_or_default())
    });
    let at_once = it.concurrent.map(|most| format!("{most} concurrent"));
    let amounts: Vec<String> = rates.chain(at_once).collect();
    let mut words = vec![amounts.join(", ")];
    words.extend(it.per.iter().map(per));
    words.extend(open(it.fail));
    words.join(" ")
}

/// A cache without its name and condition.
pub(crate) fn cache(it: &Cache) -> String {
    let mut words = vec![format!(
        "keep {} size {}B",
        time(it.keep_ms),
        count(it.size_bytes)
    )];
    words.extend(it.coalesce.then(|| "coalesce".to_owned()));
    words.extend((it.sharing == Sharing::Everybody).then(|| "shared".to_owned()));
    words.extend(open(it.fail));
    words.join(" ")
}

fn open(fail: Fail) -> Option<String> {
    (fail == Fail::Open).then(|| "fail open".to_owned())
}

/// Which requests something is about.
pub(crate) fn about(model: &Model, scope: Scope, text: &dyn Fn(Span) -> String) -> String {
    let policy = &model.policy;
    match scope {
        Scope::All => "every request".to_owned(),
        Scope::When(guard) => {
            let scoped = model.scopes.get(guard.index());
            scoped.map_or_else(String::new, |scoped| text(scoped.span))
        }
        Scope::Client(client) => {
            let client = policy.clients.get(client.index());
            format!("client {}", client.map_or("", |client| &client.name))
        }
        Scope::Class(class) => format!("class {}", class_name(policy, class)),
    }
}

fn class_name(policy: &Policy, class: ClassId) -> &str {
    let class = policy.classes.get(class.index());
    class.map_or("", |class| &class.name)
}

/// A ceiling without its name and condition.
pub(crate) fn ceiling(policy: &Policy, ceiling: &Ceiling) -> String {
    let mut words = vec![dollars(ceiling.amount_pico)];
    words.push(match &ceiling.window {
        Window::Request => "per request".to_owned(),
        Window::Calendar(it) if it.zone == "UTC" => format!("per {}", it.unit.word()),
        Window::Calendar(it) => format!("per {} {}", it.unit.word(), escape(&it.zone)),
    });
    if ceiling.held == Held::Estimate {
        words.push("estimated".to_owned());
    }
    words.extend(ceiling.per.iter().map(per));
    for step in &ceiling.steps {
        let share = share(step.at);
        words.push(format!("at {share}% then {}", then(policy, step.then)));
    }
    words.push(format!("then {}", then(policy, ceiling.then)));
    words.join(" ")
}

fn then(policy: &Policy, then: Then) -> &str {
    match then {
        Then::Deny => "deny",
        Then::Warn => "warn",
        Then::Class(class) => class_name(policy, class),
    }
}

fn per(per: &Per) -> String {
    match per {
        Per::Client => "per client".to_owned(),
        Per::Ip => "per ip".to_owned(),
        Per::Session => "per session".to_owned(),
        Per::Model => "per model".to_owned(),
        Per::Header(name) => format!("per header {}", escape(name)),
    }
}

/// Hundredths of a percent as people write percents.
pub(super) fn share(at: u32) -> String {
    let (whole, part) = (at / 100, at % 100);
    if part == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{part:02}");
    text.trim_end_matches('0').to_owned()
}
