//! What an arm comes to, rule by rule, so that two of them can be compared.

use claw_table::Can;
use claw_table::policy::{Action, Class, Deadlines, Leg, Model, Policy, Provider, Retry, Target};

use super::Difference;
use crate::explain::{
    causes, dollars, edits, leg, pools, rates, secret, serving, time, urls, watched, when,
};
use crate::syntax::escape;
use crate::worst::of_class as worst_of_class;

/// The rule that names where requests go.
pub(super) const TARGETS: &str = "targets";
/// The rule that names what is tried in which order, pools and `requested` as they are written.
const TRIED: &str = "tried";
const ATTEMPTS: &str = "attempts";
/// What the rules that follow from others begin with.
pub(super) const WORST: &str = "worst ";
const WORST_ATTEMPTS: &str = "worst attempts";

/// How the requests of an arm are treated.
#[derive(Debug)]
pub(super) struct Sheet {
    /// `class code`, `deny 400 "…"`.
    pub(super) name: String,
    pub(super) treatment: Treatment,
    /// Every rule of the class with its value, in the order in which people read them.
    rules: Vec<(String, String)>,
    /// Whether it tries targets alone.
    is_plain: bool,
    /// For each target, what holds there.
    at: Vec<(String, Vec<(String, String)>)>,
}

#[derive(Debug)]
pub(super) enum Treatment {
    Refused,
    /// By these targets.
    Served(Vec<String>),
}

impl Sheet {
    /// The treatment that an action of this policy means; nothing for an arm that leads on.
    pub(super) fn of(policy: &Policy, action: Action) -> Option<Self> {
        match action {
            Action::Class(id) => Some(Self::class(policy, policy.classes.get(id.index())?)),
            Action::Deny(id) => {
                let deny = policy.denies.get(id.index())?;
                Some(Self {
                    name: format!("deny {} {}", deny.status, escape(&deny.text)),
                    treatment: Treatment::Refused,
                    is_plain: true,
                    rules: Vec::new(),
                    at: Vec::new(),
                })
            }
            Action::Route => None,
        }
    }

    pub(super) fn class(policy: &Policy, class: &Class) -> Self {
        let targets: Vec<String> = class
            .targets
            .iter()
            .map(|target| name_of(policy, *target))
            .collect();
        let rules = of_class(policy, class, &targets);
        let at = class.targets.iter().map(|target| {
            let mut rules = Vec::new();
            of_target(policy, *target, &mut rules);
            (name_of(policy, *target), rules)
        });
        let at = at.collect();
        Self {
            name: format!("class {}", class.name),
            treatment: Treatment::Served(targets),
            is_plain: class.legs.iter().all(|leg| matches!(leg, Leg::Target(_))),
            rules,
            at,
        }
    }

    /// Where its requests go.
    pub(super) fn targets(&self) -> String {
        match &self.treatment {
            Treatment::Refused => String::new(),
            Treatment::Served(targets) => targets.join(", "),
        }
    }

    /// Every rule of the class itself that only one of the two has, or that has another value.
    pub(super) fn own_differences(&self, new: &Self) -> Vec<Difference> {
        let mut found = differing(&self.rules, &new.rules);
        let tells = |rule: &str| found.iter().any(|one| one.rule == rule);
        // Where every leg is a target, the targets tell it.
        let is_plain = [self, new].iter().all(|it| it.is_plain);
        let is_told = is_plain && tells(TARGETS);
        let attempts = found.iter().find(|one| one.rule == ATTEMPTS).cloned();
        found.retain(|one| match one.rule.as_str() {
            TRIED => !is_told,
            WORST_ATTEMPTS => attempts
                .as_ref()
                .is_none_or(|known| (&known.old, &known.new) != (&one.old, &one.new)),
            _ => true,
        });
        found
    }

    /// The same, with what differs at each target that both have.
    /// A target that comes or goes is one difference, whatever holds there.
    pub(super) fn differences(&self, new: &Self) -> Vec<Difference> {
        let mut found = self.own_differences(new);
        for (target, rules) in &self.at {
            if let Some((_, others)) = new.at.iter().find(|(own, _)| own == target) {
                found.extend(differing(rules, others).into_iter().map(|one| Difference {
                    rule: format!("{target}: {}", one.rule),
                    ..one
                }));
            }
        }
        found
    }
}

pub(super) fn differing(old: &[(String, String)], new: &[(String, String)]) -> Vec<Difference> {
    let value = |rules: &[(String, String)], rule: &str| {
        let found = rules.iter().find(|(own, _)| own == rule);
        found.map(|(_, value)| value.clone())
    };
    let fresh = new.iter().filter(|(rule, _)| value(old, rule).is_none());
    old.iter()
        .chain(fresh)
        .map(|(rule, _)| Difference {
            rule: rule.clone(),
            old: value(old, rule),
            new: value(new, rule),
        })
        .filter(|one| one.old != one.new)
        .collect()
}

fn name_of(policy: &Policy, target: Target) -> String {
    let Some(provider) = policy.providers.get(target.provider.index()) else {
        return String::new();
    };
    let model = provider.models.get(target.model.index());
    format!(
        "{}/{}",
        provider.name,
        model.map_or("", |model| &model.name)
    )
}

