//! Days, times of the day and whose clock shows them.

use claw_table::policy::Hours;

use super::fields;
use crate::codes::Code;
use crate::day::Day;
use crate::moment::{self, Moment};
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::Value;
use crate::syntax::escape;
use crate::syntax::habits::written;
use crate::syntax::lexer::Kind;
use crate::vocab;
use crate::zone::{self, Zone};

/// A day, as `2026-12-01`.
pub(super) fn day(value: &Value, report: &mut Report) -> Option<Day> {
    let found = Day::read(&value.text).filter(|_| value.kind == Kind::Date);
    if found.is_none() {
        let shown = &value.text;
        let (code, message) = if value.kind == Kind::Date {
            (Code::OutOfRange, format!("there is no day `{shown}`"))
        } else {
            (Code::WrongValue, format!("`{shown}` is not a day"))
        };
        let found = Diagnostic::new(code, value.span, message);
        report.add(found.help("write year, month and day: `2026-12-01`"));
    }
    found
}

/// The minutes of the day at which `22:00..06:00` begins and ends.
pub(super) fn clock_range(value: &Value, report: &mut Report) -> Option<(u16, u16)> {
    let minute = |text: &str| moment::clock(text).or((text == "24:00").then_some(24 * 60));
    let found = value.text.split_once("..").and_then(|(from, to)| {
        Some((minute(from)?, minute(to)?)).filter(|(from, to)| from != to && *from < 24 * 60)
    });
    if found.is_none() {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                format!("`{}` is not a time of the day", value.text),
            )
            .help("write when it begins and when it ends: `22:00..06:00`"),
        );
    }
    found
}

/// The days of the week in `mon..fri` or `sat`: bit 0 is Monday. A range may go over Sunday.
pub(super) fn weekdays(value: &Value, report: &mut Report) -> Option<u8> {
    let at = |text: &str| vocab::WEEKDAYS.iter().position(|day| *day == text);
    let (from, to) = value
        .text
        .split_once("..")
        .unwrap_or((&value.text, &value.text));
    let (Some(from), Some(to)) = (at(from), at(to)) else {
        report.add(no_days(value, (from, to)));
        return None;
    };
    let count = (to + 7 - from) % 7;
    let days = (0..=count).map(|step| 1_u8 << ((from + step) % 7));
    Some(days.fold(0, |all, day| all | day))
}

/// `mon-fri` and `09:00-17:00`, with what to write instead.
pub(super) fn other_span(value: &Value) -> Option<Diagnostic> {
    let (code, better) = if value.kind == Kind::Word {
        (Code::UnknownWord, written::days(&value.text)?)
    } else if value.kind == Kind::Odd {
        (Code::WrongValue, written::hours(&value.text)?)
    } else {
        return None;
    };
    let message = format!("`{}` is no range here", value.text);
    let found = Diagnostic::new(code, value.span, message);
    Some(
        found
            .help(format!("write `{better}`"))
            .fix(value.span, better),
    )
}

/// What is no day, with the days that were meant.
fn no_days(value: &Value, (from, to): (&str, &str)) -> Diagnostic {
    let found = Diagnostic::new(
        Code::UnknownWord,
        value.span,
        format!("`{}` names no days of the week", value.text),
    );
    let meant = |text: &str| {
        let low = text.to_ascii_lowercase();
        let mut days = vocab::WEEKDAYS.iter();
        days.find(|day| low.starts_with(**day)).copied()
    };
    match (meant(from), meant(to)) {
        (Some(from), Some(to)) if from == to => found.meant(value.span, from),
        (Some(from), Some(to)) => found.meant(value.span, &format!("{from}..{to}")),
        _ => found.help("write `mon..fri`, or one of `mon` `tue` `wed` `thu` `fri` `sat` `sun`"),
    }
}

/// The name of a time zone that there is.
pub(super) fn zone(value: &Value, report: &mut Report) -> Option<String> {
    let name = fields::text(value, "a time zone", report)?;
    if Zone::named(name).is_some() {
        return Some(name.to_owned());
    }
    let shown = escape(name);
    let found = Diagnostic::new(
        Code::UnknownZone,
        value.span,
        format!("there is no time zone `{shown}`"),
    );
    if let Some(help) = offset(name) {
        report.add(found.help(help));
        return None;
    }
    report.add(match zone::meant(name) {
        Some(meant) => {
            let meant = escape(&meant);
            found
                .help(format!("did you mean `{meant}`?"))
                .fix(value.span, meant)
        }
        None => found.help("write `\"UTC\"` or the name of a place: `\"Europe/Berlin\"`"),
    });
    None
}

