//! From lines of tokens to the tree: each line is read by the form of its kind, at its own place.

mod chunk;
mod say;

pub(crate) use self::say::{no_braces, not_yet};
use super::ast::{
    Arm, ArmLine, Broken, File, Forbid, Item, Let, Line, Never, Route, Statement, When,
};
use super::grammar::Rule;
use super::habits;
use super::layout::Laid;
use super::lexer::Kind;
use super::line::{self, Outcome};
use super::split::Chunk;
use crate::codes::Code;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::vocab;

/// Turns the lines of one file into its tree.
pub(crate) fn file(source: &str, laid: &Laid, chunks: &[Chunk], report: &mut Report) -> File {
    let mut work = Work {
        source,
        laid,
        report,
    };
    let items = chunks.iter().filter_map(|chunk| work.item(chunk)).collect();
    File { items }
}

struct Work<'a> {
    source: &'a str,
    laid: &'a Laid,
    report: &'a mut Report,
}

impl<'a> Work<'a> {
    fn item(&mut self, chunk: &Chunk) -> Option<Item> {
        let Some(first) = self.first(chunk) else {
            return self.headless(chunk).map(Item::Broken);
        };
        let word = first.span.of(self.source);
        if first.kind == Kind::Word && vocab::DECLARATIONS_LATER.contains(&word) {
            self.report.add(not_yet(word, first.span));
            return Some(Item::Broken(self.broken(chunk)));
        }
        if !vocab::is_declaration(word) && !self.is_spoiled(chunk) {
            self.report.add(say::unknown_declaration(word, first.span));
            return Some(Item::Broken(self.broken(chunk)));
        }
        let item = match word {
            "let" => self.let_line(chunk).map(Item::Let),
            "never" => self.never_line(chunk).map(Item::Never),
            "forbid" => self.forbid_line(chunk).map(Item::Forbid),
            "route" => self.route(chunk).map(Item::Route),
            _ => self.statement(chunk).map(Item::Plain),
        };
        Some(item.unwrap_or_else(|| Item::Broken(self.broken(chunk))))
    }

    fn statement(&mut self, chunk: &Chunk) -> Option<Statement> {
        let span = self.span(chunk);
        let head = self.read(chunk, Rule::statement, line::Line::head)?;
        let block = chunk.block.as_ref().map(|lines| self.fields(lines));
        Some(Statement {
            docs: self.docs(chunk),
            keyword: head.keyword,
            groups: head.groups,
            block,
            span,
        })
    }

