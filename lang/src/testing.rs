//! The tests of a policy, run without a network: the decision, and the way from target to target.
//!
//! ```text
//! request ─table→ arm ─class→ targets ─faults, attempt by attempt→ what was tried, who answers
//! ```
//!
//! The walk of the table decides, as it does in the gateway. The slow evaluator is asked the same
//! and must agree, and tells why earlier arms did not match.

mod course;
mod coverage;
mod failure;
mod held;
mod listed;
mod request;
mod told;

use std::fmt::Write as _;

use claw_table::policy::{Action, Policy, Target};
use claw_table::{ArmId, GuardId, Table, Unclear};

use crate::codes::Code;
use crate::explain::{Contradiction, why_not};
use crate::model::{Model, Test};
use crate::oracle::{self, Request};
use crate::report::Diagnostic;

pub use course::{Course, End, Turn};
pub use coverage::{Coverage, Uncovered, coverage};
pub use told::Told;

/// A policy in the two forms that have to agree.
#[derive(Debug, Clone, Copy)]
pub struct Tested<'a> {
    /// As it was checked.
    pub model: &'a Model,
    /// As it was compiled.
    pub table: &'a Table,
}

/// What came of one test.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its position among the tests of the policy.
    pub test: usize,
    /// The request that it sent.
    pub request: Request,
    /// The arms that the request took, route by route.
    pub taken: Vec<ArmId>,
    /// What became of it.
    pub course: Course,
    /// What was not as expected; nothing if it passed.
    pub failures: Vec<Diagnostic>,
}

/// Runs every test of a policy.
///
/// # Errors
/// Table and evaluator disagree, which is a fault of the compiler.
pub fn run(policy: Tested<'_>) -> Result<Vec<Outcome>, Contradiction> {
    let tests = policy.model.tests.iter().enumerate();
    tests
        .map(|(at, test)| outcome(policy, (at, test)))
        .collect()
}

/// Why the gateway refuses a request before it asks the policy.
const NOBODY: &str = "no client of the policy calls from there";
const AMBIGUOUS: &str = "a header or parameter that is asked for says different things";

fn outcome(policy: Tested<'_>, (at, test): (usize, &Test)) -> Result<Outcome, Contradiction> {
    let Tested { model, table } = policy;
    let request = request::of(&model.policy, test);
    if !model.policy.clients.is_empty() && request.client.is_none() {
        return Ok(refused((model, test, at), request, (401, NOBODY)));
    }
    let slow = oracle::decide(model, &request);
    let arm = match table.decide(&request) {
        Ok(arm) if slow.arm() == Some(arm) => arm,
        Ok(arm) => {
            let name = |arm: Option<ArmId>| arm.map_or("no arm", |arm| label(&model.policy, arm));
            return Err(Contradiction::Decision {
                table: name(Some(arm)).to_owned(),
                oracle: name(slow.arm()).to_owned(),
            });
        }
        Err(Unclear::Ambiguous { .. }) => {
            return Ok(refused((model, test, at), request, (400, AMBIGUOUS)));
        }
        Err(Unclear::Broken) => return Err(Contradiction::Broken),
    };
    let met = guards(policy, &request)?;
    let course = course::of(model, (arm, &request), (test, &met));
    let failures = failures((model, test), (Some(&slow), &request), &course);
    Ok(Outcome {
        test: at,
        taken: slow.taken,
        request,
        course,
        failures,
    })
}

/// A request that comes to no arm.
fn refused(
    (model, test, at): (&Model, &Test, usize),
    request: Request,
    (status, sentence): (u16, &str),
) -> Outcome {
    let course = Course::refused(status, sentence);
    let failures = failures((model, test), (None, &request), &course);
    Outcome {
        test: at,
        request,
        taken: Vec::new(),
        course,
        failures,
    }
}

/// The conditions beside the routes that a request meets, by the table and by the evaluator.
fn guards(
    Tested { model, table }: Tested<'_>,
    request: &Request,
) -> Result<Vec<GuardId>, Contradiction> {
    let mut met = Vec::new();
    // A header that says different things meets none of those that ask for it.
    let is_clear = table.guards(request, |guard| met.push(guard)).is_ok();
    for (guard, scoped) in (0_u16..).map(GuardId).zip(&model.scopes) {
        let slow = oracle::guards(model, guard, request);
        if is_clear && slow != met.contains(&guard) {
            let side = |holds| if holds { "those of" } else { "none of" };
            return Err(Contradiction::Decision {
                table: format!("{} {}", side(met.contains(&guard)), scoped.of),
                oracle: format!("{} {}", side(slow), scoped.of),
            });
        }
    }
    Ok(met)
}

fn failures(
    (model, test): (&Model, &Test),
    (decision, request): (Option<&oracle::Decision<'_>>, &Request),
    course: &Course,
) -> Vec<Diagnostic> {
    let mut failures = Vec::new();
    for expect in &test.expects {
        let Some((due, got)) = held::differs(&model.policy, &expect.what, course) else {
            continue;
        };
        let message = format!("expected {due}, got {got}");
        let mut found = Diagnostic::new(Code::TestFailed, expect.span, message)
            .and(test.span, "in this test")
            .help(match decision {
                Some(decision) => path((model, test), (decision, request), course),
                None => format!("it comes to no arm, for {}", course.sentence),
            });
        let taken = decision.map_or(&[][..], |decision| &decision.taken);
        for arm in model.arms().filter(|arm| taken.contains(&arm.id)) {
            found = found.and(arm.span, "the request takes this");
        }
        failures.push(found);
    }
    failures
}

/// Arms whose failed test is told; the rest is counted.
const TOLD_MAX: usize = 3;

/// Why the request went where it went, and what it met there.
fn path(
    (model, test): (&Model, &Test),
    (decision, request): (&oracle::Decision<'_>, &Request),
    course: &Course,
) -> String {
    let label = |arm: ArmId| label(&model.policy, arm);
    let taken: Vec<&str> = decision.taken.iter().map(|arm| label(*arm)).collect();
    let mut out = format!("it takes {}", taken.join(", then "));
    let passed = decision.passed.iter().rev().take(TOLD_MAX);
    let told: Vec<String> = passed
        .filter_map(|passed| {
            let why = why_not(passed.failed?, request);
            Some(format!("{} asks {why}", label(passed.arm)))
        })
        .collect();
    if !told.is_empty() {
        out.push_str("; before it, ");
        out.push_str(&told.join("; "));
    }
    let left = decision.passed.len().saturating_sub(TOLD_MAX);
    if left > 0 {
        // Writing to a text cannot fail.
        let _ = write!(out, "; {left} more did not match");
    }
    let is_served_at_once = test.faults.is_empty() && course.too_small.is_empty();
    if !is_served_at_once && course.class.is_some() {
        out.push_str("; there ");
        out.push_str(&course.way(&model.policy));
    }
    out
}

fn label(policy: &Policy, arm: ArmId) -> &str {
    let arm = policy.arms.get(arm.index());
    arm.map_or("", |arm| arm.label.as_str())
}

fn attempts(count: usize) -> String {
    match count {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    }
}

/// `provider/model`
fn target(policy: &Policy, target: Target) -> String {
    crate::explain::name(policy, target)
}

/// Whether an action ends a request.
fn is_end(action: Action) -> bool {
    action != Action::Route
}
