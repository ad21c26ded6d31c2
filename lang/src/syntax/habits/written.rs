//! Single values as other languages write them, and how this one does.

use crate::vocab;

/// `9:00-17:00`, `9:00..17:00` and the like as hours.
pub(crate) fn hours(text: &str) -> Option<String> {
    let (from, to) = text.split_once("..").or_else(|| text.split_once('-'))?;
    Some(format!("{}..{}", clock(from)?, clock(to)?))
}

/// `9:00` as a time of the day.
pub(super) fn clock(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_clock = (1..=2).contains(&hour.len()) && minute.len() == 2;
    (is_clock && is_number(hour) && is_number(minute)).then(|| format!("{hour:0>2}:{minute}"))
}

/// `mon-fri` and `Monday-Friday` as days.
pub(crate) fn days(text: &str) -> Option<String> {
    let (from, to) = text.split_once('-')?;
    Some(format!("{}..{}", day(from)?, day(to)?))
}

/// A weekday by its name in full or in part.
fn day(text: &str) -> Option<&'static str> {
    const WHOLE: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let low = text.to_ascii_lowercase();
    let at = WHOLE
        .iter()
        .position(|whole| low.len() >= 3 && whole.starts_with(low.as_str()))?;
    vocab::WEEKDAYS.get(at).copied()
}

/// `5xx` and `500-599` as statuses.
pub(crate) fn statuses(text: &str) -> Option<String> {
    let low = text.to_ascii_lowercase();
    if let Some(hundred) = low.strip_suffix("xx") {
        let is_failure = ["4", "5"].contains(&hundred);
        return is_failure.then(|| format!("{hundred}00..{hundred}99"));
    }
    let (from, to) = low.split_once('-')?;
    let status = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    (status(from) && status(to)).then(|| format!("{from}..{to}"))
}

#[cfg(test)]
mod tests {
    use super::{days, hours, statuses};

    #[test]
    fn what_is_written_otherwise_is_written_anew_and_nothing_else_is() {
        assert_eq!(hours("9:00-17:00").as_deref(), Some("09:00..17:00"));
        assert_eq!(hours("09:00..5:30").as_deref(), Some("09:00..05:30"));
        assert_eq!(days("mon-fri").as_deref(), Some("mon..fri"));
        assert_eq!(days("Thurs-Sunday").as_deref(), Some("thu..sun"));
        assert_eq!(statuses("5XX").as_deref(), Some("500..599"));
        assert_eq!(statuses("408-429").as_deref(), Some("408..429"));
        for text in [
            "9-17",
            "900-1700",
            "9:0-17:00",
            "gpt-4",
            "3xx",
            "5x",
            "4-5",
            "mo-fr",
        ] {
            let found = hours(text).or(days(text)).or(statuses(text));
            assert_eq!(found, None, "{text}");
        }
    }
}
