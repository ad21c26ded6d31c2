//! How many input tokens the gateway will take a body to have.
//!
//! The gateway counts while it reads bytes; this is the same rule said slowly over a tree, and a
//! test holds the two together.
//!
//! | run of | thousandths of a token |
//! |---|---|
//! | letters | 1000 up to 8, 1000 for each 4 more; 700 for each step from lower to upper case |
//! | digits | 1000 for each 3 |
//! | one space | 0; any other white space 1000 |
//! | ASCII punctuation | 550 each, at least 1000 |
//! | other characters | 588 for each byte, 2600 for one of four bytes |
//! | 64 or more of letters, digits and `+/-_=`, with digits and both cases | 714 for each |

use super::json::Json;

/// How much text is looked at; the rest is taken to be like it.
const TEXT_BYTES_MAX: u64 = 256 * 1024;

const MESSAGE_TOKENS: u64 = 3;
const ANSWER_TOKENS: u64 = 3;
const TOOL_TOKENS: u64 = 8;
const MEDIUM_TOKENS: u64 = 1500;

/// An estimate of the input tokens of a body.
pub(super) fn estimate(body: &[(String, Json)]) -> u64 {
    let mut count = Count::default();
    for (key, value) in body {
        match (key.as_str(), value) {
            ("messages" | "input", Json::List(messages)) => {
                for message in messages {
                    count.flat += MESSAGE_TOKENS;
                    count.value(message, Role::Text, Keys::Frame);
                }
            }
            ("tools" | "functions", Json::List(tools)) => {
                for tool in tools {
                    count.flat += TOOL_TOKENS;
                    count.value(tool, Role::Text, Keys::Rendered);
                }
            }
            ("response_format", _) => count.value(value, Role::Text, Keys::Rendered),
            ("system" | "prompt" | "instructions" | "input", _) => {
                count.value(value, Role::Text, Keys::Frame);
            }
            _ => {}
        }
    }
    count.total()
}

#[derive(Debug, Default)]
struct Count {
    flat: u64,
    text_milli: u64,
    read_bytes: u64,
    bytes: u64,
}

/// What becomes of an object's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// They are the protocol's own.
    Frame,
    /// The model sees them.
    Rendered,
}

/// What a member's value is to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Text,
    Label,
    Medium,
}

impl Count {
    fn value(&mut self, value: &Json, role: Role, keys: Keys) {
        match (value, role) {
            (Json::Null | Json::Flag(_) | Json::Whole(_) | Json::Number(_), _)
            | (Json::Text(_) | Json::List(_) | Json::Object(_), Role::Label) => {}
            (Json::Text(_) | Json::List(_) | Json::Object(_), Role::Medium) => {
                self.flat += MEDIUM_TOKENS;
            }
            (Json::Text(text), Role::Text) if is_data_url(text) => self.flat += MEDIUM_TOKENS,
            (Json::Text(text), Role::Text) => self.text(text),
            (Json::List(values), Role::Text) => {
                for value in values {
                    self.value(value, Role::Text, keys);
                }
            }
            (Json::Object(members), Role::Text) => {
                for (key, value) in members {
                    if keys == Keys::Rendered {
                        self.text(key);
                    }
                    self.value(value, role_of(key, keys), below(key, keys));
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes += text.len() as u64;
        if self.read_bytes < TEXT_BYTES_MAX {
            self.read_bytes += text.len() as u64;
            self.text_milli += milli(text.as_bytes());
        }
    }

    fn total(&self) -> u64 {
        let milli = match self.read_bytes {
            0 => 0,
            read => u128::from(self.text_milli) * u128::from(self.bytes) / u128::from(read),
        };
        self.flat + u64::try_from(milli.div_ceil(1000)).unwrap_or(u64::MAX) + ANSWER_TOKENS
    }
}

/// What a tool is called with has keys of its own.
fn below(key: &str, keys: Keys) -> Keys {
    match key {
        "input" | "arguments" => Keys::Rendered,
        _ => keys,
    }
}

fn role_of(key: &str, keys: Keys) -> Role {
    match key {
        _ if keys == Keys::Rendered => Role::Text,
        "type" | "id" | "tool_call_id" | "tool_use_id" | "detail" | "format" | "cache_control"
        | "signature" => Role::Label,
        "image_url" | "input_audio" | "file" | "file_data" | "source" => Role::Medium,
        _ => Role::Text,
    }
}

fn is_data_url(text: &str) -> bool {
    text.starts_with("data:")
        && text
            .as_bytes()
            .iter()
            .take(128)
            .copied()
            .collect::<Vec<_>>()
            .windows(8)
            .any(|window| window == b";base64,")
}

/// The thousandths of one text: keys whole, and what stands between them run by run.
fn milli(text: &[u8]) -> u64 {
    let (mut total, mut read, mut at) = (0, 0, 0);
    for piece in text.chunk_by(|a, b| is_of_word(*a) == is_of_word(*b)) {
        if is_key(piece) {
            total += runs(text.get(read..at).unwrap_or_default()) + piece.len() as u64 * 714;
            read = at + piece.len();
        }
        at += piece.len();
    }
    total + runs(text.get(read..).unwrap_or_default())
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte)
}

/// A key or base64: long, with digits and both cases.
fn is_key(word: &[u8]) -> bool {
    word.len() >= 64
        && word.iter().copied().all(is_of_word)
        && word.iter().any(u8::is_ascii_digit)
        && word.iter().any(u8::is_ascii_lowercase)
        && word.iter().any(u8::is_ascii_uppercase)
}

fn runs(text: &[u8]) -> u64 {
    text.chunk_by(|a, b| Class::of(*a) == Class::of(*b))
        .map(run)
        .sum()
}

fn run(run: &[u8]) -> u64 {
    let length = run.len() as u64;
    match run.first().map_or(Class::White, |byte| Class::of(*byte)) {
        Class::Letter => {
            let steps = run.windows(2).filter(
                |pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()),
            );
            1000 + length.saturating_sub(8).div_ceil(4) * 1000 + steps.count() as u64 * 700
        }
        Class::Digit => length.div_ceil(3) * 1000,
        Class::White if run == b" " => 0,
        Class::White => 1000,
        Class::Punctuation => (length * 550).max(1000),
        Class::Other => {
            let long = run.iter().filter(|byte| **byte >= 0xF0).count() as u64;
            (length - long) * 588 + long * (2600 - 3 * 588)
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    White,
    Punctuation,
    Other,
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
