//! Findings as GitHub Actions reads them from a step's output: each becomes a note at its line.

use std::fmt::Write as _;

use super::places::Places;
use super::{Diagnostic, Report};
use crate::codes::Severity;

impl Report {
    /// Every finding as one workflow command.
    pub fn github(&self) -> String {
        let places = Places::new(self);
        let mut out = String::new();
        for found in self.diagnostics() {
            command(&mut out, found, &places);
        }
        if self.left_out() > 0 {
            // Writing to a text cannot fail.
            let _ = writeln!(out, "::notice::{} more findings", self.left_out());
        }
        out
    }
}

fn command(out: &mut String, found: &Diagnostic, places: &Places<'_>) {
    let word = match found.code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let at = places.of(found.primary.span);
    let title = format!("{}: {}", found.code.id(), found.code.title());
    let mut message = found.message.clone();
    if let Some(help) = &found.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    // Writing to a text cannot fail.
    let _ = write!(out, "::{word} file={},line={}", property(at.file), at.line);
    // The runner takes columns only where both ends are on one line, and else drops them with a
    // complaint in its log.
    let _ = if at.line == at.end_line {
        let (line, from, to) = (at.end_line, at.column, at.end_column);
        write!(out, ",col={from},endLine={line},endColumn={to}")
    } else {
        write!(out, ",endLine={}", at.end_line)
    };
    let _ = writeln!(out, ",title={}::{}", property(&title), data(&message));
}

/// What stands after `::`: the runner reads a line, and resolves these three.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// What stands between `=` and the next comma.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
