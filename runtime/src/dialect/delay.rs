//! How long a provider asks to wait: headers first, then what the error says.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

/// No longer than this is ever waited, whatever is asked.
pub const DELAY_MAX: Duration = Duration::from_mins(1);

/// The delay that a failed answer asks for, at most [`DELAY_MAX`]; nothing where it asks for none
/// or for nonsense. `message` is the error's text.
pub fn delay(headers: &HeaderMap, message: &str, now: SystemTime) -> Option<Duration> {
    // Azure sends `retry-after-ms: 0` beside `retry-after: 1`; zero is no hint.
    let hint = from_header(headers, "retry-after-ms", |value| seconds(value, 0.001))
        .or_else(|| from_header(headers, "retry-after", |value| retry_after(value, now)))
        .or_else(|| from_text(message))
        .or_else(|| from_resets(headers));
    hint.map(|delay| delay.min(DELAY_MAX))
}

fn from_header(
    headers: &HeaderMap,
    name: &str,
    read: impl Fn(&str) -> Option<Duration>,
) -> Option<Duration> {
    let value = headers.get(name)?.to_str().ok()?;
    read(value.trim())
}

fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    seconds(value, 1.0).or_else(|| {
        let at = httpdate::parse_http_date(value).ok()?;
        at.duration_since(now).ok().filter(|delay| !delay.is_zero())
    })
}

/// A positive number of `unit` seconds.
fn seconds(value: &str, unit: f64) -> Option<Duration> {
    let number: f64 = value.parse().ok()?;
    // The clamp comes before the conversion, which knows no infinity. NaN is not positive, and `min`
    // would make the longest delay of it.
    let seconds = number * unit;
    (seconds > 0.0)
        .then(|| Duration::try_from_secs_f64(seconds.min(DELAY_MAX.as_secs_f64())).ok())?
}

/// `Please retry in 48.93s`, `try again in 6m0s`, `retry after 7 seconds`, `"retryDelay": "48s"`.
fn from_text(message: &str) -> Option<Duration> {
    let text = message.to_ascii_lowercase();
    ["retry in ", "again in ", "retry after ", "retrydelay "]
        .iter()
        .find_map(|words| {
            let (_, rest) = text.split_once(words)?;
            span(rest)
        })
}

/// `12ms`, `1s`, `6m0s`, `2m59.5s`, `7 seconds`, `1`.
fn span(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim_start();
    loop {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(digits)?;
        if number.is_empty() {
            break;
        }
        let after = after.strip_prefix(' ').unwrap_or(after);
        let letters = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let unit = match unit {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            // A sentence may end after a bare number.
            _ => 1.0,
        };
        // A sentence may end after the span, and its full stop looks like part of a number.
        total += seconds(number.trim_end_matches('.'), unit).unwrap_or_default();
        rest = after;
    }
    (!total.is_zero()).then_some(total)
}

/// When a limit that is used up is said to be fresh again.
fn from_resets(headers: &HeaderMap) -> Option<Duration> {
    ["requests", "tokens"]
        .iter()
        .filter(|family| {
            let remaining = headers.get(format!("x-ratelimit-remaining-{family}"));
            remaining.is_some_and(|left| left.as_bytes() == b"0")
        })
        .filter_map(|family| {
            let reset = headers.get(format!("x-ratelimit-reset-{family}"))?;
            span(reset.to_str().ok()?)
        })
        .max()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::{HeaderName, HeaderValue};

    use super::{Duration, HeaderMap, delay};

    fn of(headers: &[(&'static str, &str)], message: &str) -> Option<u128> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
        delay(&headers, message, now).map(|delay| delay.as_millis())
    }

    #[test]
    fn headers_come_before_words_and_milliseconds_before_seconds() {
        let both = [("retry-after", "7"), ("retry-after-ms", "1500")];
        assert_eq!(of(&both, "retry in 3s"), Some(1500));
        assert_eq!(of(&both[..1], "retry in 3s"), Some(7000));
        assert_eq!(of(&[("retry-after", "0.25")], ""), Some(250));
    }

    #[test]
    fn zero_is_no_hint() {
        assert_eq!(
            of(&[("retry-after-ms", "0"), ("retry-after", "1")], ""),
            Some(1000)
        );
        assert_eq!(of(&[("retry-after", "0")], ""), None);
    }

    #[test]
    fn a_date_counts_from_now() {
        assert_eq!(
            of(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], ""),
            Some(7000)
        );
        assert_eq!(
            of(&[("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT")], ""),
            None
        );
        assert_eq!(
            of(&[("retry-after", "Sun, 06 Nov 9994 08:49:37 GMT")], ""),
            Some(60_000)
        );
    }

    #[test]
    fn nonsense_is_no_hint_and_long_waits_are_cut() {
        for value in ["-1", "NaN", "soon", "", "-inf"] {
            assert_eq!(of(&[("retry-after", value)], ""), None, "{value}");
        }
        for value in ["1e9", "inf", "99999999999999999999999999"] {
            assert_eq!(of(&[("retry-after", value)], ""), Some(60_000), "{value}");
        }
    }

    #[test]
    fn words_and_resets_are_read_where_headers_are_silent() {
        assert_eq!(of(&[], "Please retry in 8.93s. Thank you"), Some(8930));
        assert_eq!(
            of(&[], "Rate limit reached. Please try again in 1m2.5s."),
            Some(60_000)
        );
        assert_eq!(of(&[], "Please try again in 20ms"), Some(20));
        assert_eq!(of(&[], "Please retry after 7 seconds."), Some(7000));
        assert_eq!(of(&[], "retry when you like"), None);
        let resets = [
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "17.399s"),
            ("x-ratelimit-remaining-tokens", "9"),
            ("x-ratelimit-reset-tokens", "40s"),
        ];
        assert_eq!(of(&resets, ""), Some(17_399));
    }
}
