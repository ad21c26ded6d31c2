//! `forbid`: what is refused whatever the routes say.

use claw_table::policy::{Action, Arm as PolicyArm};
use claw_table::{ArmId, DenyId, Phase};

use super::cond::Reader;
use super::deny::Denies;
use crate::model::{Arm, Cond, Goal, Guard};
use crate::syntax::ast::Forbid;

/// Reads every guard, and puts them in the order in which one speaks for all that match: by the
/// latest fact that it asks, then by name. The order of files has no say.
pub(super) fn guards(
    list: &[&Forbid],
    (arms, denies): (&mut Vec<PolicyArm>, &mut Denies),
    reader: &mut Reader<'_, '_>,
) -> Vec<Guard> {
    let mut read: Vec<(Phase, &Forbid, Cond, DenyId)> = Vec::new();
    for it in list {
        let cond = reader.condition(&it.when);
        let deny = match it.deny.split_first() {
            Some((word, rest)) => denies.read(word, rest, reader.report),
            None => denies.usual(),
        };
        // A guard at fault is left out; the report keeps the model from being used.
        if let (Some(cond), Some(deny)) = (cond, deny) {
            read.push((phase(&cond), it, cond, deny));
        }
    }
    read.sort_by(|a, b| (a.0, &a.1.name.text).cmp(&(b.0, &b.1.name.text)));
    let mut guards = Vec::with_capacity(read.len());
    for (_, it, cond, deny) in read {
        let Ok(number) = u32::try_from(arms.len()) else {
            break;
        };
        let name = it.name.text.clone();
        arms.push(PolicyArm {
            label: format!("forbid {name}"),
            to: Action::Deny(deny),
        });
        let arm = Arm {
            id: ArmId(number),
            cond,
            to: Goal::End(Action::Deny(deny)),
            span: it.span,
        };
        guards.push(Guard { name, arm });
    }
    guards
}

/// When a condition can be decided. What must be counted is counted in the body.
fn phase(cond: &Cond) -> Phase {
    match cond {
        Cond::Always => Phase::Head,
        Cond::All(parts) | Cond::Any(parts) => parts.iter().map(phase).max().unwrap_or(Phase::Head),
        Cond::Not(part) => phase(part),
        Cond::Test(fact, _) if fact.phase() == Phase::Count => Phase::Body,
        Cond::Test(fact, _) => fact.phase(),
    }
}
