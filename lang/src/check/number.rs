//! Conditions about numbers: counts, and decimals by their ranks.

use claw_table::Fact;

use super::cond::{Presence, Reader, operator, turned, wrong};
use super::values;
use crate::model::{Ask as Question, Cond};
use crate::report::Report;
use crate::syntax::ast::{Ask, Op, Test, Value};

impl Reader<'_, '_> {
    /// `tokens > 100k`, `temperature is 0`
    pub(super) fn number(&mut self, ask: &Ask, fact: &Fact) -> Option<Cond> {
        let word = ask.subject.text.as_str();
        let example = match word {
            "messages" => "messages > 50",
            "temperature" => "temperature > 0.7",
            "max-output" => "max-output > 4k",
            _ => "tokens > 100k",
        };
        if let Some(extra) = ask.of.first() {
            let rest = example.strip_prefix(word).unwrap_or(example).trim_start();
            self.unexpected(extra, word, rest);
            return None;
        }
        let Some(test) = &ask.test else {
            self.no_test(ask, example);
            return None;
        };
        match self.presence(test, fact) {
            Presence::Values => {}
            Presence::Asked(cond) => return Some(cond),
            Presence::Bad => return None,
        }
        if matches!(test.op, Op::Like | Op::Mentions) {
            let message = format!("`{}` does not fit a number", test.op.words());
            let help = format!("compare `{word}` with `<`, `<=`, `>`, `>=` or `is`");
            self.report.add(operator(test.op_span, message).help(help));
            return None;
        }
        let read = if *fact == Fact::Temperature {
            values::decimal
        } else {
            values::count
        };
        let numbers: Vec<Option<u64>> = test
            .values
            .iter()
            .map(|value| read(value, self.report))
            .collect();
        let numbers: Vec<u64> = numbers.into_iter().collect::<Option<_>>()?;
        let question = compared(test, numbers, (example, self.report))?;
        let is_turned = matches!(test.op, Op::IsNot | Op::NotIn);
        Some(turned(Cond::Test(fact.clone(), question), is_turned))
    }
}

/// What a comparison asks of a number, where a larger one is the next; nothing if more than one
/// number stands where one is due, which is reported.
pub(super) fn compared(
    test: &Test,
    mut numbers: Vec<u64>,
    (example, report): (&str, &mut Report),
) -> Option<Question> {
    let bound: fn(u64) -> Question = match test.op {
        Op::Less => Question::Below,
        Op::LessEqual => |number| Question::Below(number.saturating_add(1)),
        Op::More => |number| Question::AtLeast(number.saturating_add(1)),
        Op::MoreEqual => Question::AtLeast,
        Op::Is | Op::IsNot | Op::In | Op::NotIn | Op::Like | Op::Mentions => {
            numbers.sort_unstable();
            numbers.dedup();
            return Some(Question::Equals(numbers));
        }
    };
    let [number] = numbers.as_slice() else {
        let extra: Option<&Value> = test.values.get(1);
        let span = extra.map_or(test.op_span, |extra| extra.span);
        let message = format!("`{}` takes one number", test.op.words());
        report.add(wrong(span, message).help(format!("write `{example}`")));
        return None;
    };
    Some(bound(*number))
}
