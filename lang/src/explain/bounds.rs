//! What bounds traffic, as a policy writes it.

use claw_table::ClassId;
use claw_table::policy::{Ceiling, Held, Per, Policy, Scope, Then, Window};
use serde::Serialize;

use super::class::dollars;
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
    let ceilings = model.policy.ceilings.iter().map(|ceiling| Bound {
        rule: format!("ceiling {}", ceiling.name),
        about: about(model, ceiling.scope, text),
        is: self::ceiling(&model.policy, ceiling),
    });
    ceilings.collect()
}

/// The rules that may bound requests of a class.
pub(crate) fn of_class(model: &Model, class: ClassId) -> Vec<Bound> {
    let when = |_| "requests that meet its `when`".to_owned();
    let scopes = model.policy.ceilings.iter().map(|ceiling| ceiling.scope);
    let all = bounds(model, &when).into_iter().zip(scopes);
    all.filter(|(_, scope)| !matches!(scope, Scope::Class(own) if *own != class))
        .map(|(bound, _)| bound)
        .collect()
}

fn about(model: &Model, scope: Scope, text: &dyn Fn(Span) -> String) -> String {
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
fn share(at: u32) -> String {
    let (whole, part) = (at / 100, at % 100);
    if part == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{part:02}");
    text.trim_end_matches('0').to_owned()
}
