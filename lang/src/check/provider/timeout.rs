//! `timeout`: deadlines of a provider or a class.

use crate::check::{fields, values};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
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
    out
}
