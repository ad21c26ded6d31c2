//! What an arm comes to, rule by rule, so that two of them can be compared.

use claw_table::Can;
use claw_table::policy::{Action, Class, Policy, Provider, Secret, Target};

use super::Difference;
use crate::explain::{causes, edits, pools, rates, serving, time, urls, watched, when};
use crate::syntax::escape;

/// The rule that names where requests go.
pub(super) const TARGETS: &str = "targets";

/// How the requests of an arm are treated.
#[derive(Debug)]
pub(super) struct Sheet {
    /// `class code`, `deny 400 "…"`.
    pub(super) name: String,
    pub(super) treatment: Treatment,
    /// Every rule of the class with its value, in the order in which people read them.
    rules: Vec<(String, String)>,
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
                    rules: Vec::new(),
                    at: Vec::new(),
                })
            }
            Action::Route => None,
        }
    }

    fn class(policy: &Policy, class: &Class) -> Self {
        let targets: Vec<String> = class
            .targets
            .iter()
            .map(|target| name_of(policy, *target))
            .collect();
        let retry = &class.retry;
        let mut rules = vec![
            (TARGETS.to_owned(), targets.join(", ")),
            ("attempts".to_owned(), retry.attempts.to_string()),
            ("moves on".to_owned(), causes(&retry.on).join(", ")),
            (
                "backoff".to_owned(),
                format!(
                    "{}..{}",
                    time(retry.backoff_min_ms),
                    time(retry.backoff_max_ms)
                ),
            ),
            ("retry-after".to_owned(), time(retry.honor_retry_after_ms)),
        ];
        for (name, pool) in pools(policy, class) {
            rules.push((format!("pool {name}"), pool));
        }
        rules.extend(serving(policy, class));
        let limits = [
            ("total", class.total_ms),
            ("connect", class.deadlines.connect_ms),
            ("first-token", class.deadlines.first_token_ms),
            ("idle", class.deadlines.idle_ms),
        ];
        for (name, ms) in limits {
            rules.extend(ms.map(|ms| (name.to_owned(), time(ms))));
        }
        let at = class.targets.iter().map(|target| {
            let mut rules = Vec::new();
            of_target(policy, *target, &mut rules);
            (name_of(policy, *target), rules)
        });
        let at = at.collect();
        Self {
            name: format!("class {}", class.name),
            treatment: Treatment::Served(targets),
            rules,
            at,
        }
    }

    /// Every rule that only one of the two has, or that has another value.
    /// A target that comes or goes is one difference, whatever holds there.
    pub(super) fn differences(&self, new: &Self) -> Vec<Difference> {
        let mut found = differing(&self.rules, &new.rules);
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

/// What holds at one target, whichever class sends a request there.
fn of_target(policy: &Policy, target: Target, rules: &mut Vec<(String, String)>) {
    let Some(provider) = policy.providers.get(target.provider.index()) else {
        return;
    };
    let Some(model) = provider.models.get(target.model.index()) else {
        return;
    };
    let mut rule = |what: &str, value: String| rules.push((what.to_owned(), value));
    of_provider(provider, &mut rule);
    rule("model on the wire", escape(&model.wire));
    for price in &model.prices {
        let when = when(&price.when);
        rule(&format!("price{when}"), rates(&price.rates));
    }
    if let Some(tokens) = model.context_tokens {
        rule("context", tokens.to_string());
    }
    if let Some(tokens) = model.output_tokens_max {
        rule("max-output", tokens.to_string());
    }
    if let Some(can) = model.can {
        let words = Can::ALL.into_iter().filter(|one| can & one.bit() != 0);
        let words: Vec<&str> = words.map(Can::word).collect();
        rule("can", words.join(", "));
    }
}

fn of_provider(provider: &Provider, rule: &mut impl FnMut(&str, String)) {
    rule("address", urls(provider));
    rule("protocol", format!("{:?}", provider.api).to_lowercase());
    let keys = provider.keys.iter().map(|key| match key {
        Secret::None => "none".to_owned(),
        Secret::Env(name) => format!("env {name}"),
        Secret::File(path) => format!("file {}", escape(path)),
    });
    rule("key", keys.collect::<Vec<_>>().join(", "));
    if !provider.tags.is_empty() {
        rule("tags", provider.tags.join(", "));
    }
    for (name, value) in watched(provider) {
        rule(name, value);
    }
    if let Some(ca) = &provider.ca {
        rule("ca", escape(ca));
    }
    for (name, value) in &provider.headers {
        rule(&format!("header {}", escape(name)), escape(value));
    }
    for (name, value) in edits(&provider.edits) {
        rule(&name, value);
    }
    let limits = [
        ("connect", provider.deadlines.connect_ms),
        ("first-token", provider.deadlines.first_token_ms),
        ("idle", provider.deadlines.idle_ms),
        ("attempt", provider.attempt_ms),
    ];
    for (name, ms) in limits {
        if let Some(ms) = ms {
            rule(name, time(ms));
        }
    }
}
