//! Printing a tree and reading it back gives the same tree.

use std::sync::Arc;

use claw_lang::report::Report;
use claw_lang::source::Source;
use claw_lang::span::Span;
use claw_lang::syntax::ast::{
    Arm, ArmLine, Ask, Cond, File, Forbid, Item, Let, LetValue, Line, Never, Op, Route, Statement,
    Test, Value, When,
};
use claw_lang::syntax::lexer::Kind;
use claw_lang::syntax::{parse, print};
use claw_lang::vocab;
use proptest::prelude::*;

const NOWHERE: Span = Span {
    file: 0,
    start: 0,
    end: 0,
};

pub(crate) fn read(text: &str) -> (File, String) {
    let source = Source {
        path: "x.claw".into(),
        text: text.into(),
    };
    let mut report = Report::new(Arc::from([source]));
    let parsed = parse(0, text, &mut report);
    (parsed.file, format!("{:#?}", report.diagnostics()))
}

fn value(kind: Kind, text: &str) -> Value {
    Value {
        kind,
        text: text.into(),
        span: NOWHERE,
    }
}

fn word() -> impl Strategy<Value = Value> {
    "[a-z]([a-z0-9_]|[-.][a-z0-9]){0,6}"
        .prop_filter("a word with a meaning in a condition", |word| {
            let is_taken = vocab::CONDITION_WORDS.contains(&word.as_str());
            let is_exclusive = word == "exclusive";
            !is_taken && !is_exclusive && !vocab::is_declaration(word)
        })
        .prop_map(|text| value(Kind::Word, &text))
}

fn text() -> impl Strategy<Value = Value> {
    "\\PC{0,12}|[\n\t\"\\\\#;{}]{1,4}"
        .prop_filter("a hidden character would be refused", |text| {
            !text.chars().any(claw_lang::unseen::is_hidden)
        })
        .prop_map(|text| value(Kind::Text, &text))
}

fn constant() -> impl Strategy<Value = Value> {
    let literal = prop::sample::select(vec![
        (Kind::Date, "2026-11-21"),
        (Kind::ClockRange, "22:00..06:00"),
        (Kind::Ip6, "fe80::/10"),
        (Kind::Ip4, "10.0.0.0/8"),
        (Kind::Clock, "07:30"),
        (Kind::Money, "$1.25/M"),
        (Kind::Percent, "99.5%"),
        (Kind::Range, "200ms..5s"),
        (Kind::Amount, "1h30m"),
        (Kind::Amount, "42"),
        (Kind::Odd, "4o-mini"),
    ]);
    prop_oneof![literal.prop_map(|(kind, text)| value(kind, text)), text()]
}

fn any_value() -> impl Strategy<Value = Value> {
    let path = "[a-z]{1,4}/[0-9a-z]{1,3}[:@/][a-z]{1,3}".prop_map(|text| value(Kind::Path, &text));
    prop_oneof![word(), constant(), path]
}

fn docs() -> impl Strategy<Value = Vec<String>> {
    let line = "[a-z`{;][a-z {},;\"]{0,10}[a-z.]";
    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(line, 1..3)]
}

/// A time of several words.
fn window() -> impl Strategy<Value = Vec<Value>> {
    let day = || value(Kind::Word, "sat");
    let days = || value(Kind::Range, "mon..fri");
    let hours = || value(Kind::ClockRange, "22:00..06:00");
    let zone = || value(Kind::Text, "Europe/Berlin");
    prop::sample::select(vec![
        vec![days()],
        vec![days(), zone()],
        vec![days(), hours()],
        vec![day(), hours(), zone()],
        vec![day(), zone()],
        vec![hours(), zone()],
    ])
}

fn times() -> impl Strategy<Value = LetValue> {
    let hours = || vec![value(Kind::ClockRange, "22:00..06:00")];
    let first = prop_oneof![window(), Just(hours())];
    let day = || vec![value(Kind::Word, "sat")];
    let more = prop_oneof![window(), Just(hours()), Just(day())];
    (first, prop::collection::vec(more, 0..3))
        .prop_map(|(first, more)| LetValue::Times(std::iter::once(first).chain(more).collect()))
}

