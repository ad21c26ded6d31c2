//! Lists in which each value stands once.

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::Value;

/// Fields whose values are a set, by their blocks.
const LISTS: &[(&str, &str)] = &[
    ("provider", "tags"),
    ("client", "tags"),
    ("class", "require"),
    ("retry", "on"),
    ("model", "can"),
    ("notify", "on"),
];

/// Whether a field is such a list.
pub(super) fn is_list(block: &str, word: &str) -> bool {
    LISTS.contains(&(block, word))
}

/// Tells values that stand in a list again. What is more than one value is left to its own reading.
pub(in crate::check) fn listed(groups: &[Vec<Value>], report: &mut Report) {
    let mut known: BTreeMap<&str, Span> = BTreeMap::new();
    let mut before: Option<&Value> = None;
    for group in groups {
        let value = group.last();
        // The first of what is asked for stands behind `requested from`.
        if let Some(value) = value.filter(|_| group.len() == 1 || before.is_none()) {
            if let (Some(first), Some(before)) = (known.get(value.text.as_str()), before) {
                let rest = Span {
                    start: before.span.end,
                    ..value.span
                };
                let text = &value.text;
                report.add(
                    Diagnostic::new(
                        Code::ListedTwice,
                        value.span,
                        format!("`{text}` stands twice in this list"),
                    )
                    .and(*first, "first here")
                    .help("delete it")
                    .fix(rest, ""),
                );
            } else {
                known.insert(&value.text, value.span);
            }
        }
        before = value.or(before);
    }
}
