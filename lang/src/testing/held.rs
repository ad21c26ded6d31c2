//! What was expected, held against what came.

use claw_table::policy::{Policy, Target};

use super::course::{Billed, Course};
use super::{attempts, target};
use crate::explain::dollars;
use crate::model::Expected;
use crate::syntax::escape;

/// What was expected and what came instead; nothing if it came.
pub(super) fn differs(
    policy: &Policy,
    due: &Expected,
    course: &Course,
) -> Option<(String, String)> {
    let whole = || course.told(policy);
    let tried: Vec<Target> = course.tried.iter().map(|turn| turn.target).collect();
    let (is_it, due, got) = match due {
        Expected::Class(id) => {
            let class = policy.classes.get(id.index());
            let name = class.map_or("", |class| class.name.as_str());
            let due = format!("class `{name}`");
            (course.class == Some(*id), due, course.decided(policy))
        }
        Expected::ServedBy(due) => (
            course.served == Some(*due),
            format!("served by {}", target(policy, *due)),
            whole(),
        ),
        Expected::Tried(due) => (
            tried == *due,
            format!("tried {}", targets(policy, due)),
            format!("tried {}", targets(policy, &tried)),
        ),
        Expected::Attempts(due) => (
            course.attempts() == *due as usize,
            attempts(*due as usize),
            attempts(course.attempts()),
        ),
        Expected::Denied(status, by) => {
            let guard = by.as_ref().map(|name| format!("forbid {name}"));
            let is_by = guard.is_none() || guard.as_deref() == Some(course.arm.as_str());
            let due = match by {
                Some(name) => format!("denied {status} by {name}"),
                None => format!("denied {status}"),
            };
            let is_it = course.denied == Some(*status) && is_by;
            (is_it, due, course.decided(policy))
        }
        Expected::Arm(due) => (
            course.arm == *due,
            format!("arm {}", escape(due)),
            format!("arm {}", escape(&course.arm)),
        ),
        Expected::Failed(status) => {
            let has_failed = course.class.is_some() && course.served.is_none();
            let is_it = has_failed && (status.is_none() || course.failed == *status);
            let due = status.map_or("failed".to_owned(), |status| format!("failed {status}"));
            (is_it, due, whole())
        }
        Expected::CostAtMost(due) => cost(policy, *due, course.billed),
    };
    (!is_it).then_some((due, got))
}

fn cost(policy: &Policy, due: u128, billed: Billed) -> (bool, String, String) {
    let (is_it, got) = match billed {
        Billed::AtMost(cost) => (cost <= due, format!("up to {}", dollars(cost))),
        Billed::Unknown(at, gap) => {
            let whose = gap.why().replacen("the model", &target(policy, at), 1);
            (false, format!("a cost without a bound: {whose}"))
        }
    };
    (is_it, format!("cost at most {}", dollars(due)), got)
}

fn targets(policy: &Policy, list: &[Target]) -> String {
    let names: Vec<String> = list.iter().map(|one| target(policy, *one)).collect();
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}
