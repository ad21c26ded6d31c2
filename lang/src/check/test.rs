//! `test`: a request, what fails, what is expected.

mod expect;
mod fault;
mod request;
mod whole;

use std::collections::BTreeMap;

use claw_table::policy::{Ceiling, Target};

use super::class::Known;
use super::names::{Names, Sort};
use super::provider::Checked;
use super::{calendar, fields, target, values};
use crate::codes::Code;
use crate::model::{Expect, Test};
use crate::moment::Moment;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

pub(super) use whole::Around;

/// What the tests of a folder are read with.
struct Reading<'a> {
    /// What its targets may be.
    known: &'a Known<'a>,
    /// Every ceiling, by its position.
    ceilings: &'a [Ceiling],
    around: Around<'a>,
    names: &'a mut Names,
    report: &'a mut Report,
}

/// Reads every test. One at fault is left out; its faults are reported.
pub(super) fn tests(
    list: &[&Statement],
    (providers, ceilings, around): (&[Checked], &[Ceiling], Around<'_>),
    (names, report): (&mut Names, &mut Report),
) -> Vec<Test> {
    // A test names targets, which are models of providers.
    let known = Known {
        providers,
        retries: &[],
        pools: &[],
        classes: &[],
    };
    let mut reading = Reading {
        known: &known,
        ceilings,
        around,
        names,
        report,
    };
    let mut titles: BTreeMap<&str, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for it in list {
        let title = title(it, reading.report);
        if let Some(title) = title
            && let Some(first) = titles.insert(&title.text, title.span)
        {
            reading.report.add(
                Diagnostic::new(Code::Duplicate, title.span, "this title is taken")
                    .and(first, "by the test here")
                    .help("say what this test shows that the other does not"),
            );
        }
        let test = reading.test(it, title.map_or("", |title| &title.text));
        found.push(test);
    }
    found
}

fn title<'v>(it: &'v Statement, report: &mut Report) -> Option<&'v Value> {
    let values: Vec<&Value> = it.groups.iter().flatten().collect();
    match values.as_slice() {
        [title] => fields::text(title, "what a test shows", report).map(|_| *title),
        [] => {
            report.add(
                Diagnostic::new(
                    Code::Nameless,
                    it.keyword.span.after(),
                    "this test has no title",
                )
                .help("write `test \"what it shows\" {`"),
            );
            None
        }
        [_, extra, ..] => {
            report.add(
                Diagnostic::new(Code::Unexpected, extra.span, "a test has one title")
                    .help("write `test \"what it shows\" {`"),
            );
            None
        }
    }
}

impl Reading<'_> {
    fn test(&mut self, it: &Statement, title: &str) -> Test {
        let mut test = Test {
            title: title.to_owned(),
            says: Vec::new(),
            at: None,
            spent: Vec::new(),
            draw: 0,
            faults: Vec::new(),
            expects: Vec::new(),
            span: it.span,
        };
        let list = fields::read(it, vocab::TEST, self.names, self.report);
        for field in list.iter() {
            match field.keyword.text.as_str() {
                "at" if test.at.is_some() => self.report.add(
                    Diagnostic::new(
                        Code::FieldTwice,
                        field.span,
                        "`at` stands twice in this test",
                    )
                    .help("keep one of them: a test sends one request"),
                ),
                "at" => test.at = self.at(field),
                "request" => test.says = self.request(field),
                "spent" => test.spent.extend(self.spent(field)),
                "draw" => test.draw = self.draw(field).unwrap_or(0),
                "fault" => test.faults.extend(self.fault(field)),
                _ => {
                    let span = field.span;
                    let all = self.expected(field);
                    test.expects
                        .extend(all.into_iter().map(|what| Expect { what, span }));
                }
            }
        }
        for word in ["request", "expect"] {
            list.require(word, self.report);
        }
        test
    }

    /// `at 2026-11-21 10:00 "Europe/Berlin"`: when the request comes.
    fn at(&mut self, field: &Statement) -> Option<Moment> {
        let values = Self::flat(field);
        if values.is_empty() {
            return fields::shape(field, "test", None, self.report);
        }
        calendar::moment(&values, self.report)
    }

    /// `draw 97%`: where in the shares of a pool the request falls.
    fn draw(&mut self, field: &Statement) -> Option<u32> {
        let value = fields::one(field, "test", self.report)?;
        if value.kind != Kind::Percent {
            return fields::shape(field, "test", Some(value), self.report);
        }
        values::draw(value, self.report)
    }

    /// `spent ceiling agents $321`
    fn spent(&mut self, field: &Statement) -> Option<(usize, u128)> {
        match Self::flat(field).as_slice() {
            [word, name, money] if word.is_word("ceiling") => {
                let at = self.ceiling(name);
                let money = values::money(money, self.report);
                at.zip(money)
            }
            other => fields::shape(field, "test", other.get(1).copied(), self.report),
        }
    }

    /// The ceiling of this name; one inside a class or client is named `code/1`.
    fn ceiling(&mut self, name: &Value) -> Option<usize> {
        if name.kind == Kind::Word {
            self.names.resolve(name, Sort::Ceiling, self.report)?;
        }
        let mut all = self.ceilings.iter();
        let found = all.position(|ceiling| ceiling.name == name.text);
        // A ceiling inside something that is at fault may be there all the same.
        if found.is_none() && name.kind != Kind::Word && self.report.is_sound() {
            let message = format!("no ceiling `{}`", fields::shown(name));
            let names: Vec<String> = self
                .ceilings
                .iter()
                .take(5)
                .map(|ceiling| format!("`{}`", ceiling.name))
                .collect();
            let help = match names.as_slice() {
                [] => "this policy has none".to_owned(),
                names => format!("there are {}", names.join(", ")),
            };
            let unknown = Diagnostic::new(Code::UnknownName, name.span, message);
            self.report.add(unknown.help(help));
        }
        found
    }

    fn target(&mut self, value: &Value) -> Option<Target> {
        if value.kind != Kind::Path {
            let found = Diagnostic::new(
                Code::WrongValue,
                value.span,
                format!("`{}` is not a target", fields::shown(value)),
            );
            self.report
                .add(found.help("a target is a model of a provider: `PROVIDER/MODEL`"));
            return None;
        }
        target::target(value, self.known, (self.names, self.report))
    }

    /// The words after a keyword, commas left out of sight.
    fn flat(field: &Statement) -> Vec<&Value> {
        field.groups.iter().flatten().collect()
    }
}