    fn fields(&mut self, chunks: &[Chunk]) -> Vec<Line> {
        let mut lines = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let Some(first) = self.first(chunk) else {
                lines.extend(self.headless(chunk).map(Line::Broken));
                continue;
            };
            let is_when = first.kind == Kind::Word && first.span.of(self.source) == "when";
            let line = if is_when {
                self.when(chunk, first.span).map(Line::When)
            } else {
                self.statement(chunk).map(Line::Field)
            };
            lines.push(line.unwrap_or_else(|| Line::Broken(self.broken(chunk))));
        }
        lines
    }

    fn when(&mut self, chunk: &Chunk, keyword: Span) -> Option<When> {
        let span = self.span(chunk);
        if chunk.block.is_some() && !self.is_spoiled(chunk) {
            self.report.add(
                Diagnostic::new(Code::Unexpected, span.after(), "`when` has no braces here")
                    .help("write `when CONDITION` on one line"),
            );
            return None;
        }
        let cond = self.read(chunk, Rule::when_line, line::Line::when_line)?;
        Some(When {
            docs: self.docs(chunk),
            cond,
            keyword,
            span,
        })
    }

    fn let_line(&mut self, chunk: &Chunk) -> Option<Let> {
        let span = self.span(chunk);
        if let Some(lines) = &chunk.block {
            let at = lines
                .first()
                .and_then(|line| self.first(line))
                .map_or(span, |t| t.span);
            self.report.add(
                Diagnostic::new(Code::Unexpected, at, "`let` has no braces")
                    .help("write `let NAME = CONDITION`, or a list of texts after `=`"),
            );
            return None;
        }
        let read = self.read(chunk, Rule::let_line, line::Line::let_line)?;
        Some(Let {
            docs: self.docs(chunk),
            name: read.name,
            is: read.is,
            span,
        })
    }

    fn never_line(&mut self, chunk: &Chunk) -> Option<Never> {
        let span = self.span(chunk);
        if chunk.block.is_some() && !self.is_spoiled(chunk) {
            self.report.add(
                Diagnostic::new(Code::Unexpected, span.after(), "`never` has no braces")
                    .help("write it on one line: `never NAME when CONDITION costs over $3`"),
            );
            return None;
        }
        let read = self.read(chunk, Rule::never_line, line::Line::never_line)?;
        Some(Never {
            docs: self.docs(chunk),
            name: read.name,
            when: read.when,
            claim: read.claim,
            span,
        })
    }

    fn forbid_line(&mut self, chunk: &Chunk) -> Option<Forbid> {
        let span = self.span(chunk);
        if chunk.block.is_some() && !self.is_spoiled(chunk) {
            self.report.add(
                Diagnostic::new(Code::Unexpected, span.after(), "`forbid` has no braces")
                    .help("write it on one line: `forbid NAME when CONDITION deny 400 \"…\"`"),
            );
            return None;
        }
        let read = self.read(chunk, Rule::forbid_line, line::Line::forbid_line)?;
        Some(Forbid {
            docs: self.docs(chunk),
            name: read.name,
            when: read.when,
            deny: read.deny,
            span,
        })
    }

    fn route(&mut self, chunk: &Chunk) -> Option<Route> {
        let span = self.span(chunk);
        let docs = self.docs(chunk);
        let head = Chunk {
            docs: 0..0,
            head: chunk.head.clone(),
            block: None,
            is_broken: false,
        };
        let head = self.statement(&head)?;
        let mut names = head.groups.into_iter().flatten().peekable();
        let name = names.next_if(|word| !word.is_word("exclusive"));
        let exclusive = names.next_if(|word| word.is_word("exclusive"));
        if let Some(extra) = names.next() {
            self.report.add(
                Diagnostic::new(
                    Code::Unexpected,
                    extra.span,
                    format!(
                        "`{}` follows the name of the route",
                        extra.span.of(self.source)
                    ),
                )
                .help(
                    "write `route NAME {`, or `route NAME exclusive {`, and one arm on each line",
                ),
            );
            return None;
        }
        let Some(lines) = &chunk.block else {
            self.report.add(no_braces("route", span));
            return None;
        };
        let arms = lines
            .iter()
            .filter_map(|line| self.arm_line(line))
            .collect();
        Some(Route {
            docs,
            name,
            exclusive: exclusive.map(|word| word.span),
            arms,
            span,
        })
    }

    fn arm_line(&mut self, chunk: &Chunk) -> Option<ArmLine> {
        if self.first(chunk).is_none() {
            return self.headless(chunk).map(ArmLine::Broken);
        }
        Some(match self.arm(chunk) {
            Some(arm) => ArmLine::Arm(arm),
            None => ArmLine::Broken(self.broken(chunk)),
        })
    }

    fn arm(&mut self, chunk: &Chunk) -> Option<Arm> {
        let span = self.span(chunk);
        if chunk.block.is_some() && !self.is_spoiled(chunk) {
            self.report.add(
                Diagnostic::new(Code::Unexpected, span.after(), "an arm has no braces")
                    .help("write `when CONDITION -> CLASS`; what a class does stands in `class`"),
            );
            return None;
        }
        let read = self.read(chunk, Rule::arm, line::Line::arm)?;
        Some(Arm {
            docs: self.docs(chunk),
            when: read.when,
            goal: read.goal,
            span,
        })
    }

    /// Reads one line; a fault is reported here.
    fn read<T>(
        &mut self,
        chunk: &Chunk,
        rule: Rule,
        form: impl FnOnce(&mut line::Line<'a>) -> Option<T>,
    ) -> Option<T> {
        if chunk.is_broken || self.is_spoiled(chunk) {
            return None;
        }
        let laid = self.laid;
        let tokens = laid.tokens.get(chunk.head.clone()).unwrap_or_default();
        match line::read(self.source, tokens, form) {
            Outcome::Read(found) => return Some(found),
            Outcome::Faulty(found) => self.report.add(*found),
            Outcome::Refused => {
                let line = habits::Line {
                    source: self.source,
                    tokens: &self.tokens(&chunk.head),
                    laid: &laid.text,
                    span: self.span(chunk),
                };
                self.report.add(line.explain(rule));
            }
        }
        None
    }

    /// A line that is nothing but braces.
    fn headless(&mut self, chunk: &Chunk) -> Option<Broken> {
        if chunk.is_broken {
            return Some(Broken {
                words: Vec::new(),
                span: Span::default(),
            });
        }
        let lines = chunk.block.as_ref()?;
        let at = lines
            .iter()
            .find_map(|line| self.first(line))
            .map(|token| token.span);
        let at = at.unwrap_or_default();
        self.report.add(
            Diagnostic::new(Code::Unexpected, at, "these braces belong to nothing")
                .help("write what they hold before them: `class NAME {`"),
        );
        Some(Broken {
            words: Vec::new(),
            span: at,
        })
    }
}
