//! `usageMetadata`, brought to the one form.

use crate::dialect::said::tokens;
use crate::json::{Fault, Lexer, Token};
use crate::meter::usage::{Beside, Usage};

/// What the value reports that `token` began; nothing where it does not say how much went in. Chunks
/// in the middle of a stream may hold nothing but the kind of traffic.
pub(super) fn read<'a>(lexer: &mut Lexer<'a>, token: Token<'a>) -> Result<Option<Usage>, Fault> {
    if token != Token::Object {
        lexer.skip(token)?;
        return Ok(None);
    }
    let mut reported = Reported::default();
    lexer.members(|lexer, key, value| {
        let place = match key.raw {
            b"promptTokenCount" => &mut reported.prompt,
            b"cachedContentTokenCount" => &mut reported.cached,
            b"toolUsePromptTokenCount" => &mut reported.tools,
            b"candidatesTokenCount" => &mut reported.candidates,
            b"thoughtsTokenCount" => &mut reported.thoughts,
            _ => return lexer.skip(value),
        };
        *place = tokens(value);
        lexer.skip(value)
    })?;
    Ok(reported.usage())
}

#[derive(Default)]
struct Reported {
    prompt: Option<u64>,
    cached: Option<u64>,
    tools: Option<u64>,
    candidates: Option<u64>,
    thoughts: Option<u64>,
}

impl Reported {
    fn usage(&self) -> Option<Usage> {
        // What a provider's own tools put in stands beside the prompt, thoughts beside the answer.
        let input_total = self.prompt?.saturating_add(self.tools.unwrap_or(0));
        let cache_read = self.cached.unwrap_or(0);
        let reasoning = self.thoughts.unwrap_or(0);
        Some(Usage {
            input_total,
            input_uncached: input_total.saturating_sub(cache_read),
            cache_read,
            cache_write: 0,
            cache_write_1h: 0,
            output_total: self.candidates.unwrap_or(0).saturating_add(reasoning),
            reasoning,
            beside: Beside::default(),
        })
    }
}
