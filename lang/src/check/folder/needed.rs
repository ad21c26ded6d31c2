//! What a gateway must know for what the conditions ask.

use crate::check::caller;
use crate::model::{Cond, Model, Need};

/// Adds what the gateway must know for what the conditions ask.
pub(super) fn needed(model: &mut Model) {
    let caller = caller::asked(model);
    let clock = clock(model);
    model.features.extend(caller);
    model.features.extend(clock);
}

/// The first place that asks what time it is. The gateway has to know the zones.
fn clock(model: &Model) -> Option<Need> {
    let arms = model.arms().map(|arm| (&arm.cond, arm.span));
    let scopes = model.scopes.iter().map(|it| (&it.cond, it.span));
    let (_, span) = arms.chain(scopes).find(|(cond, _)| asks_time(cond))?;
    Some(Need {
        feature: "time",
        span,
    })
}

fn asks_time(cond: &Cond) -> bool {
    match cond {
        Cond::Always => false,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().any(asks_time),
        Cond::Not(part) => asks_time(part),
        Cond::Test(fact, _) => fact.zone().is_some(),
    }
}
