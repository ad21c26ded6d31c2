//! The time zones that a table asks for, opened once when it is loaded.
//!
//! The database travels with the gateway; what the machine has of one is never asked, so a policy
//! means the same wherever it is served.

use claw_table::{Fact, Table};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// A zone that the table names and this build does not know.
#[derive(Debug, thiserror::Error)]
#[error(
    "there is no time zone `{0}` in this build; write another one, or use a build that knows it"
)]
pub struct NoZone(pub String);

/// Every zone of a table, by its name.
#[derive(Debug, Default)]
pub struct Zones {
    known: Vec<(String, TimeZone)>,
}

impl Zones {
    /// The zones by whose clocks a table asks, charges or counts.
    ///
    /// # Errors
    /// The first that is not known.
    pub fn of(table: &Table) -> Result<Self, NoZone> {
        let names = table.zones().into_iter();
        if names.len() == 0 {
            return Ok(Self::default());
        }
        let database = TimeZoneDatabase::bundled();
        let known = names.map(|name| {
            let found = database.get(name).ok();
            // A name in other letters is another name: the compiler lets none through.
            let found = found.filter(|zone| zone.iana_name() == Some(name));
            let zone = found.ok_or_else(|| NoZone(name.to_owned()))?;
            Ok((name.to_owned(), zone))
        });
        Ok(Self {
            known: known.collect::<Result<_, _>>()?,
        })
    }

    /// The zone of this name.
    pub fn zone(&self, name: &str) -> Option<&TimeZone> {
        let mut all = self.known.iter();
        all.find(|(known, _)| known == name).map(|(_, zone)| zone)
    }

    /// The minute of the week that the clock of a fact shows at a moment, in milliseconds since
    /// 1970; Monday begins at 0.
    pub fn week_minute(&self, fact: &Fact, at_ms: u64) -> Option<u64> {
        let zone = self.zone(fact.zone()?)?;
        let at = Timestamp::from_second(i64::try_from(at_ms / 1000).ok()?).ok()?;
        let shown = zone.to_datetime(at);
        let day = i64::from(shown.weekday().to_monday_zero_offset());
        let minute = (day * 24 + i64::from(shown.hour())) * 60 + i64::from(shown.minute());
        u64::try_from(minute).ok()
    }
}

#[cfg(test)]
mod tests {
    use claw_table::policy::{
        Action, Calendar, Ceiling, Deny, Held, Policy, Scope, Then, Unit, Window,
    };
    use claw_table::{DenyId, Fact, Parts, Table};

    use super::Zones;

    /// A table that counts by the clocks of these zones.
    fn table(zones: &[&str]) -> Table {
        let ceilings = zones.iter().map(|zone| Ceiling {
            name: (*zone).to_owned(),
            window: Window::Calendar(Calendar {
                unit: Unit::Day,
                zone: (*zone).to_owned(),
            }),
            scope: Scope::All,
            amount_pico: 1,
            per: Vec::new(),
            held: Held::Most,
            steps: Vec::new(),
            then: Then::Deny,
        });
        let policy = Policy {
            ceilings: ceilings.collect(),
            denies: vec![Deny {
                status: 400,
                text: "no".to_owned(),
            }],
            ..Policy::default()
        };
        let bytes = claw_table::encode(&Parts::always(policy, Action::Deny(DenyId(0))));
        Table::open(&bytes).unwrap()
    }

    #[test]
    fn a_zone_that_is_not_known_is_named() {
        for name in ["Mars/Olympus", "europe/berlin", "Berlin", ""] {
            let why = Zones::of(&table(&["UTC", name])).unwrap_err();
            assert_eq!(why.0, name);
        }
        assert!(Zones::of(&table(&[])).is_ok());
    }

    #[test]
    fn clocks_show_what_the_compiler_says_they_do() {
        let names = [
            "UTC",
            "Europe/Berlin",
            "America/New_York",
            "Asia/Kathmandu",
            "Pacific/Chatham",
        ];
        let zones = Zones::of(&table(&names)).unwrap();
        for name in names {
            let fact = Fact::Time(name.to_owned());
            let theirs = claw_lang::zone::Zone::named(name).unwrap();
            // A prime number of minutes, so that every time of the day comes up.
            for minute in (29_000_000..31_000_000_i64).step_by(3_571) {
                let at_ms = u64::try_from(minute).unwrap() * 60_000 + 59_999;
                let ours = zones.week_minute(&fact, at_ms);
                assert_eq!(
                    ours,
                    Some(theirs.week_minute(minute).into()),
                    "{name} {minute}"
                );
            }
        }
    }
}
