//! From lines of tokens to the tree: each line is parsed by its own grammar rule, at its own place.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the grammar has more rules than any one place can meet"
)]

mod cond;

use std::ops::Range;

use pest::Parser as _;
use pest::iterators::{Pair, Pairs};

use super::ast::{
    Arm, ArmLine, Broken, File, Forbid, Item, Let, LetValue, Line, Never, Route, Statement, Value,
    When,
};
use super::grammar::{Grammar, Rule};
use super::habits;
use super::layout::Laid;
use super::lexer::{Kind, Token, kind};
use super::literal::unescape;
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
            self.report.add(unknown_declaration(word, first.span));
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
        let pairs = self.parse(Rule::statement, chunk)?;
        let head = pairs
            .flat_map(Pair::into_inner)
            .find(|pair| pair.as_rule() == Rule::head)?;
        let mut parts = head.into_inner();
        let keyword = self.value(&parts.next()?, span)?;
        let mut groups = Vec::new();
        for group in parts.flat_map(Pair::into_inner) {
            if group.as_rule() == Rule::group {
                groups.push(self.values(group.into_inner(), span)?);
            }
        }
        let block = chunk.block.as_ref().map(|lines| self.fields(lines));
        Some(Statement {
            docs: self.docs(chunk),
            keyword,
            groups,
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
        let body = self
            .parse(Rule::when_line, chunk)?
            .flat_map(Pair::into_inner)
            .find(|pair| pair.as_rule() == Rule::when_body)?;
        let mut parts = body.into_inner();
        let cond = parts.find(|pair| pair.as_rule() == Rule::condition)?;
        Some(When {
            docs: self.docs(chunk),
            cond: self.condition(cond, span)?,
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
        let mut parts = self
            .parse(Rule::let_line, chunk)?
            .flat_map(Pair::into_inner);
        let body = parts.find(|pair| pair.as_rule() == Rule::let_body)?;
        let mut body = body
            .into_inner()
            .filter(|p| !matches!(p.as_rule(), Rule::kw_let | Rule::equal));
        let name = self.value(&body.next()?, span)?;
        let right = body.next()?;
        let is = match right.as_rule() {
            Rule::set => LetValue::Set(self.values(right.into_inner(), span)?),
            Rule::times => LetValue::Times(self.times(right.into_inner(), span)?),
            _ => LetValue::Cond(self.condition(right, span)?),
        };
        Some(Let {
            docs: self.docs(chunk),
            name,
            is,
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
        let body = self
            .parse(Rule::never_line, chunk)?
            .flat_map(Pair::into_inner)
            .find(|pair| pair.as_rule() == Rule::never_body)?;
        let (mut name, mut when, mut claim) = (None, None, Vec::new());
        for part in body.into_inner() {
            match part.as_rule() {
                Rule::kw_never | Rule::kw_when => {}
                Rule::condition => when = Some(self.condition(part, span)?),
                Rule::claim => claim = self.values(part.into_inner(), span)?,
                _ => name = Some(self.value(&part, span)?),
            }
        }
        Some(Never {
            docs: self.docs(chunk),
            name: name?,
            when,
            claim,
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
        let body = self
            .parse(Rule::forbid_line, chunk)?
            .flat_map(Pair::into_inner)
            .find(|pair| pair.as_rule() == Rule::forbid_body)?;
        let (mut name, mut when, mut deny) = (None, None, Vec::new());
        for part in body.into_inner() {
            match part.as_rule() {
                Rule::kw_forbid | Rule::kw_when => {}
                Rule::condition => when = Some(self.condition(part, span)?),
                Rule::refusal => deny = self.values(part.into_inner(), span)?,
                _ => name = Some(self.value(&part, span)?),
            }
        }
        Some(Forbid {
            docs: self.docs(chunk),
            name: name?,
            when: when?,
            deny,
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
        let body = self
            .parse(Rule::arm, chunk)?
            .flat_map(Pair::into_inner)
            .next()?;
        let mut when = None;
        let mut goal = Vec::new();
        for part in body.into_inner() {
            match part.as_rule() {
                Rule::condition => when = Some(self.condition(part, span)?),
                Rule::goal => goal = self.values(part.into_inner(), span)?,
                _ => {}
            }
        }
        Some(Arm {
            docs: self.docs(chunk),
            when,
            goal,
            span,
        })
    }

    fn values(&mut self, pairs: Pairs<'_, Rule>, line: Span) -> Option<Vec<Value>> {
        self.each(pairs, line)
    }

    /// Parts of a list, of which each may be several words.
    pub(super) fn times<'p>(
        &mut self,
        parts: impl Iterator<Item = Pair<'p, Rule>>,
        line: Span,
    ) -> Option<Vec<Vec<Value>>> {
        let parts = parts.filter(|part| part.as_rule() != Rule::comma);
        let read = parts.map(|part| match part.as_rule() {
            Rule::window | Rule::hours => self.values(part.into_inner(), line),
            _ => self.value(&part, line).map(|value| vec![value]),
        });
        read.collect()
    }

    pub(super) fn each<'p>(
        &mut self,
        pairs: impl Iterator<Item = Pair<'p, Rule>>,
        line: Span,
    ) -> Option<Vec<Value>> {
        let pairs = pairs.filter(|pair| pair.as_rule() != Rule::comma);
        pairs.map(|pair| self.value(&pair, line)).collect()
    }

    fn value(&mut self, pair: &Pair<'_, Rule>, line: Span) -> Option<Value> {
        let span = place(pair, line);
        // Where a value may stand, whatever is no literal and no path is a word.
        let kind = kind(pair.as_rule()).unwrap_or(Kind::Word);
        let raw = pair.as_str().trim_end();
        let span = Span {
            end: span.start + trimmed(raw),
            ..span
        };
        if kind != Kind::Text {
            return Some(Value {
                kind,
                text: raw.to_owned(),
                span,
            });
        }
        match unescape(raw, span) {
            Ok(text) => Some(Value { kind, text, span }),
            Err(found) => {
                self.report.add(*found);
                None
            }
        }
    }

    /// Parses one line; a fault is reported here.
    fn parse(&mut self, rule: Rule, chunk: &Chunk) -> Option<Pairs<'a, Rule>> {
        if chunk.is_broken || self.is_spoiled(chunk) {
            return None;
        }
        let laid = self.laid;
        let span = self.span(chunk);
        let text = span.of(&laid.text);
        match Grammar::parse(rule, text) {
            Ok(pairs) => Some(pairs),
            Err(error) => {
                let tokens = self.tokens(&chunk.head);
                self.report
                    .add(habits::explain(self.source, &tokens, &error, span));
                None
            }
        }
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

    fn broken(&self, chunk: &Chunk) -> Broken {
        let mut words = Vec::new();
        collect_words(self, chunk, &mut words);
        Broken {
            words,
            span: self.span(chunk),
        }
    }

    fn tokens(&self, range: &Range<usize>) -> Vec<Token> {
        let tokens = self.laid.tokens.get(range.clone()).unwrap_or_default();
        tokens
            .iter()
            .copied()
            .filter(|token| token.kind != Kind::Doc)
            .collect()
    }

    fn first(&self, chunk: &Chunk) -> Option<Token> {
        let tokens = self.laid.tokens.get(chunk.head.clone()).unwrap_or_default();
        tokens.iter().copied().find(|token| token.kind != Kind::Doc)
    }

    fn span(&self, chunk: &Chunk) -> Span {
        let tokens = self.laid.tokens.get(chunk.head.clone()).unwrap_or_default();
        let mut spans = tokens
            .iter()
            .filter(|token| token.kind != Kind::Doc)
            .map(|t| t.span);
        let Some(first) = spans.next() else {
            return Span::default();
        };
        first.to(spans.next_back().unwrap_or(first))
    }

    fn is_spoiled(&self, chunk: &Chunk) -> bool {
        let span = self.span(chunk);
        let spoiled = &self.laid.spoiled;
        let from = spoiled.partition_point(|at| *at < span.start);
        chunk.is_broken || spoiled.get(from).is_some_and(|at| *at < span.end)
    }

    fn docs(&self, chunk: &Chunk) -> Vec<String> {
        let tokens = self.laid.tokens.get(chunk.docs.clone()).unwrap_or_default();
        let text = |token: &Token| token.span.of(self.source).trim_start_matches("##").trim();
        tokens.iter().map(|token| text(token).to_owned()).collect()
    }
}

fn collect_words(work: &Work<'_>, chunk: &Chunk, words: &mut Vec<String>) {
    for token in work.tokens(&chunk.head) {
        if matches!(token.kind, Kind::Word | Kind::Path | Kind::Odd) {
            words.push(token.span.of(work.source).to_owned());
        }
    }
    for line in chunk.block.iter().flatten() {
        collect_words(work, line, words);
    }
}

/// Where a pair stands in the file: pest knows only the line it was given.
fn place(pair: &Pair<'_, Rule>, line: Span) -> Span {
    let span = pair.as_span();
    let at = |n: usize| {
        line.start
            .saturating_add(u32::try_from(n).unwrap_or(u32::MAX))
    };
    Span {
        file: line.file,
        start: at(span.start()),
        end: at(span.end()),
    }
}

fn trimmed(text: &str) -> u32 {
    u32::try_from(text.trim_end().len()).unwrap_or(u32::MAX)
}

/// Says that a construct of the language is not built yet.
pub(crate) fn not_yet(word: &str, span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NotYet,
        span,
        format!("`{word}` is not in this version of claw"),
    )
    .label("the gateway would not enforce it")
    .help("take it out; nothing is accepted that nothing enforces")
}

/// Says that a declaration needs braces.
pub(crate) fn no_braces(word: &str, line: Span) -> Diagnostic {
    Diagnostic::new(
        Code::NoBlock,
        line.after(),
        format!("`{word}` has no braces"),
    )
    .label("`{` is due here")
    .help(format!("write `{word} … {{` and close it with `}}`"))
}

fn unknown_declaration(word: &str, span: Span) -> Diagnostic {
    let found = Diagnostic::new(
        Code::UnknownKeyword,
        span,
        format!("`{word}` does not begin a declaration"),
    );
    match crate::near::nearest(word, vocab::DECLARATIONS.iter().copied()) {
        Some(near) => found.meant(span, near),
        None => found.help("a declaration begins with `policy`, `gateway`, `provider`, `client`, `retry`, `class`, `let`, `never`, `forbid`, `route`, `unused` or `accept`"),
    }
}
