//! `price`: rates, and under which conditions they hold.

use claw_table::Can;
use claw_table::policy::{Api, Charge, Model, Price, Rates, When};

use super::{calendar, fields, values};
use crate::codes::Code;
use crate::explain::rate;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

/// Reads `price [above N] [tier WORD] [during DAYS HOURS "ZONE"] [from DATE] RATE, RATE…`.
pub(super) fn price(field: &Statement, report: &mut Report) -> Option<Price> {
    let mut rates = Rates::default();
    let Some((first, others)) = field.groups.split_first() else {
        return fields::shape(field, "model", None, report);
    };
    let (when, first) = condition(first, report)?;
    if let ([free], []) = (first, others)
        && free.is_word("free")
    {
        for charge in Charge::ALL {
            rates.set(charge, Some(0));
        }
        return Some(Price { when, rates });
    }
    for group in std::iter::once(first).chain(others.iter().map(Vec::as_slice)) {
        let [word, amount] = group else {
            let at = group.get(2).or(group.first());
            return fields::shape(field, "model", at, report);
        };
        let known: Vec<(&str, Charge)> = Charge::ALL.map(|charge| (charge.word(), charge)).to_vec();
        let charge = fields::choice(word, "a rate", &known, report)?;
        if rates.pico(charge).is_some() {
            report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    word.span,
                    format!("the rate `{}` stands twice", word.text),
                )
                .help("keep one of them"),
            );
        }
        let pico = if charge.is_per_token() {
            values::price(amount, report)?
        } else {
            per_use(amount, report)?
        };
        rates.set(charge, Some(pico));
    }
    Some(Price { when, rates })
}

fn per_use(amount: &Value, report: &mut Report) -> Option<u64> {
    if amount.is_word("free") {
        return Some(0);
    }
    let pico = u64::try_from(values::money(amount, report)?).ok();
    if pico.is_none() {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                amount.span,
                format!("`{}` is out of range for one use", amount.text),
            )
            .help("write what one use costs: `$0.01`"),
        );
    }
    pico
}

/// Reads the qualifiers before the first rate, and gives what follows them.
fn condition<'v>(mut rest: &'v [Value], report: &mut Report) -> Option<(When, &'v [Value])> {
    let mut when = When::default();
    loop {
        rest = match rest {
            [word, count, rest @ ..] if word.is_word("above") => {
                let tokens = values::count(count, report)?;
                set(&mut when.above_tokens, tokens, word, report);
                rest
            }
            [word, tier, rest @ ..] if word.is_word("tier") && tier.kind == Kind::Word => {
                set(&mut when.tier, tier.text.clone(), word, report);
                rest
            }
            [word, date, rest @ ..] if word.is_word("from") => {
                let day = calendar::day(date, report)?;
                set(&mut when.from_day, day.0, word, report);
                rest
            }
            [word, rest @ ..] if word.is_word("during") && window_of(rest) > 0 => {
                let (window, rest) = rest.split_at_checked(window_of(rest))?;
                let hours = calendar::windows(&[window.to_vec()], report)?.pop()?;
                set(&mut when.during, hours, word, report);
                rest
            }
            [word, rest @ ..]
                if ["above", "tier", "from", "during"].contains(&word.text.as_str()) =>
            {
                report.add(unfit(word, rest.first()));
                return None;
            }
            _ => return Some((when, rest)),
        };
    }
}

/// What stands after a qualifier and is not what it needs.
fn unfit(word: &Value, at: Option<&Value>) -> Diagnostic {
    let shape = match word.text.as_str() {
        "above" => "above 200k",
        "tier" => "tier batch",
        "from" => "from 2026-12-01",
        _ => "during mon..fri 01:00..04:00 \"UTC\"",
    };
    let span = at.map_or(word.span.after(), |value| value.span);
    let message = format!("`{}` of a price needs more than this", word.text);
    Diagnostic::new(Code::WrongValue, span, message).help(format!("write `{shape}`"))
}

