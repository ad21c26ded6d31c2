//! Findings for screen readers, terminals without a screen, and `grep`: nothing is drawn, each line
//! is one fact, and each begins with its place.

use std::fmt::Write as _;

use super::places::{Place, Places};
use super::{Diagnostic, Report};
use crate::unseen::on_its_line;

impl Report {
    /// Every finding as lines of `file:line:column: what: text`, and how many there are.
    pub fn plain(&self) -> String {
        let places = Places::new(self);
        let mut out = String::new();
        for found in self.diagnostics() {
            finding(&mut out, found, &places);
        }
        if self.left_out() > 0 {
            // Writing to a text cannot fail.
            let _ = writeln!(out, "{} more are counted, not shown", self.left_out());
        }
        out.push_str(&self.summary());
        out.push('\n');
        out
    }
}

/// The lines of one finding.
pub(super) fn finding(out: &mut String, found: &Diagnostic, places: &Places<'_>) {
    let (severity, code) = (found.code.severity().word(), found.code.id());
    let at = places.of(found.primary.span);
    let said = on_its_line(&found.message);
    line(out, at, &format!("{severity} {code}: {said}"));
    for label in found.labels().filter(|label| !label.text.is_empty()) {
        let said = on_its_line(&label.text);
        line(out, places.of(label.span), &format!("note: {said}"));
    }
    if let Some(help) = &found.help {
        line(out, at, &format!("help: {}", on_its_line(help)));
    }
    if let Some(fix) = &found.fix {
        let place = places.of(fix.span);
        let until = format!("{}:{}", place.end_line, place.end_column);
        let text = on_its_line(&fix.text);
        let what = match (fix.span.start == fix.span.end, text.is_empty()) {
            (true, _) => format!("insert `{text}`"),
            (false, true) => format!("delete until {until}"),
            (false, false) => format!("replace until {until} with `{text}`"),
        };
        line(out, place, &format!("fix: {what}"));
    }
    line(out, at, &format!("more: clawc explain {code}"));
}

fn line(out: &mut String, at: Place<'_>, text: &str) {
    let file = on_its_line(at.file);
    // Writing to a text cannot fail.
    let _ = writeln!(out, "{file}:{}:{}: {text}", at.line, at.column);
}
