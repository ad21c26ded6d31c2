//! What is proved of classes and of what bounds them, beside what the diagram itself shows.

mod lent;
mod money;
mod required;
mod rings;
mod served;
mod slips;
mod targets;

use crate::diagram::{Kept, TooLarge};
use crate::model::Model;
use crate::never::Asked;
use crate::report::Report;
use served::{Conds, Served};

/// Proves what classes and ceilings promise; what fails is reported. How the policy is kept is known
/// by then.
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub(crate) fn check((model, kept): (&Model, Kept), report: &mut Report) -> Result<(), TooLarge> {
    rings::check(model, report);
    required::check((model, kept), report)?;
    slips::check((model, kept), report)?;
    let (asked, conds) = (Asked::of(model), Conds::of(model));
    let mut served = Served::of((model, kept), &asked, &conds)?;
    lent::check_way(served.model, report);
    lent::check(&mut served, report);
    money::check(model, &mut served, report)?;
    targets::check((&mut served, &conds), report)
}
