//! The words of a fault: literals and amounts, written as in the policy language.

use std::time::Duration;

/// What the places of a form were filled with. A form has at most one place of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// `<n>`: a plain number.
    pub count: usize,
    /// `<time>`: `200ms`, `30s`, `5m`, `1h30m`.
    pub time: Duration,
    /// `<size>`: `64KiB`, `256MB`.
    pub bytes: usize,
    /// `<status>`: `400` to `599`.
    pub status: u16,
}

/// Reads `text` by `form`, word for word; nothing if it is of another form.
pub fn read(form: &str, text: &str) -> Option<Amounts> {
    let mut amounts = Amounts::default();
    let mut words = text.split_whitespace();
    for part in form.split(' ') {
        let word = words.next()?;
        match part {
            "<n>" => amounts.count = count(word)?,
            "<time>" => amounts.time = time(word)?,
            "<size>" => amounts.bytes = bytes(word)?,
            "<status>" => amounts.status = status(word)?,
            literal if literal == word => {}
            _ => return None,
        }
    }
    // The policy language writes `cut after 5 events`; both are understood.
    let rest: Vec<&str> = words.collect();
    match rest.as_slice() {
        [] => Some(amounts),
        ["event" | "events"] if form.ends_with("<n>") => Some(amounts),
        _ => None,
    }
}

/// The most that a place takes: no script may ask for more memory or time than a test has.
const COUNT_MAX: usize = 1_000_000;
const BYTES_MAX: usize = 64 << 20;
const TIME_MAX: Duration = Duration::from_hours(24);

fn count(word: &str) -> Option<usize> {
    word.parse().ok().filter(|n| *n <= COUNT_MAX)
}

fn status(word: &str) -> Option<u16> {
    word.parse().ok().filter(|n| (400..=599).contains(n))
}

/// Reads `200ms`, `30s`, `5m`, `1h30m`.
pub fn time(word: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    for (number, unit) in amounts(word)? {
        let ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(ms)?))?;
    }
    (total <= TIME_MAX).then_some(total)
}

fn bytes(word: &str) -> Option<usize> {
    let [(number, unit)] = amounts(word)?.try_into().ok()?;
    let factor = match unit {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    };
    let bytes = usize::try_from(number.checked_mul(factor)?).ok()?;
    (bytes <= BYTES_MAX).then_some(bytes)
}

/// `1h30m` as `[(1, "h"), (30, "m")]`; nothing where a number or a unit is missing.
fn amounts(word: &str) -> Option<Vec<(u64, &str)>> {
    let mut rest = word;
    let mut found = Vec::new();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        found.push((number.parse().ok()?, unit));
        rest = after;
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::{Amounts, read, time};
    use proptest::prelude::{any, proptest};
    use std::time::Duration;

    #[test]
    fn amounts_are_read_as_the_policy_language_writes_them() {
        assert_eq!(time("200ms"), Some(Duration::from_millis(200)));
        assert_eq!(time("1h30m"), Some(Duration::from_mins(90)));
        let cut = Amounts {
            count: 5,
            ..Amounts::default()
        };
        assert_eq!(read("cut after <n>", "cut after 5"), Some(cut));
        assert_eq!(read("cut after <n>", "cut  after 5 events"), Some(cut));
        let huge = Amounts {
            bytes: 64 << 10,
            ..Amounts::default()
        };
        assert_eq!(read("huge event <size>", "huge event 64KiB"), Some(huge));
    }

    #[test]
    fn a_missing_unit_a_rest_or_a_giant_is_not_read() {
        for word in [
            "30",
            "s",
            "5 s",
            "1.5s",
            "30d",
            "99999h",
            "18446744073709551615h",
            "-5s",
            "",
        ] {
            assert_eq!(time(word), None, "{word}");
        }
        for text in [
            "cut after",
            "cut after five",
            "cut after 5 words",
            "cut after 1000001",
        ] {
            assert_eq!(read("cut after <n>", text), None, "{text}");
        }
        assert_eq!(read("huge event <size>", "huge event 65MiB"), None);
        assert_eq!(read("<status>", "200"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            for form in ["slow <time>", "<status>", "huge event <size>", "cut after <n>"] {
                let _ = read(form, &text);
            }
            let _ = time(&text);
        }
    }
}
