//! Reads the tokens of one line, as the rules of the grammar for one line read its characters. A line
//! that does not read is refused whole; why, the grammar itself is asked.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a form names the tokens it takes"
)]

#[cfg(test)]
mod by_grammar;
mod cond;

use super::ast::{Cond, LetValue, Value};
use super::lexer::{Kind, Token};
use super::literal::unescape;
use crate::report::Diagnostic;
use crate::span::Span;

/// The tokens of one line that are not read yet.
pub(super) struct Line<'a> {
    source: &'a str,
    /// Never begins with documentation, which is no part of a line.
    rest: &'a [Token],
    fault: Option<Box<Diagnostic>>,
    /// Something was met that no form takes, whatever else is tried.
    is_lost: bool,
}

/// A keyword and what follows it: each field, and each declaration that has no form of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) keyword: Value,
    pub(super) groups: Vec<Vec<Value>>,
}

/// `let NAME = …`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LetLine {
    pub(super) name: Value,
    pub(super) is: LetValue,
}

/// `never NAME [when COND] CLAIM`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NeverLine {
    pub(super) name: Value,
    pub(super) when: Option<Cond>,
    pub(super) claim: Vec<Value>,
}

/// `forbid NAME when COND [deny …]`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ForbidLine {
    pub(super) name: Value,
    pub(super) when: Cond,
    pub(super) deny: Vec<Value>,
}

/// `when COND -> GOAL` or `otherwise -> GOAL`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ArmLine {
    pub(super) when: Option<Cond>,
    pub(super) goal: Vec<Value>,
}

/// What became of a line.
pub(super) enum Outcome<T> {
    /// It was read.
    Read(T),
    /// It has the form of its kind, but a text in it is none.
    Faulty(Box<Diagnostic>),
    /// It has not the form of its kind.
    Refused,
}

/// Reads all of a line by the form of its kind.
pub(super) fn read<'a, T>(
    source: &'a str,
    tokens: &'a [Token],
    form: impl FnOnce(&mut Line<'a>) -> Option<T>,
) -> Outcome<T> {
    let mut line = Line {
        source,
        rest: undocumented(tokens),
        fault: None,
        is_lost: false,
    };
    let found = form(&mut line);
    match (found, line.fault) {
        (Some(_), _) if line.is_lost || !line.rest.is_empty() => Outcome::Refused,
        (Some(found), None) => Outcome::Read(found),
        (Some(_), Some(fault)) => Outcome::Faulty(fault),
        (None, _) => Outcome::Refused,
    }
}

/// Documentation inside a line says nothing to it.
fn undocumented(tokens: &[Token]) -> &[Token] {
    let docs = tokens.iter().take_while(|token| token.kind == Kind::Doc);
    tokens.get(docs.count()..).unwrap_or_default()
}