fn set<T>(slot: &mut Option<T>, value: T, word: &Value, report: &mut Report) {
    if slot.replace(value).is_some() {
        report.add(
            Diagnostic::new(
                Code::FieldTwice,
                word.span,
                format!("`{}` stands twice in this price", word.text),
            )
            .help("keep one of them"),
        );
    }
}

/// How many of these words are days, hours and zone.
fn window_of(values: &[Value]) -> usize {
    let is_day = |value: &Value| {
        let is_word = vocab::WEEKDAYS.contains(&value.text.as_str());
        value.kind == Kind::Range || value.kind == Kind::Word && is_word
    };
    let is_part = |value: &&Value| {
        is_day(value)
            || matches!(value.kind, Kind::ClockRange | Kind::Text)
            || calendar::other_span(value).is_some()
    };
    values.iter().take_while(is_part).count()
}

/// The prices of one model in the order of the table, of so many that were tried; what does not go
/// together is reported.
pub(super) fn together(
    mut prices: Vec<(Price, Span)>,
    tried: usize,
    report: &mut Report,
) -> Vec<Price> {
    // One that could not be read may have been the one without conditions.
    let is_whole = tried == prices.len();
    prices.sort_by(|(a, at), (b, bt)| (&a.when, at).cmp(&(&b.when, bt)));
    let mut out: Vec<(Price, Span)> = Vec::new();
    for (price, span) in prices {
        match out.last() {
            Some((known, first)) if known.when == price.when => report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    span,
                    "a price for the same condition stands twice",
                )
                .and(*first, "first here")
                .help("put their rates into one, or say `above`, `tier`, `during` or `from`"),
            ),
            _ => out.push((price, span)),
        }
    }
    if let Some((first, span)) = out.first()
        && is_whole
        && (first.when != When::default() || first.rates.pico(Charge::In).is_none())
    {
        let message = if first.when == When::default() {
            "this price has no `in`"
        } else {
            "this price holds only sometimes, and no other says what holds else"
        };
        let found = Diagnostic::new(Code::FieldMissing, *span, message);
        report.add(found.help("write what input costs: `price in $5/M, out $30/M`"));
    }
    out.into_iter().map(|(price, _)| price).collect()
}

/// Says what a price leaves out, by the dear default, so that nothing is taken for free.
///
/// Reading from a cache costs as much as input that was not cached. Writing to one costs a quarter
/// more, for an hour twice as much: no provider is known that asks more. Only where a cache is
/// written on request does the second matter, and there it is a finding.
pub(super) fn fill(model: &mut Model, api: Api, (at, report): (Span, &mut Report)) {
    let caches =
        api == Api::Anthropic || model.can.is_some_and(|can| can & Can::Caching.bit() != 0);
    let mut said = Vec::new();
    for (number, price) in model.prices.iter_mut().enumerate() {
        let Some(fresh) = price.rates.pico(Charge::In) else {
            continue;
        };
        let dear = [
            (Charge::Cached, fresh),
            (Charge::CacheWrite, fresh.saturating_add(fresh.div_ceil(4))),
            (Charge::CacheWrite1h, fresh.saturating_mul(2)),
        ];
        for (charge, pico) in dear {
            let is_due = charge == Charge::Cached || caches;
            if !is_due || price.rates.pico(charge).is_some() {
                continue;
            }
            price.rates.set(charge, Some(pico));
            if number == 0 && charge != Charge::Cached {
                said.push(format!("{} {}", charge.word(), rate(pico)));
            }
        }
    }
    if said.is_empty() {
        return;
    }
    let what = said.join(", ");
    report.add(
        Diagnostic::new(
            Code::PriceLacks,
            at,
            format!(
                "the price of `{}` does not say what writing to its cache costs",
                model.name
            ),
        )
        .label(format!("taken as {what}"))
        .help(format!("write what your contract says, such as `{what}`")),
    );
}
