//! Time zones, from the database that travels with the compiler: the machine's own is never asked,
//! so the same policy means the same everywhere.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use claw_table::policy::WEEK_MINUTES;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use crate::day::Day;
use crate::near::nearest;

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The years that are looked at for what clocks can show at once: from the first minute of 2024 to
/// the last of 2049. Beyond them stand governments.
const YEARS: (i64, i64) = (minute_of(19_723), minute_of(29_220));

const fn minute_of(day: i64) -> i64 {
    day * 1440
}

/// One time zone.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

/// What a clock shows at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Date and time of the day, without seconds.
    pub local: DateTime,
    /// Whether it shows this once only.
    pub is_once: bool,
}

/// A time of the day that a zone does not have on that day: its clocks go forward over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped;

impl Zone {
    /// The zone of this name, in its one spelling.
    pub fn named(name: &str) -> Option<Self> {
        let is_named = name == "UTC" || name.contains('/');
        let zone = DATABASE.get(name).ok().filter(|_| is_named)?;
        (zone.iana_name() == Some(name)).then_some(Self(zone))
    }

    /// The minute of the week that its clocks show in a minute since 1970; Monday begins at 0.
    pub fn week_minute(&self, minute: i64) -> u16 {
        let local = self.0.to_datetime(moment(minute));
        let day = local.weekday().to_monday_zero_offset();
        let minute = i64::from(day) * 1440 + i64::from(local.hour()) * 60;
        u16::try_from(minute + i64::from(local.minute())).unwrap_or(0)
    }

    /// What its clocks show in a minute since 1970.
    pub fn shown(&self, minute: i64) -> Shown {
        let local = self.0.to_datetime(moment(minute));
        let known = self.0.to_ambiguous_timestamp(local).offset();
        Shown {
            local,
            is_once: matches!(known, AmbiguousOffset::Unambiguous { .. }),
        }
    }

    /// The minute since 1970 in which its clocks show this; the first one, where there are two.
    pub fn minute(&self, day: Day, minute: u16) -> Result<i64, Skipped> {
        let midnight = moment(minute_of(day.0.into()));
        let date: Date = TimeZone::UTC.to_datetime(midnight).date();
        let (hour, minute) = (minute / 60, minute % 60);
        let small = |number: u16| i8::try_from(number).unwrap_or(0);
        let found = self
            .0
            .to_ambiguous_timestamp(date.at(small(hour), small(minute), 0, 0));
        if let AmbiguousOffset::Gap { .. } = found.offset() {
            return Err(Skipped);
        }
        let found = found.earlier().map_err(|_| Skipped)?;
        Ok(found.as_second().div_euclid(60))
    }

    /// How many minutes its clocks are ahead.
    fn ahead(&self, minute: i64) -> i64 {
        i64::from(self.0.to_offset(moment(minute)).seconds()).div_euclid(60)
    }
}

/// A name that was meant by one that no zone has.
pub fn meant(name: &str) -> Option<String> {
    let names: Vec<String> = DATABASE
        .available()
        .map(|name| name.as_str().to_owned())
        .filter(|name| Zone::named(name).is_some())
        .collect();
    let low = name.to_ascii_lowercase().replace(' ', "_");
    let is_name = |known: &&String| known.eq_ignore_ascii_case(&low);
    let place = |known: &String| known.rsplit('/').next().map(str::to_ascii_lowercase);
    let is_place = |known: &&String| place(known).as_deref() == Some(low.as_str());
    let found = names.iter().find(is_name);
    if let Some(found) = found.or_else(|| names.iter().find(is_place)) {
        return Some(found.clone());
    }
    nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
}

/// A time in which no zone of some changes its clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Its first minute since 1970.
    pub from: i64,
    /// Its end, itself not in it.
    pub end: i64,
    /// How many minutes each zone is ahead.
    pub ahead: Vec<i64>,
}

