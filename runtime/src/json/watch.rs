//! Who looks on while a text is read.

use super::lexer::Token;

/// Sees every token in order, also those that are skipped.
pub trait Watch {
    /// The next token.
    fn token(&mut self, token: Token<'_>);
}

/// Nobody: reading costs nothing more.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    #[inline]
    fn token(&mut self, _: Token<'_>) {}
}
