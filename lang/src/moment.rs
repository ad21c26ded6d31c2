//! A moment as a test says it: a day, a time of the day, and whose clock shows them.

use std::fmt;

use crate::day::Day;
use crate::vocab::WEEKDAYS;
use crate::zone::{Skipped, Zone};

/// A minute, and the zone in whose words it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Minutes since 1970, in UTC.
    pub minute: i64,
    /// The name of the zone.
    pub zone: String,
}

/// Why a moment cannot be read; its text says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoMoment {
    /// It is no moment.
    #[error("a moment such as `2026-11-21 10:00 Europe/Berlin`")]
    Shape,
    /// No zone has this name.
    #[error("a moment in a time zone that there is, such as `Europe/Berlin`, and not `{0}`")]
    Zone(String),
    /// The clocks go forward over it.
    #[error("a moment that clocks show; on that day they go forward over this one")]
    Skipped,
}

impl Moment {
    /// When an ordinary request comes: a Wednesday, at noon.
    pub fn ordinary() -> Self {
        Self {
            minute: 20_775 * 1440 + 720,
            zone: "UTC".to_owned(),
        }
    }

    /// The moment in which the clocks of a zone show this.
    ///
    /// # Errors
    /// They never do.
    pub fn of(day: Day, minute: u16, (name, zone): (&str, &Zone)) -> Result<Self, Skipped> {
        Ok(Self {
            minute: zone.minute(day, minute)?,
            zone: name.to_owned(),
        })
    }

    /// Reads `2026-11-21 10:00 Europe/Berlin`; without a zone it is UTC.
    ///
    /// # Errors
    /// It is no such moment.
    pub fn read(text: &str) -> Result<Self, NoMoment> {
        let mut parts = text.split(' ');
        let day = parts.next().and_then(Day::read).ok_or(NoMoment::Shape)?;
        let minute = parts.next().and_then(clock).ok_or(NoMoment::Shape)?;
        let name = parts.next().unwrap_or("UTC");
        if parts.next().is_some() {
            return Err(NoMoment::Shape);
        }
        let zone = Zone::named(name).ok_or_else(|| NoMoment::Zone(name.to_owned()))?;
        Self::of(day, minute, (name, &zone)).map_err(|Skipped| NoMoment::Skipped)
    }

    /// The same moment, told by another clock.
    #[must_use]
    pub fn by(&self, zone: &str) -> Self {
        Self {
            minute: self.minute,
            zone: zone.to_owned(),
        }
    }

    /// The day of the week that the clock shows.
    pub fn weekday(&self) -> &'static str {
        let day = Zone::named(&self.zone).map(|zone| zone.week_minute(self.minute) / 1440);
        let day = day.and_then(|day| WEEKDAYS.get(usize::from(day)));
        day.copied().unwrap_or_default()
    }

    /// Date, time of the day and the zone in which they name this moment and no other.
    pub fn told(&self) -> (String, String, &str) {
        let own = Zone::named(&self.zone);
        let own = own.map(|zone| (zone.shown(self.minute), self.zone.as_str()));
        let utc = || Zone::named("UTC").map(|zone| (zone.shown(self.minute), "UTC"));
        // What clocks show twice is told by a clock that shows it once.
        let found = own.filter(|(shown, _)| shown.is_once).or_else(utc);
        found.map_or_else(Default::default, |(shown, zone)| {
            let (date, time) = (shown.local.date(), shown.local.time());
            let clock = format!("{:02}:{:02}", time.hour(), time.minute());
            (date.to_string(), clock, zone)
        })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, clock, zone) = self.told();
        write!(f, "{date} {clock} \"{zone}\"")
    }
}

/// The minute of the day that `10:30` names.
pub fn clock(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| {
        let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_two.then(|| digits.parse::<u16>().ok())?
    };
    let (hour, minute) = (two(hour)?, two(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::{Moment, NoMoment};

    #[test]
    fn a_moment_is_told_as_it_is_read() {
        for text in [
            "2026-11-21 10:00 Europe/Berlin",
            "2026-07-01 00:00 UTC",
            "2026-12-31 23:59 Pacific/Kiritimati",
        ] {
            let moment = Moment::read(text).unwrap();
            let (date, clock, zone) = moment.told();
            assert_eq!(format!("{date} {clock} {zone}"), text);
        }
        assert_eq!(Moment::ordinary().to_string(), r#"2026-11-18 12:00 "UTC""#);
        assert_eq!(Moment::read("2026-11-18 12:00"), Ok(Moment::ordinary()));
    }

    #[test]
    fn a_moment_that_clocks_show_twice_is_told_in_utc() {
        let first = Moment::read("2026-10-25 02:30 Europe/Berlin").unwrap();
        assert_eq!(first.to_string(), r#"2026-10-25 00:30 "UTC""#);
    }

    #[test]
    fn what_is_no_moment_says_what_to_write() {
        let fault = |text| Moment::read(text).unwrap_err();
        for text in [
            "",
            "2026-11-21",
            "2026-11-21 25:00",
            "2026-13-01 10:00",
            "2026-11-21 10:00 UTC x",
        ] {
            assert_eq!(fault(text), NoMoment::Shape, "{text}");
        }
        assert_eq!(fault("2026-03-29 02:30 Europe/Berlin"), NoMoment::Skipped);
        assert_eq!(
            fault("2026-03-29 02:30 Mars"),
            NoMoment::Zone("Mars".into())
        );
    }
}
