//! Headers that a policy sends along: which names and values it may write.

use super::fields;
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::Value;

/// Headers that the gateway and HTTP itself decide.
const GATEWAYS_OWN: &[&str] = &[
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "content-type",
    "te",
    "trailer",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "expect",
    "accept-encoding",
    "content-encoding",
];

/// Headers by which a hop says who asks, and what it is. No provider is told, so there is nothing
/// to take out either.
const HOPS_OWN: &[&str] = &[
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
];

/// Headers that carry keys.
const KEYS_OWN: &[&str] = &[
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "proxy-authorization",
    "cookie",
];

/// A header that a policy may set, with its value; faults are reported.
pub(super) fn header(
    (name, value): (&Value, &Value),
    report: &mut Report,
) -> Option<(String, String)> {
    let header = header_name(name, report)?;
    let text = fields::text(value, "the value of a header", report)?;
    if !own_header(&header, name, report) {
        return None;
    }
    if !no_key(&header, value, report) {
        return None;
    }
    if HOPS_OWN.contains(&header.as_str()) {
        let message = format!("`{header}` says who asks, and no provider is told");
        let found = Diagnostic::new(Code::WrongValue, name.span, message);
        report.add(found.help("name another header"));
        return None;
    }
    if text.bytes().any(|b| b.is_ascii_control() || !b.is_ascii()) {
        report.add(
            Diagnostic::new(
                Code::WrongValue,
                value.span,
                "a header holds a character that cannot be sent",
            )
            .help("write plain ASCII without line ends"),
        );
        return None;
    }
    Some((header, text.to_owned()))
}

/// Whether a header carries no key; one that does is reported.
pub(super) fn no_key(header: &str, place: &Value, report: &mut Report) -> bool {
    let is_free = !KEYS_OWN.contains(&header);
    if !is_free {
        report.add(
            Diagnostic::new(Code::LiteralKey, place.span, format!("`{header}` carries a key"))
                .help("write `key env NAME` or `key file \"path\"`; the gateway sends it where it belongs"),
        );
    }
    is_free
}

/// Whether a header is the policy's to change; one that is not is reported.
pub(super) fn own_header(header: &str, name: &Value, report: &mut Report) -> bool {
    if GATEWAYS_OWN.contains(&header) {
        report.add(
            Diagnostic::new(
                Code::WrongValue,
                name.span,
                format!("the gateway sets `{header}` itself"),
            )
            .help("name another header"),
        );
    }
    !GATEWAYS_OWN.contains(&header)
}

/// The name of a header, lower case; faults are reported.
pub(super) fn header_name(value: &Value, report: &mut Report) -> Option<String> {
    let text = fields::text(value, "the name of a header", report)?;
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if text.is_empty() || !text.bytes().all(is_token) {
        report.add(
            Diagnostic::new(
                Code::WrongValue,
                value.span,
                format!("`\"{text}\"` is not the name of a header"),
            )
            .help("a header's name holds letters, digits and `-`: `\"x-team\"`"),
        );
        return None;
    }
    Some(text.to_ascii_lowercase())
}
