//! The `usage` objects of one message, merged.

use crate::dialect::said::tokens;
use crate::json::{Fault, Lexer, Token};
use crate::meter::usage::{Beside, Usage};

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
    /// All turns that the answer took, added up, where the report lists them.
    turns: Beside,
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
            match (key.raw, value) {
                (b"cache_creation" | b"output_tokens_details", Token::Object) => {
                    return lexer.members(|lexer, key, value| {
                        self.number(key.raw, value);
                        lexer.skip(value)
                    });
                }
                (b"iterations", Token::Array) => {
                    self.turns = Beside::default();
                    return lexer.elements(|lexer, turn| self.turn(lexer, turn));
                }
                _ => self.number(key.raw, value),
            }
            lexer.skip(value)
        })
    }

    /// Adds one turn: of the answer itself, of what made its conversation shorter, of an adviser.
    fn turn<'a>(&mut self, lexer: &mut Lexer<'a>, turn: Token<'a>) -> Result<(), Fault> {
        if turn != Token::Object {
            return lexer.skip(turn);
        }
        lexer.members(|lexer, key, value| {
            let place = match key.raw {
                b"input_tokens" => &mut self.turns.input_uncached,
                b"output_tokens" => &mut self.turns.output_total,
                b"cache_read_input_tokens" => &mut self.turns.cache_read,
                b"cache_creation_input_tokens" => &mut self.turns.cache_write,
                _ => return lexer.skip(value),
            };
            *place = place.saturating_add(tokens(value).unwrap_or(0));
            lexer.skip(value)
        })
    }

    fn number(&mut self, key: &[u8], value: Token<'_>) {
        let place = match key {
            b"input_tokens" => &mut self.input,
            b"output_tokens" => &mut self.output,
            b"cache_read_input_tokens" => &mut self.cache_read,
            b"cache_creation_input_tokens" => &mut self.cache_write,
            b"ephemeral_5m_input_tokens" => &mut self.cache_write_5m,
            b"ephemeral_1h_input_tokens" => &mut self.cache_write_1h,
            b"thinking_tokens" => &mut self.thinking,
            _ => return,
        };
        *place = tokens(value).or(*place);
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
            // The report's own numbers are those of the answer alone; the turns are all there were.
            beside: Beside {
                input_uncached: self.turns.input_uncached.saturating_sub(input_uncached),
                cache_read: self.turns.cache_read.saturating_sub(cache_read),
                cache_write: self.turns.cache_write.saturating_sub(cache_write),
                output_total: self.turns.output_total.saturating_sub(output_total),
            },
        })
    }
}
