//! Results as every system shows them that builds software: a suite for each file, a case for each
//! test.

use std::fmt::Write as _;

use super::Told;
use crate::report::junit::{escape, escape_lines};
use crate::testing::Outcome;

impl Told<'_> {
    /// Every file that has tests as a suite. What they leave out stands in a suite without cases.
    pub fn junit(&self) -> String {
        let (tests, failed) = (self.outcomes.len(), self.failed());
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "<testsuites name=\"clawc test\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\">"
        );
        for (file, source) in (0u32..).zip(self.found.sources()) {
            let of_file: Vec<&Outcome> = self
                .outcomes
                .iter()
                .filter(|outcome| self.of(outcome).is_some_and(|test| test.span.file == file))
                .collect();
            if !of_file.is_empty() {
                self.suite(&mut out, &source.path, &of_file);
            }
        }
        self.left(&mut out);
        out.push_str("</testsuites>\n");
        out
    }

    fn suite(&self, out: &mut String, path: &str, outcomes: &[&Outcome]) {
        let (tests, path) = (outcomes.len(), escape(path));
        let bad = |outcome: &&&Outcome| !outcome.failures.is_empty();
        let failed = outcomes.iter().filter(bad).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{path}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\">"
        );
        for outcome in outcomes {
            self.case(out, &path, outcome);
        }
        out.push_str("  </testsuite>\n");
    }

    fn case(&self, out: &mut String, path: &str, outcome: &Outcome) {
        let title = self.of(outcome).map_or("", |test| test.title.as_str());
        let place = self.place(outcome);
        let line = place.rsplit(':').nth(1).unwrap_or("1");
        let _ = write!(
            out,
            "    <testcase classname=\"{path}\" name=\"{}\" file=\"{path}\" line=\"{line}\"",
            escape(title)
        );
        // One test is one case with one failure, whatever of it failed.
        let Some(first) = outcome.failures.first() else {
            out.push_str("/>\n");
            return;
        };
        let mut said = String::new();
        for found in &outcome.failures {
            let place = self.found.place(found.primary.span);
            let _ = writeln!(said, "{place}: {}", found.message);
        }
        said.push_str(first.help.as_deref().unwrap_or_default());
        let _ = writeln!(
            out,
            ">\n      <failure type=\"error\" message=\"{}\">{}</failure>\n    </testcase>",
            escape(&first.message),
            escape_lines(&said)
        );
    }

    fn left(&self, out: &mut String) {
        let Some(it) = self.coverage else { return };
        let figures = [
            ("arms", it.arms.1),
            ("arms covered", it.arms.0),
            ("leaves", it.leaves.1),
            ("leaves covered", it.leaves.0),
            ("percent", it.percent()),
        ];
        out.push_str("  <testsuite name=\"coverage\" tests=\"0\" failures=\"0\" errors=\"0\">\n");
        out.push_str("    <properties>\n");
        for (name, value) in figures {
            let _ = writeln!(out, "      <property name=\"{name}\" value=\"{value}\"/>");
        }
        out.push_str("    </properties>\n");
        if !it.uncovered.is_empty() {
            let mut said = String::new();
            for left in &it.uncovered {
                let place = self.found.place(left.span);
                let _ = writeln!(
                    said,
                    "{place}: no test ends in arm {}\n{}",
                    left.arm, left.test
                );
            }
            let _ = writeln!(out, "    <system-out>{}</system-out>", escape_lines(&said));
        }
        out.push_str("  </testsuite>\n");
    }
}
