//! `class NAME like NAME`: what a class takes from another.
//!
//! A field replaces the same field of the other; `require` and `ceiling` only add.

use std::collections::BTreeSet;

use super::fields::{self, Fields};
use super::names::{Names, Sort};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Statement, Value};
use crate::vocab;

/// Fields that add to those of the other class.
const ADDING: &[&str] = &["require", "ceiling"];

/// The name after `like`, if there is one.
pub(super) fn other(it: &Statement) -> Option<&Value> {
    let mut values = it.groups.iter().flatten();
    let (_, like, other) = (values.next()?, values.next()?, values.next()?);
    like.is_word("like").then_some(other)
}

/// The fields of a class, then those of the class that it is like, and so on; and whether that is
/// all of them: not where a name leads nowhere or back.
pub(super) fn lists<'a>(
    it: &'a Statement,
    classes: &[&'a Statement],
    names: &mut Names,
    report: &mut Report,
) -> (Vec<Fields<'a>>, bool) {
    let mut lists = vec![fields::read(it, vocab::CLASS, names, report)];
    let mut path: Vec<&Statement> = vec![it];
    let mut next = other(it);
    while let Some(name) = next {
        let at = names.resolve(name, Sort::Class, report);
        let Some(class) = at.and_then(|at| classes.get(at)).copied() else {
            return (lists, false);
        };
        if path.iter().any(|known| known.span == class.span) {
            // Each class of a ring would tell the same; the first one written does.
            if path.iter().all(|known| it.span <= known.span) && class.span == it.span {
                report.add(ring(&path));
            }
            return (lists, false);
        }
        lists.push(fields::read(class, vocab::CLASS, names, report));
        path.push(class);
        next = other(class);
    }
    (lists, true)
}

fn ring(path: &[&Statement]) -> Diagnostic {
    let places: Vec<&Value> = path.iter().filter_map(|it| other(it)).collect();
    let name = |it: &Statement| {
        let name = it.groups.iter().flatten().next();
        name.map_or_else(String::new, |name| name.text.clone())
    };
    let first = path.first().map_or_else(String::new, |it| name(it));
    let span = places.first().map(|value| value.span).unwrap_or_default();
    let found = Diagnostic::new(Code::Cycle, span, format!("class `{first}` is like itself"))
        .label("it takes its fields from here");
    let rest = path.iter().zip(&places).skip(1);
    rest.fold(found, |found, (it, place)| {
        found.and(
            place.span,
            format!("class `{}` takes its fields from here", name(it)),
        )
    })
    .help("let one of these classes say its fields itself")
}

/// The fields that hold: of each kind the nearest, in text order.
pub(super) fn fields<'a, 'f>(lists: &'f [Fields<'a>]) -> impl Iterator<Item = &'a Statement> + 'f {
    let mut said: BTreeSet<&str> = BTreeSet::new();
    lists.iter().flat_map(move |list| {
        let new: Vec<&'a Statement> = list
            .iter()
            .filter(|field| {
                let word = field.keyword.text.as_str();
                ADDING.contains(&word) || !said.contains(word)
            })
            .collect();
        said.extend(new.iter().map(|field| field.keyword.text.as_str()));
        new
    })
}
