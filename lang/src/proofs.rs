//! What is proved of classes and of what bounds them, beside what the diagram itself shows.

mod required;
mod rings;

use crate::diagram::TooLarge;
use crate::model::Model;
use crate::report::Report;

/// Proves what classes and ceilings promise; what fails is reported.
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub(crate) fn check(model: &Model, report: &mut Report) -> Result<(), TooLarge> {
    rings::check(model, report);
    required::check(model, report)
}
