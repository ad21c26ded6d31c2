//! The one form of a path: it decides the route and is what the policy sees.

/// The normal form of a request path, or nothing where two readers could disagree about it.
///
/// A single trailing slash is dropped. Refused are empty and dot segments, a backslash, `;`, and
/// every encoded character that needs no encoding or that could end a segment, so that no second
/// decoding further on can turn it into another path.
pub fn normal(path: &str) -> Option<&str> {
    let inner = path.strip_prefix('/')?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    let whole = path.get(..inner.len().checked_add(1)?)?;
    if inner.is_empty() {
        return (path == "/").then_some(whole);
    }
    let mut segments = inner.split('/');
    let sound = is_plain(inner)
        || segments
            .all(|segment| !matches!(segment, "" | "." | "..") && is_sound(segment.as_bytes()));
    sound.then_some(whole)
}

/// Whether nothing has to be looked at twice, as in nearly every path that is asked for.
fn is_plain(inner: &str) -> bool {
    let mut before = b'/';
    let sound = inner.bytes().all(|byte| {
        let is_empty = (before, byte) == (b'/', b'/');
        before = byte;
        !is_empty && (byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_'))
    });
    sound && before != b'/'
}

fn is_sound(segment: &[u8]) -> bool {
    let mut rest = segment;
    while let Some((byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'%', [high, low, after @ ..]) if encoded(*high, *low).is_some_and(needs_encoding) => {
                after
            }
            (b'%' | b'\\' | b';' | 0..=b' ' | 0x7f.., _) => return false,
            (_, after) => after,
        };
    }
    true
}

/// Upper case only: `%2f` and `%2F` are two spellings of one thing.
fn encoded(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}

fn needs_encoding(byte: u8) -> bool {
    let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    !plain && !matches!(byte, b'/' | b'\\' | b';' | b'%' | 0..=0x1f | 0x7f)
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn one_trailing_slash_is_dropped() {
        assert_eq!(normal("/v1/models/"), Some("/v1/models"));
        assert_eq!(normal("/v1/models"), Some("/v1/models"));
        assert_eq!(normal("/"), Some("/"));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for path in [
            "",
            "*",
            "v1",
            "//",
            "//v1",
            "/v1//models",
            "/v1/models//",
            "/v1/./models",
            "/v1/../admin",
            "/..",
            "/v1/%2e%2e/admin",
            "/v1/%2E%2E/admin",
            "/v1%2Fmodels",
            "/v1%2fmodels",
            "/v1%5Cx",
            "/v1/%6Dodels",
            "/v1/models;x",
            "/v1\\models",
            "/v1/%",
            "/v1/%2",
            "/v1/%zz",
            "/v1/%c3%a9",
            "/v1/%00",
            "/v1/%25",
            "/v1/\u{e9}",
        ] {
            assert_eq!(normal(path), None, "{path}");
        }
    }

    #[test]
    fn case_and_what_must_be_encoded_are_kept() {
        for path in [
            "/V1/Models",
            "/v1/models/a:b",
            "/v1/caf%C3%A9",
            "/a%20b",
            "/v1/x.y",
        ] {
            assert_eq!(normal(path), Some(path));
        }
    }
}
