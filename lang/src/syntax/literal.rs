//! Quoted texts: from the source to their content and back.

use std::fmt::Write as _;

use crate::codes::Code;
use crate::report::Diagnostic;
use crate::span::Span;
use crate::unseen::is_unseen;

/// The content of a quoted text.
///
/// # Errors
/// The diagnostic of the first escape that the language does not know.
pub fn unescape(quoted: &str, span: Span) -> Result<String, Box<Diagnostic>> {
    let inner = quoted.strip_prefix('"').unwrap_or(quoted);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let (end, known) = match chars.next() {
            Some((end, 'n')) => (end + 1, Some('\n')),
            Some((end, 't')) => (end + 1, Some('\t')),
            Some((end, c @ ('"' | '\\'))) => (end + 1, Some(c)),
            Some((end, 'u')) => {
                let rest = inner.get(end + 1..).unwrap_or_default();
                let code = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
                let code = code
                    .map(|(hex, _)| hex)
                    .filter(|hex| (1..=6).contains(&hex.len()));
                for _ in 0..code.map_or(0, |hex| hex.len() + 2) {
                    chars.next();
                }
                let known = code.and_then(|hex| u32::from_str_radix(hex, 16).ok());
                (end + 1, known.and_then(char::from_u32))
            }
            Some((end, c)) => (end + c.len_utf8(), None),
            None => (inner.len(), None),
        };
        match known {
            Some(c) => out.push(c),
            None => {
                return Err(bad_escape(
                    span,
                    at + 1,
                    inner.get(at..end).unwrap_or_default(),
                ));
            }
        }
    }
    Ok(out)
}

fn bad_escape(text: Span, at: usize, escape: &str) -> Box<Diagnostic> {
    let place = |n: usize| text.start.saturating_add(u32::try_from(n).unwrap_or(0));
    let span = Span {
        start: place(at),
        end: place(at + escape.len()),
        ..text
    };
    Box::new(
        Diagnostic::new(
            Code::BadEscape,
            span,
            format!("`{escape}` is not a known escape"),
        )
        .help(r#"write `\\` for a backslash; the others are `\"`, `\n`, `\t` and `\u{e9}`"#),
    )
}

/// A text as it is written in quotes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_unseen(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_unknown_escape_is_shown_at_its_place() {
        let span = Span {
            file: 0,
            start: 10,
            end: 20,
        };
        let error = unescape(r#""a\d""#, span).unwrap_err();
        assert_eq!((error.primary.span.start, error.primary.span.end), (12, 14));
        assert!(unescape(r#""\u{110000}""#, span).is_err());
        assert!(unescape(r#""\u{}""#, span).is_err());
        assert_eq!(unescape(r#""\u{202e}\u{e9}""#, span).unwrap(), "\u{202e}é");
    }

    proptest! {
        #[test]
        fn any_text_survives_its_quotes(text in "\\PC*|[\n\t\r\"\\\\\u{202E}]*") {
            prop_assert_eq!(unescape(&escape(&text), Span::default()).unwrap(), text);
        }
    }
}
