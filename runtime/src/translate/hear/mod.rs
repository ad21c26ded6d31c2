//! What providers say, each in its own protocol, piece by piece.

mod chat;
mod gemini;
mod messages;

use super::answer::Piece;
use crate::dialect::Dialect;
use crate::json::Tree;

/// Who hears one answer.
#[derive(Debug)]
pub(super) struct Hearing {
    dialect: Dialect,
    /// Whether it was said who answers.
    begun: bool,
    /// The block of a provider's own tool that is open, if one is.
    hosted: Option<u64>,
    /// Calls that came without a place of their own.
    calls: u64,
}

impl Hearing {
    /// For an answer in this protocol.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            begun: false,
            hosted: None,
            calls: 0,
        }
    }

    /// The pieces of one event's data.
    pub(super) fn event<'t>(&mut self, data: &'t Tree<'t>) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        match self.dialect {
            Dialect::Messages | Dialect::CountTokens => {
                messages::event(data, &mut self.hosted, &mut pieces);
            }
            Dialect::Gemini => gemini::chunk(data, &mut self.calls, &mut pieces),
            Dialect::Chat | Dialect::Responses | Dialect::Embeddings => {
                chat::chunk(data, &mut pieces);
            }
        }
        self.once(pieces)
    }

    /// The pieces of an answer that came whole.
    pub(super) fn whole<'t>(&mut self, body: &'t Tree<'t>) -> Vec<Piece<'t>> {
        let mut pieces = Vec::new();
        match self.dialect {
            Dialect::Messages | Dialect::CountTokens => messages::whole(body, &mut pieces),
            Dialect::Gemini => gemini::chunk(body, &mut self.calls, &mut pieces),
            Dialect::Chat | Dialect::Responses | Dialect::Embeddings => {
                chat::chunk(body, &mut pieces);
            }
        }
        self.once(pieces)
    }

    /// Where every event says who answers, the first one counts.
    fn once<'t>(&mut self, mut pieces: Vec<Piece<'t>>) -> Vec<Piece<'t>> {
        let begins = |piece: &Piece<'_>| matches!(piece, Piece::Start { .. });
        if self.begun {
            pieces.retain(|piece| !begins(piece));
        }
        self.begun |= pieces.iter().any(begins);
        pieces
    }
}
