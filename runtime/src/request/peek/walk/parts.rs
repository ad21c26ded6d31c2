//! What the messages of a body hold: pictures, sounds, files, wherever they stand.
//!
//! ```text
//! message ─ content ─ part ─ content ─ part …      a tool's result has parts of its own
//!         └ output  ─ part …                       where Responses have it
//! ```

use claw_table::Can;

use super::{Seen, Walk, Walked};
use crate::json::{Lexer, Token, Watch};

const MESSAGE: &[&str] = &[
    "content",
    "output",
    "type",
    "image_url",
    "input_audio",
    "file",
];

const PART: &[&str] = &["content", "type", "image_url", "input_audio", "file"];

/// What parts are called, and what they need.
const MEDIA: &[(&str, Can)] = &[
    ("image_url", Can::Images),
    ("input_image", Can::Images),
    ("image", Can::Images),
    ("document", Can::Files),
    ("input_audio", Can::Audio),
    ("file", Can::Files),
    ("input_file", Can::Files),
];

impl Walk {
    pub(super) fn messages(&mut self, lexer: &mut Lexer<'_, impl Watch>) -> Walked {
        lexer.elements(|lexer, message| {
            self.peek.messages = self.peek.messages.saturating_add(1);
            match message {
                Token::Object => self.part(lexer, MESSAGE),
                _ => Ok(lexer.skip(message)?),
            }
        })
    }

    fn parts(&mut self, lexer: &mut Lexer<'_, impl Watch>) -> Walked {
        lexer.elements(|lexer, part| match part {
            Token::Object => self.part(lexer, PART),
            _ => Ok(lexer.skip(part)?),
        })
    }

    /// A message, or a part of one; how deep parts nest is bounded by the lexer.
    fn part(&mut self, lexer: &mut Lexer<'_, impl Watch>, read: &'static [&'static str]) -> Walked {
        let mut seen = Seen::default();
        lexer.members(
            |lexer, key, value| match (self.known(key, read, &mut seen)?, value) {
                (Some("content" | "output"), Token::Array) => self.parts(lexer),
                (Some("content" | "output"), Token::Object) => self.part(lexer, PART),
                (Some(word), _) => {
                    self.part_member(word, value);
                    Ok(lexer.skip(value)?)
                }
                (None, _) => Ok(lexer.skip(value)?),
            },
        )
    }

    /// A part says what it is, or shows it by what it holds.
    fn part_member(&mut self, word: &'static str, value: Token<'_>) {
        let kind = match value {
            Token::Null => None,
            Token::Text(text) if word == "type" => {
                MEDIA.iter().find(|(name, _)| text.is(name.as_bytes()))
            }
            _ => MEDIA.iter().find(|(name, _)| *name == word),
        };
        if let Some((_, can)) = kind {
            self.peek.can |= can.bit();
        }
    }
}
