//! What an error body says, in whichever of the shapes compatible servers write.
//!
//! ```text
//! {"error":{"message","type","code","status","status_code","metadata"}}   most
//! {"error":"text"}  {"code":"…","error":"text"}                            Ollama, xAI
//! {"detail":"text"|[{"msg"}]}  {"object":"error","message","type","code"}  Mistral, older vLLM
//! [{"error":{…}}]                                                          Google
//! ```

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token that is not looked for is passed over, whatever it is"
)]

use crate::json::{Fault, Lexer, Text, Token, whole};

/// The words of one error, lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Complaint {
    /// Every code, type and status word, in the order they stand.
    pub(super) words: Vec<String>,
    /// The sentences.
    pub(super) text: String,
    /// A status among the codes.
    pub(super) status: Option<u16>,
    /// It names what a moderation found.
    pub(super) moderated: bool,
}

/// More is not read: errors are short, pages are not.
const BODY_BYTES_MAX: usize = 64 * 1024;
const WORDS_MAX: usize = 16;

impl Complaint {
    /// Reads what can be read; a body that is no JSON says nothing by words.
    pub(super) fn read(body: &[u8]) -> Self {
        let mut complaint = Self::default();
        let body = body.get(..BODY_BYTES_MAX).unwrap_or(body);
        // A body that breaks off has said something by then.
        let _ = complaint.root(&mut Lexer::new(body));
        complaint
    }

    fn root(&mut self, lexer: &mut Lexer<'_>) -> Result<(), Fault> {
        match lexer.value_next()? {
            Token::Object => lexer.members(|lexer, key, value| self.member(lexer, key, value)),
            Token::Array => lexer.elements(|lexer, token| match token {
                Token::Object => lexer.members(|lexer, key, value| self.member(lexer, key, value)),
                _ => lexer.skip(token),
            }),
            _ => Ok(()),
        }
    }

    fn member<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        key: Text<'a>,
        value: Token<'a>,
    ) -> Result<(), Fault> {
        match (key.raw, value) {
            (b"error", Token::Object) => {
                lexer.members(|lexer, key, value| self.inner(lexer, key, value))
            }
            // A response that failed says why in itself.
            (b"response", Token::Object) => {
                lexer.members(|lexer, key, value| match (key.raw, value) {
                    (b"error", Token::Object) => {
                        lexer.members(|lexer, key, value| self.inner(lexer, key, value))
                    }
                    _ => lexer.skip(value),
                })
            }
            (b"error" | b"detail", Token::Text(text)) => {
                self.say(text);
                Ok(())
            }
            (b"detail", Token::Array) => lexer.elements(|lexer, token| match token {
                Token::Object => lexer.members(|lexer, key, value| self.inner(lexer, key, value)),
                _ => lexer.skip(token),
            }),
            _ => self.inner(lexer, key, value),
        }
    }

    fn inner<'a>(
        &mut self,
        lexer: &mut Lexer<'a>,
        key: Text<'a>,
        value: Token<'a>,
    ) -> Result<(), Fault> {
        match (key.raw, value) {
            (b"message" | b"msg", Token::Text(text)) => self.say(text),
            (b"code" | b"type" | b"status" | b"status_code" | b"reason", Token::Text(word)) => {
                self.word(word);
            }
            (b"code" | b"status" | b"status_code", Token::Number(number)) => self.number(number),
            (b"metadata" | b"innererror" | b"inner_error", Token::Object) => {
                return lexer.members(|lexer, key, value| {
                    self.moderated |= matches!(key.raw, b"flagged_input" | b"reasons");
                    match (key.raw, value) {
                        (b"code", Token::Text(word)) => self.word(word),
                        (b"raw", Token::Text(text)) => self.say(text),
                        _ => {}
                    }
                    lexer.skip(value)
                });
            }
            (b"details", Token::Array) => return self.details(lexer),
            _ => {}
        }
        lexer.skip(value)
    }

    /// Google's details: a reason, or how long to wait.
    fn details(&mut self, lexer: &mut Lexer<'_>) -> Result<(), Fault> {
        lexer.elements(|lexer, token| {
            if token != Token::Object {
                return lexer.skip(token);
            }
            lexer.members(|lexer, key, value| {
                match (key.raw, value) {
                    (b"reason", Token::Text(word)) => self.word(word),
                    (b"retryDelay", Token::Text(delay)) => {
                        self.text.push_str(" retrydelay ");
                        self.say(delay);
                    }
                    _ => {}
                }
                lexer.skip(value)
            })
        })
    }

    fn say(&mut self, text: Text<'_>) {
        if let Ok(text) = text.decode() {
            self.text.push_str(&text.to_ascii_lowercase());
            self.text.push(' ');
        }
    }

    fn word(&mut self, word: Text<'_>) {
        let Ok(word) = word.decode() else {
            return;
        };
        if let Ok(number) = word.parse() {
            self.status = self.status.or(status(number));
        }
        if self.words.len() < WORDS_MAX {
            self.words.push(word.to_ascii_lowercase());
        }
    }

    fn number(&mut self, number: &[u8]) {
        self.status = self.status.or_else(|| status(whole(number)?));
    }

    /// Whether one of the words is one of these.
    pub(super) fn has_word(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    /// Whether one of these stands in the text.
    pub(super) fn has_text(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.text.contains(text))
    }
}

fn status(number: u64) -> Option<u16> {
    u16::try_from(number)
        .ok()
        .filter(|status| (400..600).contains(status))
}
