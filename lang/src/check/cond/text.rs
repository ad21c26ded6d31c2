//! Conditions about texts.

use claw_table::Fact;

use super::{Presence, Reader, no_let, operator, turned, wrong};
use crate::check::lets::Meaning;
use crate::check::names::{Names, Sort};
use crate::check::{fields, patterns};
use crate::codes::Code;
use crate::model::{Ask as Question, Cond};
use crate::report::Diagnostic;
use crate::syntax::ast::{Ask, Op, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

impl Reader<'_, '_> {
    pub(super) fn text(&mut self, ask: &Ask, fact: &Fact) -> Option<Cond> {
        let Some(test) = &ask.test else {
            let subject: Vec<String> = std::iter::once(&ask.subject)
                .chain(&ask.of)
                .map(written)
                .collect();
            let subject = subject.join(" ");
            self.no_test(
                ask,
                &format!("{subject} is \"…\"` or `{subject} is present"),
            );
            return None;
        };
        match self.presence(test, fact) {
            Presence::Values => {}
            Presence::Asked(cond) => return Some(cond),
            Presence::Bad => return None,
        }
        let is_turned = match test.op {
            Op::Is | Op::In | Op::Like => false,
            Op::IsNot | Op::NotIn => true,
            Op::Mentions => {
                operator(test.op_span, "`mentions` reads the whole prompt".to_owned())
                    .help("write `prompt mentions \"…\"`, or compare with `is` or `like`")
                    .add(self.report);
                return None;
            }
            Op::Less | Op::LessEqual | Op::More | Op::MoreEqual => {
                operator(
                    test.op_span,
                    format!(
                        "`{}` compares numbers, and `{}` is a text",
                        test.op.words(),
                        ask.subject.text
                    ),
                )
                .help("compare a text with `is`, `in` or `like`")
                .add(self.report);
                return None;
            }
        };
        let mut list = Vec::new();
        let mut is_whole = true;
        for value in &test.values {
            match self.operand(value, fact) {
                Some(texts) => {
                    for text in &texts {
                        let pattern = patterns::read(text, test.op, fact, self.report);
                        is_whole &= pattern.is_some();
                        list.extend(pattern);
                    }
                }
                None => is_whole = false,
            }
        }
        if !is_whole {
            return None;
        }
        let found = Cond::Test(fact.clone(), Question::Matches(list));
        Some(turned(found, is_turned))
    }

    /// The texts that one value on the right side stands for.
    fn operand(&mut self, value: &Value, fact: &Fact) -> Option<Vec<Value>> {
        if value.kind == Kind::Text {
            if *fact == Fact::Endpoint {
                let words: Vec<(&str, ())> = vocab::ENDPOINTS.iter().map(|w| (*w, ())).collect();
                fields::choice(value, "an endpoint", &words, self.report)?;
            }
            return Some(vec![value.clone()]);
        }
        if value.kind == Kind::Word && self.names.sort(&value.text) == Some(Sort::Let) {
            return self.set(value);
        }
        let (words, what) = match fact {
            Fact::Endpoint => (vocab::ENDPOINTS, "an endpoint"),
            Fact::Method if value.kind == Kind::Word => (vocab::METHODS, "a method"),
            Fact::Method
            | Fact::Path
            | Fact::Host
            | Fact::Ip
            | Fact::Client
            | Fact::CallerKey
            | Fact::Header(_)
            | Fact::Query(_)
            | Fact::Model
            | Fact::Session
            | Fact::Time(_)
            | Fact::MaxOutput
            | Fact::Messages
            | Fact::Temperature
            | Fact::Body(_)
            | Fact::Mentions(_)
            | Fact::Contains(..)
            | Fact::Streaming
            | Fact::Has(_)
            | Fact::Tokens => {
                if !self.names.is_excused(&value.text) {
                    self.report.add(bare(value, self.names));
                }
                return None;
            }
        };
        let words: Vec<(&str, ())> = words.iter().map(|word| (*word, ())).collect();
        fields::choice(value, what, &words, self.report)?;
        Some(vec![value.clone()])
    }

    pub(in crate::check) fn set(&mut self, name: &Value) -> Option<Vec<Value>> {
        match self.meaning(name)? {
            Meaning::Set(values) if values.iter().all(|value| value.kind == Kind::Text) => {
                Some(values)
            }
            Meaning::Set(_) => {
                wrong(
                    name.span,
                    format!(
                        "`{}` is a list of addresses, and a list of texts is due",
                        name.text
                    ),
                )
                .help(format!("ask the address for it: `ip in {}`", name.text))
                .add(self.report);
                None
            }
            Meaning::Times(_) => {
                wrong(
                    name.span,
                    format!(
                        "`{}` is a list of times, and a list of texts is due",
                        name.text
                    ),
                )
                .help(format!("ask the clock for it: `time in {}`", name.text))
                .add(self.report);
                None
            }
            Meaning::Cond(_) => {
                wrong(
                    name.span,
                    format!("`{}` is a condition, and a list of texts is due", name.text),
                )
                .help(format!("write it by itself: `when {}`", name.text))
                .add(self.report);
                None
            }
        }
    }
}

fn written(value: &Value) -> String {
    if value.kind == Kind::Text {
        crate::syntax::escape(&value.text)
    } else {
        value.text.clone()
    }
}

/// A bare word where a text is due.
fn bare(value: &Value, names: &Names) -> Diagnostic {
    let text = &value.text;
    if value.kind != Kind::Word {
        return Diagnostic::new(
            Code::WrongValue,
            value.span,
            format!("`{text}` is not a text"),
        )
        .help(format!("write `\"{text}\"`"))
        .fix(value.span, crate::syntax::escape(text));
    }
    no_let(
        value,
        names,
        &format!("a text stands between quotes: `\"{text}\"`"),
    )
}
