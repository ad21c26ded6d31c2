//! Times of the day on days of the week, by the clock of one zone.

/// A time of the day on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    /// Bit 0 is Monday, bit 6 is Sunday; never none.
    pub days: u8,
    /// The minute of the day at which it begins.
    pub from_minute: u16,
    /// The minute at which it ends, itself not counted. If that is not later, it ends on the day
    /// after.
    pub to_minute: u16,
    /// The name of the time zone.
    pub zone: String,
}

/// Minutes of a week.
pub const WEEK_MINUTES: u16 = 7 * DAY_MINUTES;

const DAY_MINUTES: u16 = 24 * 60;

impl Hours {
    /// The minutes of the week in it: first ones and ends, which are not counted. None goes over
    /// the end of the week; they are sorted, and neighbours are one.
    pub fn ranges(&self) -> Vec<(u16, u16)> {
        let mut ranges = Vec::new();
        for day in (0..7).filter(|day| self.days & (1 << day) != 0) {
            let from = day * DAY_MINUTES + self.from_minute;
            let over = if self.to_minute > self.from_minute {
                0
            } else {
                DAY_MINUTES
            };
            let end = day * DAY_MINUTES + self.to_minute + over;
            ranges.push((from, end.min(WEEK_MINUTES)));
            // What is left of it on Sunday night is early on Monday.
            ranges.push((0, end.saturating_sub(WEEK_MINUTES)));
        }
        joined(ranges)
    }

    /// Whether this minute of the week, by the clock of the zone, is in it.
    pub fn holds(&self, minute: u16) -> bool {
        let (day, minute) = (minute / DAY_MINUTES, minute % DAY_MINUTES);
        let is_on = |day: u16| self.days & (1 << (day % 7)) != 0;
        let begun = is_on(day) && minute >= self.from_minute;
        if self.to_minute > self.from_minute {
            return begun && minute < self.to_minute;
        }
        begun || is_on(day + 6) && minute < self.to_minute
    }
}

/// The same minutes, sorted, with neighbours as one.
pub fn joined(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.retain(|(from, end)| from < end);
    ranges.sort_unstable();
    let mut out: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
    for (from, end) in ranges {
        match out.last_mut() {
            Some((_, last)) if *last >= from => *last = end.max(*last),
            _ => out.push((from, end)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Hours, WEEK_MINUTES};

    #[test]
    fn a_night_ends_on_the_day_after_and_a_week_begins_again() {
        let hours = |days, from_minute, to_minute| Hours {
            days,
            from_minute,
            to_minute,
            zone: "UTC".to_owned(),
        };
        let night = hours(0b100_0001, 22 * 60, 6 * 60);
        assert_eq!(
            night.ranges(),
            [(0, 360), (1320, 1440 + 360), (7 * 1440 - 120, 7 * 1440)]
        );
        assert_eq!(hours(0x7f, 0, 1440).ranges(), [(0, WEEK_MINUTES)]);
        assert_eq!(hours(0x7f, 600, 0).ranges().len(), 7);
        for days in [1, 0x1f, 0x60, 0x7f, 0b101_0101] {
            for (from, to) in [(0, 1440), (1320, 360), (540, 1020), (600, 0), (1, 2)] {
                let hours = hours(days, from, to);
                let ranges = hours.ranges();
                for minute in 0..WEEK_MINUTES {
                    let listed = ranges
                        .iter()
                        .any(|(from, end)| (*from..*end).contains(&minute));
                    assert_eq!(hours.holds(minute), listed, "{hours:?} at {minute}");
                }
            }
        }
    }
}
