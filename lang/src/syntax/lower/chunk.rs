//! What the tokens of a chunk say before it is read as a line, or although it cannot be.

use std::ops::Range;

use super::Work;
use crate::span::Span;
use crate::syntax::ast::Broken;
use crate::syntax::lexer::{Kind, Token};
use crate::syntax::split::Chunk;

impl Work<'_> {
    pub(super) fn broken(&self, chunk: &Chunk) -> Broken {
        let mut words = Vec::new();
        collect_words(self, chunk, &mut words);
        Broken {
            words,
            span: self.span(chunk),
        }
    }

    pub(super) fn tokens(&self, range: &Range<usize>) -> Vec<Token> {
        let tokens = self.laid.tokens.get(range.clone()).unwrap_or_default();
        tokens
            .iter()
            .copied()
            .filter(|token| token.kind != Kind::Doc)
            .collect()
    }

    pub(super) fn first(&self, chunk: &Chunk) -> Option<Token> {
        let tokens = self.laid.tokens.get(chunk.head.clone()).unwrap_or_default();
        tokens.iter().copied().find(|token| token.kind != Kind::Doc)
    }

    pub(super) fn span(&self, chunk: &Chunk) -> Span {
        let tokens = self.laid.tokens.get(chunk.head.clone()).unwrap_or_default();
        let mut spans = tokens
            .iter()
            .filter(|token| token.kind != Kind::Doc)
            .map(|t| t.span);
        let Some(first) = spans.next() else {
            return Span::default();
        };
        first.to(spans.next_back().unwrap_or(first))
    }

    pub(super) fn is_spoiled(&self, chunk: &Chunk) -> bool {
        let span = self.span(chunk);
        let spoiled = &self.laid.spoiled;
        let from = spoiled.partition_point(|at| *at < span.start);
        chunk.is_broken || spoiled.get(from).is_some_and(|at| *at < span.end)
    }

    pub(super) fn docs(&self, chunk: &Chunk) -> Vec<String> {
        let tokens = self.laid.tokens.get(chunk.docs.clone()).unwrap_or_default();
        let text = |token: &Token| token.span.of(self.source).trim_start_matches("##").trim();
        tokens.iter().map(|token| text(token).to_owned()).collect()
    }
}

fn collect_words(work: &Work<'_>, chunk: &Chunk, words: &mut Vec<String>) {
    for token in work.tokens(&chunk.head) {
        if matches!(token.kind, Kind::Word | Kind::Path | Kind::Odd) {
            words.push(token.span.of(work.source).to_owned());
        }
    }
    for line in chunk.block.iter().flatten() {
        collect_words(work, line, words);
    }
}
