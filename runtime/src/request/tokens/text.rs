//! Text by runs of like characters, in thousandths of a token.
//!
//! | run | thousandths |
//! |---|---|
//! | letters | 1000 up to 8, 1000 for each 4 more; 700 for each step from lower to upper case |
//! | digits | 1000 for each 3 |
//! | one space | 0; any other white space 1000 |
//! | ASCII punctuation | 550 each, at least 1000 |
//! | other characters | 588 for each byte, 2600 for one of four bytes |
//! | 64 or more of letters, digits and `+/-_=`, with digits and both cases | 714 for each: keys, base64 |

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most classes of bytes cost nothing by themselves"
)]

use super::TEXT_BYTES_MAX;
use crate::json::{Piece, Text};

/// A count that goes on.
#[derive(Debug, Default)]
pub(super) struct Count {
    total_milli: u64,
    /// Bytes that were looked at, and bytes there were.
    read_bytes: u64,
    bytes: u64,
    run: Run,
    word: Word,
}

/// Characters of one class in a row.
#[derive(Debug, Default)]
struct Run {
    class: Class,
    length: u64,
    humps: u64,
    last: u8,
}

/// Characters in a row that could be of a key.
#[derive(Debug, Default)]
struct Word {
    length: u64,
    /// The total before it.
    before_milli: u64,
    digit: bool,
    lower: bool,
    upper: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Class {
    #[default]
    Nothing,
    Letter,
    Digit,
    White,
    Punctuation,
    Other,
}

const KEY_LENGTH_MIN: u64 = 64;

impl Count {
    /// Adds one string. What follows it is another run.
    pub(super) fn add(&mut self, text: Text<'_>) {
        text.pieces(|piece| match piece {
            Piece::Bytes(bytes) => self.bytes(bytes),
            Piece::Char(char) => self.bytes(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Piece::LoneSurrogate => self.bytes("\u{FFFD}".as_bytes()),
        });
        self.end_word();
        self.end_run();
    }

    /// The tokens of all strings, rounded up.
    pub(super) fn tokens(&self) -> u64 {
        let milli = match self.read_bytes {
            0 => 0,
            read => u128::from(self.total_milli) * u128::from(self.bytes) / u128::from(read),
        };
        u64::try_from(milli.div_ceil(1000)).unwrap_or(u64::MAX)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let room = usize::try_from(TEXT_BYTES_MAX - self.read_bytes).unwrap_or(usize::MAX);
        let read = bytes.get(..room).unwrap_or(bytes);
        self.read_bytes += read.len() as u64;
        for byte in read {
            self.byte(*byte);
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        if byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte) {
            if self.word.length == 0 {
                self.word.before_milli = self.total_milli + self.run.milli();
            }
            self.word.length += 1;
            self.word.digit |= byte.is_ascii_digit();
            self.word.lower |= byte.is_ascii_lowercase();
            self.word.upper |= byte.is_ascii_uppercase();
        } else if self.word.length > 0 {
            self.end_word();
        }
        let class = Class::of(byte);
        if class != self.run.class {
            self.end_run();
            self.run.class = class;
        }
        self.run.length += 1;
        match class {
            Class::Letter if byte.is_ascii_uppercase() && self.run.last.is_ascii_lowercase() => {
                self.run.humps += 1;
            }
            Class::Other => self.total_milli += if byte >= 0xF0 { 2600 - 3 * 588 } else { 588 },
            _ => {}
        }
        self.run.last = byte;
    }

    fn end_run(&mut self) {
        self.total_milli += self.run.milli();
        self.run = Run::default();
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.length >= KEY_LENGTH_MIN && word.digit && word.lower && word.upper {
            self.run = Run::default();
            self.total_milli = word.before_milli + word.length * 714;
        }
    }
}

impl Run {
    fn milli(&self) -> u64 {
        match self.class {
            Class::Letter => {
                1000 + self.length.saturating_sub(8).div_ceil(4) * 1000 + self.humps * 700
            }
            Class::Digit => self.length.div_ceil(3) * 1000,
            Class::White if self.length == 1 && self.last == b' ' => 0,
            Class::White => 1000,
            Class::Punctuation => (self.length * 550).max(1000),
            // Counted byte by byte, since their bytes differ in price.
            Class::Nothing | Class::Other => 0,
        }
    }
}

impl Class {
    fn of(byte: u8) -> Self {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => Self::Letter,
            b'0'..=b'9' => Self::Digit,
            0..=b' ' | 0x7F => Self::White,
            0x80.. => Self::Other,
            _ => Self::Punctuation,
        }
    }
}
