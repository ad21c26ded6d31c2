//! One event's JSON, read in full: what it means for the stream.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token that is not looked for is passed over, whatever it is"
)]

use super::usage::{Quirk, Reported};
use crate::dialect::events::Malformed;
use crate::dialect::said::{is_said, says};
use crate::json::{Fault, Lexer, Text, Token};
use crate::meter::usage::Usage;

/// What one object of an answer says.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chunk {
    /// Text, reasoning, a refusal, a tool call, a picture or sound is in it.
    pub(super) content: bool,
    /// It says that the provider failed.
    pub(super) error: bool,
    /// How many are in its `choices`, where it has any such member.
    pub(super) choices: Option<u32>,
    /// It has a `usage` object.
    pub(super) reports: bool,
    /// One bit for each choice that ends here.
    pub(super) finished: u128,
    /// What it reports as used.
    pub(super) usage: Option<Usage>,
}

/// The reports of one object, each from the place where somebody puts it.
#[derive(Default)]
struct Reports {
    top: Option<Reported>,
    groq: Option<Reported>,
    choice: Option<Reported>,
    gemini: bool,
}

impl Chunk {
    /// Reads one object.
    pub(super) fn read(json: &[u8], quirk: Quirk) -> Result<Self, Malformed> {
        let mut lexer = Lexer::new(json);
        let mut chunk = Self::default();
        let mut reports = Reports::default();
        match lexer.value_next()? {
            Token::Object => chunk.members(&mut lexer, &mut reports)?,
            // Google's compatible endpoint wraps its errors in an array.
            Token::Array => lexer.elements(|lexer, token| match token {
                Token::Object => chunk.members(lexer, &mut reports),
                _ => lexer.skip(token),
            })?,
            _ => return Err(Malformed),
        }
        if lexer.token()?.is_some() {
            return Err(Malformed);
        }
        let quirk = match quirk {
            Quirk::ReasoningOutsideForGemini if reports.gemini => Quirk::ReasoningOutside,
            other => other,
        };
        // Never added up: an event that reports twice reports the same.
        chunk.reports = reports.top.is_some();
        let reported = reports.top.or(reports.groq).or(reports.choice);
        chunk.usage = reported.and_then(|reported| reported.usage(quirk));
        Ok(chunk)
    }

    /// Whether it says what was used and no more: nobody who did not ask expects such a chunk.
    pub(super) fn is_only_usage(self) -> bool {
        self.choices == Some(0) && self.reports && !self.error
    }

    fn members(&mut self, lexer: &mut Lexer<'_>, reports: &mut Reports) -> Result<(), Fault> {
        lexer.members(|lexer, key, value| {
            match (key.raw, value) {
                (b"choices", Token::Array) => {
                    self.choices = Some(0);
                    let mut position = 0;
                    return lexer.elements(|lexer, choice| {
                        position += 1;
                        self.choices = Some(position);
                        match choice {
                            Token::Object => self.choice(lexer, position - 1, reports),
                            _ => lexer.skip(choice),
                        }
                    });
                }
                (b"usage", _) => {
                    reports.top = Reported::read(lexer, value)?.or(reports.top);
                    return Ok(());
                }
                (b"x_groq", Token::Object) => {
                    return lexer.members(|lexer, key, value| match key.raw {
                        b"usage" => Reported::read(lexer, value).map(|read| reports.groq = read),
                        _ => lexer.skip(value),
                    });
                }
                (b"model", Token::Text(model)) => {
                    reports.gemini = memchr::memmem::find(model.raw, b"gemini").is_some();
                }
                (b"error", _) => self.error |= is_said(value),
                (b"object" | b"type", Token::Text(word)) => self.error |= word.raw == b"error",
                _ => {}
            }
            lexer.skip(value)
        })
    }

    /// One choice. Where it does not say which it is, its place says it.
    fn choice(
        &mut self,
        lexer: &mut Lexer<'_>,
        position: u32,
        reports: &mut Reports,
    ) -> Result<(), Fault> {
        let mut index = u64::from(position);
        let mut finished = false;
        lexer.members(|lexer, key, value| {
            match (key.raw, value) {
                (b"index", Token::Number(number)) => {
                    index = crate::json::whole(number).unwrap_or(index);
                }
                (b"finish_reason", Token::Text(reason)) => {
                    finished = !reason.raw.is_empty();
                    // The answer ends because the provider does, whatever else it calls it.
                    self.error |= matches!(reason.raw, b"error" | b"insufficient_system_resource");
                }
                (b"delta" | b"message", Token::Object) => {
                    return lexer.members(|lexer, key, value| self.delta(lexer, key, value));
                }
                (b"text", Token::Text(text)) => self.content |= !text.raw.is_empty(),
                (b"usage", _) => {
                    reports.choice = Reported::read(lexer, value)?;
                    return Ok(());
                }
                _ => {}
            }
            lexer.skip(value)
        })?;
        if finished {
            self.finished |= 1_u128
                .checked_shl(u32::try_from(index).unwrap_or(u32::MAX))
                .unwrap_or(0);
        }
        Ok(())
    }

    fn delta<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        key: Text<'a>,
        value: Token<'a>,
    ) -> Result<(), Fault> {
        match key.raw {
            b"content" | b"reasoning_content" | b"reasoning" | b"reasoning_details"
            | b"thinking" | b"refusal" | b"tool_calls" | b"function_call" | b"images"
            | b"audio" => {
                self.content |= says(lexer, value)?;
                Ok(())
            }
            _ => lexer.skip(value),
        }
    }
}
