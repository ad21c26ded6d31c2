//! How long does it take to compile a policy of 1 000 and of 10 000 arms?

#[expect(dead_code, reason = "requests are asked by another bench")]
#[path = "mixed.rs"]
mod mixed;
#[path = "wide.rs"]
mod wide;

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use claw_lang::diff::{Side, diff};
use claw_lang::model::{Ask, Cond, Model, Pattern};
use claw_lang::{BuildInfo, Report, Source};
use claw_table::{Fact, Table};
use criterion::{Criterion, criterion_group, criterion_main};

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    group.sample_size(10);
    let (old, new) = (
        wide::model(&wide::tuples(1000)),
        wide::model(&wide::tuples(1001)),
    );
    let report = Report::new(Arc::from(Vec::new()));
    let side = |model| Side {
        model,
        report: &report,
    };
    group.bench_function("two of 1000 arms compared", |bencher| {
        bencher.iter(|| diff(side(&old), side(&new)).unwrap().changes.len());
    });
    for arms in [1000, 10_000] {
        let model = wide::model(&wide::tuples(arms));
        let bytes = claw_lang::build(&model, &BuildInfo::unplaced()).unwrap();
        println!("{arms} arms: {:?}", Table::open(&bytes).unwrap().stats());
        let source = Source {
            path: "wide.claw".into(),
            text: text(&wide::tuples(arms)),
        };
        let compiled = claw_lang::compile(vec![source.clone()]);
        assert!(compiled.table.is_some(), "{}", compiled.report.human());
        group.bench_function(format!("{arms} arms, text to table"), |bencher| {
            bencher.iter(|| claw_lang::compile(black_box(vec![source.clone()])).table);
        });
        group.bench_function(format!("{arms} arms, model to table"), |bencher| {
            bencher.iter(|| claw_lang::build(black_box(&model), &BuildInfo::unplaced()).unwrap());
        });
        group.bench_function(format!("{arms} arms, diagram and proof alone"), |bencher| {
            bencher.iter(|| {
                claw_lang::diagram::prove(black_box(&model))
                    .unwrap()
                    .findings
                    .len()
            });
        });
        group.bench_function(format!("{arms} arms, open the table"), |bencher| {
            bencher.iter(|| Table::open(black_box(&bytes)).unwrap());
        });
    }
    let gridded = Source {
        path: "gridded.claw".into(),
        text: gridded(),
    };
    let compiled = claw_lang::compile(vec![gridded.clone()]);
    let bytes = compiled
        .table
        .unwrap_or_else(|| panic!("{}", compiled.report.human()));
    println!(
        "ranges by times: {:?}",
        Table::open(&bytes).unwrap().stats()
    );
    group.bench_function("200 ranges by 50 times, text to table", |bencher| {
        bencher.iter(|| claw_lang::compile(black_box(vec![gridded.clone()])).table);
    });
    let crossed = wide::crossed(10_000);
    let bytes = claw_lang::build(&crossed, &BuildInfo::unplaced()).unwrap();
    println!(
        "in turn on two facts: {:?}",
        Table::open(&bytes).unwrap().stats()
    );
    group.bench_function("10000 arms in boxes, model to table", |bencher| {
        bencher.iter(|| claw_lang::build(black_box(&crossed), &BuildInfo::unplaced()).unwrap());
    });
    let globs = globs(10_000);
    let bytes = claw_lang::build(&globs, &BuildInfo::unplaced()).unwrap();
    println!(
        "on sixty-four texts of one field: {:?}",
        Table::open(&bytes).unwrap().stats()
    );
    group.bench_function(
        "10000 arms on 64 texts of one field, model to table",
        |bencher| {
            bencher.iter(|| claw_lang::build(black_box(&globs), &BuildInfo::unplaced()).unwrap());
        },
    );
    group.finish();
    mixed_facts(criterion);
}

