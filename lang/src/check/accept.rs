//! `unused` and `accept`: what the author knows and says of a warning.

use super::fields;
use super::names::Names;
use crate::codes::{Code, Severity};
use crate::model::Accept;
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{File, Item, Statement, Value};
use crate::syntax::lexer::Kind;

/// Reads `unused NAME`.
pub(super) fn unused(it: &Statement, names: &mut Names, report: &mut Report) {
    let values: Vec<&Value> = it.groups.iter().flatten().collect();
    match values.as_slice() {
        [name] if it.block.is_none() => names.spare(name, report),
        [] => report.add(unfit(it.keyword.span.after(), "unused NAME")),
        [name, rest @ ..] => {
            let at = rest.first().map_or(name.span.after(), |extra| extra.span);
            report.add(unfit(at, "unused NAME"));
        }
    }
}

/// Reads `accept CODE in NAME "why"`. The place is where the name is declared.
pub(super) fn accept(
    it: &Statement,
    (names, places): (&mut Names, &Places),
    report: &mut Report,
) -> Option<Accept> {
    const SHAPE: &str = "accept C0406 in NAME \"why\"";
    let values: Vec<&Value> = it.groups.iter().flatten().collect();
    let [code, word, name, why] = values.as_slice() else {
        report.add(unfit(it.span.after(), SHAPE));
        return None;
    };
    if !word.is_word("in") || it.block.is_some() {
        report.add(unfit(word.span, SHAPE));
        return None;
    }
    let reason = fields::text(why, "the reason", report)?;
    if reason.trim().is_empty() {
        report.add(
            Diagnostic::new(Code::OutOfRange, why.span, "this reason is empty")
                .help("say why the warning is no fault here"),
        );
        return None;
    }
    let code = acceptable(code, report)?;
    let range = match name.text.as_str() {
        "route" | "gateway" | "policy" => places.nameless(name, report),
        _ => {
            let declared = names.place(name, report)?;
            Some(places.around(declared))
        }
    }?;
    Some(Accept {
        code,
        range,
        span: it.span,
    })
}

/// The code of a warning. An error cannot be accepted.
fn acceptable(value: &Value, report: &mut Report) -> Option<Code> {
    let text = &value.text;
    let found = match Code::named(text).filter(|_| value.kind == Kind::Word) {
        Some(code) if code.severity() != Severity::Error => match unfit_code(code) {
            Some((what, help)) => {
                let message = format!("`{text}` {what}");
                Diagnostic::new(Code::WrongValue, value.span, message).help(help)
            }
            None => return Some(code),
        },
        Some(_) => Diagnostic::new(
            Code::WrongValue,
            value.span,
            format!("`{text}` is an error, and only warnings can be accepted"),
        )
        .help("mend what it finds; delete this line"),
        None => {
            let found = Diagnostic::new(
                Code::UnknownWord,
                value.span,
                format!("`{}` is not a warning", fields::shown(value)),
            );
            let codes = Code::ALL.iter().map(|code| code.id());
            match nearest(text, codes) {
                Some(near) => found.meant(value.span, near),
                None => found.help("name it by its code, as `clawc check` does: `C0406`"),
            }
        }
    };
    report.add(found);
    None
}

/// Why what is no error cannot be accepted either, and what to do instead.
fn unfit_code(code: Code) -> Option<(&'static str, &'static str)> {
    if matches!(code, Code::NotUnused | Code::AcceptedInVain) {
        return Some((
            "is about a line that says nothing any more",
            "delete that line, and this one",
        ));
    }
    matches!(code, Code::OrderCounts | Code::Uncovered).then_some((
        "is told only to those who ask for it",
        "delete this line; `clawc check` does not tell it by itself",
    ))
}

fn unfit(at: Span, shape: &str) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, at, "this line is not of its shape")
        .help(format!("write `{shape}`"))
}

/// Where each declaration of a folder begins. It reaches to the next.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Sorted.
    starts: Vec<Span>,
    /// The declarations without a name, by their keywords.
    nameless: Vec<(&'static str, Span)>,
}

impl Places {
    /// The declarations of these files.
    pub(super) fn of(files: &[File]) -> Self {
        let mut places = Self::default();
        for item in files.iter().flat_map(|file| &file.items) {
            let span = match item {
                Item::Let(it) => it.span,
                Item::Never(it) => it.span,
                Item::Forbid(it) => it.span,
                Item::Route(it) => {
                    if it.name.is_none() {
                        places.nameless.push(("route", it.span));
                    }
                    it.span
                }
                Item::Plain(it) => {
                    let known = ["gateway", "policy"].into_iter();
                    let own = known.filter(|word| it.keyword.is_word(word));
                    places.nameless.extend(own.map(|word| (word, it.span)));
                    it.span
                }
                Item::Broken(it) => it.span,
            };
            places.starts.push(span);
        }
        places.starts.sort_unstable();
        places
    }

    /// The whole declaration in which a place lies.
    fn around(&self, place: Span) -> Span {
        let after = |start: &Span| (start.file, start.start) <= (place.file, place.start);
        let next = self.starts.partition_point(after);
        let own = next.checked_sub(1).and_then(|own| self.starts.get(own));
        let start = own.copied().unwrap_or(place);
        let end = self.starts.get(next).filter(|end| end.file == place.file);
        Span {
            end: end.map_or(u32::MAX, |end| end.start),
            ..start
        }
    }

    fn nameless(&self, word: &Value, report: &mut Report) -> Option<Span> {
        let mut known = self.nameless.iter();
        let found = known.find(|(own, _)| *own == word.text);
        if found.is_none() {
            report.add(
                Diagnostic::new(
                    Code::UnknownName,
                    word.span,
                    format!("this folder has no `{}` without a name", word.text),
                )
                .help("name the declaration in which the warning stands"),
            );
        }
        found.map(|(_, span)| self.around(*span))
    }
}
