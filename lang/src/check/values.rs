//! What a literal means in its place: times, counts, prices, statuses. Money is integer.

mod money;

use claw_table::decimal;

pub(super) use self::money::{money, price};

use super::fields;
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::Value;
use crate::syntax::lexer::Kind;

/// The longest time that any field takes.
const TIME_MS_MAX: u64 = 7 * 24 * 3_600_000;
/// The largest count that any field takes.
const COUNT_MAX: u64 = 1_000_000_000_000;

/// A time in milliseconds.
pub(super) fn duration(value: &Value, report: &mut Report) -> Option<u64> {
    settle(duration_of(&value.text, value), report)
}

/// A range of times, or one time that is both ends.
pub(super) fn duration_range(value: &Value, report: &mut Report) -> Option<(u64, u64)> {
    if value.kind != Kind::Range {
        return duration(value, report).map(|ms| (ms, ms));
    }
    let (low, high) = value.text.split_once("..")?;
    let low = settle(duration_of(low, value), report)?;
    let high = settle(duration_of(high, value), report)?;
    if low > high {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                format!("`{}` begins after it ends", value.text),
            )
            .help("write the shorter time first"),
        );
        return None;
    }
    Some((low, high))
}

/// A decimal count such as `128k`.
pub(super) fn count(value: &Value, report: &mut Report) -> Option<u64> {
    settle(count_of(&value.text, value), report)
}

/// A decimal number such as `0.7`, `-0.5` or `4k`, by its rank.
pub(super) fn decimal(value: &Value, report: &mut Report) -> Option<u64> {
    settle(decimal_of(value), report)
}

/// A count that a request says: it may be larger than any that a policy compares it with.
pub(super) fn any_count(value: &Value, report: &mut Report) -> Option<u64> {
    let number = value.text.parse().ok();
    let number = number.filter(|_| value.kind == Kind::Amount);
    number.or_else(|| count(value, report))
}

/// A decimal number that a request says, however many digits it has.
pub(super) fn any_decimal(value: &Value, report: &mut Report) -> Option<u64> {
    let is_number = matches!(value.kind, Kind::Amount | Kind::Negative);
    let rank = decimal::rank(value.text.as_bytes()).filter(|_| is_number);
    rank.or_else(|| decimal(value, report))
}

/// A plain whole number within bounds.
pub(super) fn plain(
    value: &Value,
    what: &str,
    bounds: (u64, u64),
    report: &mut Report,
) -> Option<u64> {
    let found = (|| {
        let (low, high) = bounds;
        let wrong = |text: String| Diagnostic::new(Code::WrongValue, value.span, text);
        let example = format!("write a number from {low} to {high}");
        if value.kind != Kind::Amount {
            return fault(wrong(format!("`{}` is not {what}", value.text)).help(example));
        }
        let Ok(number) = value.text.parse::<u64>() else {
            let message = format!("{what} has no unit: `{}`", value.text);
            return fault(Diagnostic::new(Code::WrongUnit, value.span, message).help(example));
        };
        if (low..=high).contains(&number) {
            return Ok(number);
        }
        fault(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                format!("`{number}` is out of range for {what}"),
            )
            .help(example),
        )
    })();
    settle(found, report)
}

/// A share in hundredths of a percent: `95%` is 9500.
pub(super) fn percent(value: &Value, report: &mut Report) -> Option<u32> {
    let number = value
        .text
        .strip_suffix('%')
        .filter(|_| value.kind == Kind::Percent);
    let share = number.and_then(|number| scaled(number, 100));
    let share = share.and_then(|share| u32::try_from(share).ok());
    let share = share.filter(|share| (1..=10_000).contains(share));
    if share.is_none() {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                format!("`{}` is out of range for a share", value.text),
            )
            .help("write a share from `0.01%` to `100%`"),
        );
    }
    share
}

/// A place among shares in hundredths of a percent: `97%` is 9700. Nothing is a place too.
pub(super) fn draw(value: &Value, report: &mut Report) -> Option<u32> {
    let is_first = value.kind == Kind::Percent && value.text == "0%";
    if is_first {
        Some(0)
    } else {
        percent(value, report)
    }
}

