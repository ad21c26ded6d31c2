//! Strings: where one ends, and what one says.

use std::borrow::Cow;
use std::ops::Range;

use thiserror::Error;

use super::scan::plain;

/// A string as it stands between its quotes. Its escapes are known to be sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    /// The bytes between the quotes.
    pub raw: &'a [u8],
    /// The offset of the first of them.
    pub at: usize,
    /// Whether a backslash is among them.
    pub escapes: Escapes,
}

/// Whether a backslash is among the bytes of a string.
///
/// As wide as a word: a token is copied from hand to hand, and with a byte of its own in it the
/// copy becomes pieces that overlap, on which a processor waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Escapes {
    /// Every byte stands for itself.
    No,
    /// Some bytes are to be resolved.
    Yes,
}

/// The string stands for something that is no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotText {
    /// Half of a surrogate pair.
    #[error("half of a surrogate pair")]
    LoneSurrogate,
    /// Bytes that are not UTF-8.
    #[error("bytes that are not UTF-8")]
    NotUtf8,
}

impl<'a> Text<'a> {
    /// What the string says.
    ///
    /// # Errors
    /// It is not text: see [`NotText`].
    pub fn decode(self) -> Result<Cow<'a, str>, NotText> {
        if self.escapes == Escapes::No {
            let text = str::from_utf8(self.raw).map_err(|_| NotText::NotUtf8)?;
            return Ok(Cow::Borrowed(text));
        }
        let mut decoded = Vec::with_capacity(self.raw.len());
        let mut sound = Ok(());
        self.pieces(|piece| match piece {
            Piece::Bytes(bytes) => decoded.extend_from_slice(bytes),
            Piece::Char(char) => {
                decoded.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Piece::LoneSurrogate => sound = Err(NotText::LoneSurrogate),
        });
        sound?;
        let text = String::from_utf8(decoded).map_err(|_| NotText::NotUtf8)?;
        Ok(Cow::Owned(text))
    }

    /// What the string says, with a mark in place of each half of a surrogate pair.
    pub fn lossy(self) -> Cow<'a, [u8]> {
        if self.escapes == Escapes::No {
            return Cow::Borrowed(self.raw);
        }
        let mut decoded = Vec::with_capacity(self.raw.len());
        self.pieces(|piece| match piece {
            Piece::Bytes(bytes) => decoded.extend_from_slice(bytes),
            Piece::Char(char) => {
                decoded.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Piece::LoneSurrogate => decoded.extend_from_slice("\u{FFFD}".as_bytes()),
        });
        Cow::Owned(decoded)
    }

    /// Where the string stands, its quotes included.
    pub fn range(self) -> Range<usize> {
        self.at - 1..self.at + self.raw.len() + 1
    }

    /// Whether the string says exactly this.
    #[inline]
    pub fn is(self, word: &[u8]) -> bool {
        if self.escapes == Escapes::No {
            return self.raw == word;
        }
        self.decode().is_ok_and(|text| text.as_bytes() == word)
    }

    /// Hands over what the string says, piece by piece, without making it whole.
    #[inline]
    pub fn pieces(self, mut each: impl FnMut(Piece<'a>)) {
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, b""));
            if !plain.is_empty() {
                each(Piece::Bytes(plain));
            }
            let (piece, length) = unescape(escape);
            each(piece);
            rest = escape.get(length..).unwrap_or_default();
        }
        if !rest.is_empty() {
            each(Piece::Bytes(rest));
        }
    }
}

/// A part of what a string says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Bytes that stand for themselves.
    Bytes(&'a [u8]),
    /// One escape.
    Char(char),
    /// An escape that stands for half a character.
    LoneSurrogate,
}

/// What the escape at the front stands for, and how long it is.
fn unescape(escape: &[u8]) -> (Piece<'_>, usize) {
    let char = match escape.get(1) {
        Some(b'n') => '\n',
        Some(b't') => '\t',
        Some(b'r') => '\r',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'u') => return unescape_unit(escape),
        Some(byte) => char::from(*byte),
        None => return (Piece::LoneSurrogate, 1),
    };
    (Piece::Char(char), 2)
}

fn unescape_unit(escape: &[u8]) -> (Piece<'_>, usize) {
    let Some(first) = unit(escape) else {
        return (Piece::LoneSurrogate, 6);
    };
    if let Some(char) = char::from_u32(first) {
        return (Piece::Char(char), 6);
    }
    let second = escape
        .get(6..)
        .filter(|rest| rest.starts_with(b"\\u"))
        .and_then(unit);
    match second {
        Some(second @ 0xDC00..=0xDFFF) if first < 0xDC00 => {
            let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            (Piece::Char(char::from_u32(code).unwrap_or_default()), 12)
        }
        _ => (Piece::LoneSurrogate, 6),
    }
}

/// The sixteen bits of `\uXXXX` at the front.
fn unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.get(2..6)?;
    digits.iter().try_fold(0, |code, digit| {
        Some(code * 16 + char::from(*digit).to_digit(16)?)
    })
}

/// Where the string whose opening quote stands before `bytes` closes.
///
/// # Errors
/// It does not close, or not soundly; given is how far it is sound.
pub fn text_close(bytes: &[u8]) -> Result<usize, usize> {
    text_close_from(bytes, plain(bytes))
}

/// The same where the first `at` bytes are known to be plain.
pub(super) fn text_close_from(bytes: &[u8], mut at: usize) -> Result<usize, usize> {
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        match rest.first() {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at += escape_length(rest).ok_or(at)?,
            _ => return Err(at),
        }
        at += plain(bytes.get(at..).unwrap_or_default());
    }
}

fn escape_length(escape: &[u8]) -> Option<usize> {
    match escape.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => unit(escape).map(|_| 6),
        _ => None,
    }
}
