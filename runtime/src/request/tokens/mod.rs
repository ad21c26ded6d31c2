//! How many tokens the input is likely to be, without a vocabulary.
//!
//! Counted is what a provider renders for the model, decoded:
//!
//! | what | how |
//! |---|---|
//! | strings in `messages`, `input`, `system`, `prompt`, `instructions`, `tools`, `functions`, `response_format` | as text, run by run |
//! | keys in `tools`, `functions`, `response_format` | as text: schemas are rendered with them |
//! | keys below a call's `input` or `arguments` | as text: they are the tool's own, and a `file` there is a name |
//! | each message or input item | 3 for its frame, and 3 once for the answer's |
//! | each tool | 8 for its frame |
//! | each picture, sound, file, or string that is a base64 `data:` URL | 1 500, whatever its size |
//!
//! Not counted are numbers, flags, and strings that only label: `type`, `id`, `tool_call_id`,
//! `tool_use_id`, `detail`, `format`, `cache_control`, `signature`. Beyond [`TEXT_BYTES_MAX`] bytes of text the rest is taken to
//! be like the part before.
//!
//! The result is for OpenAI's newer vocabularies; other families multiply it.

mod size;
mod text;

pub use size::{Known, Size};
use text::Count;

use crate::json::{Fault, Lexer, Text, Token};

/// How much text is looked at.
pub const TEXT_BYTES_MAX: u64 = 256 * 1024;

const MESSAGE_TOKENS: u64 = 3;
const ANSWER_TOKENS: u64 = 3;
const TOOL_TOKENS: u64 = 8;
const MEDIUM_TOKENS: u64 = 1500;

/// Members that hold a picture, a sound or a file.
const MEDIA: [&[u8]; 5] = [
    b"image_url",
    b"input_audio",
    b"file",
    b"file_data",
    b"source",
];

/// Members that hold what a tool is called with.
const CALLS: [&[u8]; 2] = [b"input", b"arguments"];

/// What stands in every base64 `data:` URL.
const BASE64: &[u8] = b";base64,";

/// An estimate of a body's input tokens; 0 for a body that [`super::peek::peek`] refuses.
pub fn estimate(body: &[u8]) -> u64 {
    let mut estimate = Estimate::default();
    match estimate.root(&mut Lexer::new(body)) {
        Ok(()) => estimate.flat + estimate.text.tokens() + ANSWER_TOKENS,
        Err(_) => 0,
    }
}

#[derive(Default)]
struct Estimate {
    text: Count,
    flat: u64,
}

impl Estimate {
    fn root(&mut self, lexer: &mut Lexer<'_>) -> Result<(), Fault> {
        if lexer.value_next()? != Token::Object {
            return Ok(());
        }
        lexer.members(|lexer, key, value| match (key.raw, value) {
            (b"messages" | b"input", Token::Array) => lexer.elements(|lexer, message| {
                self.flat += MESSAGE_TOKENS;
                self.value(lexer, message, Keys::Frame)
            }),
            (b"tools" | b"functions", Token::Array) => lexer.elements(|lexer, tool| {
                self.flat += TOOL_TOKENS;
                self.value(lexer, tool, Keys::Rendered)
            }),
            (b"response_format", _) => self.value(lexer, value, Keys::Rendered),
            (b"system" | b"prompt" | b"instructions" | b"input", _) => {
                self.value(lexer, value, Keys::Frame)
            }
            _ => lexer.skip(value),
        })
    }

    /// Counts the value that `token` began, whatever is in it.
    fn value<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        mut token: Token<'a>,
        keys: Keys,
    ) -> Result<(), Fault> {
        let outside = lexer.depth() - u32::from(matches!(token, Token::Object | Token::Array));
        let mut role = Role::Text;
        // How deep the member lies whose value has a tool's own keys, while we are in one.
        let mut call: Option<u32> = None;
        loop {
            match token {
                Token::Key(key) => {
                    let keys = call.map_or(keys, |_| Keys::Rendered);
                    role = Role::of(key.raw, keys);
                    if keys == Keys::Rendered {
                        self.text.add(key);
                    } else if CALLS.contains(&key.raw) {
                        call = Some(lexer.depth());
                    }
                }
                Token::Text(text) if role == Role::Text && !is_data_url(text) => {
                    self.text.add(text);
                }
                Token::Text(_) if role == Role::Label => {}
                Token::Null
                | Token::Number(_)
                | Token::Flag(_)
                | Token::ObjectEnd
                | Token::ArrayEnd => {}
                _ if role == Role::Medium => {
                    self.flat += MEDIUM_TOKENS;
                    lexer.skip(token)?;
                }
                Token::Text(_) => self.flat += MEDIUM_TOKENS,
                _ if role == Role::Label => lexer.skip(token)?,
                Token::Object | Token::Array => {}
            }
            if !matches!(token, Token::Key(_)) {
                if lexer.depth() == outside {
                    return Ok(());
                }
                call = call.filter(|depth| *depth != lexer.depth());
                role = Role::Text;
            }
            token = lexer.value_next()?;
        }
    }
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

impl Role {
    fn of(key: &[u8], keys: Keys) -> Self {
        match key {
            _ if keys == Keys::Rendered => Self::Text,
            b"type" | b"id" | b"tool_call_id" | b"tool_use_id" | b"detail" | b"format"
            | b"cache_control" | b"signature" => Self::Label,
            _ if MEDIA.contains(&key) => Self::Medium,
            _ => Self::Text,
        }
    }
}

/// Base64 is no text: a picture of 1 MB would count as a million tokens.
fn is_data_url(text: Text<'_>) -> bool {
    let front = text.raw.get(..128).unwrap_or(text.raw);
    front.starts_with(b"data:") && memchr::memmem::find(front, BASE64).is_some()
}
