//! The `usage` object of a response.

use crate::dialect::said::tokens;
use crate::json::{Fault, Lexer, Token};
use crate::meter::usage::{Beside, Usage};

/// What the value reports that `token` began; nothing where it does not say how much went in and
/// came out.
pub(super) fn read<'a>(lexer: &mut Lexer<'a>, token: Token<'a>) -> Result<Option<Usage>, Fault> {
    if token != Token::Object {
        lexer.skip(token)?;
        return Ok(None);
    }
    let mut reported = Reported::default();
    lexer.members(|lexer, key, value| {
        match (key.raw, value) {
            (b"input_tokens_details" | b"output_tokens_details", Token::Object) => {
                return lexer.members(|lexer, key, value| {
                    reported.number(key.raw, value);
                    lexer.skip(value)
                });
            }
            _ => reported.number(key.raw, value),
        }
        lexer.skip(value)
    })?;
    Ok(reported.usage())
}

#[derive(Default)]
struct Reported {
    input: Option<u64>,
    output: Option<u64>,
    cached: Option<u64>,
    written: Option<u64>,
    reasoning: Option<u64>,
}

impl Reported {
    fn number(&mut self, key: &[u8], value: Token<'_>) {
        let place = match key {
            b"input_tokens" => &mut self.input,
            b"output_tokens" => &mut self.output,
            b"cached_tokens" => &mut self.cached,
            b"cache_write_tokens" => &mut self.written,
            b"reasoning_tokens" => &mut self.reasoning,
            _ => return,
        };
        *place = tokens(value);
    }

    fn usage(&self) -> Option<Usage> {
        let input_total = self.input?;
        let cache_read = self.cached.unwrap_or(0);
        let cache_write = self.written.unwrap_or(0);
        Some(Usage {
            input_total,
            input_uncached: input_total.saturating_sub(cache_read + cache_write),
            cache_read,
            cache_write,
            cache_write_1h: 0,
            output_total: self.output?,
            reasoning: self.reasoning.unwrap_or(0),
            beside: Beside::default(),
        })
    }
}
