//! Which arms and leaves the tests of a policy reach, and a test for each leaf that none does.

use std::collections::BTreeSet;

use claw_table::ArmId;
use claw_table::policy::Action;

use super::{Outcome, is_end};
use crate::diagram::{TooLarge, prove};
use crate::model::Model;
use crate::never::{said_at, written};
use crate::oracle::Request;
use crate::span::Span;
use crate::syntax::escape;

/// How much of a policy its tests reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Arms that some test takes, and all there are.
    pub arms: (usize, usize),
    /// Arms in which some test ends, and all in which a request can.
    pub leaves: (usize, usize),
    /// The leaves in which none ends.
    pub uncovered: Vec<Uncovered>,
}

/// An arm in which no test ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    /// Its name in the log.
    pub arm: String,
    /// Where it is written.
    pub span: Span,
    /// A test that ends there.
    pub test: String,
}

impl Uncovered {
    /// The test in one line.
    pub fn on_one_line(&self) -> String {
        // What is quoted holds no line end: that is escaped.
        let mut lines = self.test.lines().map(str::trim);
        let first = lines.next().unwrap_or_default();
        let mut inner: Vec<&str> = lines.collect();
        inner.pop();
        format!("{first} {} }}", inner.join("; "))
    }
}

impl Coverage {
    /// Hundredths of the leaves, rounded down: 100 says that none is left.
    pub fn percent(&self) -> usize {
        let (covered, all) = self.leaves;
        (covered * 100).checked_div(all).unwrap_or(100)
    }
}

/// When a request comes, on a line of its own, and the request.
fn lines(request: &Request) -> String {
    let usual = Request {
        at: None,
        ..request.clone()
    };
    let at = said_at(request).map_or_else(String::new, |at| format!("{at}\n  "));
    format!("{at}{}", written(&usual))
}

/// What the tests of a sound policy reach.
///
/// # Errors
/// The policy does not fit into a budget of the compiler.
pub fn coverage(model: &Model, outcomes: &[Outcome]) -> Result<Coverage, TooLarge> {
    let taken: BTreeSet<ArmId> = outcomes
        .iter()
        .flat_map(|outcome| outcome.taken.iter().copied())
        .collect();
    let proof = prove(model)?;
    let leaves = proof.diagram.map(|diagram| diagram.witnesses());
    let mut leaves = leaves.unwrap_or_default();
    leaves.retain(|(arm, _)| {
        let known = model.policy.arms.get(arm.index());
        known.is_some_and(|known| is_end(known.to))
    });
    let titles: BTreeSet<&str> = model.tests.iter().map(|test| test.title.as_str()).collect();
    let uncovered = leaves
        .iter()
        .filter(|(arm, _)| !taken.contains(arm))
        .filter_map(|(arm, request)| {
            let known = model.policy.arms.get(arm.index())?;
            let expect = match known.to {
                Action::Class(id) => {
                    let class = model.policy.classes.get(id.index())?;
                    format!("expect class {}", class.name)
                }
                Action::Deny(id) => {
                    let status = model.policy.denies.get(id.index())?.status;
                    match known.label.strip_prefix("forbid ") {
                        Some(guard) => format!("expect denied {status} by {guard}"),
                        None => format!("expect denied {status}"),
                    }
                }
                Action::Route => return None,
            };
            let title = escape(&title(&known.label, &titles));
            let span = model.arms().find(|known| known.id == *arm);
            Some(Uncovered {
                arm: known.label.clone(),
                span: span.map(|arm| arm.span).unwrap_or_default(),
                test: format!("test {title} {{\n  {}\n  {expect}\n}}", lines(request)),
            })
        });
    let uncovered: Vec<Uncovered> = uncovered.collect();
    Ok(Coverage {
        arms: (taken.len(), model.policy.arms.len()),
        leaves: (leaves.len() - uncovered.len(), leaves.len()),
        uncovered,
    })
}

/// The name of an arm, or where another test is called so, one that is free.
fn title(label: &str, taken: &BTreeSet<&str>) -> String {
    let mut title = label.to_owned();
    while taken.contains(title.as_str()) {
        title.push_str(" too");
    }
    title
}
