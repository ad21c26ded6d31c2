//! Reads the fields of one block: which may stand there, which are doubled, which are missing.

mod example;
mod listed;

use std::collections::BTreeMap;

use super::names::Names;
use crate::codes::Code;
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Line, Statement, Value, When};
use crate::syntax::lexer::Kind;
use crate::syntax::{habits, lower};
use crate::vocab;
use example::example;
pub(super) use listed::listed;

/// Fields that may stand more than once in a block.
const REPEATED: &[&str] = &[
    "fallback", "model", "header", "query", "price", "ceiling", "at", "set", "unset", "fault",
    "expect", "body", "spent",
];

/// Whether a field may stand more than once in this block.
fn repeats(block: &str, word: &str) -> bool {
    // A request names one model, and a test comes once.
    let is_single = matches!((block, word), ("request", "model") | ("test", "at"));
    REPEATED.contains(&word) && !is_single
}

/// Fields that have a block of their own.
const WITH_BRACES: &[&str] = &["model", "health", "request"];

/// The fields of a block that can be read further, in text order.
pub(super) fn read<'a>(
    statement: &'a Statement,
    known: vocab::Fields,
    names: &mut Names,
    report: &mut Report,
) -> Fields<'a> {
    let mut fields = Fields {
        known,
        at: statement.span,
        list: Vec::new(),
        when: None,
        tried: Vec::new(),
        strange: Vec::new(),
    };
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    if statement.block.is_none() {
        // Missing braces are a finding of their own; the fields are not missing beside them.
        fields
            .tried
            .extend(known.now.iter().map(|word| (*word).to_owned()));
    }
    for line in statement.block.iter().flatten() {
        let field = match line {
            Line::Field(field) => field,
            Line::When(when) => {
                fields.take_when(when, report);
                continue;
            }
            Line::Broken(broken) => {
                names.excuse(broken);
                fields.tried.extend(broken.words.iter().cloned());
                fields.strange.extend(broken.words.first().cloned());
                continue;
            }
        };
        let word = field.keyword.text.as_str();
        fields.tried.push(word.to_owned());
        if known.later.contains(&word) {
            report.add(lower::not_yet(word, field.keyword.span));
        } else if !known.now.contains(&word) {
            report.add(unknown(field, known));
            fields.tried.extend(near(word, known).map(str::to_owned));
            fields.strange.push(word.to_owned());
        } else if let Some(span) = first.get(word).filter(|_| !repeats(known.block, word)) {
            report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    field.keyword.span,
                    format!("`{word}` stands twice in this {}", known.block),
                )
                .and(*span, "first here")
                .help("keep one of them"),
            );
        } else {
            first.insert(word, field.keyword.span);
            if field.block.is_some() && !WITH_BRACES.contains(&word) {
                report.add(has_braces(field));
            }
            if listed::is_list(known.block, word) {
                listed(&field.groups, report);
            }
            fields.list.push(field);
        }
    }
    fields
}

/// The readable fields of one block.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    known: vocab::Fields,
    at: Span,
    list: Vec<&'a Statement>,
    when: Option<&'a When>,
    tried: Vec<String>,
    strange: Vec<String>,
}

impl<'a> Fields<'a> {
    fn take_when(&mut self, when: &'a When, report: &mut Report) {
        let block = self.known.block;
        self.tried.push("when".to_owned());
        if !self.known.now.contains(&"when") {
            when_unfit(when, block, report);
        } else if let Some(first) = self.when {
            report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    when.keyword,
                    format!("`when` stands twice in this {block}"),
                )
                .and(first.keyword, "first here")
                .help("join the two with `and`"),
            );
        } else {
            self.when = Some(when);
        }
    }

    /// The condition of the block.
    pub(super) fn when(&self) -> Option<&'a When> {
        self.when
    }

    /// Whether a line that could not be read may have been this field.
    pub(super) fn may_lack(&self, word: &str) -> bool {
        let other = |first: &String| first != word && self.known.now.contains(&first.as_str());
        !self.strange.iter().all(other)
    }

    /// Whether a line was this field, or may have been.
    pub(super) fn tried(&self, word: &str) -> bool {
        self.tried.iter().any(|tried| tried == word)
    }

    /// The fields, in text order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a Statement> + '_ {
        self.list.iter().copied()
    }

    /// Reports a field that must stand here and does not; one that was tried and failed is enough.
    pub(super) fn require(&self, word: &str, report: &mut Report) {
        if self.tried(word) {
            return;
        }
        let block = self.known.block;
        report.add(
            Diagnostic::new(
                Code::FieldMissing,
                self.at,
                format!("this {block} has no `{word}`"),
            )
            .help(format!("write `{}`", example(block, word))),
        );
    }
}

