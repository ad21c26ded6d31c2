//! Money: prices per million tokens, and amounts.

use super::{fault, scaled, settle};
use crate::codes::Code;
use crate::explain::rate;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::Value;
use crate::syntax::lexer::Kind;

/// The least that a token costs where it costs anything, in pico-dollars: `$0.001/M`. No provider
/// charges less than twice that, and a price that was meant for one token is always less.
const RATE_MIN: u64 = 1_000;
/// The most: `$1000000/M`.
const RATE_MAX: u64 = 1_000_000_000_000;

/// A price in pico-dollars per token: `$1.25/M` is 1 250 000.
pub(in crate::check) fn price(value: &Value, report: &mut Report) -> Option<u64> {
    settle(price_of(value), report)
}

/// An amount of money in pico-dollars: `$0.50` is 500 000 000 000.
pub(in crate::check) fn money(value: &Value, report: &mut Report) -> Option<u128> {
    settle(money_of(value), report)
}

fn price_of(value: &Value) -> Result<u64, Box<Diagnostic>> {
    let text = value.text.as_str();
    let wrong = |code, message: String| Diagnostic::new(code, value.span, message);
    if value.is_word("free") {
        return Ok(0);
    }
    let example = "write dollars per million tokens: `$1.25/M`, or `free`";
    if value.kind != Kind::Money {
        return fault(wrong(Code::WrongValue, format!("`{text}` is not a price")).help(example));
    }
    let (dollars, unit) = text.split_once('/').unwrap_or((text, ""));
    let number = dollars.trim_start_matches('$');
    let (found, say) = match unit {
        "M" => return rate_of(value, number),
        "" => (
            wrong(
                Code::NoUnit,
                format!("`{text}` does not say for how many tokens"),
            ),
            format!("write `{dollars}/M` for dollars per million tokens"),
        ),
        "m" => (
            wrong(
                Code::MinutesOrMillions,
                format!("`{text}` is a price per minute"),
            ),
            format!("millions are written `{dollars}/M`"),
        ),
        _ => {
            return fault(
                wrong(Code::WrongUnit, format!("`{text}` has an unknown unit")).help(example),
            );
        }
    };
    if let Some(meant) = per_token(number) {
        return fault(found.help(format!(
            "per token? then write `{meant}`: a price is for a million of them"
        )));
    }
    // An edit that only brings the next error is none.
    fault(if is_rate(number) {
        found.help(say).fix(value.span, format!("{dollars}/M"))
    } else {
        found.help(say)
    })
}

/// Dollars per million tokens.
fn rate_of(value: &Value, number: &str) -> Result<u64, Box<Diagnostic>> {
    let text = value.text.as_str();
    let wrong = |message: String| Diagnostic::new(Code::OutOfRange, value.span, message);
    if let Some(meant) = per_token(number) {
        let found = wrong(format!("`{text}` is less than any token costs"));
        return fault(found.help(format!(
            "per token? then write `{meant}`; the least is `$0.001/M`, and what costs nothing is `free`"
        )));
    }
    match pico(number) {
        Some(pico) if is_rate(number) => Ok(pico),
        _ => fault(wrong(format!("`{text}` cannot be counted")).help(
            "a price has at most six decimals, is at least `$0.001/M` and at most `$1000000/M`",
        )),
    }
}

/// One dollar per million tokens is a million pico-dollars per token.
fn pico(number: &str) -> Option<u64> {
    scaled(number, 1_000_000)
}

fn is_rate(number: &str) -> bool {
    pico(number).is_some_and(|pico| pico == 0 || (RATE_MIN..=RATE_MAX).contains(&pico))
}

/// The price of a million tokens, if a number is too small to be one and is the price of one token.
fn per_token(number: &str) -> Option<String> {
    let least = RATE_MIN * 1_000_000;
    let pico = scaled(number, 1_000_000_000_000).filter(|pico| (1..least).contains(pico))?;
    Some(rate(pico))
}

fn money_of(value: &Value) -> Result<u128, Box<Diagnostic>> {
    let text = value.text.as_str();
    let wrong = |code, message: String| Diagnostic::new(code, value.span, message);
    let example = "write an amount in dollars: `$3` or `$0.50`";
    if value.kind == Kind::Amount && value.text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return fault(
            wrong(Code::NoUnit, format!("`{text}` has no unit"))
                .help(format!("write `${text}` for dollars"))
                .fix(value.span, format!("${text}")),
        );
    }
    if value.kind != Kind::Money {
        return fault(
            wrong(
                Code::WrongValue,
                format!("`{text}` is not an amount of money"),
            )
            .help(example),
        );
    }
    if let Some((dollars, _)) = text.split_once('/') {
        return fault(
            wrong(
                Code::WrongUnit,
                format!("`{text}` is a price, and an amount is due"),
            )
            .help(format!("write `{dollars}`")),
        );
    }
    // A millionth of a dollar is a million pico-dollars.
    scaled(text.trim_start_matches('$'), 1_000_000)
        .filter(|micro| *micro <= 1_000_000_000_000_000)
        .map_or_else(
            || {
                fault(
                    wrong(Code::OutOfRange, format!("`{text}` cannot be counted"))
                        .help("an amount has at most six decimals and is at most `$1000000000`"),
                )
            },
            |micro| Ok(u128::from(micro) * 1_000_000),
        )
}
