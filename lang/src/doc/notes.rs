//! What the text of a policy says and its model does not: the `##` lines, the right sides of `let`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Block, Run, code, words};
use crate::explain::on_one_line;
use crate::report::Report;
use crate::source::Source;
use crate::span::Span;
use crate::syntax;
use crate::syntax::ast::{ArmLine, Forbid, Item, Let, Never, Route, Statement};

/// Documentation by what it stands above.
#[derive(Debug, Default)]
pub(super) struct Notes {
    declarations: BTreeMap<(String, String), Vec<String>>,
    arms: BTreeMap<Span, Vec<String>>,
    /// Every `let` in text order: its name and its right side.
    pub(super) lets: Vec<(String, String)>,
    /// Every `never` in text order: its name and the whole of it.
    pub(super) claims: Vec<(String, String)>,
}

impl Notes {
    /// Reads the texts once more. They are known to be sound.
    pub(super) fn read(sources: &[Source]) -> Self {
        let mut notes = Self::default();
        let mut faults = Report::new(Arc::from(sources));
        for (number, source) in (0u32..).zip(sources) {
            for item in syntax::parse(number, &source.text, &mut faults).file.items {
                match &item {
                    Item::Let(it) => notes.let_line(it, &source.text),
                    Item::Route(it) => notes.route(it),
                    Item::Plain(it) => notes.statement(it),
                    Item::Never(it) => notes.never(it, &source.text),
                    Item::Forbid(it) => notes.forbid(it),
                    Item::Broken(_) => {}
                }
            }
        }
        notes
    }

    /// The paragraphs above a declaration.
    pub(super) fn about(&self, keyword: &str, name: &str) -> Vec<Block> {
        let key = (keyword.to_owned(), name.to_owned());
        let lines = self.declarations.get(&key).map_or(&[][..], Vec::as_slice);
        lines
            .split(|line| line.trim().is_empty())
            .filter(|paragraph| !paragraph.is_empty())
            .map(|paragraph| Block::Paragraph(runs(&paragraph.join(" "))))
            .collect()
    }

    /// What stands above an arm.
    pub(super) fn arm(&self, arm: Span) -> Vec<Run> {
        self.arms
            .get(&arm)
            .map_or(Vec::new(), |lines| runs(&lines.join(" ")))
    }

    fn note(&mut self, keyword: &str, name: &str, docs: &[String]) {
        let key = (keyword.to_owned(), name.to_owned());
        self.declarations.insert(key, docs.to_vec());
    }

    fn never(&mut self, it: &Never, text: &str) {
        self.note("never", &it.name.text, &it.docs);
        let line = on_one_line(it.span.of(text));
        self.claims.push((it.name.text.clone(), line));
    }

    fn forbid(&mut self, it: &Forbid) {
        self.note("forbid", &it.name.text, &it.docs);
        self.arms.insert(it.span, it.docs.clone());
    }

    fn let_line(&mut self, it: &Let, text: &str) {
        self.note("let", &it.name.text, &it.docs);
        let line = on_one_line(it.span.of(text));
        let right = line.split_once('=').map_or("", |(_, right)| right.trim());
        self.lets.push((it.name.text.clone(), right.to_owned()));
    }

    fn route(&mut self, it: &Route) {
        let name = it.name.as_ref().map_or("main", |name| name.text.as_str());
        self.note("route", name, &it.docs);
        for line in &it.arms {
            if let ArmLine::Arm(arm) = line {
                self.arms.insert(arm.span, arm.docs.clone());
            }
        }
    }

    fn statement(&mut self, it: &Statement) {
        let name = it.groups.first().and_then(|group| group.first());
        let name = name.map_or("", |name| name.text.as_str());
        self.note(&it.keyword.text, name, &it.docs);
    }
}

/// Words, with what stands between two backticks as code. A backtick without its twin is a sign.
fn runs(text: &str) -> Vec<Run> {
    let pieces: Vec<&str> = text.split('`').collect();
    let twins = pieces.len().saturating_sub(1) / 2 * 2;
    let mut out = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        out.push(match at {
            at if at < twins && at % 2 == 1 => code(piece),
            at if at > twins => words(&format!("`{piece}")),
            _ => words(piece),
        });
    }
    out.retain(|run| !matches!(run, Run::Words(text) | Run::Code(text) if text.is_empty()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_two_backticks_is_code_and_one_alone_is_a_sign() {
        assert_eq!(runs("a `b` c"), [words("a "), code("b"), words(" c")]);
        assert_eq!(runs("`b`"), [code("b")]);
        assert_eq!(runs("a ` b"), [words("a "), words("` b")]);
        assert_eq!(runs("`a` ` b"), [code("a"), words(" "), words("` b")]);
        assert_eq!(runs(""), []);
    }
}
