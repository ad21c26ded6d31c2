//! `retry`: which failures move on, how often, and after which waits.

use claw_table::policy::{Cause, Causes, Retry};

use super::names::Names;
use super::{defaults, fields, values};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Statement, Value};
use crate::syntax::habits::written;
use crate::syntax::lexer::Kind;
use crate::vocab;

/// Reads `retry NAME { … }`.
pub(super) fn retry(it: &Statement, names: &mut Names, report: &mut Report) -> Retry {
    let mut out = defaults::retry();
    let list = fields::read(it, vocab::RETRY, names, report);
    for field in list.iter() {
        match field.keyword.text.as_str() {
            "on" => out.on = causes(field, report),
            "attempts" => {
                let Some(value) = fields::one(field, "retry", report) else {
                    continue;
                };
                let number = values::plain(value, "the number of attempts", (1, 100), report);
                out.attempts = number
                    .and_then(|n| u32::try_from(n).ok())
                    .unwrap_or(out.attempts);
            }
            "backoff" => {
                let Some(value) = fields::one(field, "retry", report) else {
                    continue;
                };
                if let Some((low, high)) = values::duration_range(value, report) {
                    (out.backoff_min_ms, out.backoff_max_ms) = (low, high);
                }
            }
            _ => honor(field, &mut out, report),
        }
    }
    list.require("on", report);
    out
}

fn honor(field: &Statement, out: &mut Retry, report: &mut Report) {
    match field.groups.as_slice() {
        [group] => match group.as_slice() {
            [what, up, to, time]
                if what.is_word("retry-after") && up.is_word("up") && to.is_word("to") =>
            {
                out.honor_retry_after_ms =
                    values::duration(time, report).unwrap_or(out.honor_retry_after_ms);
            }
            _ => {
                fields::shape::<()>(field, "retry", group.first(), report);
            }
        },
        _ => {
            fields::shape::<()>(field, "retry", None, report);
        }
    }
}

fn causes(field: &Statement, report: &mut Report) -> Causes {
    let words: Vec<(&str, Cause)> = Cause::ALL.into_iter().map(|c| (c.word(), c)).collect();
    let mut out = Causes::default();
    if field.groups.is_empty() {
        fields::shape::<()>(field, "retry", None, report);
    }
    for group in &field.groups {
        let [value] = group.as_slice() else {
            fields::shape::<()>(field, "retry", group.get(1), report);
            continue;
        };
        if let Some(found) = other_status(value) {
            report.add(found);
        } else if value.kind == Kind::Amount {
            let status = values::plain(value, "a status that fails", (400, 599), report);
            let status = status.and_then(|n| u16::try_from(n).ok());
            out.statuses.extend(status.map(|n| (n, n)));
        } else if value.kind == Kind::Range {
            out.statuses.extend(status_range(value, report));
        } else {
            let cause = fields::choice(value, "a cause of failure", &words, report);
            out.named |= cause.map_or(0, Cause::bit);
        }
    }
    out.statuses = merged(out.statuses);
    out
}

/// `5xx`, `500-599` and `"429"`, with what to write instead.
fn other_status(value: &Value) -> Option<Diagnostic> {
    let is_quoted = value.kind == Kind::Text && value.text.parse::<u16>().is_ok();
    let better = if is_quoted {
        value.text.clone()
    } else if matches!(value.kind, Kind::Amount | Kind::Odd | Kind::Text) {
        written::statuses(&value.text)?
    } else {
        return None;
    };
    let message = format!("`{}` is not a status", fields::shown(value));
    let found = Diagnostic::new(Code::WrongValue, value.span, message);
    Some(
        found
            .help(format!("write `{better}`"))
            .fix(value.span, better),
    )
}

fn status_range(value: &Value, report: &mut Report) -> Option<(u16, u16)> {
    let (low, high) = value.text.split_once("..")?;
    let range = low.parse::<u16>().ok().zip(high.parse::<u16>().ok());
    let range = range.filter(|(low, high)| low <= high && *low >= 400 && *high <= 599);
    if range.is_none() {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                format!("`{}` is not a range of statuses that fail", value.text),
            )
            .help("write a range within `400..599`"),
        );
    }
    range
}

/// Sorted, with what touches put together.
fn merged(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.sort_unstable();
    let mut out: Vec<(u16, u16)> = Vec::new();
    for (low, high) in ranges {
        match out.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            _ => out.push((low, high)),
        }
    }
    out
}
