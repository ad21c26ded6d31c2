//! Declarations told by their first lines alone, so that a brace that is missing in one of them is
//! no matter of the others.

#![expect(clippy::wildcard_enum_match_arm, reason = "only brackets matter here")]

use crate::syntax::layout;
use crate::syntax::lexer::{Kind, Token};
use crate::vocab;

/// Whether every brace has its other one.
pub(super) fn balanced(tokens: &[Token]) -> bool {
    let mut depth = 0_i64;
    for token in tokens {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// Where the declarations of a file begin, as far as that can be told without its braces.
#[derive(Default)]
pub(super) struct Items {
    /// Positions of their first words, in order.
    starts: Vec<usize>,
    /// How far they are indented: as little as anything.
    pub(super) margin: usize,
}

impl Items {
    pub(super) fn of(source: &str, tokens: &[Token]) -> Self {
        let indents = tokens.iter().filter_map(|t| layout::indent(source, *t));
        let margin = indents.min().unwrap_or(0);
        let (mut starts, mut depth) = (Vec::new(), 0_i64);
        for (at, token) in tokens.iter().enumerate() {
            let rest = tokens.get(at..).unwrap_or_default();
            let is_whole = depth <= 0 && vocab::is_declaration(token.span.of(source));
            if layout::indent(source, *token) == Some(margin)
                && token.kind != Kind::Doc
                && (is_whole || begins_item(source, rest))
            {
                starts.push(at);
                depth = 0;
            }
            match token.kind {
                Kind::Open => depth += 1,
                Kind::Close => depth -= 1,
                _ => {}
            }
        }
        Self { starts, margin }
    }

    /// To which declaration a token belongs, counted from 1, and where that one ends; nothing in a
    /// file whose braces add up.
    pub(super) fn around(&self, at: usize, all: usize) -> Option<(usize, usize)> {
        let next = self.starts.partition_point(|start| *start <= at);
        let end = self.starts.get(next).copied().unwrap_or(all);
        (!self.starts.is_empty()).then_some((next, end))
    }
}

/// Whether these tokens begin with a line in the full shape of a declaration.
pub(super) fn begins_item(source: &str, tokens: &[Token]) -> bool {
    let mut line = tokens.iter();
    let Some(word) = line
        .find(|t| t.kind != Kind::Doc)
        .map(|t| t.span.of(source))
    else {
        return false;
    };
    let mut rest = line.take_while(|t| t.kind != Kind::Newline);
    match word {
        "let" => rest.any(|t| t.kind == Kind::Equal),
        "policy" | "never" | "forbid" | "unused" | "accept" => true,
        _ => vocab::is_declaration(word) && rest.any(|t| t.kind == Kind::Open),
    }
}
