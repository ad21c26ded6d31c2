//! `model`: what one model of a provider costs, holds and can do.

use claw_table::Can;
use claw_table::policy::{Model, Price};

use super::names::Names;
use super::{fields, values};
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::syntax::lower::not_yet;
use crate::vocab;

/// The name of a model and its name on the wire; faults are reported.
pub(super) fn named<'a>(field: &'a Statement, report: &mut Report) -> Option<(&'a Value, &'a str)> {
    let group = field.groups.first().map_or(&[][..], Vec::as_slice);
    let is_named = |name: &Value| {
        matches!(
            name.kind,
            Kind::Word | Kind::Path | Kind::Odd | Kind::Amount
        )
    };
    let (name, wire) = match group {
        [name] if is_named(name) => (name, name.text.as_str()),
        [name, wire] if is_named(name) && wire.kind == Kind::Text && !wire.text.is_empty() => {
            (name, wire.text.as_str())
        }
        _ => {
            let at = group.iter().find(|value| !is_named(value)).or(group.get(1));
            return fields::shape(field, "provider", at, report);
        }
    };
    match field.groups.get(1).and_then(|group| group.first()) {
        Some(extra) => fields::shape(field, "provider", Some(extra), report),
        None => Some((name, wire)),
    }
}

/// Reads the fields of `model NAME { … }`.
pub(super) fn read(
    it: &Statement,
    (name, wire): (&Value, &str),
    names: &mut Names,
    report: &mut Report,
) -> Model {
    let mut model = Model {
        name: name.text.clone(),
        wire: wire.to_owned(),
        ..Model::default()
    };
    for field in fields::read(it, vocab::MODEL, names, report).iter() {
        match field.keyword.text.as_str() {
            "price" => model.price = price(field, report),
            "context" => model.context_tokens = tokens(field, report),
            "max-output" => model.output_tokens_max = tokens(field, report),
            _ => model.can = can(field, report),
        }
    }
    model
}

fn tokens(field: &Statement, report: &mut Report) -> Option<u64> {
    let value = fields::one(field, "model", report)?;
    let count = values::count(value, report)?;
    if count == 0 {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                format!("`{}` cannot be zero", field.keyword.text),
            )
            .help("write the number of tokens, or take the line out if it is not known"),
        );
    }
    Some(count)
}

fn can(field: &Statement, report: &mut Report) -> Option<u16> {
    if field.groups.is_empty() {
        return fields::shape(field, "model", None, report);
    }
    let words: Vec<(&str, Can)> = Can::ALL.into_iter().map(|can| (can.word(), can)).collect();
    let mut bits = 0;
    for group in &field.groups {
        match group.as_slice() {
            [word] => {
                bits |= fields::choice(word, "a capability", &words, report).map_or(0, Can::bit);
            }
            _ => return fields::shape(field, "model", group.get(1), report),
        }
    }
    Some(bits)
}

fn price(field: &Statement, report: &mut Report) -> Option<Price> {
    const LATER: &[&str] = &[
        "above",
        "tier",
        "during",
        "from",
        "cache-write",
        "cache-write-1h",
        "audio-in",
        "audio-out",
        "call",
        "web-search",
    ];
    const RATES: &[(&str, usize)] = &[("in", 0), ("out", 1), ("cached", 2)];
    let mut rates = [None; 3];
    if let [group] = field.groups.as_slice()
        && let [free] = group.as_slice()
        && free.is_word("free")
    {
        return Some(Price {
            in_pico: 0,
            out_pico: Some(0),
            cached_pico: Some(0),
        });
    }
    for group in &field.groups {
        let (word, rate) = match group.as_slice() {
            [word, ..] if LATER.contains(&word.text.as_str()) => {
                report.add(not_yet(&word.text, word.span));
                return None;
            }
            [word, rate] => (word, rate),
            [only] => return fields::shape(field, "model", Some(only), report),
            _ => return fields::shape(field, "model", group.get(2), report),
        };
        let slot =
            fields::choice(word, "a rate", RATES, report).and_then(|at| rates.get_mut(at))?;
        if slot.is_some() {
            report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    word.span,
                    format!("the rate `{}` stands twice", word.text),
                )
                .help("keep one of them"),
            );
        }
        *slot = Some(values::price(rate, report)?);
    }
    let [Some(in_pico), out_pico, cached_pico] = rates else {
        let found = Diagnostic::new(Code::FieldMissing, field.span, "this price has no `in`");
        report.add(found.help("write what input costs: `price in $5/M, out $30/M`"));
        return None;
    };
    Some(Price {
        in_pico,
        out_pico,
        cached_pico,
    })
}
