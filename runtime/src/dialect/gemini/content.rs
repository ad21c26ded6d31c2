//! An answer as its chunks tell it.
//!
//! ```text
//! {candidates:[{content:{parts:[…]}}], usageMetadata}… ─ the same with a finishReason ─ end of body
//! ```
//!
//! There is no last event: an answer is whole if its body ends properly after a reason was given.
//! An error may follow the stream as bare JSON, in no event at all.

use super::usage;
use crate::dialect::events::{Answer, Malformed, Meaning};
use crate::dialect::reader::Ending;
use crate::dialect::said::{is_said, says};
use crate::json::{Fault, Lexer, Token};
use crate::meter::usage::Usage;

/// What an answer has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::dialect) struct Content {
    usage: Option<Usage>,
    /// Whether a candidate said why it ends, or the prompt was refused.
    finished: bool,
    /// Whether it ends for a reason that is the model's own failure.
    broke: bool,
    /// Whether it has said anything.
    said: bool,
}

impl Answer for Content {
    fn is_more(_: &[u8]) -> bool {
        // Every chunk reports usage, and the last report counts.
        false
    }

    fn read(&mut self, data: &[u8]) -> Result<Meaning, Malformed> {
        let mut lexer = Lexer::new(data);
        if lexer.value_next()? != Token::Object {
            return Err(Malformed);
        }
        let mut meaning = Meaning::default();
        lexer.members(|lexer, key, value| {
            match (key.raw, value) {
                (b"error", _) => meaning.error |= is_said(value),
                (b"candidates", Token::Array) => {
                    return lexer
                        .elements(|lexer, value| self.candidate(lexer, value, &mut meaning));
                }
                (b"promptFeedback", Token::Object) => {
                    return lexer.members(|lexer, key, value| {
                        self.finished |= key.raw == b"blockReason" && is_said(value);
                        lexer.skip(value)
                    });
                }
                (b"usageMetadata", _) => {
                    // Earlier reports are running values that may even fall.
                    self.usage = usage::read(lexer, value)?.or(self.usage);
                    return Ok(());
                }
                _ => {}
            }
            lexer.skip(value)
        })?;
        self.said |= meaning.content;
        // What the model broke off before it said anything may be better the next time.
        meaning.error |= self.broke && !self.said;
        match lexer.token()? {
            None => Ok(meaning),
            Some(_) => Err(Malformed),
        }
    }

    fn is_done(&self) -> bool {
        false
    }

    fn ending(&self) -> Ending {
        if self.finished {
            Ending::Complete
        } else {
            Ending::Cut
        }
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

/// Reasons to end that are the model's own failures.
const BROKE: [&[u8]; 6] = [
    b"MALFORMED_FUNCTION_CALL",
    b"UNEXPECTED_TOOL_CALL",
    b"TOO_MANY_TOOL_CALLS",
    b"MALFORMED_RESPONSE",
    b"MISSING_THOUGHT_SIGNATURE",
    b"OTHER",
];

impl Content {
    fn candidate<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        value: Token<'a>,
        meaning: &mut Meaning,
    ) -> Result<(), Fault> {
        if value != Token::Object {
            return lexer.skip(value);
        }
        lexer.members(|lexer, key, value| {
            match (key.raw, value) {
                (b"finishReason", Token::Text(reason)) => {
                    self.finished |= !reason.raw.is_empty();
                    self.broke |= BROKE.contains(&reason.raw);
                }
                (b"content", Token::Object) => {
                    return lexer.members(|lexer, key, value| match key.raw {
                        b"parts" => {
                            meaning.content |= says(lexer, value)?;
                            Ok(())
                        }
                        _ => lexer.skip(value),
                    });
                }
                _ => {}
            }
            lexer.skip(value)
        })
    }
}
