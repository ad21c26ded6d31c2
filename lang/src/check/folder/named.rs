//! Declarations and their names: one each, and not too many.

use crate::check::like;
use crate::check::names::Sort;
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};

/// The one name after a keyword; anything else is reported.
pub(super) fn only_name<'a>(it: &'a Statement, report: &mut Report) -> Option<&'a Value> {
    let word = &it.keyword.text;
    let mut values = it.groups.iter().flatten();
    let Some(name) = values.next() else {
        report.add(
            Diagnostic::new(
                Code::Nameless,
                it.keyword.span.after(),
                format!("this {word} has no name"),
            )
            .help(format!("write `{word} NAME`")),
        );
        return None;
    };
    let Some(extra) = values.next() else {
        return Some(name);
    };
    if it.keyword.is_word("class") && extra.is_word("like") {
        if like::other(it).is_some() && it.groups.iter().flatten().count() == 3 {
            return Some(name);
        }
        report.add(
            Diagnostic::new(
                Code::WrongValue,
                extra.span,
                "`like` names one class whose fields are taken",
            )
            .help(format!("write `class {} like OTHER {{ … }}`", name.text)),
        );
        return Some(name);
    }
    report.add(
        Diagnostic::new(
            Code::Unexpected,
            extra.span,
            format!("`{}` follows the name of this {word}", extra.text),
        )
        .help(format!(
            "write `{word} {}` and the rest inside its braces",
            name.text
        )),
    );
    // Which of the two is its name cannot be known.
    None
}

pub(super) fn twice(what: &str, span: Span, first: Span, help: &str) -> Diagnostic {
    Diagnostic::new(
        Code::OnlyOnce,
        span,
        format!("{what} stands once in a folder"),
    )
    .and(first, "first here")
    .help(help)
}

pub(super) fn too_many(sort: Sort, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::TooLarge,
        span,
        format!("more than 60000 of `{}`", sort.word()),
    )
    .help("split the policy")
}
