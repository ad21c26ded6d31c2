//! Habits in what a condition asks, and how times and patterns are written in it.

use super::{Line, written};
use crate::codes::Code;
use crate::report::Diagnostic;
use crate::span::Span;
use crate::syntax::lexer::Kind;
use crate::syntax::literal::{escape, unescape};

impl Line<'_> {
    /// What is written otherwise in a condition, if something is.
    pub(super) fn asked(&self) -> Option<Diagnostic> {
        (0..self.tokens.len()).find_map(|at| {
            self.span_of_time(at)
                .or_else(|| self.pattern(at))
                .or_else(|| self.repeated(at))
                .or_else(|| self.verb(at))
        })
    }

    /// `9:00..17:00`, `09:00-17:00`, `mon-fri`
    fn span_of_time(&self, at: usize) -> Option<Diagnostic> {
        let token = self.tokens.get(at)?;
        let text = self.text(at);
        let found = |code, span: Span, better: String| {
            let shown = span.of(self.source);
            Diagnostic::new(code, span, format!("`{shown}` is no range here"))
                .help(format!("write `{better}`"))
                .fix(span, better)
        };
        if token.kind == Kind::Word {
            let better = written::days(text)?;
            return Some(found(Code::UnknownWord, token.span, better));
        }
        if !matches!(token.kind, Kind::Odd | Kind::Clock) {
            return None;
        }
        if let Some(better) = written::hours(text) {
            return Some(found(Code::WrongValue, token.span, better));
        }
        let to = self.tokens.get(at + 2)?;
        if !["..", "-"].contains(&self.text(at + 1)) {
            return None;
        }
        let (from, end) = (written::clock(text)?, written::clock(self.text(at + 2))?);
        let span = token.span.to(to.span);
        Some(found(Code::WrongValue, span, format!("{from}..{end}")))
    }

    /// `like claude-*`: what touches a star is one text.
    fn pattern(&self, at: usize) -> Option<Diagnostic> {
        let star = self.tokens.get(at).filter(|_| self.text(at) == "*")?;
        let span = self.touching(at)?;
        let better = escape(span.of(self.source));
        let found = Diagnostic::new(Code::ForeignOperator, star.span, "a star outside a text");
        Some(if span == star.span {
            found.help("write a pattern between quotes: `like \"gpt-5*\"`")
        } else {
            found
                .help(format!("write a pattern between quotes: `{better}`"))
                .fix(span, better)
        })
    }

    /// What touches a token on both sides, and is no text in quotes.
    pub(super) fn touching(&self, at: usize) -> Option<Span> {
        let is_part = |at: usize| {
            let kind = self.kind(at);
            let is_quoted = self.text(at).contains(['"', ',', '(', ')']);
            kind.is_some() && !is_quoted && kind != Some(Kind::Arrow)
        };
        let touch = |left: usize| match (self.tokens.get(left), self.tokens.get(left + 1)) {
            (Some(left), Some(right)) => left.span.end == right.span.start,
            _ => false,
        };
        let (mut first, mut last) = (at, at);
        while first > 0 && touch(first - 1) && is_part(first - 1) {
            first -= 1;
        }
        while touch(last) && is_part(last + 1) {
            last += 1;
        }
        Some(self.tokens.get(first)?.span.to(self.tokens.get(last)?.span))
    }

    /// `is "a" or "b"`
    fn repeated(&self, at: usize) -> Option<Diagnostic> {
        let (left, right) = (at.checked_sub(1)?, at + 1);
        let is_text = |at| self.kind(at) == Some(Kind::Text);
        let word = self.text(at);
        if !["or", "and"].contains(&word) || !is_text(left) || !is_text(right) {
            return None;
        }
        let (before, token, after) = (
            self.tokens.get(left)?,
            self.tokens.get(at)?,
            self.tokens.get(right)?,
        );
        let message = format!("`{word}` stands between conditions, and a text is none");
        let found = Diagnostic::new(Code::Unexpected, token.span, message);
        let (one, other) = (self.text(left), self.text(right));
        // Behind `is not` a list is none of them, and who writes `or` may mean that or nothing.
        let is_turned = (0..at).any(|at| self.text(at) == "not");
        if word == "and" || is_turned {
            return Some(found.help(format!(
                "write the fact again behind it: `… {word} model is {other}`"
            )));
        }
        let between = Span {
            start: before.span.end,
            end: after.span.start,
            ..token.span
        };
        Some(
            found
                .help(format!("write `{one}, {other}`: any of a list counts"))
                .fix(between, ", "),
        )
    }

    /// `prompt contains "x"`, `model starts_with "gpt"`, `path matches "^/v1"`
    fn verb(&self, at: usize) -> Option<Diagnostic> {
        let word = self.text(at);
        let text = self.tokens.get(at + 1)?;
        let is_verb = self.kind(at) == Some(Kind::Word) && at > 0;
        if !is_verb || text.kind != Kind::Text {
            return None;
        }
        let (before, after) = match word {
            "contains" | "includes" => ("*", "*"),
            "startswith" | "starts_with" | "starts-with" | "begins" => ("", "*"),
            "endswith" | "ends_with" | "ends-with" => ("*", ""),
            "matches" | "regex" => ("", ""),
            _ => return None,
        };
        let span = self.tokens.get(at)?.span;
        let message = format!("`{word}` is not an operator");
        let found = Diagnostic::new(Code::ForeignOperator, span, message);
        let subject = self.text(at - 1);
        if subject == "prompt" {
            let found = found.help(format!("write `prompt mentions {}`", self.text(at + 1)));
            return Some(match word {
                "contains" | "includes" => found.fix(span, "mentions"),
                _ => found,
            });
        }
        let inner = unescape(self.text(at + 1), text.span).ok()?;
        let is_plain = !inner.contains('*') && (before, after) != ("", "");
        let better = format!("like {}", escape(&format!("{before}{inner}{after}")));
        Some(if is_plain {
            found
                .help(format!("write `{better}`"))
                .fix(span.to(text.span), better)
        } else {
            found.help("there are no regular expressions: write `like \"a*\"`, `like \"*b\"` or `like \"*c*\"`")
        })
    }
}
