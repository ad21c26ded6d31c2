//! Conditions: `or` of `and` of tests, each at its place; and the times that a list of one is made of.

use super::{Line, over};
use crate::span::Span;
use crate::syntax::ast::{Ask, Cond, Op, Test, Value};
use crate::syntax::lexer::{Kind, Token};
use crate::vocab;

const DAYS: &[&str] = &[
    "mon",
    "monday",
    "tue",
    "tuesday",
    "wed",
    "wednesday",
    "thu",
    "thursday",
    "fri",
    "friday",
    "sat",
    "saturday",
    "sun",
    "sunday",
];

impl Line<'_> {
    pub(super) fn condition(&mut self) -> Option<Cond> {
        let any = self.joined("or", Self::all)?;
        Some(only_or(any, Cond::Any))
    }

    fn all(&mut self) -> Option<Cond> {
        let all = self.joined("and", Self::unary)?;
        Some(only_or(all, Cond::All))
    }

    fn joined(
        &mut self,
        word: &str,
        part: impl Fn(&mut Self) -> Option<Cond>,
    ) -> Option<Vec<Cond>> {
        let mut parts = vec![part(self)?];
        while let Some(next) = self.attempt(|line| {
            line.keyword(word)?;
            part(line)
        }) {
            parts.push(next);
        }
        Some(parts)
    }

    fn unary(&mut self) -> Option<Cond> {
        let (mut count, mut last) = (0_usize, Span::default());
        while let Some(not) = self.keyword("not") {
            count += 1;
            last = not.span;
        }
        let cond = match self.one(|token| token.kind == Kind::ParenOpen) {
            Some(_) => {
                let inside = self.condition()?;
                self.one(|token| token.kind == Kind::ParenClose)?;
                inside
            }
            None => Cond::Ask(self.comparison()?),
        };
        // Two of them cancel out. Keeping at most one also keeps the tree shallow.
        Some(match count % 2 {
            0 => cond,
            _ => Cond::Not(Box::new(cond), last),
        })
    }

    fn comparison(&mut self) -> Option<Ask> {
        let subject = self.plain_word()?;
        let of = self.list(Self::operand).unwrap_or_default();
        let test = self.attempt(Self::test);
        let right = test.iter().flat_map(|test| {
            let windows = test.windows.iter().flatten();
            windows.chain(&test.values)
        });
        let ends = right.chain(&of).chain([&subject]);
        let last = ends.map(|value| value.span).max_by_key(|span| span.end);
        let span = over(subject.span, last.unwrap_or(subject.span));
        Some(Ask {
            subject,
            of,
            test,
            span,
        })
    }

    fn test(&mut self) -> Option<Test> {
        let (op, op_span) = self.operator()?;
        let (mut values, mut windows) = (Vec::new(), Vec::new());
        let parts = self.list(|line| {
            let window = line.window().map(Part::Window);
            window.or_else(|| line.operand().map(Part::Value))
        });
        for part in parts? {
            match part {
                Part::Window(window) => windows.push(window),
                Part::Value(value) => values.push(value),
            }
        }
        Some(Test {
            op,
            op_span,
            values,
            windows,
        })
    }

    fn operator(&mut self) -> Option<(Op, Span)> {
        let first = self.one(|token| matches!(token.kind, Kind::Word | Kind::Order))?;
        let op = match first.span.of(self.source) {
            "is" => {
                return Some(match self.keyword("not") {
                    Some(not) => (Op::IsNot, over(first.span, not.span)),
                    None => (Op::Is, first.span),
                });
            }
            "not" => {
                let last = self.keyword("in")?;
                return Some((Op::NotIn, over(first.span, last.span)));
            }
            "in" => Op::In,
            "like" => Op::Like,
            "mentions" => Op::Mentions,
            "<" => Op::Less,
            "<=" => Op::LessEqual,
            ">" => Op::More,
            ">=" => Op::MoreEqual,
            _ => return None,
        };
        Some((op, first.span))
    }

    fn operand(&mut self) -> Option<Value> {
        self.constant()
            .or_else(|| self.kind(Kind::Path))
            .or_else(|| self.plain_word())
    }

    fn plain_word(&mut self) -> Option<Value> {
        let token = self.peek()?;
        let word = token.span.of(self.source);
        // Of a target or a range of days the grammar reads the first name, and no form takes the rest.
        self.is_lost |= token.kind == Kind::Path || self.is_days(token);
        self.one(|token| token.kind == Kind::Word && !vocab::CONDITION_WORDS.contains(&word))
            .map(|token| self.text(token))
    }

    /// A list of times, which begins with one that is more than a weekday. A list that goes on with
    /// something else is none.
    pub(super) fn times(&mut self) -> Option<Vec<Vec<Value>>> {
        let mut times = vec![self.time()?];
        while let Some(next) = self.attempt(|line| {
            line.one(|token| token.kind == Kind::Comma)?;
            line.time().or_else(|| line.weekday().map(|day| vec![day]))
        }) {
            times.push(next);
        }
        let goes_on = self.peek().is_some_and(|token| token.kind == Kind::Comma);
        (!goes_on).then_some(times)
    }

    fn time(&mut self) -> Option<Vec<Value>> {
        self.window()
            .or_else(|| self.kind(Kind::ClockRange).map(|hours| vec![hours]))
    }

    /// What is one part and several words: `mon..fri 22:00..06:00 "Europe/Berlin"`.
    fn window(&mut self) -> Option<Vec<Value>> {
        self.attempt(|line| {
            let mut parts = vec![line.day()?, line.kind(Kind::ClockRange)?];
            parts.extend(line.kind(Kind::Text));
            Some(parts)
        })
        .or_else(|| {
            self.attempt(|line| {
                let first = line.day().or_else(|| line.kind(Kind::ClockRange))?;
                Some(vec![first, line.kind(Kind::Text)?])
            })
        })
        .or_else(|| self.days().map(|days| vec![days]))
    }

    fn day(&mut self) -> Option<Value> {
        self.days().or_else(|| self.weekday())
    }

    /// Other spellings are read too, so that they can be answered.
    fn weekday(&mut self) -> Option<Value> {
        let source = self.source;
        let is_day = |token: Token| {
            let word = token.span.of(source);
            token.kind == Kind::Word && DAYS.iter().any(|day| day.eq_ignore_ascii_case(word))
        };
        self.one(is_day).map(|token| self.text(token))
    }
}

enum Part {
    Window(Vec<Value>),
    Value(Value),
}

fn only_or(mut parts: Vec<Cond>, join: fn(Vec<Cond>) -> Cond) -> Cond {
    if parts.len() == 1 {
        parts.swap_remove(0)
    } else {
        join(parts)
    }
}
