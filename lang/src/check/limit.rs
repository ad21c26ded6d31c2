//! `limit` and `cache`: how much is let in at a time, and which answers are given twice.

use claw_table::policy::{Allowance, Cache, Fail, Limit, Per, Scope, Sharing};

use super::ceiling::{per, scoped};
use super::cond::Reader;
use super::{fields, header, health, values};
use crate::codes::Code;
use crate::model::Scoped;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Statement, Value};
use crate::vocab;

/// Reads `limit NAME { … }`; nothing if some part of it is at fault, which is then reported.
pub(super) fn limit(
    it: &Statement,
    scopes: &mut Vec<Scoped>,
    reader: &mut Reader<'_, '_>,
) -> Option<Limit> {
    let name = it.groups.iter().flatten().next();
    let name = name.map(|name| name.text.clone()).unwrap_or_default();
    let list = fields::read(it, vocab::LIMIT, reader.names, reader.report);
    let scope = scoped(&list, &format!("limit `{name}`"), scopes, reader);
    let mut out = Limit {
        name,
        scope: scope.unwrap_or(Scope::All),
        concurrent: None,
        rates: Vec::new(),
        per: Vec::new(),
        fail: Fail::Closed,
    };
    let report = &mut *reader.report;
    for field in list.iter() {
        match field.keyword.text.as_str() {
            "allow" => allow(field, &mut out, report),
            "per" => out.per = shares(field, report),
            _ => out.fail = fail(field, "limit", report),
        }
    }
    out.rates.sort_unstable();
    list.require("allow", report);
    scope?;
    let is_some = out.concurrent.is_some() || !out.rates.is_empty();
    is_some.then_some(out)
}

/// Reads `allow 600 requests per minute burst 100, 32 concurrent`.
fn allow(field: &Statement, out: &mut Limit, report: &mut Report) {
    if field.groups.is_empty() {
        fields::shape::<()>(field, "limit", None, report);
    }
    for group in &field.groups {
        let (rate, burst) = match group.as_slice() {
            [number, word] if word.is_word("concurrent") => {
                let what = "the number of requests at one time";
                let number = values::plain(number, what, (1, 1_000_000), report);
                if out.concurrent.is_some() {
                    report.add(health::twice(word, "concurrent"));
                }
                out.concurrent = number.and_then(|n| u32::try_from(n).ok());
                continue;
            }
            [amount, of, per, time] if per.is_word("per") => ((amount, of, time), None),
            [amount, of, per, time, word, burst] if per.is_word("per") && word.is_word("burst") => {
                ((amount, of, time), Some(burst))
            }
            other => {
                fields::shape::<()>(field, "limit", other.get(1).or(other.first()), report);
                continue;
            }
        };
        let (_, of, time) = rate;
        let Some(rate) = health::rate(rate, report) else {
            continue;
        };
        let burst = burst.map(|value| some(value, report));
        if burst == Some(None) {
            continue;
        }
        let same = |it: &&Allowance| (it.rate.of, it.rate.per_ms) == (rate.of, rate.per_ms);
        if out.rates.iter().find(same).is_some() {
            report.add(health::twice(of, &format!("{} per {}", of.text, time.text)));
        } else {
            let burst = burst.flatten();
            out.rates.push(Allowance { rate, burst });
        }
    }
}

/// A count that is not nothing.
fn some(value: &Value, report: &mut Report) -> Option<u64> {
    let count = values::count(value, report)?;
    if count == 0 {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                "a burst of nothing lets nothing through",
            )
            .help("write how much may come at once, or leave `burst` out"),
        );
        return None;
    }
    Some(count)
}

/// Reads `per client, header "x-team"`.
fn shares(field: &Statement, report: &mut Report) -> Vec<Per> {
    let mut found: Vec<Per> = Vec::new();
    if field.groups.is_empty() {
        fields::shape::<()>(field, "limit", None, report);
    }
    for group in &field.groups {
        let share = match group.as_slice() {
            [word, name] if word.is_word("header") => {
                header::header_name(name, report).map(Per::Header)
            }
            [what] => per(what, report),
            other => fields::shape(field, "limit", other.get(1), report),
        };
        let Some(share) = share else { continue };
        if found.contains(&share) {
            let at = group.first().map_or(field.span, |value| value.span);
            let found = Diagnostic::new(Code::FieldTwice, at, "this share stands twice");
            report.add(found.help("keep one of them"));
        } else {
            found.push(share);
        }
    }
    found.sort_unstable();
    found
}

fn fail(field: &Statement, block: &str, report: &mut Report) -> Fail {
    let Some(value) = fields::one(field, block, report) else {
        return Fail::Closed;
    };
    let words = [("closed", Fail::Closed), ("open", Fail::Open)];
    fields::choice(value, "a way to `fail`", &words, report).unwrap_or_default()
}

/// Reads `cache NAME { … }`; nothing if some part of it is at fault, which is then reported.
pub(super) fn cache(
    it: &Statement,
    scopes: &mut Vec<Scoped>,
    reader: &mut Reader<'_, '_>,
) -> Option<Cache> {
    let name = it.groups.iter().flatten().next();
    let name = name.map(|name| name.text.clone()).unwrap_or_default();
    let list = fields::read(it, vocab::CACHE, reader.names, reader.report);
    let scope = scoped(&list, &format!("cache `{name}`"), scopes, reader);
    let report = &mut *reader.report;
    let (mut keep_ms, mut size_bytes) = (None, None);
    let mut out = Cache {
        name,
        scope: scope.unwrap_or(Scope::All),
        keep_ms: 0,
        size_bytes: 0,
        coalesce: false,
        sharing: Sharing::Client,
        fail: Fail::Closed,
    };
    for field in list.iter() {
        match field.keyword.text.as_str() {
            "keep" => {
                keep_ms = fields::one(field, "cache", report)
                    .and_then(|value| values::duration(value, report));
            }
            "size" => {
                size_bytes = fields::one(field, "cache", report)
                    .and_then(|value| values::bytes(value, report));
            }
            "fail" => out.fail = fail(field, "cache", report),
            word => {
                if let Some(extra) = field.groups.iter().flatten().next() {
                    fields::shape::<()>(field, "cache", Some(extra), report);
                }
                if word == "coalesce" {
                    out.coalesce = true;
                } else {
                    out.sharing = Sharing::Everybody;
                }
            }
        }
    }
    list.require("keep", report);
    list.require("size", report);
    scope?;
    Some(Cache {
        keep_ms: keep_ms?,
        size_bytes: size_bytes?,
        ..out
    })
}
