//! Results for people: with a column for the eye, and with a place at the head of each line.

use std::fmt::Write as _;

use super::Told;
use crate::unseen::on_its_line;

impl Told<'_> {
    /// A line for each test, what went wrong below it, and the tests that are missing.
    pub fn human(&self) -> String {
        let mut out = String::new();
        // Writing to a text cannot fail.
        for outcome in self.outcomes {
            let is_good = outcome.failures.is_empty();
            let word = if is_good { "ok  " } else { "FAIL" };
            let title = self.of(outcome).map_or("", |test| test.title.as_str());
            let _ = writeln!(
                out,
                "{word}  {}  {}",
                on_its_line(title),
                self.place(outcome)
            );
            for found in &outcome.failures {
                let place = self.found.place(found.primary.span);
                let _ = writeln!(out, "      {}  {place}", on_its_line(&found.message));
                if let Some(help) = &found.help {
                    let _ = writeln!(out, "      {}", on_its_line(help));
                }
            }
        }
        for line in self.figures() {
            let _ = writeln!(out, "{line}");
        }
        let left: Vec<&str> = self
            .coverage
            .iter()
            .flat_map(|coverage| &coverage.uncovered)
            .map(|left| left.test.as_str())
            .collect();
        if !left.is_empty() {
            let _ = writeln!(
                out,
                "\n# no test ends in these arms yet:\n{}",
                left.join("\n")
            );
        }
        out
    }

    /// The same, one fact on each line, and each line with its place.
    pub fn plain(&self) -> String {
        let mut out = String::new();
        // Writing to a text cannot fail.
        for outcome in self.outcomes {
            let is_good = outcome.failures.is_empty();
            let word = if is_good { "passed" } else { "failed" };
            let title = self.of(outcome).map_or("", |test| test.title.as_str());
            let _ = writeln!(
                out,
                "{}: {word}: {}",
                self.place(outcome),
                on_its_line(title)
            );
        }
        if !self.found.diagnostics().is_empty() {
            out.push_str(&self.found.plain());
        }
        for line in self.figures() {
            let _ = writeln!(out, "{line}");
        }
        out
    }
}
