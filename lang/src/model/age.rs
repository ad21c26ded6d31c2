//! How old it is what a policy says of models, and when they are no more.

use crate::day::Day;
use crate::span::Span;

/// What is known of one provider's models. Nothing of it reaches the table.
#[derive(Debug, Clone, Default)]
pub struct Ages {
    /// The catalog that it takes models from.
    pub catalog: Option<Catalogued>,
    /// The day on which each model is shut down, by its id.
    pub shutdowns: Vec<Option<Day>>,
}

/// A catalog that a provider names.
#[derive(Debug, Clone)]
pub struct Catalogued {
    /// Its name.
    pub name: String,
    /// The day of which it tells.
    pub snapshot: Day,
    /// Where the provider names it.
    pub span: Span,
}
