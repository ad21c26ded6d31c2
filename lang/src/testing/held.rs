//! What was expected, held against what came.

use claw_table::policy::{Policy, Target};

use super::course::{Billed, Course};
use super::{attempts, target};
use crate::explain::dollars;
use crate::model::{By, Expected};
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
            let (is_by, name) = match by {
                None => (true, String::new()),
                Some(By::Forbid(name)) => (course.arm == format!("forbid {name}"), name.clone()),
                Some(By::Ceiling(at)) => {
                    let name = ceiling(policy, *at);
                    (course.because.as_deref() == Some(name), name.to_owned())
                }
            };
            let due = match name.as_str() {
                "" => format!("denied {status}"),
                name => format!("denied {status} by {name}"),
            };
            let is_it = course.denied == Some(*status) && is_by;
            (is_it, due, course.decided(policy))
        }
        Expected::Because(at) => {
            let due = ceiling(policy, *at);
            let got = course.because.as_deref();
            let told = got.map_or("no ceiling's doing".to_owned(), |name| {
                format!("because ceiling {name}")
            });
            (got == Some(due), format!("because ceiling {due}"), told)
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

fn ceiling(policy: &Policy, at: usize) -> &str {
    let ceiling = policy.ceilings.get(at);
    ceiling.map_or("", |ceiling| ceiling.name.as_str())
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
