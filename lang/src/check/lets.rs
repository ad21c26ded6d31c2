//! What each `let` stands for, read when it is first used; names that lead back to themselves.

use claw_table::policy::Hours;

use super::address::{is_address, net};
use super::calendar;
use super::cond::Reader;
use crate::codes::Code;
use crate::model::Cond;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Let, LetValue, Value};
use crate::syntax::lexer::Kind;

/// How deep one `let` may stand for another. Later passes recurse over the condition.
const DEPTH_MAX: usize = 32;
/// Tests that all conditions together may have once every name is written out.
const TESTS_MAX: usize = 1_000_000;

/// What a `let` stands for.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// A list of texts or of addresses, each with its place.
    Set(Vec<Value>),
    /// A list of times.
    Times(Vec<Hours>),
    /// A condition.
    Cond(Cond),
}

#[derive(Debug)]
enum State {
    Fresh,
    Open,
    Bad,
    Known(Meaning),
}

/// Every `let` of the folder.
#[derive(Debug, Default)]
pub(super) struct Lets<'f> {
    list: Vec<(&'f Let, State)>,
    open: Vec<(usize, Span)>,
    tests: usize,
    is_full: bool,
}

impl<'f> Lets<'f> {
    /// Takes in a `let`, and gives its position.
    pub(super) fn declare(&mut self, it: &'f Let) -> usize {
        self.list.push((it, State::Fresh));
        self.list.len() - 1
    }

    /// What the `at`-th stands for; nothing if it is at fault, which is then reported.
    pub(super) fn meaning(reader: &mut Reader<'_, 'f>, at: usize, used: Span) -> Option<Meaning> {
        let (it, state) = reader.lets.list.get(at)?;
        let it = *it;
        match state {
            State::Known(meaning) => {
                let meaning = meaning.clone();
                return reader
                    .lets
                    .admit(&meaning, used, reader.report)
                    .then_some(meaning);
            }
            State::Bad => return None,
            State::Open => {
                reader.lets.cycle(at, used, reader.report);
                return None;
            }
            State::Fresh => {}
        }
        if reader.lets.open.len() >= DEPTH_MAX {
            reader.report.add(
                Diagnostic::new(
                    Code::TooLarge,
                    used,
                    "`let`s stand for each other more than 32 deep",
                )
                .help("write some of these conditions out"),
            );
            reader.lets.set(at, State::Bad);
            return None;
        }
        reader.lets.set(at, State::Open);
        reader.lets.open.push((at, used));
        let meaning = match &it.is {
            LetValue::Set(values) => set(values, reader.report).map(Meaning::Set),
            LetValue::Times(times) => calendar::windows(times, reader.report).map(Meaning::Times),
            LetValue::Cond(cond) => reader.condition(cond).map(Meaning::Cond),
        };
        reader.lets.open.pop();
        // A cycle that was found below marked this one.
        let is_bad = matches!(reader.lets.list.get(at), Some((_, State::Bad)));
        let meaning = meaning.filter(|_| !is_bad);
        reader
            .lets
            .set(at, meaning.clone().map_or(State::Bad, State::Known));
        meaning
    }

    /// Reads those that nothing uses, for their faults. They stay unused.
    pub(super) fn rest(reader: &mut Reader<'_, 'f>) {
        for at in 0..reader.lets.list.len() {
            if let Some((it, State::Fresh)) = reader.lets.list.get(at) {
                let span = it.span;
                Self::meaning(reader, at, span);
            }
        }
    }

    fn set(&mut self, at: usize, state: State) {
        if let Some(slot) = self.list.get_mut(at) {
            slot.1 = state;
        }
    }

    /// Counts what another copy of a condition costs: names that double each other grow without end.
    fn admit(&mut self, meaning: &Meaning, used: Span, report: &mut Report) -> bool {
        self.tests = self.tests.saturating_add(match meaning {
            Meaning::Set(values) => values.len(),
            Meaning::Times(hours) => hours.len(),
            Meaning::Cond(cond) => size(cond),
        });
        if self.tests > TESTS_MAX && !self.is_full {
            self.is_full = true;
            report.add(
                Diagnostic::new(
                    Code::TooLarge,
                    used,
                    "the conditions of this policy are too many once every `let` is written out",
                )
                .help("use large `let`s in fewer places"),
            );
        }
        !self.is_full
    }

    fn cycle(&mut self, at: usize, used: Span, report: &mut Report) {
        let from = self
            .open
            .iter()
            .position(|(open, _)| *open == at)
            .unwrap_or(0);
        let ring: Vec<(usize, Span)> = self.open.get(from..).unwrap_or_default().to_vec();
        let name = self.list.get(at).map(|(it, _)| it.name.clone());
        let Some(name) = name else { return };
        let mut found = Diagnostic::new(
            Code::Cycle,
            name.span,
            format!("`{}` stands for itself", name.text),
        )
        .and(used, "and here the ring closes")
        .help("a `let` stands for facts; write out what this one means");
        for (_, span) in ring.iter().skip(1) {
            found = found.and(*span, "which is used here");
        }
        report.add(found);
        for (open, _) in ring {
            self.set(open, State::Bad);
        }
    }
}

/// A list of texts, or a list of addresses.
fn set(values: &[Value], report: &mut Report) -> Option<Vec<Value>> {
    let first = values.first()?;
    for value in values {
        if !is_address(value) && value.kind != Kind::Text {
            report.add(misplaced(value));
            return None;
        }
        if is_address(value) != is_address(first) {
            report.add(
                Diagnostic::new(
                    Code::WrongValue,
                    value.span,
                    "a list holds texts or addresses, not both",
                )
                .and(first.span, "the list begins with this")
                .help("declare a `let` for each kind"),
            );
            return None;
        }
    }
    if is_address(first) {
        let read: Vec<_> = values.iter().map(|value| net(value, report)).collect();
        read.into_iter().collect::<Option<Vec<_>>>()?;
    }
    Some(values.to_vec())
}

/// A value that no set holds.
fn misplaced(value: &Value) -> Diagnostic {
    let text = &value.text;
    Diagnostic::new(
        Code::WrongValue,
        value.span,
        format!("`{text}` cannot be in a set"),
    )
    .help(format!(
        "a set holds texts or addresses: write `\"{text}\"`"
    ))
}

fn size(cond: &Cond) -> usize {
    match cond {
        Cond::All(parts) | Cond::Any(parts) => parts.iter().map(size).sum::<usize>() + 1,
        Cond::Not(part) => size(part) + 1,
        Cond::Test(_, crate::model::Ask::Matches(patterns)) => patterns.len() + 1,
        Cond::Test(_, crate::model::Ask::In(nets)) => nets.len() + 1,
        Cond::Test(_, crate::model::Ask::During(hours)) => hours.len() + 1,
        Cond::Always | Cond::Test(..) => 1,
    }
}
