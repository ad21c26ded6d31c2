//! Findings for programs. The shape is versioned and described in LANGUAGE.md.

use serde::Serialize;

use super::{Diagnostic, Label, Lines, Report};
use crate::span::Span;

/// The version of the shape. A new member does not change it; a changed meaning does.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Whole<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// The first label is the primary one.
    labels: Vec<Shown<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<Edit<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    start_byte: u32,
    end_byte: u32,
}

impl Report {
    /// Every finding as one JSON object.
    pub fn json(&self) -> String {
        let lines: Vec<Lines<'_>> = self.sources().iter().map(|s| Lines::new(&s.text)).collect();
        let shaper = Shaper {
            report: self,
            lines,
        };
        let whole = Whole {
            version: VERSION,
            errors: self.errors(),
            warnings: self.warnings(),
            findings: self
                .diagnostics()
                .iter()
                .map(|found| shaper.finding(found))
                .collect(),
        };
        serde_json::to_string_pretty(&whole).unwrap_or_default()
    }
}

struct Shaper<'a> {
    report: &'a Report,
    lines: Vec<Lines<'a>>,
}

impl<'a> Shaper<'a> {
    fn finding(&self, found: &'a Diagnostic) -> Finding<'a> {
        let shown = |label: &'a Label| Shown {
            place: self.place(label.span),
            text: &label.text,
        };
        Finding {
            code: found.code.id(),
            severity: found.code.severity().word(),
            message: &found.message,
            help: found.help.as_deref(),
            labels: std::iter::once(&found.primary)
                .chain(&found.others)
                .map(shown)
                .collect(),
            fix: found.fix.as_ref().map(|fix| Edit {
                place: self.place(fix.span),
                replacement: &fix.text,
            }),
        }
    }

    fn place(&self, span: Span) -> Place<'a> {
        let file = self
            .report
            .sources()
            .get(span.file as usize)
            .map_or("", |s| s.path.as_str());
        let at = |offset| match self.lines.get(span.file as usize) {
            Some(lines) => lines.position(offset),
            None => super::Position { line: 1, column: 1 },
        };
        let (start, end) = (at(span.start), at(span.end));
        Place {
            file,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            start_byte: span.start,
            end_byte: span.end,
        }
    }
}
