//! The head of a request in its one form.

use super::RequestError;

/// A method, upper case as the gateway wants it.
pub(super) fn method(method: &str) -> Result<String, RequestError> {
    if !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(method.to_owned());
    }
    Err(RequestError::WrongValue {
        key: "method".into(),
        wanted: "a method in capitals, such as `POST`",
    })
}

/// A header's name in lower case.
pub(super) fn header(name: &str) -> Result<String, RequestError> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_of_name) {
        return Ok(name.to_ascii_lowercase());
    }
    Err(RequestError::WrongValue {
        key: format!("headers.{name}"),
        wanted: "a header, and no header has this name",
    })
}

/// The host without its port, in lower case.
pub(super) fn host(host: &str) -> String {
    let name = match host.rsplit_once(':') {
        // The colons of `[::1]` are its own.
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    };
    name.to_ascii_lowercase()
}

/// The normal form of a path: without the query and without a slash at the end.
pub(super) fn path(path: &str) -> Result<String, RequestError> {
    if path.contains('?') {
        return Err(RequestError::WrongValue {
            key: "path".into(),
            wanted: "a path alone; write what follows the `?` under `query`",
        });
    }
    let refused = || RequestError::WrongValue {
        key: "path".into(),
        wanted: "in its normal form, such as `/v1/chat/completions`; the gateway refuses any other",
    };
    let inner = path.strip_prefix('/').ok_or_else(refused)?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if path == "/" || inner.split('/').all(is_sound) {
        return Ok(format!("/{inner}"));
    }
    Err(refused())
}

fn is_sound(segment: &str) -> bool {
    let mut rest = segment.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'%', [high, low, after @ ..]) if is_needed(*high, *low) => after,
            (b'%' | b'\\' | b';' | 0..=b' ' | 0x7F.., _) => return false,
            _ => after,
        };
    }
    !matches!(segment, "" | "." | "..")
}

/// Whether these digits are in capitals and encode a character that has to be encoded.
fn is_needed(high: u8, low: u8) -> bool {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return false;
    };
    let byte = high << 4 | low;
    let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !is_plain && !matches!(byte, b'/' | b'\\' | b';' | b'%' | 0..=0x1F | 0x7F)
}