/// A number of bytes such as `64KiB` or `256MB`.
pub(super) fn bytes(value: &Value, report: &mut Report) -> Option<u64> {
    const UNITS: &[(&str, u64)] = &[
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("kB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
    ];
    let text = value.text.as_str();
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let number = unit.and_then(|(unit, _)| text.strip_suffix(unit));
    let number = number.filter(|_| value.kind == Kind::Amount);
    let found = number
        .zip(unit)
        .and_then(|(number, (_, size))| scaled(number, *size));
    if let Some(found) = found.filter(|found| (1..=1 << 40).contains(found)) {
        return Some(found);
    }
    let is_bare = value.kind == Kind::Amount && text.bytes().all(|b| b.is_ascii_digit());
    let (code, message) = if is_bare {
        (Code::NoUnit, format!("`{text}` has no unit"))
    } else if found.is_some() {
        (Code::OutOfRange, format!("`{text}` is out of range"))
    } else {
        let shown = fields::shown(value);
        (
            Code::WrongValue,
            format!("`{shown}` is not a number of bytes"),
        )
    };
    let found = Diagnostic::new(code, value.span, message);
    report.add(found.help("write bytes such as `64KiB`, `256MB` or `1GiB`, at most `1024GiB`"));
    None
}

/// A value of JSON: a text, a number, `true`, `false` or `null`.
pub(super) fn json(value: &Value, report: &mut Report) -> Option<String> {
    if value.kind == Kind::Text {
        return serde_json::to_string(&value.text).ok();
    }
    if value.kind == Kind::Word && matches!(value.text.as_str(), "true" | "false" | "null") {
        return Some(value.text.clone());
    }
    if !matches!(value.kind, Kind::Amount | Kind::Negative) {
        let shown = fields::shown(value);
        let message = format!("`{shown}` is not a value of JSON");
        report.add(
            Diagnostic::new(Code::WrongValue, value.span, message)
                .help("write a text between quotes, a number, `true`, `false` or `null`"),
        );
        return None;
    }
    let text = value.text.trim_start_matches('-');
    let sign = value.text.strip_suffix(text).unwrap_or_default();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if text.contains('.') && digits(whole) && digits(part) {
        decimal(value, report)?;
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        return Some(format!("{sign}{whole}.{part}"));
    }
    let count = settle(count_of(text, value), report)?;
    Some(format!("{sign}{count}"))
}

fn settle<T>(found: Result<T, Box<Diagnostic>>, report: &mut Report) -> Option<T> {
    found.map_err(|diagnostic| report.add(*diagnostic)).ok()
}

fn fault<T>(diagnostic: Diagnostic) -> Result<T, Box<Diagnostic>> {
    Err(Box::new(diagnostic))
}

fn duration_of(text: &str, value: &Value) -> Result<u64, Box<Diagnostic>> {
    let wrong = |code, message: String| Diagnostic::new(code, value.span, message);
    if !matches!(value.kind, Kind::Amount | Kind::Range) {
        return fault(
            wrong(Code::WrongValue, format!("`{}` is not a time", value.text))
                .help("write a time such as `500ms`, `30s`, `5m` or `1h30m`"),
        );
    }
    let mut total = Some(0_u64);
    for (number, unit) in parts(text) {
        let factor = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" => {
                return fault(
                    wrong(Code::NoUnit, format!("`{text}` has no unit"))
                        .label("seconds or milliseconds?")
                        .help(format!(
                            "write `{text}s` for seconds or `{text}ms` for milliseconds"
                        )),
                );
            }
            "M" => {
                let fixed = value.text.replace('M', "m");
                return fault(
                    wrong(
                        Code::MinutesOrMillions,
                        format!("`{text}` is a count of millions, and a time is due"),
                    )
                    .help(format!("minutes are written `{fixed}`"))
                    .fix(value.span, fixed),
                );
            }
            _ => {
                return fault(
                    wrong(Code::WrongUnit, format!("`{unit}` is not a unit of time"))
                        .help("the units of time are `ms`, `s`, `m`, `h` and `d`"),
                );
            }
        };
        total = total
            .zip(scaled(number, factor))
            .and_then(|(sum, part)| sum.checked_add(part));
    }
    match total {
        Some(ms) if (1..=TIME_MS_MAX).contains(&ms) => Ok(ms),
        _ => fault(
            wrong(Code::OutOfRange, format!("`{text}` is out of range"))
                .help("a time is at least `1ms` and at most `7d`, in whole milliseconds"),
        ),
    }
}

/// A count in the text of a value, which may stand behind a sign.
fn count_of(text: &str, value: &Value) -> Result<u64, Box<Diagnostic>> {
    let wrong = |code, message: String| Diagnostic::new(code, value.span, message);
    let is_number =
        value.kind == Kind::Amount || value.kind == Kind::Negative && !text.starts_with('-');
    if !is_number {
        return fault(
            wrong(Code::WrongValue, format!("`{text}` is not a count"))
                .help("write a number such as `8000`, `128k` or `2M`"),
        );
    }
    let mut list = parts(text);
    let (number, unit) = list
        .pop()
        .filter(|_| list.is_empty())
        .unwrap_or((text, "?"));
    let factor = match unit {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "m" => {
            let fixed = value.text.replace('m', "M");
            return fault(
                wrong(
                    Code::MinutesOrMillions,
                    format!("`{text}` is a time in minutes, and a count is due"),
                )
                .help(format!("millions are written `{fixed}`"))
                .fix(value.span, fixed),
            );
        }
        _ => {
            return fault(
                wrong(Code::WrongUnit, format!("`{text}` is not a count"))
                    .help("a count is a plain number or has `k` for thousands or `M` for millions"),
            );
        }
    };
    match scaled(number, factor) {
        Some(count) if count <= COUNT_MAX => Ok(count),
        _ => fault(
            wrong(Code::OutOfRange, format!("`{text}` is out of range"))
                .help("write a whole number of at most `1000000M`"),
        ),
    }
}

