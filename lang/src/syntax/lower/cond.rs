//! Conditions: `or` of `and` of tests, each at its place.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the grammar has more rules than any one place can meet"
)]

use pest::iterators::Pair;

use super::{Work, place, trimmed};
use crate::span::Span;
use crate::syntax::ast::{Ask, Cond, Op, Test, Value};
use crate::syntax::grammar::Rule;

impl Work<'_> {
    pub(super) fn condition(&mut self, pair: Pair<'_, Rule>, line: Span) -> Option<Cond> {
        let mut any = Vec::new();
        for part in pair.into_inner().filter(|p| p.as_rule() == Rule::all) {
            let mut all = Vec::new();
            for unary in part.into_inner().filter(|p| p.as_rule() == Rule::unary) {
                all.push(self.unary(unary, line)?);
            }
            any.push(only_or(all, Cond::All));
        }
        Some(only_or(any, Cond::Any))
    }

    fn unary(&mut self, pair: Pair<'_, Rule>, line: Span) -> Option<Cond> {
        let mut nots = Vec::new();
        let mut cond = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::negation => nots.push(place(&part, line)),
                Rule::comparison => cond = Some(self.comparison(part, line)?),
                Rule::inner => {
                    let inside = part.into_inner().find(|p| p.as_rule() == Rule::condition)?;
                    cond = Some(self.condition(inside, line)?);
                }
                _ => {}
            }
        }
        // Two of them cancel out. Keeping at most one also keeps the tree shallow.
        let mut cond = cond?;
        if nots.len() % 2 == 1 {
            cond = Cond::Not(Box::new(cond), *nots.last()?);
        }
        Some(cond)
    }

    fn comparison(&mut self, pair: Pair<'_, Rule>, line: Span) -> Option<Cond> {
        let mut span = place(&pair, line);
        let mut parts = pair.into_inner();
        let mut values = self.values(parts.next()?.into_inner(), line)?.into_iter();
        let subject = values.next()?;
        let of: Vec<Value> = values.collect();
        let mut test = None;
        if let (Some(op), Some(right)) = (parts.next(), parts.next()) {
            let mut op_span = place(&op, line);
            op_span.end = op_span.start + trimmed(op.as_str());
            let op = operator(&op)?;
            let (windows, values): (Vec<_>, Vec<_>) = right
                .into_inner()
                .partition(|part| part.as_rule() == Rule::window);
            test = Some(Test {
                op,
                op_span,
                values: self.each(values.into_iter(), line)?,
                windows: self.times(windows.into_iter(), line)?,
            });
        }
        // A rule that may go on can take blanks with it; the last value tells where it really ends.
        let right = test.iter().flat_map(|test| {
            let windows = test.windows.iter().flatten();
            windows.chain(&test.values)
        });
        let ends = right.chain(&of).chain([&subject]);
        span.end = ends.map(|value| value.span.end).max().unwrap_or(span.end);
        Some(Cond::Ask(Ask {
            subject,
            of,
            test,
            span,
        }))
    }
}

fn only_or(mut parts: Vec<Cond>, join: fn(Vec<Cond>) -> Cond) -> Cond {
    if parts.len() == 1 {
        parts.swap_remove(0)
    } else {
        join(parts)
    }
}

fn operator(pair: &Pair<'_, Rule>) -> Option<Op> {
    let words: Vec<&str> = pair.as_str().split_whitespace().collect();
    let written = words.join(" ");
    Op::ALL.into_iter().find(|op| op.words() == written)
}
