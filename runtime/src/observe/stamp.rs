//! A moment as text.

/// A time of day in UTC as RFC 3339 writes it, with milliseconds: `2026-11-21T10:00:00.042Z`.
pub fn rfc3339(at_ms: u64) -> String {
    rfc3339_bytes(at_ms).map(char::from).iter().collect()
}

/// The same as bytes, for a line that is written often. Years are those of four digits.
pub fn rfc3339_bytes(at_ms: u64) -> [u8; 24] {
    let (seconds, millis) = (at_ms / 1000, at_ms % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let digit = |number: u64, unit: u64| b'0' + u8::try_from(number / unit % 10).unwrap_or(0);
    let two = |number: u64| [digit(number, 10), digit(number, 1)];
    let [century, year] = [two(year / 100), two(year)];
    let [month, day] = [two(month), two(day)];
    let [hour, minute, second] = [second / 3600, second / 60 % 60, second % 60].map(two);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let pairs = [century, year, month, day, hour, minute, second];
    for (pair, at) in pairs.into_iter().zip([0, 2, 5, 8, 11, 14, 17]) {
        if let Some(place) = text.get_mut(at..at + 2) {
            place.copy_from_slice(&pair);
        }
    }
    if let Some(place) = text.get_mut(20..23) {
        place.copy_from_slice(&[digit(millis, 100), digit(millis, 10), digit(millis, 1)]);
    }
    text
}

/// The civil date of a day counted from 1970-01-01. Years are taken to begin in March, so that the
/// leap day is the last one, and 400 years are one whole period of 146 097 days.
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468; // 0000-03-01
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::rfc3339;

    #[test]
    fn known_moments_are_written_as_the_calendar_has_them() {
        for (at_ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_795_255_200_042, "2026-11-21T10:00:00.042Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(at_ms), text);
        }
    }

    proptest! {
        // The HTTP date of the same second is written by other hands.
        #[test]
        fn every_second_agrees_with_the_http_date(second in any::<u32>()) {
            let ours = rfc3339(u64::from(second) * 1000);
            let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(u64::from(second));
            let theirs = httpdate::fmt_http_date(at); // Sun, 06 Nov 1994 08:49:37 GMT
            assert_eq!(ours.get(8..10), theirs.get(5..7));
            assert_eq!(ours.get(0..4), theirs.get(12..16));
            assert_eq!(ours.get(11..19), theirs.get(17..25));
        }
    }
}
