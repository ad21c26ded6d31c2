//! A message as its events tell it.
//!
//! ```text
//! message_start ─ (content_block_start ─ content_block_delta… ─ content_block_stop)… ─
//! message_delta ─ message_stop                        ping anywhere; error instead of the rest
//! ```

use super::usage::Reported;
use crate::dialect::events::{Answer, Malformed, Meaning};
use crate::dialect::reader::Ending;
use crate::dialect::said::{is_said, says};
use crate::json::{Fault, Lexer, Token};
use crate::meter::usage::Usage;

/// What a message has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::dialect) struct Message {
    reported: Reported,
    /// Whether it said why it stops.
    stopped: bool,
    /// Whether `message_stop` came.
    done: bool,
}

impl Answer for Message {
    fn is_more(data: &[u8]) -> bool {
        const DELTA: &[u8] = b"\"content_block_delta\"";
        let kind = data.strip_prefix(b"{\"type\":");
        kind.is_some_and(|kind| kind.trim_ascii_start().starts_with(DELTA))
    }

    fn read(&mut self, data: &[u8]) -> Result<Meaning, Malformed> {
        let mut lexer = Lexer::new(data);
        if lexer.value_next()? != Token::Object {
            return Err(Malformed);
        }
        let mut meaning = Meaning::default();
        lexer.members(|lexer, key, value| self.member(lexer, (key.raw, value), &mut meaning))?;
        match lexer.token()? {
            None => Ok(meaning),
            Some(_) => Err(Malformed),
        }
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn ending(&self) -> Ending {
        match (self.done, self.stopped) {
            (true, true) => Ending::Complete,
            (true, false) => Ending::DoneWithoutFinish,
            (false, _) => Ending::Cut,
        }
    }

    fn usage(&self) -> Option<Usage> {
        self.reported.usage()
    }
}

impl Message {
    fn member<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        (key, value): (&[u8], Token<'a>),
        meaning: &mut Meaning,
    ) -> Result<(), Fault> {
        match (key, value) {
            (b"type", Token::Text(kind)) => {
                meaning.error |= kind.raw == b"error";
                self.done |= kind.raw == b"message_stop";
            }
            // Proxies write errors in other shapes too.
            (b"error", _) => meaning.error |= is_said(value),
            (b"message", Token::Object) => {
                return lexer.members(|lexer, key, value| match key.raw {
                    b"usage" => self.reported.merge(lexer, value),
                    _ => lexer.skip(value),
                });
            }
            (b"usage", _) => return self.reported.merge(lexer, value),
            (b"content_block", _) => {
                meaning.content |= says(lexer, value)?;
                return Ok(());
            }
            (b"delta", Token::Object) => {
                return lexer.members(|lexer, key, value| match key.raw {
                    b"stop_reason" => {
                        self.stopped |= is_said(value);
                        lexer.skip(value)
                    }
                    b"stop_sequence" | b"stop_details" | b"container" | b"type" => {
                        lexer.skip(value)
                    }
                    _ => {
                        meaning.content |= says(lexer, value)?;
                        Ok(())
                    }
                });
            }
            _ => {}
        }
        lexer.skip(value)
    }
}
