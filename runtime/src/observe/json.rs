//! JSON on one line, safe to print: nothing in it can end the line or steer a terminal.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// The value as JSON without a line end. Besides what JSON itself escapes, the line separators
/// U+2028 and U+2029, DEL and the C1 controls are escaped: log viewers and terminals act on them.
pub fn line(value: &impl Serialize) -> String {
    let mut bytes = Vec::with_capacity(512);
    write_line(&mut bytes, value);
    // A serializer of JSON writes nothing but text.
    String::from_utf8(bytes).unwrap_or_else(|_| UNPRINTABLE.to_owned())
}

/// A text as a JSON string, behind what `to` holds already; escaped as by [`line()`].
pub fn write_text(to: &mut Vec<u8>, text: &str) {
    // Nearly every text is a name of the policy, and says so in one pass.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    // All of it, whatever comes first: without a way out the compiler looks at many bytes at once.
    if !text
        .bytes()
        .fold(true, |plain, byte| plain & is_plain(byte))
    {
        return write_line(to, &text);
    }
    to.reserve(text.len() + 2);
    to.push(b'"');
    to.extend_from_slice(text.as_bytes());
    to.push(b'"');
}

fn write_line(to: &mut Vec<u8>, value: &impl Serialize) {
    let begun = to.len();
    let written = value.serialize(&mut Serializer::with_formatter(&mut *to, OneLine));
    // Our own structures hold no map with keys that are not text, the one thing that fails.
    if written.is_err() {
        to.truncate(begun);
        to.extend_from_slice(UNPRINTABLE.as_bytes());
    }
}

const UNPRINTABLE: &str = r#"{"event":"unprintable"}"#;

/// The text cut to `bytes_max` at a character's start, with `…` where something was cut off.
pub fn cut(text: &str, bytes_max: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= bytes_max {
        return text.into();
    }
    let mut end = bytes_max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default()).into()
}

struct OneLine;

impl Formatter for OneLine {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, to: &mut W, text: &str) -> Result<()> {
        // DEL, and the first bytes of U+0080 to U+00BF and of U+2000 to U+2FFF: nearly no text has one.
        if memchr::memchr3(0x7f, 0xc2, 0xe2, text.as_bytes()).is_none() {
            return to.write_all(text.as_bytes());
        }
        let mut rest = text;
        while let Some((at, found)) = rest.char_indices().find(|(_, c)| steers(*c)) {
            let (plain, tail) = rest.split_at(at);
            to.write_all(plain.as_bytes())?;
            write!(to, "\\u{:04x}", u32::from(found))?;
            rest = tail.get(found.len_utf8()..).unwrap_or_default();
        }
        to.write_all(rest.as_bytes())
    }
}

fn steers(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{cut, line, write_text};

    #[test]
    fn what_ends_lines_or_steers_terminals_is_escaped() {
        let text = "a\nb\r\u{1b}[31m\u{9b}31m\u{7f}\u{2028}\u{2029}\"\\é😀";
        insta::assert_snapshot!(line(&text), @r#""a\nb\r\u001b[31m\u009b31m\u007f\u2028\u2029\"\\é😀""#);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("añb", 2), "a…");
        assert_eq!(cut("añb", 3), "añ…");
        assert_eq!(cut("añb", 4), "añb");
    }

    proptest! {
        #[test]
        fn any_text_stays_on_one_line_and_reads_back(text in any::<String>()) {
            let written = line(&text);
            assert!(!written.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')));
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
            let mut behind = b"x".to_vec();
            write_text(&mut behind, &text);
            assert_eq!(behind, format!("x{written}").into_bytes());
        }
    }
}
