//! `model`: what one model of a provider costs, holds and can do.

use claw_table::Can;
use claw_table::policy::Model;

use super::fields::Fields;
use super::names::Names;
use super::{calendar, fields, price, values};
use crate::codes::Code;
use crate::day::Day;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
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

/// A model, and what its provider needs to know of it beside.
#[derive(Debug, Clone)]
pub(super) struct Read {
    /// The model as far as it could be read.
    pub model: Model,
    /// The day on which it is shut down.
    pub shutdown: Option<Day>,
    /// Where its first price is written, or else its first line.
    pub price: Span,
}

impl Read {
    /// Takes from another what this one does not say.
    pub(super) fn besides(&mut self, other: Self) {
        let (own, theirs) = (&mut self.model, other.model);
        if own.wire == own.name {
            own.wire = theirs.wire;
        }
        if own.prices.is_empty() {
            own.prices = theirs.prices;
        }
        own.context_tokens = own.context_tokens.or(theirs.context_tokens);
        own.output_tokens_max = own.output_tokens_max.or(theirs.output_tokens_max);
        own.can = own.can.or(theirs.can);
        self.shutdown = self.shutdown.or(other.shutdown);
    }
}

/// Reads `model NAME { … }`, whose name and name on the wire are known.
pub(super) fn read(
    it: &Statement,
    (name, wire): (&Value, &str),
    names: &mut Names,
    report: &mut Report,
) -> Read {
    let mut shutdown = None;
    let mut model = Model {
        name: name.text.clone(),
        wire: wire.to_owned(),
        ..Model::default()
    };
    let mut prices = Vec::new();
    let list = fields::read(it, vocab::MODEL, names, report);
    for field in list.iter() {
        match field.keyword.text.as_str() {
            "price" => {
                if let Some(read) = price::price(field, report) {
                    prices.push((read, field.span));
                }
            }
            "context" => model.context_tokens = tokens(field, report),
            "max-output" => model.output_tokens_max = tokens(field, report),
            "shutdown" => {
                shutdown = fields::one(field, "model", report)
                    .and_then(|value| calendar::day(value, report));
            }
            _ => model.can = can(field, report),
        }
    }
    window(&model, &list, report);
    let tried: Vec<Span> = list
        .iter()
        .filter(|field| field.keyword.is_word("price"))
        .map(|field| field.span)
        .collect();
    model.prices = price::together(prices, tried.len(), report);
    Read {
        model,
        shutdown,
        price: tried.first().copied().unwrap_or(it.span),
    }
}

/// An answer that is longer than all that the model takes in.
fn window(model: &Model, list: &Fields<'_>, report: &mut Report) {
    let place = |word: &str| {
        let mut own = list.iter().filter(|field| field.keyword.is_word(word));
        own.next().map(|field| field.span)
    };
    let (Some(longest), Some(window)) = (place("max-output"), place("context")) else {
        return;
    };
    if model.context_tokens.is_some() && model.output_tokens_max > model.context_tokens {
        report.add(
            Diagnostic::new(
                Code::NoEffect,
                longest,
                "`max-output` is larger than `context`, and no answer gets so long",
            )
            .and(window, "input and output together")
            .help("write what the provider says of one answer, and of the whole window"),
        );
    }
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
