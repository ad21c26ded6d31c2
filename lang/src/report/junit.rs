//! Findings as a test report: a suite for each file, a test for each finding. Every system that
//! builds software shows these.

use std::fmt::Write as _;

use super::places::{Place, Places};
use super::{Diagnostic, Report, plain};
use crate::codes::Severity;

impl Report {
    /// Every file as a suite. A finding fails its test if it weighs as much as `heavy` or more; a
    /// lighter one passes, and its words stand in the test's output.
    pub fn junit(&self, heavy: Severity) -> String {
        let places = Places::new(self);
        let cases: Vec<Case> = self
            .diagnostics()
            .iter()
            .map(|found| Case::of(found, &places, heavy))
            .collect();
        let failed = cases.iter().filter(|case| case.is_failed).count();
        // A file without findings is one test that passes: it was looked at.
        let sound = (0u32..).take(self.sources().len());
        let sound = sound.filter(|file| cases.iter().all(|case| case.file != *file));
        let more = self.more(heavy, failed);
        let tests = cases.len() + sound.count() + usize::from(more.is_some());
        let failures = failed + usize::from(more.as_ref().is_some_and(|more| more.is_failed));
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        // Writing to a text cannot fail.
        let _ = writeln!(
            out,
            "<testsuites name=\"clawc check\" tests=\"{tests}\" failures=\"{failures}\" \
             errors=\"0\">"
        );
        for (file, source) in (0u32..).zip(self.sources()) {
            let of_file: Vec<&Case> = cases.iter().filter(|case| case.file == file).collect();
            suite(&mut out, &source.path, &of_file);
        }
        if let Some(more) = &more {
            suite(&mut out, "more findings", &[more]);
        }
        out.push_str("</testsuites>\n");
        out
    }

    /// One test for all findings beyond the bound; it fails if one of them would.
    fn more(&self, heavy: Severity, failed: usize) -> Option<Case> {
        let weighed = match heavy {
            Severity::Error => self.errors(),
            Severity::Warning => self.errors() + self.warnings(),
            Severity::Note => self.errors() + self.warnings() + self.notes(),
        };
        let is_failed = weighed > failed;
        let left = self.left_out();
        let tag = if is_failed { "failure" } else { "system-out" };
        let opening = "    <testcase classname=\"more findings\" name=\"beyond the bound\">\n";
        (left > 0).then(|| Case {
            file: u32::MAX,
            is_failed,
            xml: format!(
                "{opening}      <{tag}>{left} more are counted, not shown</{tag}>\n    </testcase>\n"
            ),
        })
    }
}

struct Case {
    file: u32,
    is_failed: bool,
    xml: String,
}

impl Case {
    fn of(found: &Diagnostic, places: &Places<'_>, heavy: Severity) -> Self {
        let at = places.of(found.primary.span);
        let severity = found.code.severity();
        // Severities are ordered from the heaviest.
        let is_failed = severity <= heavy;
        let mut lines = String::new();
        plain::finding(&mut lines, found, places);
        let mut xml = opening(found, at);
        let _ = if is_failed {
            let (word, message) = (severity.word(), escape(&found.message));
            write!(xml, "      <failure type=\"{word}\" message=\"{message}\">")
        } else {
            write!(xml, "      <system-out>")
        };
        xml.push_str(&escape_lines(&lines));
        xml.push_str(if is_failed {
            "</failure>\n"
        } else {
            "</system-out>\n"
        });
        xml.push_str("    </testcase>\n");
        Self {
            file: found.primary.span.file,
            is_failed,
            xml,
        }
    }
}

fn opening(found: &Diagnostic, at: Place<'_>) -> String {
    format!(
        "    <testcase classname=\"{file}\" name=\"{code} at {line}:{column}\" \
         file=\"{file}\" line=\"{line}\">\n",
        file = escape(at.file),
        code = found.code.id(),
        line = at.line,
        column = at.column,
    )
}

fn suite(out: &mut String, path: &str, cases: &[&Case]) {
    let (tests, path) = (cases.len().max(1), escape(path));
    let failed = cases.iter().filter(|case| case.is_failed).count();
    let _ = writeln!(
        out,
        "  <testsuite name=\"{path}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\">"
    );
    for case in cases {
        out.push_str(&case.xml);
    }
    if cases.is_empty() {
        let _ = writeln!(
            out,
            "    <testcase classname=\"{path}\" name=\"no findings\" file=\"{path}\"/>"
        );
    }
    out.push_str("  </testsuite>\n");
}

/// Text for an attribute, whose line ends a reader would turn into blanks.
pub(crate) fn escape(text: &str) -> String {
    escape_lines(text)
        .replace('\n', "&#10;")
        .replace('\t', "&#9;")
}

/// Text between tags. XML 1.0 section 2.2 has no way to write most control characters, not even as a
/// reference, so they are spelt out; a bare CR would be read as a line end.
pub(crate) fn escape_lines(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            '\0'..'\u{20}' | '\u{FFFE}' | '\u{FFFF}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
        out
    })
}
