//! Findings for people: the source with arrows, drawn by miette.

use std::fmt::{self, Write as _};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode, SourceSpan,
};

use super::{Diagnostic, Label, Lines, Report};
use crate::codes::Severity;
use crate::source::Source;

/// How findings are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Plain characters.
    Plain,
    /// With terminal colours.
    Colours,
}

/// Findings drawn in full; the rest is only counted. A reader fixes the first and runs again.
const DRAWN_MAX: usize = 50;
/// The widest line.
const WIDTH: usize = 100;
/// How much of a file is handed to the drawing: a line can be as long as a file.
const AROUND_BYTES: usize = 4096;

impl Report {
    /// Every finding with its source, without colours.
    pub fn human(&self) -> String {
        self.drawn(Style::Plain)
    }

    /// Every finding with its source.
    pub fn drawn(&self, style: Style) -> String {
        let theme = match style {
            Style::Plain => GraphicalTheme::unicode_nocolor(),
            Style::Colours => GraphicalTheme::unicode(),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(WIDTH)
            .with_links(false)
            .with_context_lines(1);
        let mut out = String::new();
        for found in self.diagnostics().iter().take(DRAWN_MAX) {
            let drawn = Drawn::new(found, self.sources());
            // Drawing writes to a string, which does not fail; a line says it if it ever does.
            if handler.render_report(&mut out, &drawn).is_err() {
                out.push_str(&found.message);
            }
            out.push('\n');
        }
        let left = (self.errors() + self.warnings()).saturating_sub(DRAWN_MAX);
        if left > 0 {
            let _ = writeln!(out, "… and {left} more\n");
        }
        out.push_str(&self.summary());
        out.push('\n');
        out
    }

    /// One line: how many errors and warnings.
    pub fn summary(&self) -> String {
        let count = |n: usize, word: &str| match n {
            1 => format!("1 {word}"),
            n => format!("{n} {word}s"),
        };
        let all = [
            (self.errors(), "error"),
            (self.warnings(), "warning"),
            (self.notes(), "note"),
        ];
        let some = all.into_iter().filter(|(n, _)| *n > 0);
        let some: Vec<String> = some.map(|(n, word)| count(n, word)).collect();
        if some.is_empty() {
            "no findings".to_owned()
        } else {
            some.join(", ")
        }
    }
}

/// One finding in the shape miette draws: one file, and the labels in other files below it.
#[derive(Debug)]
struct Drawn<'a> {
    found: Option<&'a Diagnostic>,
    heading: String,
    source: Option<Excerpt>,
    labels: Vec<LabeledSpan>,
    others: Vec<Drawn<'a>>,
}

impl<'a> Drawn<'a> {
    fn new(found: &'a Diagnostic, sources: &[Source]) -> Self {
        let file = found.primary.span.file;
        let (here, elsewhere): (Vec<&Label>, Vec<&Label>) = found
            .others
            .iter()
            .partition(|label| label.span.file == file);
        let mut spans: Vec<&Label> = vec![&found.primary];
        spans.extend(here);
        let source = sources
            .get(file as usize)
            .map(|source| Excerpt::new(source, &spans));
        let labels = source
            .as_ref()
            .map_or_else(Vec::new, |source| source.labels(&spans));
        let others = elsewhere
            .iter()
            .map(|label| Self::elsewhere(label, sources))
            .collect();
        Self {
            found: Some(found),
            heading: found.message.clone(),
            source,
            labels,
            others,
        }
    }

    fn elsewhere(label: &Label, sources: &[Source]) -> Self {
        let source = sources.get(label.span.file as usize);
        let source = source.map(|source| Excerpt::new(source, &[label]));
        let labels = source
            .as_ref()
            .map_or_else(Vec::new, |source| source.labels(&[label]));
        Self {
            found: None,
            heading: "and in another file".to_owned(),
            source,
            labels,
            others: Vec::new(),
        }
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.heading)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let found = self.found?;
        Some(Box::new(format!(
            "{}[{}]",
            found.code.severity().word(),
            found.code.id()
        )))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.found.map(|found| found.code.severity()) {
            Some(Severity::Error) => miette::Severity::Error,
            Some(Severity::Warning) => miette::Severity::Warning,
            Some(Severity::Note) | None => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let found = self.found?;
        let help = found.help.clone().unwrap_or_default();
        let more = format!("(clawc explain {})", found.code.id());
        Some(Box::new(if help.is_empty() {
            more
        } else {
            format!("{help} {more}")
        }))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source
            .as_ref()
            .map(|source| &source.text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.others.is_empty() {
            return None;
        }
        Some(Box::new(
            self.others
                .iter()
                .map(|other| other as &dyn miette::Diagnostic),
        ))
    }
}

/// The text that is drawn. Drawing reads all of it several times, so overlong lines are cut.
#[derive(Debug)]
struct Excerpt {
    text: NamedSource<String>,
    cut: usize,
    len: usize,
}

impl Excerpt {
    fn new(source: &Source, labels: &[&Label]) -> Self {
        let text = source.text.as_str();
        let first = labels.first().map_or(0, |label| label.span.start as usize);
        let has_long_line = text.len() > AROUND_BYTES && {
            let from = text.len().min(first.saturating_sub(AROUND_BYTES));
            let to = text.len().min(first + AROUND_BYTES);
            let near = text.as_bytes().get(from..to).unwrap_or_default();
            !near.contains(&b'\n')
        };
        let (cut, end) = if has_long_line {
            (
                boundary(text, first.saturating_sub(60)),
                boundary(text, first + 120),
            )
        } else {
            (0, text.len())
        };
        let shown: String = text
            .get(cut..end)
            .unwrap_or_default()
            .chars()
            .map(visible)
            .collect();
        let at = Lines::new(text).position(u32::try_from(first).unwrap_or(u32::MAX));
        let name = format!("{}:{}:{}", source.path, at.line, at.column);
        let name = if has_long_line {
            name
        } else {
            source.path.clone()
        };
        Self {
            len: shown.len(),
            text: NamedSource::new(name, shown),
            cut,
        }
    }

    fn labels(&self, labels: &[&Label]) -> Vec<LabeledSpan> {
        let mut out = Vec::new();
        for (at, label) in labels.iter().enumerate() {
            let start = (label.span.start as usize)
                .saturating_sub(self.cut)
                .min(self.len);
            let end = (label.span.end as usize)
                .saturating_sub(self.cut)
                .clamp(start, self.len);
            if (label.span.start as usize) < self.cut {
                continue;
            }
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            let span = SourceSpan::from((start, end - start));
            out.push(if at == 0 {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            });
        }
        out
    }
}

fn boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Something harmless of the same length in place of what would act on the terminal, so that every
/// place stays where it is.
fn visible(c: char) -> char {
    match c.len_utf8() {
        _ if matches!(c, '\n' | '\r' | '\t') || !crate::unseen::is_unseen(c) => c,
        1 => '?',
        2 => '¿',
        _ => '\u{FFFD}',
    }
}