impl Stretch {
    /// What the clock of a zone shows in a minute of it, as a minute of the week.
    pub fn week_minute(&self, zone: usize, minute: i64) -> u16 {
        let ahead = self.ahead.get(zone).copied().unwrap_or(0);
        // The first day of 1970 was a Thursday.
        let week = i64::from(WEEK_MINUTES);
        u16::try_from((minute + ahead + 3 * 1440).rem_euclid(week)).unwrap_or(0)
    }
}

/// All the stretches of the years that are looked at, in order.
pub fn stretches(zones: &[Zone]) -> Vec<Stretch> {
    let (first, end) = YEARS;
    let mut starts = BTreeSet::from([first]);
    for Zone(zone) in zones {
        let changes = zone.following(moment(first));
        let minutes = changes.map(|change| change.timestamp().as_second().div_euclid(60));
        starts.extend(minutes.take_while(|minute| *minute < end));
    }
    let ends = starts.iter().skip(1).copied().chain([end]);
    let mut all: Vec<Stretch> = Vec::new();
    for (from, end) in starts.iter().copied().zip(ends) {
        let ahead: Vec<i64> = zones.iter().map(|zone| zone.ahead(from)).collect();
        match all.last_mut() {
            // Some changes are of the name alone.
            Some(last) if last.ahead == ahead => last.end = end,
            _ => all.push(Stretch { from, end, ahead }),
        }
    }
    all
}

fn moment(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(60)).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    #[test]
    fn a_zone_has_one_spelling_and_others_are_led_to_it() {
        assert!(Zone::named("UTC").is_some() && Zone::named("America/New_York").is_some());
        for name in [
            "europe/berlin",
            "CET",
            "EST",
            "Berlin",
            "Europe/Berln",
            "",
            "/",
            "Mars/Olympus",
        ] {
            assert!(Zone::named(name).is_none(), "{name}");
        }
        let meant = |name| meant(name).unwrap_or_default();
        assert_eq!(meant("europe/berlin"), "Europe/Berlin");
        assert_eq!(meant("Europe/Berln"), "Europe/Berlin");
        assert_eq!(meant("berlin"), "Europe/Berlin");
        assert_eq!(meant("New York"), "America/New_York");
        assert_eq!(meant("utc"), "UTC");
        assert_eq!(meant("Mars/Olympus"), "");
    }

    #[test]
    fn clocks_that_change_show_an_hour_never_or_twice() {
        let berlin = zone("Europe/Berlin");
        let read = |day, hour: u16| berlin.minute(Day::read(day).unwrap(), hour * 60 + 30);
        assert_eq!(read("2026-03-29", 2), Err(Skipped));
        let (first, before) = (
            read("2026-10-25", 2).unwrap(),
            read("2026-10-25", 1).unwrap(),
        );
        assert_eq!(first - before, 60);
        assert!(!berlin.shown(first).is_once && !berlin.shown(first + 60).is_once);
        assert_eq!(berlin.shown(first).local, berlin.shown(first + 60).local);
        assert!(berlin.shown(first + 120).is_once);
        assert_eq!(berlin.week_minute(first), 6 * 1440 + 150);
    }

    #[test]
    fn a_stretch_tells_what_each_clock_shows_in_every_minute_of_it() {
        let names = [
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Africa/Casablanca",
            "Asia/Kathmandu",
        ];
        let zones: Vec<Zone> = names.iter().map(|name| zone(name)).collect();
        let all = stretches(&zones);
        assert_eq!(all.first().unwrap().from, YEARS.0);
        assert_eq!(all.last().unwrap().end, YEARS.1);
        for (one, next) in all.iter().zip(all.iter().skip(1)) {
            assert_eq!(one.end, next.from);
        }
        for one in &all {
            for at in [
                one.from,
                one.from + 1,
                i64::midpoint(one.from, one.end),
                one.end - 1,
            ] {
                for (number, zone) in zones.iter().enumerate() {
                    assert_eq!(
                        one.week_minute(number, at),
                        zone.week_minute(at),
                        "{at} {number}"
                    );
                }
            }
        }
    }
}
