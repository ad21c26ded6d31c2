//! The proof of what bounds traffic: every class, client and guard that a ceiling names is there.

use super::{Check, ordered};
use crate::ClassId;
use crate::policy::{Ceiling, Policy, Scope, Then};

pub(super) fn verify(policy: &Policy, guards: usize) -> Check {
    policy
        .ceilings
        .iter()
        .try_for_each(|ceiling| self::ceiling(policy, ceiling, guards))
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