/// What an operator waits for: a policy of a thousand lines that asks every kind of fact.
fn mixed_facts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a policy of 1000 lines on every kind of fact");
    group.sample_size(10);
    for (name, text) in [
        ("by team", mixed::by_team as fn(usize, usize) -> String),
        ("across", mixed::across),
    ] {
        let source = |odd| {
            vec![Source {
                path: "mixed.claw".into(),
                text: text(970, odd),
            }]
        };
        let check = |odd| {
            let checked = claw_lang::check(source(odd));
            let model = checked.model;
            (
                model.unwrap_or_else(|| panic!("{}", checked.report.human())),
                checked.report,
            )
        };
        let (old, new) = (check(1000), check(500));
        group.bench_function(format!("{name}: check"), |bencher| {
            bencher.iter(|| claw_lang::check(black_box(source(1000))).model.is_some());
        });
        group.bench_function(format!("{name}: text to table"), |bencher| {
            bencher.iter(|| claw_lang::compile(black_box(source(1000))).table);
        });
        group.bench_function(
            format!("{name}: two that differ in one line compared"),
            |bencher| {
                let side = |(model, report)| Side { model, report };
                bencher.iter(|| {
                    let found = diff(side((&old.0, &old.1)), side((&new.0, &new.1)));
                    assert_eq!(found.unwrap().changes.len(), 1);
                });
            },
        );
    }
    group.finish();
}

/// 200 ranges of addresses that overlap, each at 50 times that overlap: 10 000 arms.
fn gridded() -> String {
    let mut text =
        "policy gridded\nprovider p {\n  api openai\n  url \"http://127.0.0.1:9/v1\"\n  \
                    key none\n  model m { price free; context 8k; max-output 1k }\n}\n\
                    class code { primary p/m }\n"
            .to_owned();
    for at in 0..200 {
        let nets: Vec<String> = (at..at + 8).map(|net| format!("10.{net}.0.0/16")).collect();
        let _ = writeln!(text, "let range-{at} = {}", nets.join(", "));
    }
    for at in 0..50 {
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let (from, to) = (clock(at * 15), clock(at * 15 + 480));
        let _ = writeln!(
            text,
            "let window-{at} = mon..sat {from}..{to} \"Europe/Berlin\""
        );
    }
    text.push_str("route {\n");
    for at in 0..10_000 {
        let (range, window) = (at / 50, at % 50);
        let _ = writeln!(
            text,
            "  when ip in range-{range} and time in window-{window} -> code"
        );
    }
    text.push_str("  otherwise -> code\n}\n");
    text
}

/// Each arm one of sixty-four texts in the middle of one field, and one value of another: what those
/// can be together cannot be numbered.
fn globs(arms: usize) -> Model {
    let ask = |fact: Fact, pattern: Pattern| Cond::Test(fact, Ask::Matches(vec![pattern]));
    wide::of((0..arms).map(|at| {
        let team = Pattern::Exact(format!("team-{}", at / 64));
        Cond::All(vec![
            ask(Fact::Header("x-team".to_owned()), team),
            ask(Fact::Model, Pattern::Infix(format!("-t{}-", at % 64))),
        ])
    }))
}

/// The same policy as people write it.
fn text(tuples: &[wide::Tuple]) -> String {
    let mut text = "policy wide\nprovider p {\n  api openai\n  url \"http://127.0.0.1:9/v1\"\n  \
                    key none\n  model m { price free; context 8k; max-output 1k }\n}\n"
        .to_owned();
    for at in 0..8 {
        let _ = writeln!(text, "class class-{at} {{ primary p/m }}");
    }
    text.push_str("route {\n");
    for (at, tuple) in tuples.iter().enumerate() {
        let wide::Tuple {
            team,
            path,
            host,
            model,
        } = tuple;
        let _ = writeln!(
            text,
            "  when header \"x-team\" is \"{team}\" and path is \"{path}\" and host is \"{host}\" \
             and model is \"{model}\" -> class-{}",
            at % 8
        );
    }
    text.push_str("  otherwise -> class-0\n}\n");
    text
}

criterion_group!(benches, compile);
criterion_main!(benches);
