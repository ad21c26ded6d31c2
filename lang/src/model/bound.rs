//! What bounds traffic: which requests it is about, and where it is written.

use super::Cond;
use crate::span::Span;

/// A condition beside the routes: which requests a ceiling, a limit or a cache is about.
#[derive(Debug, Clone)]
pub struct Scoped {
    /// Of whom: ``ceiling `agents` ``.
    pub of: String,
    /// The condition.
    pub cond: Cond,
    /// Where it is written.
    pub span: Span,
}

/// Where the parts of a ceiling are written.
#[derive(Debug, Clone, Default)]
pub struct CeilingPlaces {
    /// Its first line.
    pub whole: Span,
    /// Its amount.
    pub amount: Span,
    /// What happens at each of its steps, in their order.
    pub steps: Vec<Span>,
    /// What becomes of what does not fit.
    pub then: Option<Span>,
}