impl Line<'_> {
    pub(super) fn head(&mut self) -> Option<Head> {
        let keyword = self
            .one(|token| matches!(token.kind, Kind::Path | Kind::Word))
            .map(|token| self.text(token))?;
        let groups = self.list(Self::group).unwrap_or_default();
        Some(Head { keyword, groups })
    }

    pub(super) fn let_line(&mut self) -> Option<LetLine> {
        self.keyword("let")?;
        let name = self.kind(Kind::Word)?;
        self.kind(Kind::Equal)?;
        let is = self
            .attempt(|line| line.times().map(LetValue::Times))
            .or_else(|| self.list(Self::constant).map(LetValue::Set))
            .or_else(|| self.condition().map(LetValue::Cond))?;
        Some(LetLine { name, is })
    }

    pub(super) fn never_line(&mut self) -> Option<NeverLine> {
        self.keyword("never")?;
        Some(NeverLine {
            name: self.value()?,
            when: self.attempt(Self::when_line),
            claim: self.values(),
        })
    }

    pub(super) fn forbid_line(&mut self) -> Option<ForbidLine> {
        self.keyword("forbid")?;
        let name = self.value()?;
        let when = self.when_line()?;
        let mut deny = Vec::new();
        if let Some(word) = self.keyword("deny") {
            deny.push(self.text(word));
            deny.extend(self.values());
        }
        Some(ForbidLine { name, when, deny })
    }

    pub(super) fn when_line(&mut self) -> Option<Cond> {
        self.keyword("when")?;
        self.condition()
    }

    pub(super) fn arm(&mut self) -> Option<ArmLine> {
        let when = match self.keyword("otherwise") {
            Some(_) => None,
            None => Some(self.when_line()?),
        };
        self.one(|token| token.kind == Kind::Arrow)?;
        let goal = self.group()?;
        Some(ArmLine { when, goal })
    }

    fn group(&mut self) -> Option<Vec<Value>> {
        Some(self.values()).filter(|values| !values.is_empty())
    }

    fn values(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.value()).collect()
    }

    fn value(&mut self) -> Option<Value> {
        self.constant()
            .or_else(|| self.days())
            .or_else(|| self.kind(Kind::Path))
            .or_else(|| self.kind(Kind::Word))
    }

    /// A text or a literal. A range of days is none: it begins like a word.
    fn constant(&mut self) -> Option<Value> {
        let token = self.peek()?;
        let is_constant = match token.kind {
            Kind::Text
            | Kind::Date
            | Kind::ClockRange
            | Kind::Ip6
            | Kind::Ip4
            | Kind::Clock
            | Kind::Money
            | Kind::Percent
            | Kind::Amount
            | Kind::Negative
            | Kind::Odd => true,
            Kind::Range => !self.is_days(token),
            _ => false,
        };
        self.one(|_| is_constant).map(|token| self.text(token))
    }

    fn days(&mut self) -> Option<Value> {
        let token = self.peek()?;
        let is_days = self.is_days(token);
        self.one(|_| is_days).map(|token| self.text(token))
    }

    fn is_days(&self, token: Token) -> bool {
        let text = token.span.of(self.source);
        token.kind == Kind::Range && text.starts_with(|c: char| c.is_ascii_alphabetic())
    }

    /// One part or more, with commas between them. A comma that no part follows is not read.
    fn list<T>(&mut self, part: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut parts = vec![self.attempt(&part)?];
        while let Some(next) = self.attempt(|line| {
            line.one(|token| token.kind == Kind::Comma)?;
            part(line)
        }) {
            parts.push(next);
        }
        Some(parts)
    }

    fn keyword(&mut self, word: &str) -> Option<Token> {
        let source = self.source;
        self.one(|token| token.kind == Kind::Word && token.span.of(source) == word)
    }

    fn kind(&mut self, kind: Kind) -> Option<Value> {
        self.one(|token| token.kind == kind)
            .map(|token| self.text(token))
    }

    /// What a token says. A text that is none is reported when the whole line was read.
    fn text(&mut self, token: Token) -> Value {
        let raw = token.span.of(self.source);
        let text = match token.kind {
            Kind::Text => unescape(raw, token.span).unwrap_or_else(|found| {
                self.fault.get_or_insert(found);
                String::new()
            }),
            _ => raw.to_owned(),
        };
        Value {
            kind: token.kind,
            text,
            span: token.span,
        }
    }

    /// What a part reads, or nothing and nothing is read.
    fn attempt<T>(&mut self, part: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.rest;
        let found = part(self);
        if found.is_none() {
            self.rest = before;
        }
        found
    }

    fn one(&mut self, belongs: impl FnOnce(Token) -> bool) -> Option<Token> {
        let (first, rest) = self.rest.split_first()?;
        if !belongs(*first) {
            return None;
        }
        self.rest = undocumented(rest);
        Some(*first)
    }

    fn peek(&self) -> Option<Token> {
        self.rest.first().copied()
    }
}

/// From the beginning of one token to the end of another.
fn over(first: Span, last: Span) -> Span {
    Span {
        end: last.end,
        ..first
    }
}