fn ask() -> impl Strategy<Value = Cond> {
    let test = (
        prop::sample::select(Op::ALL.to_vec()),
        prop_oneof![
            3 => (prop::collection::vec(any_value(), 1..3), Just(Vec::new())),
            1 => (
                prop::collection::vec(any_value(), 0..2),
                prop::collection::vec(window(), 1..3)
            ),
        ],
    )
        .prop_map(|(op, (values, windows))| Test {
            op,
            op_span: NOWHERE,
            values,
            windows,
        });
    (
        word(),
        prop::collection::vec(any_value(), 0..3),
        prop::option::of(test),
    )
        .prop_map(|(subject, of, test)| {
            Cond::Ask(Ask {
                subject,
                of,
                test,
                span: NOWHERE,
            })
        })
}

fn cond() -> impl Strategy<Value = Cond> {
    ask().prop_recursive(5, 24, 3, |inner| {
        let parts = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(Cond::All),
            parts.prop_map(Cond::Any),
            // A second `not` would cancel the first.
            inner.prop_map(|part| {
                if matches!(part, Cond::Not(..)) {
                    part
                } else {
                    Cond::Not(Box::new(part), NOWHERE)
                }
            }),
        ]
    })
}

/// A word with a meaning in a condition; in a field it is a word like any other.
fn loaded_word() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["and", "or", "not", "deny", "in", "then"])
        .prop_map(|text| value(Kind::Word, text))
}

fn statement(depth: u32) -> BoxedStrategy<Statement> {
    let values = prop_oneof![9 => any_value().boxed(), 1 => loaded_word().boxed()];
    let groups = prop::collection::vec(prop::collection::vec(values, 1..4), 0..3);
    let block = if depth == 0 {
        Just(None).boxed()
    } else {
        let when = (docs(), cond()).prop_map(|(docs, cond)| {
            Line::When(When {
                docs,
                cond,
                keyword: NOWHERE,
                span: NOWHERE,
            })
        });
        let line = prop_oneof![4 => statement(depth - 1).prop_map(Line::Field), 1 => when];
        let lines = prop::collection::vec(line, 0..4);
        prop::option::of(lines).boxed()
    };
    let keyword = prop_oneof![9 => word().boxed(), 1 => loaded_word().boxed()];
    (docs(), keyword, groups, block)
        .prop_map(|(docs, keyword, groups, block)| Statement {
            docs,
            keyword,
            groups,
            block,
            span: NOWHERE,
        })
        .boxed()
}

pub(crate) fn item() -> impl Strategy<Value = Item> {
    let plain = (
        statement(2),
        prop::sample::select(vec!["provider", "class", "retry", "gateway", "policy"]),
    )
        .prop_map(|(mut statement, keyword)| {
            statement.keyword.text = keyword.into();
            Item::Plain(statement)
        });
    let sets = prop::collection::vec(constant(), 1..4);
    let is_times = |set: &Vec<Value>| set.iter().all(|one| one.kind == Kind::ClockRange);
    let sets = sets.prop_filter("hours alone are times", move |set| !is_times(set));
    let sets = sets.prop_map(LetValue::Set);
    let right = prop_oneof![sets, times(), cond().prop_map(LetValue::Cond)];
    let lets = (docs(), word(), right).prop_map(|(docs, name, is)| {
        Item::Let(Let {
            docs,
            name,
            is,
            span: NOWHERE,
        })
    });
    let goal = prop_oneof![9 => any_value().boxed(), 1 => loaded_word().boxed()];
    let goal = prop::collection::vec(goal, 1..3);
    let arm = (docs(), prop::option::of(cond()), goal).prop_map(|(docs, when, goal)| {
        ArmLine::Arm(Arm {
            docs,
            when,
            goal,
            span: NOWHERE,
        })
    });
    let routes = (
        docs(),
        prop::option::of(word()),
        prop::option::of(Just(NOWHERE)),
        prop::collection::vec(arm, 0..4),
    )
        .prop_map(|(docs, name, exclusive, arms)| {
            Item::Route(Route {
                docs,
                name,
                exclusive,
                arms,
                span: NOWHERE,
            })
        });
    let claim = (
        "reaches|costs|tries|takes",
        prop::collection::vec(any_value(), 0..4),
    );
    let nevers = (docs(), word(), prop::option::of(cond()), claim).prop_map(
        |(docs, name, when, (first, rest))| {
            let mut claim = vec![value(Kind::Word, &first)];
            claim.extend(rest);
            Item::Never(Never {
                docs,
                name,
                when,
                claim,
                span: NOWHERE,
            })
        },
    );
    prop_oneof![plain, lets, nevers, forbids(), routes]
}

