//! The results of the tests of a policy, in every format. All say the same.

mod json;
mod junit;
mod lines;

use std::fmt::Write as _;

use super::{Coverage, Outcome};
use crate::codes::Code;
use crate::model::{Model, Test};
use crate::report::{Diagnostic, Report};

/// What came of the tests of one policy.
#[derive(Debug)]
pub struct Told<'a> {
    /// The policy.
    model: &'a Model,
    /// What came of each test.
    outcomes: &'a [Outcome],
    /// What they leave out, if that was asked.
    coverage: Option<&'a Coverage>,
    /// Every failure, and every arm that is left out, as findings.
    found: Report,
}

impl<'a> Told<'a> {
    /// The results; `report` knows the texts of the policy.
    pub fn new(
        (model, outcomes): (&'a Model, &'a [Outcome]),
        coverage: Option<&'a Coverage>,
        report: &Report,
    ) -> Self {
        let mut found = Report::new(report.shared().clone());
        for failure in outcomes.iter().flat_map(|outcome| &outcome.failures) {
            found.add(failure.clone());
        }
        for left in coverage.iter().flat_map(|coverage| &coverage.uncovered) {
            let message = format!("no test ends in arm {}", left.arm);
            let note = Diagnostic::new(Code::Uncovered, left.span, message);
            found.add(note.help(format!("add `{}`", left.on_one_line())));
        }
        found.sort();
        Self {
            model,
            outcomes,
            coverage,
            found,
        }
    }

    /// Whether every test passed.
    pub fn is_good(&self) -> bool {
        self.failed() == 0
    }

    /// Failures and uncovered arms as findings.
    pub fn findings(&self) -> &Report {
        &self.found
    }

    /// The findings as SARIF, which knows no tests that pass.
    pub fn sarif(&self) -> String {
        self.found.sarif()
    }

    /// The findings at their lines, and the figures, for GitHub Actions.
    pub fn github(&self) -> String {
        let mut out = self.found.github();
        // Writing to a text cannot fail.
        for line in self.figures() {
            let _ = writeln!(out, "::notice::{}", line.replace('%', "%25"));
        }
        out
    }

    fn failed(&self) -> usize {
        let bad = |outcome: &&Outcome| !outcome.failures.is_empty();
        self.outcomes.iter().filter(bad).count()
    }

    fn of(&self, outcome: &Outcome) -> Option<&'a Test> {
        self.model.tests.get(outcome.test)
    }

    fn place(&self, outcome: &Outcome) -> String {
        let test = self.of(outcome);
        test.map_or_else(String::new, |test| self.found.place(test.span))
    }

    /// How many passed, and how much of the policy they reach.
    fn figures(&self) -> Vec<String> {
        let failed = self.failed();
        let passed = self.outcomes.len() - failed;
        let mut lines = vec![format!("{passed} passed, {failed} failed")];
        if let Some(it) = self.coverage {
            let ((arms, arms_all), (leaves, leaves_all)) = (it.arms, it.leaves);
            lines.push(format!(
                "coverage: {arms} of {arms_all} arms, {leaves} of {leaves_all} leaves, {}%",
                it.percent()
            ));
        }
        lines
    }
}
