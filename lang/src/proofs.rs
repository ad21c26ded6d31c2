//! What is proved of classes and of what bounds them, beside what the diagram itself shows.

mod lent;
mod money;
mod required;
mod rings;
mod served;
mod short;
mod slips;
mod targets;

use crate::diagram::{AuditedDiagram, Reached, TooLarge};
use crate::model::{Cond, Model};
use crate::moves;
use crate::never::Asked;
use crate::report::Report;
use served::{Conds, Served};

/// What is asked of every policy, beside its own conditions.
pub(crate) struct Questions<'m> {
    asked: Asked<'m>,
    conds: Conds,
}

impl<'m> Questions<'m> {
    pub(crate) fn of(model: &'m Model) -> Self {
        Self {
            asked: Asked::of(model),
            conds: Conds::of(model),
        }
    }

    /// The conditions that the diagram must be fit for.
    pub(crate) fn conds(&self) -> Vec<&Cond> {
        let mut all = moves::conds(self.asked.model);
        all.extend(self.asked.conds());
        all.extend(self.conds.all());
        all
    }
}

/// Proves what classes and ceilings promise; what fails is reported. The diagram is one that can be
/// asked these questions.
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub(crate) fn check<'m>(
    proved: AuditedDiagram<'m>,
    questions: &'m Questions<'m>,
    report: &mut Report,
) -> Result<(), TooLarge> {
    let (model, kept) = (proved.model(), proved.kept());
    let Questions { asked, conds } = questions;
    rings::check(model, report);
    required::check((model, kept), report)?;
    slips::check((model, kept), report)?;
    let mut served = Served::of(model, Reached::of(proved), (asked, conds))?;
    lent::check_way(served.model, report);
    lent::check(&mut served, report)?;
    money::check(model, &mut served, report)?;
    targets::check((&mut served, conds), report)
}
