//! The grammar: which token may stand where.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token that is not looked for is passed over, whatever it is"
)]

use thiserror::Error;

use super::scan::plain;
use super::text::{Escapes, Text, text_close_from};
use super::watch::{Unwatched, Watch};
use super::{DEPTH_MAX, number};

/// Reads one JSON text, a token at a time.
///
/// Every token it gives stood where the grammar allows it; nesting is a row of bits, not a stack.
#[derive(Debug, Clone)]
pub struct Lexer<'a, W = Unwatched> {
    watch: W,
    bytes: &'a [u8],
    at: usize,
    due: Due,
    depth: u32,
    /// One bit for each open container, the innermost lowest: set for an object.
    objects: u64,
}

/// What has to come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Value,
    FirstValueOrEnd,
    FirstKeyOrEnd,
    CommaOrEnd,
    Nothing,
}

/// One piece of a JSON text. Keys come with their colon, values with their comma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// An object opens.
    Object,
    /// An object closes.
    ObjectEnd,
    /// An array opens.
    Array,
    /// An array closes.
    ArrayEnd,
    /// The name of the member whose value comes next.
    Key(Text<'a>),
    /// A string.
    Text(Text<'a>),
    /// A number as written.
    Number(&'a [u8]),
    /// `true` or `false`.
    Flag(bool),
    /// `null`.
    Null,
}

/// The bytes are not one sound JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{wrong}")]
pub struct Fault {
    /// What is wrong.
    pub wrong: Wrong,
    /// The offset at which it is.
    pub at: usize,
}

/// What is wrong with a JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[repr(usize)] // as wide as what stands in a token's place, for the reason of `Escapes`
pub enum Wrong {
    /// No value where one is due.
    #[error("a value was expected")]
    Value,
    /// No key where one is due.
    #[error("a key in double quotes was expected")]
    Key,
    /// No colon after a key.
    #[error("`:` was expected after the key")]
    Colon,
    /// An object goes on without a comma.
    #[error("`,` or `}}` was expected")]
    CommaOrBrace,
    /// An array goes on without a comma.
    #[error("`,` or `]` was expected")]
    CommaOrBracket,
    /// A string with a bad escape, a raw control character or no end.
    #[error("a string ends wrongly: close it, and escape control characters and backslashes")]
    Text,
    /// A number that JSON does not know.
    #[error("this is no JSON number")]
    Number,
    /// Something follows the value.
    #[error("nothing may follow the value")]
    Trailing,
    /// Bytes that are not UTF-8.
    #[error("the text must be UTF-8")]
    NotUtf8,
    /// Arrays and objects nest too deeply.
    #[error("arrays and objects may nest {DEPTH_MAX} deep")]
    TooDeep,
}

impl<'a> Lexer<'a> {
    /// A lexer at the start of a text. Whether strings are UTF-8 is for the caller to check.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::watched(bytes, Unwatched)
    }
}

impl<'a, W: Watch> Lexer<'a, W> {
    /// The same, with somebody who looks on.
    pub fn watched(bytes: &'a [u8], watch: W) -> Self {
        Self {
            watch,
            bytes,
            at: 0,
            due: Due::Value,
            depth: 0,
            objects: 0,
        }
    }

    /// Who looked on.
    pub fn into_watch(self) -> W {
        self.watch
    }

    /// The offset after the last token.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Where the value began whose first token was the last one.
    #[inline]
    pub fn start_of(&self, value: Token<'_>) -> usize {
        let length = match value {
            Token::Text(text) => text.raw.len() + 2,
            Token::Number(number) => number.len(),
            Token::Flag(false) => 5,
            Token::Flag(true) | Token::Null => 4,
            _ => 1,
        };
        self.at - length
    }

    /// Open arrays and objects.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The next token, or nothing after the last one.
    ///
    /// # Errors
    /// The bytes are no sound JSON text. Then nothing more may be asked.
    #[inline]
    pub fn token(&mut self) -> Result<Option<Token<'a>>, Fault> {
        let token = self.read()?;
        if let Some(token) = token {
            self.watch.token(token);
        }
        Ok(token)
    }

    fn read(&mut self) -> Result<Option<Token<'a>>, Fault> {
        match self.due {
            Due::CommaOrEnd | Due::FirstKeyOrEnd if self.in_object() => {
                let key = self.key_or_end()?;
                Ok(Some(key.map_or(Token::ObjectEnd, Token::Key)))
            }
            Due::CommaOrEnd | Due::FirstValueOrEnd => {
                let element = self.element_or_end()?;
                Ok(Some(element.unwrap_or(Token::ArrayEnd)))
            }
            Due::Value | Due::FirstKeyOrEnd => self.value().map(Some),
            Due::Nothing => match self.peek() {
                None => Ok(None),
                Some(_) => Err(self.fault(Wrong::Trailing)),
            },
        }
    }

    /// The next token, where the text cannot be over yet.
    ///
    /// # Errors
    /// As for [`Lexer::token`].
    #[inline]
    pub fn value_next(&mut self) -> Result<Token<'a>, Fault> {
        self.token()?.ok_or(self.fault(Wrong::Value))
    }

    /// Hands over each member of the object whose opening was the last token: its key and the
    /// token that begins its value. The rest of that value is for `each` to read or to skip.
    ///
    /// # Errors
    /// As for [`Lexer::token`], and whatever `each` returns.
    #[inline]
    pub fn members<E: From<Fault>>(
        &mut self,
        mut each: impl FnMut(&mut Self, Text<'a>, Token<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(key) = self.member()? {
            let value = self.value()?;
            self.watch.token(value);
            each(self, key, value)?;
        }
        Ok(())
    }

    /// Hands over each element of the array whose opening was the last token, as
    /// [`Lexer::members`] does.
    ///
    /// # Errors
    /// As for [`Lexer::members`].
    #[inline]
    pub fn elements<E: From<Fault>>(
        &mut self,
        mut each: impl FnMut(&mut Self, Token<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(element) = self.element()? {
            each(self, element)?;
        }
        Ok(())
    }

    /// Passes over the rest of the value that `token` began.
    ///
    /// # Errors
    /// As for [`Lexer::token`].
    #[inline]
    pub fn skip(&mut self, token: Token<'a>) -> Result<(), Fault> {
        if matches!(token, Token::Object | Token::Array) {
            let outside = self.depth - 1;
            while self.depth > outside {
                if !self.in_object() {
                    self.element()?;
                } else if self.member()?.is_some() {
                    let value = self.value()?;
                    self.watch.token(value);
                }
            }
        }
        Ok(())
    }

    /// The next byte that is not white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                byte => return byte.copied(),
            }
        }
    }

    #[inline]
    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    /// The key of the next member of the object that is open; nothing at its end.
    #[inline]
    fn member(&mut self) -> Result<Option<Text<'a>>, Fault> {
        let key = self.key_or_end()?;
        self.watch.token(key.map_or(Token::ObjectEnd, Token::Key));
        Ok(key)
    }

    /// The first token of the next element of the array that is open; nothing at its end.
    #[inline]
    fn element(&mut self) -> Result<Option<Token<'a>>, Fault> {
        let element = self.element_or_end()?;
        self.watch.token(element.unwrap_or(Token::ArrayEnd));
        Ok(element)
    }

    #[inline(never)]
    fn key_or_end(&mut self) -> Result<Option<Text<'a>>, Fault> {
        if !self.goes_on(b'}', Wrong::CommaOrBrace)? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(self.fault(Wrong::Key));
        }
        let key = self.text()?;
        if self.peek() != Some(b':') {
            return Err(self.fault(Wrong::Colon));
        }
        self.at += 1;
        self.due = Due::Value;
        Ok(Some(key))
    }

    #[inline]
    fn element_or_end(&mut self) -> Result<Option<Token<'a>>, Fault> {
        if !self.goes_on(b']', Wrong::CommaOrBracket)? {
            return Ok(None);
        }
        self.value().map(Some)
    }

    /// Passes the comma that leads to what comes next in the innermost container, or its end.
    #[inline]
    fn goes_on(&mut self, end: u8, wrong: Wrong) -> Result<bool, Fault> {
        let byte = self.peek();
        if byte == Some(end) {
            self.close();
            return Ok(false);
        }
        if self.due == Due::CommaOrEnd {
            if byte != Some(b',') {
                return Err(self.fault(wrong));
            }
            self.at += 1;
        }
        Ok(true)
    }

    #[inline(never)]
    fn value(&mut self) -> Result<Token<'a>, Fault> {
        let token = match self.peek() {
            Some(b'"') => Token::Text(self.text()?),
            Some(b'{') => return self.open(Token::Object),
            Some(b'[') => return self.open(Token::Array),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word(b"true", Token::Flag(true))?,
            Some(b'f') => self.word(b"false", Token::Flag(false))?,
            Some(b'n') => self.word(b"null", Token::Null)?,
            _ => return Err(self.fault(Wrong::Value)),
        };
        self.due = self.after_value();
        Ok(token)
    }

    #[inline]
    fn after_value(&self) -> Due {
        if self.depth == 0 {
            Due::Nothing
        } else {
            Due::CommaOrEnd
        }
    }

    #[expect(
        clippy::inline_always,
        reason = "a call would copy what is found once more"
    )]
    #[inline(always)]
    fn text(&mut self) -> Result<Text<'a>, Fault> {
        let start = self.at + 1;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let mut length = plain(rest);
        let mut escapes = Escapes::No;
        if rest.get(length) != Some(&b'"') {
            escapes = Escapes::Yes;
            length = text_close_from(rest, length).map_err(|sound| Fault {
                wrong: Wrong::Text,
                at: start + sound,
            })?;
        }
        self.at = start + length + 1;
        Ok(Text {
            raw: rest.get(..length).unwrap_or_default(),
            at: start,
            escapes,
        })
    }

    #[inline]
    fn number(&mut self) -> Result<Token<'a>, Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = number::end(rest).ok_or(self.fault(Wrong::Number))?;
        self.at += end;
        Ok(Token::Number(rest.get(..end).unwrap_or_default()))
    }

    #[inline]
    fn word(&mut self, word: &[u8], token: Token<'a>) -> Result<Token<'a>, Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.fault(Wrong::Value));
        }
        self.at += word.len();
        Ok(token)
    }

    #[inline]
    fn open(&mut self, token: Token<'a>) -> Result<Token<'a>, Fault> {
        if self.depth == DEPTH_MAX {
            return Err(self.fault(Wrong::TooDeep));
        }
        let object = token == Token::Object;
        self.at += 1;
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(object);
        self.due = if object {
            Due::FirstKeyOrEnd
        } else {
            Due::FirstValueOrEnd
        };
        Ok(token)
    }

    #[inline]
    fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
        self.objects >>= 1;
        self.due = self.after_value();
    }

    fn fault(&self, wrong: Wrong) -> Fault {
        Fault { wrong, at: self.at }
    }
}
