//! The pass itself: a function for each object of which some members are read.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token that is not looked for is passed over, whatever it is"
)]

mod parts;

use claw_table::{Can, decimal};

use super::key::Key;
use super::pointer::Pointers;
use super::{Cap, MODEL_BYTES_MAX, Model, Peek, Reason, Refusal};
use crate::json::{Lexer, Text, Token, Watch, whole};

/// Walks the whole body.
pub(super) fn walk(body: &[u8]) -> Result<Peek, Refusal> {
    let (mut walk, _) = passed(Lexer::new(body))?;
    walk.settled()?;
    Ok(walk.peek)
}

/// The same, finding the members at these pointers.
pub(super) fn walk_for(body: &[u8], pointers: &Pointers) -> Result<Peek, Refusal> {
    let (mut walk, finder) = passed(Lexer::watched(body, pointers.finder()))?;
    if let Some(refusal) = finder.twice {
        return Err(refusal);
    }
    walk.ambiguous = walk.ambiguous.or(finder.ambiguous);
    walk.settled()?;
    walk.peek.found = finder.found;
    Ok(walk.peek)
}

fn passed<W: Watch>(mut lexer: Lexer<'_, W>) -> Result<(Walk, W), Refusal> {
    if lexer.value_next()? != Token::Object {
        let at = lexer.at();
        return Err(Refusal {
            reason: Reason::NotAnObject,
            at: at.saturating_sub(1),
        });
    }
    let mut walk = Walk {
        peek: Peek {
            choices: 1,
            ..Peek::default()
        },
        ..Walk::default()
    };
    walk.root(&mut lexer)?;
    lexer.token()?;
    Ok((walk, lexer.into_watch()))
}

#[derive(Default)]
struct Walk {
    peek: Peek,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    /// Where the second of the two limits stands.
    limit_at: usize,
    /// The first key that only some parsers would read. Told last: if its twin comes too, the body
    /// is refused for that.
    ambiguous: Option<Refusal>,
}

/// The keys seen of one object, a bit each.
#[derive(Default)]
struct Seen(u32);

const ROOT: &[&str] = &[
    "model",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "tools",
    "functions",
    "response_format",
    "output_config",
    "text",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "messages",
    "input",
    // Not read yet, but their double meaning would cost money.
    "service_tier",
    "top_k",
    "system",
    "prompt",
    "instructions",
    "temperature",
];

type Walked = Result<(), Refusal>;

impl Walk {
    fn root(&mut self, lexer: &mut Lexer<'_, impl Watch>) -> Walked {
        let mut seen = Seen::default();
        lexer.members(
            |lexer, key, value| match self.known(key, ROOT, &mut seen)? {
                Some(name) => self.root_member(lexer, (name, key.at - 1), value),
                None => Ok(lexer.skip(value)?),
            },
        )
    }

    fn root_member<'a>(
        &mut self,
        lexer: &mut Lexer<'a, impl Watch>,
        (key, at): (&'static str, usize),
        value: Token<'a>,
    ) -> Walked {
        let wrong = |wanted| Refusal {
            reason: Reason::InvalidType { key, wanted },
            at,
        };
        self.peek.stream_options |= key == "stream_options";
        match (key, value) {
            ("model", _) => self.peek.model = Some(model(value).ok_or(wrong(MODEL))?),
            // What is null is not said.
            (_, Token::Null) => {}
            ("stream", Token::Flag(stream)) => self.peek.stream = stream,
            ("stream", _) => return Err(wrong("true or false")),
            ("stream_options", Token::Object) => return self.stream_options(lexer),
            ("n", _) => {
                let choices = number(value).and_then(|n| u32::try_from(n).ok());
                self.peek.choices = choices
                    .filter(|n| *n > 0)
                    .ok_or(wrong("a whole number above 0"))?;
            }
            ("temperature", Token::Number(number)) => {
                self.peek.temperature = decimal::rank(number);
            }
            ("temperature", _) => return Err(wrong("a number")),
            ("max_tokens", _) => {
                self.max_tokens = Some(number(value).ok_or(wrong("a whole number"))?);
                self.limit_at = at;
            }
            ("max_completion_tokens", _) => {
                self.max_completion_tokens = Some(number(value).ok_or(wrong("a whole number"))?);
                self.limit_at = at;
            }
            ("tools" | "functions", Token::Array) => return self.tools(lexer),
            ("messages" | "input", Token::Array) => return self.messages(lexer),
            ("tools" | "functions" | "messages", _) => return Err(wrong("an array")),
            ("response_format", Token::Object) => return self.response_format(lexer),
            ("output_config" | "text", Token::Object) => return self.output_config(lexer),
            ("stream_options" | "response_format", _) => return Err(wrong("an object")),
            ("thinking" | "reasoning" | "reasoning_effort", Token::Object) => {
                return self.thinking(lexer);
            }
            ("reasoning_effort" | "thinking" | "reasoning", _) => self.thinks(value),
            _ => {}
        }
        Ok(lexer.skip(value)?)
    }