/// Every rule of a class with its value.
fn of_class(policy: &Policy, class: &Class, targets: &[String]) -> Vec<(String, String)> {
    let Class {
        name: _,
        legs,
        targets: _,
        retry,
        deadlines,
        total_ms,
        // What follows is told by `serving`.
        commit: _,
        after_cut: _,
        heartbeat: _,
        fail: _,
        keys: _,
        cache: _,
        output_tokens_min: _,
        edits: _,
    } = class;
    let Retry {
        on,
        attempts,
        backoff_min_ms,
        backoff_max_ms,
        honor_retry_after_ms,
    } = retry;
    let legs: Vec<String> = legs.iter().map(|one| leg(policy, *one)).collect();
    let backoff = format!("{}..{}", time(*backoff_min_ms), time(*backoff_max_ms));
    let mut rules = vec![
        (TARGETS.to_owned(), targets.join(", ")),
        (TRIED.to_owned(), legs.join(", then ")),
        (ATTEMPTS.to_owned(), attempts.to_string()),
        ("moves on".to_owned(), causes(on).join(", ")),
        ("backoff".to_owned(), backoff),
        ("retry-after".to_owned(), time(*honor_retry_after_ms)),
    ];
    for (name, pool) in pools(policy, class) {
        rules.push((format!("pool {name}"), pool));
    }
    // What is `requested` was told as tried.
    let serving = serving(policy, class).into_iter();
    rules.extend(serving.filter(|(name, _)| name != "requested"));
    let Deadlines {
        connect_ms,
        first_token_ms,
        idle_ms,
    } = deadlines;
    let limits = [
        ("total", total_ms),
        ("connect", connect_ms),
        ("first-token", first_token_ms),
        ("idle", idle_ms),
    ];
    for (name, ms) in limits {
        rules.extend(ms.map(|ms| (name.to_owned(), time(ms))));
    }
    rules.extend(worst_of(policy, class));
    rules
}

/// The worst that a request of the class can meet.
fn worst_of(policy: &Policy, class: &Class) -> Vec<(String, String)> {
    let Some((stream, plain)) = worst_of_class(policy, class) else {
        return Vec::new();
    };
    let cost = plain.cost.most_pico.map_or("unknown".to_owned(), dollars);
    vec![
        (WORST_ATTEMPTS.to_owned(), plain.attempts.most.to_string()),
        (
            format!("{WORST}time of a stream"),
            time(stream.time.most_ms),
        ),
        (
            format!("{WORST}time of a plain answer"),
            time(plain.time.most_ms),
        ),
        (format!("{WORST}cost"), cost),
    ]
}

/// What holds at one target, whichever class sends a request there.
fn of_target(policy: &Policy, target: Target, rules: &mut Vec<(String, String)>) {
    let Some(provider) = policy.providers.get(target.provider.index()) else {
        return;
    };
    let Some(model) = provider.models.get(target.model.index()) else {
        return;
    };
    of_provider(provider, &mut |what: &str, value| {
        rules.push((what.to_owned(), value));
    });
    rules.extend(of_model(model));
}

pub(super) fn of_model(model: &Model) -> Vec<(String, String)> {
    let Model {
        name: _,
        wire,
        prices,
        context_tokens,
        output_tokens_max,
        can,
    } = model;
    let mut rules = Vec::new();
    let mut rule = |what: &str, value: String| rules.push((what.to_owned(), value));
    rule("model on the wire", escape(wire));
    for price in prices {
        let when = when(&price.when);
        rule(&format!("price{when}"), rates(&price.rates));
    }
    if let Some(tokens) = context_tokens {
        rule("context", tokens.to_string());
    }
    if let Some(tokens) = output_tokens_max {
        rule("max-output", tokens.to_string());
    }
    if let Some(can) = can {
        let words = Can::ALL.into_iter().filter(|one| can & one.bit() != 0);
        let words: Vec<&str> = words.map(Can::word).collect();
        rule("can", words.join(", "));
    }
    rules
}

pub(super) fn of_provider(provider: &Provider, rule: &mut impl FnMut(&str, String)) {
    let Provider {
        name: _,
        api,
        urls: _,
        keys,
        ca,
        headers,
        edits: changes,
        tags,
        deadlines,
        attempt_ms,
        health: _,
        capacity: _,
        models: _,
    } = provider;
    rule("address", urls(provider));
    rule("protocol", api.word().to_owned());
    let keys: Vec<String> = keys.iter().map(secret).collect();
    rule("key", keys.join(", "));
    if !tags.is_empty() {
        rule("tags", tags.join(", "));
    }
    for (name, value) in watched(provider) {
        rule(name, value);
    }
    if let Some(ca) = ca {
        rule("ca", escape(ca));
    }
    for (name, value) in headers {
        rule(&format!("header {}", escape(name)), escape(value));
    }
    for (name, value) in edits(changes) {
        rule(&name, value);
    }
    let Deadlines {
        connect_ms,
        first_token_ms,
        idle_ms,
    } = deadlines;
    let limits = [
        ("connect", connect_ms),
        ("first-token", first_token_ms),
        ("idle", idle_ms),
        ("attempt", attempt_ms),
    ];
    for (name, ms) in limits {
        if let Some(ms) = ms {
            rule(name, time(*ms));
        }
    }
}