/// What to write instead of a difference to UTC. The names of the database that look like one have
/// the sign the other way round, so none of them is offered as an edit.
fn offset(name: &str) -> Option<String> {
    let low = name.trim().to_ascii_lowercase();
    let plain = low.trim_start_matches("etc/");
    let plain = ["utc", "gmt"]
        .iter()
        .find_map(|word| plain.strip_prefix(word))
        .unwrap_or(plain)
        .trim_start();
    let (sign, hours) = (plain.get(..1)?, plain.get(1..)?);
    let is_offset = ["+", "-"].contains(&sign) && hours.starts_with(|c: char| c.is_ascii_digit());
    if !is_offset {
        return None;
    }
    let whole = hours.trim_start_matches('0').trim_end_matches(":00");
    let hours = whole.parse::<u8>().ok().filter(|hours| *hours <= 12);
    let place = "write a place, whose clocks are known: `\"Europe/Berlin\"`";
    let (turned, way) = match sign {
        "+" => ("-", "ahead of"),
        _ => ("+", "behind"),
    };
    Some(match hours {
        Some(hours) if !low.starts_with("etc/") => {
            let plural = if hours == 1 { "hour" } else { "hours" };
            format!("{place}; `\"Etc/GMT{turned}{hours}\"` is {hours} {plural} {way} UTC")
        }
        _ => format!("{place}; `\"Etc/GMT-2\"` is 2 hours ahead of UTC"),
    })
}

/// `mon..fri 22:00..06:00 "Europe/Berlin"`, of which days or hours may be left out, and the zone
/// where one of a later window counts.
pub(super) fn window(values: &[Value], report: &mut Report) -> Option<Window> {
    let (mut days, mut minutes, mut zoned) = (None, None, None);
    for value in values {
        let is_first = days.is_none() && minutes.is_none();
        if let Some(found) = other_span(value) {
            report.add(found);
            return None;
        }
        if matches!(value.kind, Kind::Range | Kind::Word) && is_first {
            days = Some(weekdays(value, report)?);
        } else if value.kind == Kind::ClockRange && minutes.is_none() && zoned.is_none() {
            minutes = Some(clock_range(value, report)?);
        } else if value.kind == Kind::Text && zoned.is_none() && !is_first {
            zoned = Some(zone(value, report)?);
        } else {
            let message = format!("`{}` does not fit into a time", fields::shown(value));
            report.add(
                Diagnostic::new(Code::WrongValue, value.span, message)
                    .help("write days, hours and zone: `mon..fri 22:00..06:00 \"Europe/Berlin\"`"),
            );
            return None;
        }
    }
    let (from_minute, to_minute) = minutes.unwrap_or((0, 24 * 60));
    Some(Window {
        days: days.unwrap_or(0x7f),
        from_minute,
        to_minute,
        zone: zoned,
    })
}

/// A window whose zone may still be to come.
#[derive(Debug)]
pub(super) struct Window {
    days: u8,
    from_minute: u16,
    to_minute: u16,
    zone: Option<String>,
}

/// All windows of a list. A zone holds for those before it that name none.
pub(super) fn windows(list: &[Vec<Value>], report: &mut Report) -> Option<Vec<Hours>> {
    let read: Vec<Option<Window>> = list.iter().map(|one| window(one, report)).collect();
    let mut hours = Vec::with_capacity(read.len());
    let mut later: Option<String> = None;
    for window in read
        .into_iter()
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .rev()
    {
        let Some(zone) = window.zone.or_else(|| later.clone()) else {
            let end = list.last().and_then(|one| one.last());
            let at = end.map_or_else(Default::default, |value| value.span.after());
            report.add(
                Diagnostic::new(
                    Code::WrongValue,
                    at,
                    "this time does not say whose clock shows it",
                )
                .help("write `\"UTC\"` or the name of a place: `\"Europe/Berlin\"`")
                .fix(at, " \"UTC\""),
            );
            return None;
        };
        later = Some(zone.clone());
        hours.push(Hours {
            days: window.days,
            from_minute: window.from_minute,
            to_minute: window.to_minute,
            zone,
        });
    }
    hours.reverse();
    Some(hours)
}

/// `2026-11-21 10:00 "Europe/Berlin"`
pub(super) fn moment(values: &[&Value], report: &mut Report) -> Option<Moment> {
    const SHAPE: &str = "write day, time and zone: `at 2026-11-21 10:00 \"Europe/Berlin\"`";
    let wrong = |at: &Value| {
        let message = format!("`{}` does not fit into a moment", fields::shown(at));
        Diagnostic::new(Code::WrongValue, at.span, message).help(SHAPE)
    };
    let (date, clock, name) = match values {
        [date, clock, name] => (*date, *clock, *name),
        [date, clock] if clock.kind == Kind::Clock => {
            let at = clock.span.after();
            let message = "this moment does not say whose clock shows it";
            report.add(
                Diagnostic::new(Code::WrongValue, at, message)
                    .help("write `\"UTC\"` or the name of a place: `\"Europe/Berlin\"`")
                    .fix(at, " \"UTC\""),
            );
            day(date, report);
            return None;
        }
        [.., last] => {
            report.add(wrong(last));
            return None;
        }
        [] => return None,
    };
    for (value, kind) in [(date, Kind::Date), (clock, Kind::Clock)] {
        if value.kind != kind {
            report.add(wrong(value));
            return None;
        }
    }
    let day = day(date, report);
    let minute = moment::clock(&clock.text);
    if minute.is_none() {
        report.add(wrong(clock));
    }
    let own = zone(name, report);
    let (day, minute, own) = (day?, minute?, own?);
    let found = Moment::of(day, minute, (&own, &Zone::named(&own)?));
    if found.is_err() {
        let message = format!("on this day no clock shows {} in {own}", clock.text);
        report.add(
            Diagnostic::new(Code::OutOfRange, clock.span, message)
                .label("clocks go forward over it")
                .help("write a time before or after the change"),
        );
    }
    found.ok()
}
