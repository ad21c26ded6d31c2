//! Findings for programs. The shape is versioned and described in LANGUAGE.md.

use serde::Serialize;

use super::places::{Place, Places};
use super::{Diagnostic, Label, Report};

/// The version of the shape. A new member does not change it; a changed meaning does.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Whole<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    notes: usize,
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

impl Report {
    /// Every finding as one JSON object.
    pub fn json(&self) -> String {
        let places = Places::new(self);
        let whole = Whole {
            version: VERSION,
            errors: self.errors(),
            warnings: self.warnings(),
            notes: self.notes(),
            findings: self
                .diagnostics()
                .iter()
                .map(|found| finding(found, &places))
                .collect(),
        };
        serde_json::to_string_pretty(&whole).unwrap_or_default()
    }
}

fn finding<'a>(found: &'a Diagnostic, places: &Places<'a>) -> Finding<'a> {
    let shown = |label: &'a Label| Shown {
        place: places.of(label.span),
        text: &label.text,
    };
    Finding {
        code: found.code.id(),
        severity: found.code.severity().word(),
        message: &found.message,
        help: found.help.as_deref(),
        labels: found.labels().map(shown).collect(),
        fix: found.fix.as_ref().map(|fix| Edit {
            place: places.of(fix.span),
            replacement: &fix.text,
        }),
    }
}
