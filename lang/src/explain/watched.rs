//! How a provider is watched and how much it is given, as a policy writes it.

use claw_table::policy::{Provider, Rate};

use super::human::time;
use super::shown::count;

/// Every rule of `health` and `limit` with its value, as far as the provider has it.
pub(crate) fn watched(provider: &Provider) -> Vec<(&'static str, String)> {
    let (health, capacity) = (&provider.health, &provider.capacity);
    let mut rules = Vec::new();
    rules.extend(health.probe.iter().map(|probe| {
        let asked = format!("{} {:?}", probe.method.word(), probe.path);
        ("probe", format!("{asked} every {}", time(probe.every_ms)))
    }));
    rules.extend(health.eject.iter().map(|eject| {
        let (within, rest) = (time(eject.within_ms), time(eject.for_ms));
        let failures = eject.failures;
        let rule = format!("after {failures} failures in {within} for {rest}");
        ("eject", rule)
    }));
    rules.extend(health.slow_start_ms.map(|ms| ("slow-start", time(ms))));
    let at_once = capacity.concurrent.map(|most| format!("{most} concurrent"));
    let limits: Vec<String> = at_once
        .into_iter()
        .chain(capacity.rates.iter().map(rate))
        .collect();
    if !limits.is_empty() {
        rules.push(("limit", limits.join(", ")));
    }
    rules
}

/// `600 requests per minute`
pub(super) fn rate(rate: &Rate) -> String {
    let per = match rate.per_ms {
        1_000 => "second".to_owned(),
        60_000 => "minute".to_owned(),
        3_600_000 => "hour".to_owned(),
        86_400_000 => "day".to_owned(),
        ms => time(ms),
    };
    format!("{} {} per {per}", count(rate.amount), rate.of.word())
}
