//! `health` and `limit` of a provider: how it is watched, and how much it is given at a time.

use claw_table::policy::{Capacity, Counted, Eject, Health, Probe, ProbeMethod, Rate};

use super::names::Names;
use super::{fields, values};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Statement, Value};
use crate::vocab;

/// Reads `health { … }`.
pub(super) fn health(it: &Statement, names: &mut Names, report: &mut Report) -> Health {
    if let Some(extra) = it.groups.iter().flatten().next() {
        fields::shape::<()>(it, "provider", Some(extra), report);
    } else if it.block.is_none() {
        fields::shape::<()>(it, "provider", None, report);
    }
    let mut health = Health::default();
    for field in fields::read(it, vocab::HEALTH, names, report).iter() {
        match field.keyword.text.as_str() {
            "probe" => health.probe = probe(field, report),
            "eject" => health.eject = eject(field, report),
            _ => {
                health.slow_start_ms = fields::one(field, "health", report)
                    .and_then(|value| values::duration(value, report));
            }
        }
    }
    health
}

fn probe(field: &Statement, report: &mut Report) -> Option<Probe> {
    const METHODS: &[(&str, ProbeMethod)] =
        &[("GET", ProbeMethod::Get), ("HEAD", ProbeMethod::Head)];
    let [method, path, every, time] = line(field, report)? else {
        return fields::shape(field, "health", last(field), report);
    };
    if !every.is_word("every") {
        return fields::shape(field, "health", Some(every), report);
    }
    let method = fields::choice(method, "a method that probes", METHODS, report);
    let text = fields::text(path, "the path of a probe", report);
    let every_ms = values::duration(time, report);
    let text = text?;
    if !text.starts_with('/') || !text.bytes().all(|b| b.is_ascii_graphic()) {
        report.add(
            Diagnostic::new(
                Code::WrongValue,
                path.span,
                format!("`\"{text}\"` is not a path"),
            )
            .help("write the whole path, from its first slash: `\"/v1/models\"`"),
        );
        return None;
    }
    Some(Probe {
        method: method?,
        path: text.to_owned(),
        every_ms: every_ms?,
    })
}

fn eject(field: &Statement, report: &mut Report) -> Option<Eject> {
    let [after, count, failures, within, window, for_, rest] = line(field, report)? else {
        return fields::shape(field, "health", last(field), report);
    };
    let words = [
        (after, "after"),
        (failures, "failures"),
        (within, "in"),
        (for_, "for"),
    ];
    if let Some((strange, _)) = words.iter().find(|(value, word)| !value.is_word(word)) {
        return fields::shape(field, "health", Some(strange), report);
    }
    let failures = values::plain(count, "the number of failures", (1, 1_000), report);
    let within_ms = values::duration(window, report);
    let for_ms = values::duration(rest, report);
    Some(Eject {
        failures: u32::try_from(failures?).ok()?,
        within_ms: within_ms?,
        for_ms: for_ms?,
    })
}

/// Reads `limit 50 concurrent, 2M tokens per minute`.
pub(super) fn capacity(field: &Statement, report: &mut Report) -> Capacity {
    let mut capacity = Capacity::default();
    if field.groups.is_empty() {
        fields::shape::<()>(field, "provider", None, report);
    }
    for group in &field.groups {
        match group.as_slice() {
            [number, word] if word.is_word("concurrent") => {
                let what = "the number of attempts at one time";
                let number = values::plain(number, what, (1, 1_000_000), report);
                if capacity.concurrent.is_some() {
                    report.add(twice(word, "concurrent"));
                }
                capacity.concurrent = number.and_then(|n| u32::try_from(n).ok());
            }
            [amount, of, per, time] if per.is_word("per") => {
                let Some(rate) = rate((amount, of, time), report) else {
                    continue;
                };
                let same = |known: &&Rate| (known.of, known.per_ms) == (rate.of, rate.per_ms);
                if capacity.rates.iter().find(same).is_some() {
                    let what = format!("{} per {}", of.text, time.text);
                    report.add(twice(of, &what));
                } else {
                    capacity.rates.push(rate);
                }
            }
            other => {
                fields::shape::<()>(field, "provider", other.get(1).or(other.first()), report);
            }
        }
    }
    capacity.rates.sort_unstable();
    capacity
}

/// Reads `600 requests per minute`, without its `per`.
pub(super) fn rate(
    (amount, of, time): (&Value, &Value, &Value),
    report: &mut Report,
) -> Option<Rate> {
    const OF: &[(&str, Counted)] = &[("requests", Counted::Requests), ("tokens", Counted::Tokens)];
    const TIMES: &[(&str, u64)] = &[
        ("second", 1_000),
        ("minute", 60_000),
        ("hour", 3_600_000),
        ("day", 86_400_000),
    ];
    let counted = values::count(amount, report);
    let of = fields::choice(of, "what a limit counts", OF, report);
    let per_ms = fields::choice(time, "a time of a limit", TIMES, report);
    if counted == Some(0) {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                amount.span,
                "a limit of nothing lets nothing through",
            )
            .help("write how much may be given"),
        );
        return None;
    }
    Some(Rate {
        of: of?,
        per_ms: per_ms?,
        amount: counted?,
    })
}

/// A limit that is said twice.
pub(super) fn twice(at: &Value, what: &str) -> Diagnostic {
    Diagnostic::new(
        Code::FieldTwice,
        at.span,
        format!("the limit `{what}` stands twice"),
    )
    .help("keep the smaller one")
}

/// The values of a field that has no commas; others are reported.
fn line<'a>(field: &'a Statement, report: &mut Report) -> Option<&'a [Value]> {
    match field.groups.as_slice() {
        [group] => Some(group),
        [] => fields::shape(field, "health", None, report),
        [_, second, ..] => fields::shape(field, "health", second.first(), report),
    }
}

fn last(field: &Statement) -> Option<&Value> {
    field.groups.iter().flatten().next_back()
}
