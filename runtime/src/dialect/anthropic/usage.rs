//! The `usage` objects of one message, merged.

use crate::dialect::said::tokens;
use crate::json::{Fault, Lexer, Token};
use crate::meter::usage::Usage;

/// What a message said of its usage so far. Reports are cumulative: each replaces what the ones
/// before it said, member by member, and what it leaves out stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reported {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    thinking: Option<u64>,
}

impl Reported {
    /// Takes over what the value says that `token` began.
    pub(super) fn merge<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        token: Token<'a>,
    ) -> Result<(), Fault> {
        if token != Token::Object {
            return lexer.skip(token);
        }
        lexer.members(|lexer, key, value| {
            let place = match (key.raw, value) {
                (b"input_tokens", _) => &mut self.input,
                (b"output_tokens", _) => &mut self.output,
                (b"cache_read_input_tokens", _) => &mut self.cache_read,
                (b"cache_creation_input_tokens", _) => &mut self.cache_write,
                (b"cache_creation", Token::Object) => {
                    return lexer.members(|lexer, key, value| {
                        let place = match key.raw {
                            b"ephemeral_5m_input_tokens" => &mut self.cache_write_5m,
                            b"ephemeral_1h_input_tokens" => &mut self.cache_write_1h,
                            _ => return lexer.skip(value),
                        };
                        *place = tokens(value).or(*place);
                        lexer.skip(value)
                    });
                }
                (b"output_tokens_details", Token::Object) => {
                    return lexer.members(|lexer, key, value| {
                        if key.raw == b"thinking_tokens" {
                            self.thinking = tokens(value).or(self.thinking);
                        }
                        lexer.skip(value)
                    });
                }
                _ => return lexer.skip(value),
            };
            *place = tokens(value).or(*place);
            lexer.skip(value)
        })
    }

    /// The report in the one form; nothing where it does not say how much went in and came out.
    pub(super) fn usage(self) -> Option<Usage> {
        // What was read from and written to the cache is no part of the input here.
        let input_uncached = self.input?;
        let output_total = self.output?;
        let cache_read = self.cache_read.unwrap_or(0);
        let cache_write_1h = self.cache_write_1h.unwrap_or(0);
        let written = self
            .cache_write_5m
            .unwrap_or(0)
            .saturating_add(cache_write_1h);
        // Only the first report tells for how long; what the last one has more is kept for minutes.
        let cache_write = self.cache_write.unwrap_or(written);
        Some(Usage {
            input_total: input_uncached
                .saturating_add(cache_read)
                .saturating_add(cache_write),
            input_uncached,
            cache_read,
            cache_write,
            cache_write_1h: cache_write_1h.min(cache_write),
            output_total,
            reasoning: self.thinking.unwrap_or(0),
        })
    }
}