    fn stream_options(&mut self, lexer: &mut Lexer<'_, impl Watch>) -> Walked {
        let mut seen = Seen::default();
        lexer.members(|lexer, key, value| {
            if self.known(key, &["include_usage"], &mut seen)?.is_some() {
                self.peek.include_usage = match value {
                    Token::Flag(flag) => flag,
                    Token::Null => false,
                    _ => {
                        let key_at = key.at - 1;
                        let (key, wanted) = ("stream_options.include_usage", "true or false");
                        return Err(Refusal {
                            reason: Reason::InvalidType { key, wanted },
                            at: key_at,
                        });
                    }
                };
            }
            Ok(lexer.skip(value)?)
        })
    }

    fn tools(&mut self, lexer: &mut Lexer<'_, impl Watch>) -> Walked {
        lexer.elements(|lexer, tool| {
            self.peek.can |= Can::Tools.bit();
            self.peek.tools = self.peek.tools.saturating_add(1);
            Ok(lexer.skip(tool)?)
        })
    }

    fn response_format(&mut self, lexer: &mut Lexer<'_, impl Watch>) -> Walked {
        let mut seen = Seen::default();
        lexer.members(|lexer, key, value| {
            if let (Some(_), Token::Text(word)) = (self.known(key, &["type"], &mut seen)?, value) {
                if word.is(b"json_object") {
                    self.peek.can |= Can::Json.bit();
                } else if word.is(b"json_schema") {
                    self.peek.can |= Can::JsonSchema.bit();
                }
            }
            Ok(lexer.skip(value)?)
        })
    }

    /// Where Messages and Responses have the form of the answer.
    fn output_config(&mut self, lexer: &mut Lexer<'_, impl Watch>) -> Walked {
        let mut seen = Seen::default();
        lexer.members(
            |lexer, key, value| match (self.known(key, &["format"], &mut seen)?, value) {
                (Some(_), Token::Object) => self.response_format(lexer),
                _ => Ok(lexer.skip(value)?),
            },
        )
    }

    /// `thinking` and `reasoning` as objects: they ask for it unless they say that they do not.
    fn thinking(&mut self, lexer: &mut Lexer<'_, impl Watch>) -> Walked {
        let mut seen = Seen::default();
        let mut thinks = true;
        lexer.members(|lexer, key, value| {
            if let Some(_word) = self.known(key, &["type", "effort", "enabled"], &mut seen)? {
                thinks &= !declines(value);
            }
            Ok::<(), Refusal>(lexer.skip(value)?)
        })?;
        if thinks {
            self.peek.can |= Can::Thinking.bit();
        }
        Ok(())
    }

    fn thinks(&mut self, value: Token<'_>) {
        if !declines(value) {
            self.peek.can |= Can::Thinking.bit();
        }
    }

    /// The name of a key that is read, or nothing for another.
    #[inline]
    fn known(
        &mut self,
        key: Text<'_>,
        read: &'static [&'static str],
        seen: &mut Seen,
    ) -> Result<Option<&'static str>, Refusal> {
        let place = match Key::of(key, read) {
            Key::Other => return Ok(None),
            Key::Plain(place) => place,
            Key::Escaped(place) => {
                self.ambiguous(key, read.get(place));
                place
            }
            Key::Alike(place) => {
                self.ambiguous(key, read.get(place));
                return Ok(None);
            }
        };
        let name = read.get(place).copied();
        let bit = 1 << place;
        if seen.0 & bit != 0 {
            let reason = Reason::DuplicateKey(name.unwrap_or_default());
            return Err(Refusal {
                reason,
                at: key.at - 1,
            });
        }
        seen.0 |= bit;
        Ok(name)
    }

    fn ambiguous(&mut self, key: Text<'_>, name: Option<&&'static str>) {
        let reason = Reason::AmbiguousKey(name.copied().unwrap_or_default());
        self.ambiguous.get_or_insert(Refusal {
            reason,
            at: key.at - 1,
        });
    }

    fn settled(&mut self) -> Walked {
        if let Some(refusal) = self.ambiguous {
            return Err(refusal);
        }
        match (self.max_tokens, self.max_completion_tokens) {
            (Some(one), Some(other)) if one != other => {
                return Err(Refusal {
                    reason: Reason::ConflictingLimits,
                    at: self.limit_at,
                });
            }
            (one, other) => {
                self.peek.output_tokens_max = one.or(other);
                self.peek.cap = match (one, other) {
                    (Some(_), Some(_)) => Some(Cap::Both),
                    (Some(_), None) => Some(Cap::Tokens),
                    (None, Some(_)) => Some(Cap::CompletionTokens),
                    (None, None) => None,
                };
            }
        }
        Ok(())
    }
}

const MODEL: &str = "a string of 1 to 512 bytes without control characters";

fn model(value: Token<'_>) -> Option<Model> {
    let Token::Text(text) = value else {
        return None;
    };
    let name = text.decode().ok()?;
    let sound =
        !name.is_empty() && name.len() <= MODEL_BYTES_MAX && !name.contains(char::is_control);
    sound.then(|| Model {
        range: text.range(),
        name: name.into(),
    })
}

fn number(value: Token<'_>) -> Option<u64> {
    match value {
        Token::Number(number) => whole(number),
        _ => None,
    }
}

fn declines(value: Token<'_>) -> bool {
    match value {
        Token::Null | Token::Flag(false) => true,
        Token::Text(word) => word.is(b"none") || word.is(b"disabled"),
        _ => false,
    }
}
