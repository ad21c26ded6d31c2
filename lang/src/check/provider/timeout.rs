//! `timeout`: deadlines of a provider or a class.

use crate::check::{fields, values};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::Statement;
use crate::syntax::lexer::Kind;

/// Reads `timeout WORD TIME, WORD TIME`.
pub(in crate::check) fn timeouts<'a>(
    field: &Statement,
    block: &str,
    words: &[&'a str],
    report: &mut Report,
) -> Vec<(&'a str, u64)> {
    let mut out: Vec<(&str, u64)> = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    if field.groups.is_empty() {
        fields::shape::<()>(field, block, None, report);
    }
    let slots: Vec<(&str, &'a str)> = words.iter().map(|word| (*word, *word)).collect();
    for group in &field.groups {
        match group.as_slice() {
            [word, time] if word.kind == Kind::Word => {
                let slot = fields::choice(word, &format!("a timeout of a {block}"), &slots, report);
                let ms = values::duration(time, report);
                let Some((slot, ms)) = slot.zip(ms) else {
                    continue;
                };
                if out.iter().any(|(known, _)| *known == slot) {
                    report.add(
                        Diagnostic::new(
                            Code::FieldTwice,
                            word.span,
                            format!("the timeout `{slot}` stands twice"),
                        )
                        .help("keep one of them"),
                    );
                }
                out.push((slot, ms));
                spans.push(word.span.to(time.span));
            }
            // `timeout 30` or `timeout 30s`: which of the times is meant?
            [time]
                if time.kind == Kind::Amount && time.text.bytes().all(|b| b.is_ascii_digit()) =>
            {
                values::duration(time, report);
            }
            [first, ..] if group.len() < 3 => {
                fields::shape::<()>(field, block, Some(first), report);
            }
            _ => {
                fields::shape::<()>(field, block, group.get(2), report);
            }
        }
    }
    let ends = out.iter().zip(&spans).find(|((word, _), _)| is_end(word));
    for ((word, ms), span) in out.iter().zip(&spans) {
        // Connecting is over before an attempt begins.
        let Some(((end, end_ms), place)) =
            ends.filter(|((end, _), _)| (*word, *end) != ("connect", "attempt"))
        else {
            continue;
        };
        if ms > end_ms {
            report.add(
                Diagnostic::new(
                    Code::NoEffect,
                    *span,
                    format!("this deadline is longer than `{end}`, and never passes"),
                )
                .and(*place, "this ends it before")
                .help(format!("write a shorter `{word}`, or a longer `{end}`")),
            );
        }
    }
    out
}

/// The deadline that the others lie within.
fn is_end(word: &str) -> bool {
    matches!(word, "total" | "attempt")
}
