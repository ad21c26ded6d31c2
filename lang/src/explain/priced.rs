//! Prices, as a policy writes them.

use std::fmt::Write as _;

use claw_table::policy::{Charge, Hours, Rates, When};

use super::class::{dollars, rate};
use super::shown::count;
use crate::day::Day;
use crate::vocab::WEEKDAYS;

/// The qualifiers of a price, each with a blank before it.
pub fn when(when: &When) -> String {
    let mut out = String::new();
    // Writing to a text cannot fail.
    if let Some(tokens) = when.above_tokens {
        let _ = write!(out, " above {}", count(tokens));
    }
    if let Some(tier) = &when.tier {
        let _ = write!(out, " tier {tier}");
    }
    if let Some(hours) = &when.during {
        let _ = write!(out, " during {}", times(hours));
    }
    if let Some(day) = when.from_day {
        let _ = write!(out, " from {}", Day(day));
    }
    out
}

/// What is said of each charge, or `free` where all of it is.
pub fn rates(rates: &Rates) -> String {
    if Charge::ALL
        .iter()
        .all(|charge| rates.pico(*charge) == Some(0))
    {
        return "free".to_owned();
    }
    let said = Charge::ALL.into_iter().filter_map(|charge| {
        let pico = rates.pico(charge)?;
        let shown = if charge.is_per_token() {
            rate(pico)
        } else {
            dollars(pico.into())
        };
        Some(format!("{} {shown}", charge.word()))
    });
    said.collect::<Vec<_>>().join(", ")
}

/// Days, hours and zone.
pub(crate) fn times(hours: &Hours) -> String {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let (from, to) = (clock(hours.from_minute), clock(hours.to_minute));
    let is_on = |day: usize| hours.days & (1 << (day % 7)) != 0;
    let first = (0..7).find(|day| is_on(*day) && !is_on(day + 6));
    let days = first.map_or_else(String::new, |first| {
        let last = (first..first + 7)
            .take_while(|day| is_on(*day))
            .last()
            .unwrap_or(first);
        let name = |day: usize| WEEKDAYS.get(day % 7).copied().unwrap_or_default();
        if first == last {
            format!("{} ", name(first))
        } else {
            format!("{}..{} ", name(first), name(last))
        }
    });
    format!("{days}{from}..{to} \"{}\"", hours.zone)
}