fn decimal_of(value: &Value) -> Result<u64, Box<Diagnostic>> {
    let text = value.text.as_str();
    let is_negative = value.kind == Kind::Negative;
    let text = text
        .strip_prefix('-')
        .filter(|_| is_negative)
        .unwrap_or(text);
    let ranked = |digits: &str| {
        let sign = value.text.strip_suffix(text).unwrap_or_default();
        decimal::rank(format!("{sign}{digits}").as_bytes())
    };
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if matches!(value.kind, Kind::Amount | Kind::Negative) && is_number && text.contains('.') {
        let millionths = scaled(text, 1_000_000).filter(|all| *all <= COUNT_MAX * 1_000_000);
        if let Some(rank) = millionths.and_then(|_| ranked(text)) {
            return Ok(rank);
        }
        let wrong = Diagnostic::new(
            Code::OutOfRange,
            value.span,
            format!("`{}` cannot be told from its neighbours", value.text),
        );
        return fault(wrong.help("a number has at most six decimals and is at most `1000000M`"));
    }
    let count = count_of(text, value)?;
    Ok(ranked(&count.to_string()).unwrap_or(u64::MAX))
}

/// `1h30m` as its numbers with their units.
fn parts(text: &str) -> Vec<(&str, &str)> {
    let mut list = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(letters);
        list.push((number, unit));
        if next.len() == rest.len() {
            break;
        }
        rest = next;
    }
    list
}

/// A decimal number times a factor, if that is a whole number. No floating point: `0.1` is a tenth.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut total = whole.parse::<u64>().ok()?.checked_mul(factor)?;
    let mut scale = factor;
    for digit in fraction.chars() {
        let digit = u64::from(digit.to_digit(10)?);
        if digit != 0 && (scale == 0 || !scale.is_multiple_of(10)) {
            return None;
        }
        scale /= 10;
        total = total.checked_add(digit.checked_mul(scale)?)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::span::Span;
    use std::sync::Arc;

    fn read<T>(
        kind: Kind,
        text: &str,
        read: fn(&Value, &mut Report) -> Option<T>,
    ) -> Result<T, &'static str> {
        let mut report = Report::new(Arc::from(Vec::<Source>::new()));
        let value = Value {
            kind,
            text: text.into(),
            span: Span::default(),
        };
        read(&value, &mut report).ok_or_else(|| report.diagnostics()[0].code.id())
    }

    #[test]
    fn a_time_is_whole_milliseconds() {
        let time = |text| read(Kind::Amount, text, duration);
        assert_eq!(time("200ms"), Ok(200));
        assert_eq!(time("1h30m"), Ok(5_400_000));
        assert_eq!(time("1.5s"), Ok(1_500));
        assert_eq!(time("7d"), Ok(TIME_MS_MAX));
        assert_eq!(time("30"), Err("C0304"));
        assert_eq!(time("5M"), Err("C0306"));
        assert_eq!(time("5k"), Err("C0305"));
        assert_eq!(time("0s"), Err("C0307"));
        assert_eq!(time("0.5ms"), Err("C0307"));
        assert_eq!(time("99999999999999999999s"), Err("C0307"));
        assert_eq!(
            read(Kind::Range, "200ms..5s", duration_range),
            Ok((200, 5_000))
        );
        assert_eq!(read(Kind::Range, "5s..200ms", duration_range), Err("C0307"));
        assert_eq!(read(Kind::Text, "5s", duration), Err("C0308"));
    }

    #[test]
    fn a_count_is_decimal() {
        let size = |text| read(Kind::Amount, text, count);
        assert_eq!(size("8000"), Ok(8_000));
        assert_eq!(size("1050k"), Ok(1_050_000));
        assert_eq!(size("1.5M"), Ok(1_500_000));
        assert_eq!(size("5m"), Err("C0306"));
        assert_eq!(size("5s"), Err("C0305"));
        assert_eq!(size("1.5"), Err("C0307"));
        assert_eq!(size("1k5k"), Err("C0305"));
    }

    #[test]
    fn a_price_is_whole_pico_dollars_per_token() {
        let rate = |text| read(Kind::Money, text, price);
        assert_eq!(rate("$1.25/M"), Ok(1_250_000));
        assert_eq!(rate("$0.001/M"), Ok(1_000));
        assert_eq!(rate("$0.001001/M"), Ok(1_001));
        assert_eq!(rate("$0/M"), Ok(0));
        assert_eq!(rate("$0.000999/M"), Err("C0307"));
        assert_eq!(rate("$0.0000001/M"), Err("C0307"));
        assert_eq!(rate("$1.2345678/M"), Err("C0307"));
        assert_eq!(rate("$1.23456708/M"), Err("C0307"), "behind a zero too");
        assert_eq!(rate("$5"), Err("C0304"));
        assert_eq!(rate("$5/k"), Err("C0305"));
        assert_eq!(rate("$5/m"), Err("C0306"));
        assert_eq!(read(Kind::Word, "free", price), Ok(0));
        assert_eq!(read(Kind::Amount, "5", price), Err("C0308"));
    }
}
