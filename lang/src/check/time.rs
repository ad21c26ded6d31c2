//! Conditions about the time at which a request comes.

use std::collections::BTreeMap;

use claw_table::Fact;
use claw_table::policy::Hours;

use super::cond::{Presence, Reader, one_or_any, operator, turned, wrong};
use super::lets::Meaning;
use super::names::Sort;
use super::{calendar, fields};
use crate::model::{Ask as Question, Cond};
use crate::syntax::ast::{Ask, Op, Test, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

const EXAMPLE: &str = "time in mon..fri 22:00..06:00 \"Europe/Berlin\"";

impl Reader<'_, '_> {
    /// `time in mon..fri 22:00..06:00 "Europe/Berlin"`
    pub(super) fn time(&mut self, ask: &Ask) -> Option<Cond> {
        if let Some(extra) = ask.of.first() {
            let rest = EXAMPLE.strip_prefix("time ").unwrap_or(EXAMPLE);
            self.unexpected(extra, "time", rest);
            return None;
        }
        let Some(test) = &ask.test else {
            self.no_test(ask, EXAMPLE);
            return None;
        };
        // Of which zone does not matter: there is always a time.
        if !matches!(
            self.presence(test, &Fact::Time(String::new())),
            Presence::Values
        ) {
            return None;
        }
        let is_turned = match test.op {
            Op::In => false,
            Op::NotIn => true,
            Op::Is | Op::IsNot => {
                let due = if test.op == Op::Is { "in" } else { "not in" };
                let message = format!(
                    "`{}` asks for one value, and a time is a span",
                    test.op.words()
                );
                self.report.add(
                    operator(test.op_span, message)
                        .help(format!("write `time {due}`"))
                        .fix(test.op_span, due),
                );
                return None;
            }
            Op::Like | Op::Mentions | Op::Less | Op::LessEqual | Op::More | Op::MoreEqual => {
                let message = format!("`{}` does not fit a time", test.op.words());
                self.report
                    .add(operator(test.op_span, message).help(format!("write `{EXAMPLE}`")));
                return None;
            }
        };
        let mut zones: BTreeMap<String, Vec<Hours>> = BTreeMap::new();
        for hours in self.hours(test)? {
            zones.entry(hours.zone.clone()).or_default().push(hours);
        }
        let asked = zones.into_iter();
        let asked =
            asked.map(|(zone, hours)| Cond::Test(Fact::Time(zone), Question::During(hours)));
        Some(turned(one_or_any(asked.collect())?, is_turned))
    }

    /// The windows of a comparison, those of names in their places.
    fn hours(&mut self, test: &Test) -> Option<Vec<Hours>> {
        let mut written: Vec<Vec<Value>> = Vec::new();
        let mut hours = Vec::new();
        let mut is_whole = true;
        for value in &test.values {
            let is_day = vocab::WEEKDAYS.contains(&value.text.as_str());
            if let Some(found) = calendar::other_span(value) {
                self.report.add(found);
                is_whole = false;
            } else if value.kind == Kind::ClockRange || value.kind == Kind::Word && is_day {
                written.push(vec![value.clone()]);
            } else if let Some(named) = self.named_hours(value) {
                hours.extend(named);
            } else {
                is_whole = false;
            }
        }
        written.extend(test.windows.iter().cloned());
        written.sort_by_key(|one| one.first().map(|value| value.span.start));
        let own = calendar::windows(&written, self.report)?;
        hours.extend(own);
        is_whole.then_some(hours)
    }

    /// The windows that a name stands for.
    fn named_hours(&mut self, value: &Value) -> Option<Vec<Hours>> {
        if value.kind == Kind::Word && self.names.sort(&value.text) == Some(Sort::Let) {
            let is = match self.meaning(value)? {
                Meaning::Times(hours) => return Some(hours),
                Meaning::Set(_) => "a list of other things",
                Meaning::Cond(_) => "a condition",
            };
            let message = format!("`{}` is {is}, and times are due", value.text);
            self.report.add(
                wrong(value.span, message)
                    .help("declare them: `let nights = 22:00..06:00 \"Europe/Berlin\"`"),
            );
            return None;
        }
        if value.kind == Kind::Word {
            if !self.names.is_excused(&value.text) {
                let help = format!("a time is written `{EXAMPLE}`");
                self.report
                    .add(super::cond::no_let(value, self.names, &help));
            }
            return None;
        }
        let message = format!("`{}` is not a span of time", fields::shown(value));
        self.report
            .add(wrong(value.span, message).help(format!("write `{EXAMPLE}`")));
        None
    }

    /// Reports a time that is compared with something else, and says whether there was one.
    pub(super) fn has_windows(&mut self, ask: &Ask) -> bool {
        let windows = ask.test.iter().flat_map(|test| &test.windows);
        let Some(first) = windows.into_iter().flatten().next() else {
            return false;
        };
        let word = &ask.subject.text;
        let message = format!("`{}` is a time, and `{word}` is none", fields::shown(first));
        self.report
            .add(wrong(first.span, message).help(format!("ask the clock for it: `{EXAMPLE}`")));
        true
    }
}
