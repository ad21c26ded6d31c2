//! Whether a fact has a value at all.

use claw_table::Fact;

use super::{Reader, operator};
use crate::model::{Ask as Question, Cond};
use crate::syntax::ast::{Ask, Op, Test, Value};

/// What a comparison asks of a fact's presence.
pub(in crate::check) enum Presence {
    /// Nothing: it compares values.
    Values,
    /// Whether there is a value at all.
    Asked(Cond),
    /// It is at fault, which is reported.
    Bad,
}

impl Reader<'_, '_> {
    /// `is absent` and `is present`, if the comparison is one of these.
    pub(in crate::check) fn presence(&mut self, test: &Test, fact: &Fact) -> Presence {
        let asked = |value: &&Value| value.is_word("absent") || value.is_word("present");
        let Some(word) = test.values.iter().find(asked) else {
            return Presence::Values;
        };
        let whole = test.op_span.to(word.span);
        if test.op == Op::IsNot && test.values.len() == 1 {
            let other = if word.is_word("absent") {
                "is present"
            } else {
                "is absent"
            };
            operator(whole, format!("`is not {}` is said shorter", word.text))
                .help(format!("write `{other}`"))
                .fix(whole, other)
                .add(self.report);
            return Presence::Bad;
        }
        if test.op != Op::Is || test.values.len() != 1 {
            operator(
                word.span,
                format!("`{}` stands only after `is`, by itself", word.text),
            )
            .help(format!(
                "write `is {}`, joined to the rest with `or`",
                word.text
            ))
            .add(self.report);
            return Presence::Bad;
        }
        if fact.is_always() {
            operator(whole, "this fact is never absent".to_owned())
                .help("compare it with `is`, or leave the test out")
                .add(self.report);
            return Presence::Bad;
        }
        let present = Cond::Test(fact.clone(), Question::Present);
        Presence::Asked(if word.is_word("absent") {
            Cond::Not(Box::new(present))
        } else {
            present
        })
    }

    pub(in crate::check) fn no_test(&mut self, ask: &Ask, example: &str) {
        let word = &ask.subject.text;
        operator(
            ask.span.after(),
            format!("`{word}` is compared with nothing"),
        )
        .help(format!("write `{example}`"))
        .add(self.report);
    }
}