/// Reports a condition in a block that has none.
pub(super) fn when_unfit(when: &When, block: &str, report: &mut Report) {
    report.add(
        Diagnostic::new(
            Code::UnknownField,
            when.keyword,
            format!("a {block} has no field `when`"),
        )
        .help("which requests go where is said by an arm of a route: `when … -> CLASS`"),
    );
}

/// The one value of a field; anything else is reported.
pub(super) fn one<'a>(field: &'a Statement, block: &str, report: &mut Report) -> Option<&'a Value> {
    match field.groups.as_slice() {
        [group] => match group.as_slice() {
            [value] => Some(value),
            _ => shape(field, block, group.get(1), report),
        },
        [] => shape(field, block, None, report),
        [_, second, ..] => shape(field, block, second.first(), report),
    }
}

/// Reports a field that is not of its shape, and shows the shape.
pub(super) fn shape<T>(
    field: &Statement,
    block: &str,
    at: Option<&Value>,
    report: &mut Report,
) -> Option<T> {
    let word = &field.keyword.text;
    let found = match at {
        Some(value) => {
            let shown = shown(value);
            Diagnostic::new(
                Code::WrongValue,
                value.span,
                format!("`{shown}` does not fit after `{word}`"),
            )
        }
        None => Diagnostic::new(
            Code::WrongValue,
            field.span.after(),
            format!("`{word}` needs a value"),
        ),
    };
    report.add(found.help(format!("write `{}`", example(block, word))));
    None
}

/// One of the words that a place knows; another is reported with the closest of them.
pub(super) fn choice<T: Clone>(
    value: &Value,
    what: &str,
    words: &[(&str, T)],
    report: &mut Report,
) -> Option<T> {
    if value.kind == Kind::Word
        && let Some((_, found)) = words.iter().find(|(word, _)| *word == value.text)
    {
        return Some(found.clone());
    }
    let shown = shown(value);
    let found = Diagnostic::new(
        Code::UnknownWord,
        value.span,
        format!("`{shown}` is not {what}"),
    );
    let near = nearest(&value.text, words.iter().map(|(word, _)| *word)).or_else(|| {
        words
            .iter()
            .map(|(word, _)| *word)
            .find(|word| *word == value.text)
    });
    let found = match near {
        Some(near) => found.meant(value.span, near),
        None => found,
    };
    let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
    report.add(found.help(format!("write one of {}", list.join(", "))));
    None
}

/// A text in quotes; another value is reported.
pub(super) fn text<'a>(value: &'a Value, what: &str, report: &mut Report) -> Option<&'a str> {
    if value.kind == Kind::Text {
        return Some(&value.text);
    }
    report.add(
        Diagnostic::new(
            Code::WrongValue,
            value.span,
            format!("{what} stands between quotes"),
        )
        .help(format!("write `\"{}\"`", value.text))
        .fix(value.span, crate::syntax::escape(&value.text)),
    );
    None
}

/// A value as the reader wrote it, shortened.
pub(super) fn shown(value: &Value) -> String {
    let text: String = value.text.chars().take(40).collect();
    if value.kind == Kind::Text {
        crate::syntax::escape(&text)
    } else {
        text
    }
}

fn near(word: &str, known: vocab::Fields) -> Option<&'static str> {
    nearest(word, known.now.iter().chain(known.later).copied())
}

fn unknown(field: &Statement, known: vocab::Fields) -> Diagnostic {
    let word = &field.keyword.text;
    let block = known.block;
    if word == "priority" {
        return habits::priority(field.span);
    }
    let closed = [
        "ceiling", "client", "provider", "gateway", "pool", "model", "retry",
    ];
    if word == "fail" && closed.contains(&block) {
        return Diagnostic::new(
            Code::AlwaysClosed,
            field.keyword.span,
            format!("what a {block} says is never skipped"),
        )
        .label("who cannot be judged by it is refused")
        .help("take this line out; `fail open` stands in a `limit`, a `cache` or a `class`");
    }
    let found = Diagnostic::new(
        Code::UnknownField,
        field.keyword.span,
        format!("a {block} has no field `{word}`"),
    );
    if let Some(near) = near(word, known) {
        return found.meant(field.keyword.span, near);
    }
    if let Some(other) = vocab::BLOCKS
        .iter()
        .find(|other| other.now.contains(&word.as_str()))
    {
        return found.help(format!("`{word}` belongs to a {}", other.block));
    }
    let list: Vec<String> = known.now.iter().map(|word| format!("`{word}`")).collect();
    found.help(format!("a {block} has {}", list.join(", ")))
}

fn has_braces(field: &Statement) -> Diagnostic {
    let word = &field.keyword.text;
    Diagnostic::new(
        Code::Unexpected,
        field.span.after(),
        format!("`{word}` has no braces"),
    )
    .help("write its values on the same line, with commas between them")
}