fn forbids() -> impl Strategy<Value = Item> {
    let refusal = prop::option::of(prop::collection::vec(any_value(), 0..3));
    (docs(), word(), cond(), refusal).prop_map(|(docs, name, when, refusal)| {
        let word = refusal.is_some().then(|| value(Kind::Word, "deny"));
        let deny = word.into_iter().chain(refusal.into_iter().flatten());
        Item::Forbid(Forbid {
            docs,
            name,
            when,
            deny: deny.collect(),
            span: NOWHERE,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_tree_reads_back_as_itself(items in prop::collection::vec(item(), 0..5)) {
        let mut tree = File { items };
        let text = print(&tree);
        let (mut back, report) = read(&text);
        strip(&mut back);
        strip(&mut tree);
        prop_assert_eq!(report, "[]", "{}", text);
        prop_assert_eq!(back, tree, "{}", text);
    }
}

pub(crate) fn strip(file: &mut File) {
    for item in &mut file.items {
        match item {
            Item::Let(it) => {
                it.span = NOWHERE;
                strip_values([&mut it.name]);
                match &mut it.is {
                    LetValue::Set(values) => strip_values(values),
                    LetValue::Times(times) => times.iter_mut().for_each(strip_values),
                    LetValue::Cond(cond) => strip_cond(cond),
                }
            }
            Item::Never(it) => {
                it.span = NOWHERE;
                strip_values([&mut it.name]);
                strip_values(&mut it.claim);
                it.when.iter_mut().for_each(strip_cond);
            }
            Item::Forbid(it) => {
                it.span = NOWHERE;
                strip_values([&mut it.name]);
                strip_values(&mut it.deny);
                strip_cond(&mut it.when);
            }
            Item::Route(it) => {
                it.span = NOWHERE;
                it.exclusive = it.exclusive.map(|_| NOWHERE);
                strip_values(&mut it.name);
                for line in &mut it.arms {
                    let ArmLine::Arm(arm) = line else { continue };
                    arm.span = NOWHERE;
                    strip_values(&mut arm.goal);
                    arm.when.iter_mut().for_each(strip_cond);
                }
            }
            Item::Plain(it) => strip_statement(it),
            Item::Broken(_) => {}
        }
    }
}

fn strip_statement(it: &mut Statement) {
    it.span = NOWHERE;
    strip_values([&mut it.keyword]);
    it.groups.iter_mut().for_each(strip_values);
    for line in it.block.iter_mut().flatten() {
        match line {
            Line::Field(field) => strip_statement(field),
            Line::When(it) => {
                it.keyword = NOWHERE;
                it.span = NOWHERE;
                strip_cond(&mut it.cond);
            }
            Line::Broken(_) => {}
        }
    }
}

fn strip_cond(cond: &mut Cond) {
    match cond {
        Cond::Any(parts) | Cond::All(parts) => parts.iter_mut().for_each(strip_cond),
        Cond::Not(part, span) => {
            *span = NOWHERE;
            strip_cond(part);
        }
        Cond::Ask(it) => {
            it.span = NOWHERE;
            strip_values([&mut it.subject]);
            strip_values(&mut it.of);
            if let Some(test) = &mut it.test {
                test.op_span = NOWHERE;
                strip_values(&mut test.values);
                test.windows.iter_mut().for_each(strip_values);
            }
        }
    }
}

fn strip_values<'a>(values: impl IntoIterator<Item = &'a mut Value>) {
    for value in values {
        value.span = NOWHERE;
    }
}
