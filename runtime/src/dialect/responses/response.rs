//! A response as its events tell it.
//!
//! ```text
//! response.created ─ in_progress ─ (output_item.added ─ ….delta… ─ ….done ─ output_item.done)… ─
//! response.completed | response.incomplete          error or response.failed instead of the rest
//! ```
//!
//! What an event is stands in its `type`; some servers give it no name.

use super::usage;
use crate::dialect::events::{Answer, Malformed, Meaning};
use crate::dialect::reader::Ending;
use crate::dialect::said::{is_said, says};
use crate::json::{Fault, Lexer, Token};
use crate::meter::usage::Usage;

/// What a response has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::dialect) struct Response {
    usage: Option<Usage>,
    /// Whether its last event came.
    done: bool,
}

/// What one event has, whatever it is called.
#[derive(Default)]
struct Event<'a> {
    kind: &'a [u8],
    item: &'a [u8],
    /// Something stands in its `delta`.
    delta: bool,
    error: bool,
}

impl Answer for Response {
    fn is_more(data: &[u8]) -> bool {
        let kind = data
            .strip_prefix(b"{\"type\":")
            .map(<[u8]>::trim_ascii_start);
        let kind = kind.and_then(|kind| kind.strip_prefix(b"\"response."));
        let end = kind.and_then(|kind| Some((kind, memchr::memchr(b'"', kind)?)));
        let name = end.and_then(|(kind, end)| kind.get(..end));
        name.is_some_and(|name| name.ends_with(b".delta"))
    }

    fn read(&mut self, data: &[u8]) -> Result<Meaning, Malformed> {
        let mut lexer = Lexer::new(data);
        if lexer.value_next()? != Token::Object {
            return Err(Malformed);
        }
        let mut event = Event::default();
        lexer.members(|lexer, key, value| self.member(lexer, (key.raw, value), &mut event))?;
        if lexer.token()?.is_some() {
            return Err(Malformed);
        }
        self.done |= matches!(event.kind, b"response.completed" | b"response.incomplete");
        Ok(event.meaning())
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn ending(&self) -> Ending {
        if self.done {
            Ending::Complete
        } else {
            Ending::Cut
        }
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }
}

impl Response {
    fn member<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        (key, value): (&[u8], Token<'a>),
        event: &mut Event<'a>,
    ) -> Result<(), Fault> {
        match (key, value) {
            (b"type", Token::Text(kind)) => event.kind = kind.raw,
            (b"error", _) => event.error |= is_said(value),
            (b"delta", _) => {
                event.delta = says(lexer, value)?;
                return Ok(());
            }
            (b"item", Token::Object) => {
                return lexer.members(|lexer, key, value| {
                    if let (b"type", Token::Text(kind)) = (key.raw, value) {
                        event.item = kind.raw;
                    }
                    lexer.skip(value)
                });
            }
            (b"response", Token::Object) => {
                return lexer.members(|lexer, key, value| match key.raw {
                    b"usage" => {
                        self.usage = usage::read(lexer, value)?.or(self.usage);
                        Ok(())
                    }
                    _ => lexer.skip(value),
                });
            }
            _ => {}
        }
        lexer.skip(value)
    }
}

impl Event<'_> {
    fn meaning(&self) -> Meaning {
        let content = match self.kind {
            // A message and its reasoning are opened before there is any of them; what else is
            // opened has a name, and shows what the model does.
            b"response.output_item.added" => !matches!(self.item, b"" | b"message" | b"reasoning"),
            b"response.output_item.done" | b"response.image_generation_call.partial_image" => true,
            kind => kind.ends_with(b".delta") && self.delta,
        };
        Meaning {
            content,
            error: self.error || matches!(self.kind, b"error" | b"response.failed"),
        }
    }
}
