//! Days of the calendar as numbers, and back.

use std::fmt;

/// A day, in days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub u32);

impl Day {
    /// The day that `2026-11-21` names, if there is such a day from 1970 to 9999.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| {
            let part = parts.next().filter(|part| part.len() == digits)?;
            part.bytes()
                .all(|b| b.is_ascii_digit())
                .then(|| part.parse::<u32>().ok())?
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        let is_whole = parts.next().is_none();
        let exists =
            year >= 1970 && (1..=12).contains(&month) && (1..=days(year, month)).contains(&day);
        (is_whole && exists).then(|| Self(day_of(year, month, day)))
    }

    /// How many days this is after the other; nothing if it is before it.
    pub fn since(self, other: Self) -> Option<u32> {
        self.0.checked_sub(other.0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        let mut year = 1970;
        while rest >= year_days(year) {
            rest -= year_days(year);
            year += 1;
        }
        let mut month = 1;
        while rest >= days(year, month) {
            rest -= days(year, month);
            month += 1;
        }
        write!(f, "{year:04}-{month:02}-{:02}", rest + 1)
    }
}

fn day_of(year: u32, month: u32, day: u32) -> u32 {
    let years: u32 = (1970..year).map(year_days).sum();
    let months: u32 = (1..month).map(|month| days(year, month)).sum();
    years + months + day - 1
}

fn year_days(year: u32) -> u32 {
    365 + u32::from(is_leap(year))
}

fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn a_day_is_read_and_written() {
        assert_eq!(Day::read("1970-01-01"), Some(Day(0)));
        assert_eq!(Day::read("2000-03-01"), Some(Day(11_017)));
        assert_eq!(Day::read("2026-11-21"), Some(Day(20_778)));
        for day in (0..60_000).step_by(7) {
            assert_eq!(Day::read(&Day(day).to_string()), Some(Day(day)));
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_none() {
        for text in [
            "2025-02-29",
            "1900-01-01",
            "2026-13-01",
            "2026-00-01",
            "2026-1-01",
            "2026-04-31",
            "2026-01-01-01",
            "20260101",
            "+026-01-01",
        ] {
            assert_eq!(Day::read(text), None, "{text}");
        }
    }
}
