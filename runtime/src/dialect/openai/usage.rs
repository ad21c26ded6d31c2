//! The `usage` object, whoever wrote it, brought to the one form.

use crate::dialect::said::tokens;
use crate::json::{Fault, Lexer, Text, Token};
use crate::meter::usage::{Beside, Usage};

/// Where one provider counts otherwise than the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quirk {
    /// `completion_tokens` holds the reasoning.
    #[default]
    None,
    /// It does not (xAI).
    ReasoningOutside,
    /// It does not where the model is a Gemini (Vercel's gateway).
    ReasoningOutsideForGemini,
}

impl Quirk {
    /// What is known of the provider at this host.
    pub fn of_host(host: &str) -> Self {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host == "x.ai" || host.ends_with(".x.ai") {
            Self::ReasoningOutside
        } else if host == "ai-gateway.vercel.sh" {
            Self::ReasoningOutsideForGemini
        } else {
            Self::None
        }
    }
}

/// A `usage` object as it was sent. A number that is missing, null, negative or no whole number
/// stays unknown; it never becomes zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reported {
    prompt: Option<u64>,
    completion: Option<u64>,
    total: Option<u64>,
    cached: Option<u64>,
    cached_beside: Option<u64>,
    cache_hit: Option<u64>,
    cache_write: Option<u64>,
    cache_creation: Option<u64>,
    reasoning: Option<u64>,
}

impl Reported {
    /// Reads the value that `token` began, if it is an object.
    pub(super) fn read<'a>(lexer: &mut Lexer<'a>, token: Token<'a>) -> Result<Option<Self>, Fault> {
        if token != Token::Object {
            lexer.skip(token)?;
            return Ok(None);
        }
        let mut reported = Self::default();
        lexer.members(|lexer, key, value| reported.member(lexer, key, value))?;
        Ok(Some(reported))
    }

    fn member<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        key: Text<'a>,
        value: Token<'a>,
    ) -> Result<(), Fault> {
        match (key.raw, value) {
            (b"prompt_tokens", _) => self.prompt = tokens(value),
            (b"completion_tokens", _) => self.completion = tokens(value),
            (b"total_tokens", _) => self.total = tokens(value),
            (b"prompt_cache_hit_tokens", _) => self.cache_hit = tokens(value),
            (b"cached_tokens", _) => self.cached_beside = tokens(value),
            (b"cache_creation_input_tokens", _) => self.cache_creation = tokens(value),
            (b"prompt_tokens_details", Token::Object) => {
                return lexer.members(|lexer, key, value| {
                    match key.raw {
                        b"cached_tokens" => self.cached = tokens(value),
                        b"cache_write_tokens" => self.cache_write = tokens(value),
                        _ => {}
                    }
                    lexer.skip(value)
                });
            }
            (b"completion_tokens_details", Token::Object) => {
                return lexer.members(|lexer, key, value| {
                    if key.raw == b"reasoning_tokens" {
                        self.reasoning = tokens(value);
                    }
                    lexer.skip(value)
                });
            }
            _ => {}
        }
        lexer.skip(value)
    }

    /// The same of an answer that has no output, where some leave out even the zero.
    pub(super) fn only_input(self) -> Self {
        Self {
            completion: self.completion.or(Some(0)),
            ..self
        }
    }

    /// The report in the one form; nothing where it does not say how much went in and came out.
    pub(super) fn usage(self, quirk: Quirk) -> Option<Usage> {
        let prompt = self.prompt?;
        let completion = match self.completion {
            Some(completion) => completion,
            None => self.total?.checked_sub(prompt)?,
        };
        let reasoning = self.reasoning.unwrap_or(0);
        // Some say so themselves: what is neither input nor completion was reasoning.
        let proved = reasoning > 0 && self.total == Some(prompt + completion + reasoning);
        let cache_read = self
            .cached
            .or(self.cache_hit)
            .or(self.cached_beside)
            .unwrap_or(0);
        let cache_write = self.cache_write.or(self.cache_creation).unwrap_or(0);
        Some(Usage {
            input_total: prompt,
            // One provider was seen to report more cached than sent.
            input_uncached: prompt.saturating_sub(cache_read + cache_write),
            cache_read,
            cache_write,
            cache_write_1h: 0,
            output_total: if quirk == Quirk::ReasoningOutside || proved {
                completion + reasoning
            } else {
                completion
            },
            reasoning,
            beside: Beside::default(),
        })
    }
}
