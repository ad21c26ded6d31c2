//! What the compiler found: diagnostics with places, and the list that collects them.
//!
//! A pass never stops at the first fault: it adds to the [`Report`] and goes on.

mod github;
pub mod human;
pub mod json;
pub(crate) mod junit;
mod lines;
mod places;
mod plain;
mod sarif;

pub use lines::{Lines, Position};

use std::sync::Arc;

use crate::codes::{Code, Severity};
use crate::source::Source;
use crate::span::Span;
use crate::unseen::is_unseen;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind.
    pub code: Code,
    /// What is wrong, in the operator's words.
    pub message: String,
    /// The smallest place that shows it.
    pub primary: Label,
    /// The other places involved.
    pub others: Vec<Label>,
    /// What to write instead.
    pub help: Option<String>,
    /// An edit that does it.
    pub fix: Option<Fix>,
    /// The declaration that it is about, where its places may lie in others: a target of a class
    /// may stand in a pool, or in the class that this one is like.
    pub subject: Option<Span>,
}

/// A place and what to say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words, possibly none.
    pub text: String,
}

/// Replaces one place by a text; always safe to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

impl Diagnostic {
    /// A finding with its place; the rest is added by the methods below.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        let primary = Label {
            span,
            text: String::new(),
        };
        Self {
            code,
            message: message.into(),
            primary,
            others: Vec::new(),
            help: None,
            fix: None,
            subject: None,
        }
    }

    /// Names the declaration that it is about, wherever its places lie.
    #[must_use]
    pub fn about(mut self, declaration: Option<Span>) -> Self {
        self.subject = declaration;
        self
    }

    /// Says something at the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Suggests the word that was probably meant.
    #[must_use]
    pub fn meant(self, span: Span, near: &str) -> Self {
        let help = self
            .help
            .clone()
            .unwrap_or_else(|| format!("write `{near}`"));
        self.label(format!("did you mean `{near}`?"))
            .help(help)
            .fix(span, near)
    }

    /// Its places, the primary one first.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        std::iter::once(&self.primary).chain(&self.others)
    }

    /// Names another place that is involved.
    #[must_use]
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Tells what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds the edit that does it.
    #[must_use]
    pub fn fix(mut self, span: Span, text: impl Into<String>) -> Self {
        self.fix = Some(Fix {
            span,
            text: text.into(),
        });
        self
    }
}

/// Every finding of one run, with the texts they point into.
#[derive(Debug, Clone)]
pub struct Report {
    sources: Arc<[Source]>,
    found: Vec<Diagnostic>,
    /// Errors, warnings and notes beyond the bound: counted, not kept.
    left_out: [usize; 3],
}

/// Findings that are kept. A file of nothing but faults has as many as it has lines.
const FOUND_MAX: usize = 10_000;

impl Report {
    /// An empty report about these files.
    pub fn new(sources: Arc<[Source]>) -> Self {
        Self {
            sources,
            found: Vec::new(),
            left_out: [0; 3],
        }
    }

    /// Takes in one finding. A name can be as long as its file; what is said about it is not.
    pub fn add(&mut self, mut diagnostic: Diagnostic) {
        if self.found.len() >= FOUND_MAX {
            let [errors, warnings, notes] = &mut self.left_out;
            match diagnostic.code.severity() {
                Severity::Error => *errors += 1,
                Severity::Warning => *warnings += 1,
                Severity::Note => *notes += 1,
            }
            return;
        }
        clip(&mut diagnostic.message);
        let labels = std::iter::once(&mut diagnostic.primary).chain(&mut diagnostic.others);
        labels.for_each(|label| clip(&mut label.text));
        diagnostic.help.iter_mut().for_each(clip);
        self.found.push(diagnostic);
    }

    /// Takes out every finding of a kind, and says how many there were.
    pub(crate) fn drop_where(&mut self, is_it: impl Fn(&Diagnostic) -> bool) -> usize {
        let before = self.found.len();
        self.found.retain(|found| !is_it(found));
        before - self.found.len()
    }

    /// Puts the findings in the order of the text, and drops what was said twice.
    pub fn sort(&mut self) {
        self.found.sort_by(|a, b| {
            (a.primary.span, a.code, &a.message).cmp(&(b.primary.span, b.code, &b.message))
        });
        self.found.dedup();
    }

    /// The findings.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.found
    }

    /// The files they point into.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// How many findings are counted only.
    pub fn left_out(&self) -> usize {
        self.left_out.iter().sum()
    }

    pub(crate) fn shared(&self) -> &Arc<[Source]> {
        &self.sources
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        let [left_out, _, _] = self.left_out;
        self.count(Severity::Error) + left_out
    }

    /// How many warnings there are.
    pub fn warnings(&self) -> usize {
        let [_, left_out, _] = self.left_out;
        self.count(Severity::Warning) + left_out
    }

    /// How many notes there are.
    pub fn notes(&self) -> usize {
        let [_, _, left_out] = self.left_out;
        self.count(Severity::Note) + left_out
    }

    /// Whether nothing was found that keeps the policy from being built.
    pub fn is_sound(&self) -> bool {
        self.errors() == 0
    }

    /// The text of a place.
    pub fn text(&self, span: Span) -> &str {
        self.sources
            .get(span.file as usize)
            .map_or("", |source| span.of(&source.text))
    }

    /// The file and line of a place, as `shop.claw:7:3`.
    pub fn place(&self, span: Span) -> String {
        self.sources
            .get(span.file as usize)
            .map_or_else(String::new, |source| {
                let at = Lines::new(&source.text).position(span.start);
                format!("{}:{}:{}", source.path, at.line, at.column)
            })
    }

    fn count(&self, severity: Severity) -> usize {
        self.found
            .iter()
            .filter(|d| d.code.severity() == severity)
            .count()
    }
}

/// The most bytes that one sentence of a finding has.
const SENTENCE_BYTES_MAX: usize = 600;

/// Shortens what is said, and spells out characters that would act on the terminal.
fn clip(text: &mut String) {
    if text.len() > SENTENCE_BYTES_MAX {
        let end = (0..=SENTENCE_BYTES_MAX)
            .rev()
            .find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    if text.chars().any(is_unseen) {
        let spelt = |c: char| {
            if is_unseen(c) {
                format!("\\u{{{:x}}}", u32::from(c))
            } else {
                c.to_string()
            }
        };
        *text = text.chars().map(spelt).collect();
    }
}
