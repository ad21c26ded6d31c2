//! How long does it take from facts to an arm?
//!
//! Each question depends on the last answer, so that nothing overlaps; 1 024 shuffled requests over
//! four facts, each of which hits an arm. The twins answer the same questions: `matchit` on one
//! joined path, `HashMap` on the tuple of the four strings. They know nothing of order, prefixes
//! or lists; they are here for the price of looking at the bytes.

#[expect(dead_code, reason = "some policies are compiled by another bench")]
#[path = "mixed.rs"]
mod mixed;
#[path = "wide.rs"]
mod wide;

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use claw_lang::BuildInfo;
use claw_table::{ArmId, AtomId, Table};
use criterion::{Criterion, criterion_group, criterion_main};

const QUERIES: usize = 1024;

struct Case {
    table: Table,
    requests: Vec<wide::Tuple>,
    atoms: Vec<Vec<AtomId>>,
}

fn case(arms: usize) -> (Case, Vec<wide::Tuple>) {
    let tuples = wide::tuples(arms);
    let bytes = claw_lang::build(&wide::model(&tuples), &BuildInfo::unplaced()).unwrap();
    let table = Table::open(&bytes).unwrap();
    let mut dice = wide::Dice(11);
    let requests: Vec<_> = (0..QUERIES)
        .map(|_| tuples[dice.below(arms)].clone())
        .collect();
    let atoms = requests
        .iter()
        .map(|request| {
            table
                .fields()
                .iter()
                .map(|field| field.atom(request).unwrap())
                .collect()
        })
        .collect();
    for request in &requests {
        let arm = table.decide(request).unwrap();
        assert_eq!(
            tuples[arm.index()],
            *request,
            "every query hits its own arm"
        );
    }
    (
        Case {
            table,
            requests,
            atoms,
        },
        tuples,
    )
}

/// Asks one question after the other, each chosen by the last answer: its top bit is never set,
/// but nothing before run time knows that.
fn dependent(mut ask: impl FnMut(usize) -> u32) -> u32 {
    let mut answer = 0;
    for at in 0..QUERIES {
        answer = ask(at ^ (answer >> 31) as usize);
    }
    answer
}

fn walk(criterion: &mut Criterion) {
    for arms in [10, 1000, 10_000] {
        let (case, tuples) = case(arms);
        let steps: usize = case
            .requests
            .iter()
            .map(|request| case.table.trace(request).steps.len())
            .sum();
        let stats = case.table.stats();
        println!(
            "{arms} arms: {:.2} steps a walk, {stats:?}",
            steps as f64 / QUERIES as f64
        );

        let mut group = criterion.benchmark_group(format!("walk, {arms} arms"));
        group.throughput(criterion::Throughput::Elements(QUERIES as u64));
        group.bench_function("decide_classes", |bencher| {
            bencher.iter(|| dependent(|at| case.table.decide_atoms(&case.atoms[at]).unwrap().0));
        });
        group.bench_function("decide_request", |bencher| {
            bencher.iter(|| dependent(|at| case.table.decide(&case.requests[at]).unwrap().0));
        });
        group.bench_function("decide_request, caches cold", |bencher| {
            bencher.iter_custom(|rounds| cold(rounds, &case));
        });
        twins(&mut group, &case, &tuples);
        group.finish();
    }
}

/// What is decided by boxes, because a diagram would be too large.
fn boxes(criterion: &mut Criterion) {
    let arms = 10_000;
    let bytes = claw_lang::build(&wide::crossed(arms), &BuildInfo::unplaced()).unwrap();
    let table = Table::open(&bytes).unwrap();
    println!("{arms} arms in turn on two facts: {:?}", table.stats());
    let mut dice = wide::Dice(11);
    let mut any = || dice.below(arms / 2);
    let requests: Vec<(usize, usize, wide::Tuple)> = (0..QUERIES)
        .map(|_| {
            let (host, model) = (any(), any());
            let tuple = wide::Tuple {
                team: String::new(),
                path: String::new(),
                host: format!("host-{host}"),
                model: format!("model-{model}"),
            };
            (host, model, tuple)
        })
        .collect();
    for (host, model, request) in &requests {
        let first = (host * 2).min(model * 2 + 1);
        assert_eq!(table.decide(request).unwrap().index(), first);
    }
    let mut group = criterion.benchmark_group(format!("walk, {arms} arms in boxes"));
    group.throughput(criterion::Throughput::Elements(QUERIES as u64));
    group.bench_function("decide_request", |bencher| {
        bencher.iter(|| dependent(|at| table.decide(&requests[at].2).unwrap().0));
    });
    let hosts: HashMap<String, usize> =
        (0..arms / 2).map(|at| (format!("host-{at}"), at)).collect();
    let models: HashMap<String, usize> = (0..arms / 2)
        .map(|at| (format!("model-{at}"), at))
        .collect();
    group.bench_function("twin: two HashMaps and the smaller answer", |bencher| {
        bencher.iter(|| {
            dependent(|at| {
                let (_, _, asked) = &requests[at];
                (hosts[&asked.host] * 2).min(models[&asked.model] * 2 + 1) as u32
            })
        });
    });
    group.finish();
}

/// Every kind of fact in use: each request asks for its team and for one more fact, all kinds in turn.
fn all_facts(criterion: &mut Criterion) {
    let arms = 1000;
    let source = claw_lang::Source {
        path: "mixed.claw".into(),
        text: mixed::by_team(arms, arms),
    };
    let compiled = claw_lang::compile(vec![source]);
    let bytes = compiled
        .table
        .unwrap_or_else(|| panic!("{}", compiled.report.human()));
    let table = Table::open(&bytes).unwrap();
    println!("{arms} arms on every kind of fact: {:?}", table.stats());
    let mut dice = wide::Dice(11);
    let picks: Vec<usize> = (0..QUERIES).map(|_| dice.below(arms)).collect();
    let requests: Vec<mixed::Asked> = picks.iter().map(|at| mixed::Asked::of(*at)).collect();
    for (at, request) in picks.iter().zip(&requests) {
        assert_eq!(table.decide(request).unwrap().index(), *at, "{request:?}");
    }
    let atoms: Vec<Vec<AtomId>> = requests
        .iter()
        .map(|request| {
            let fields = table.fields().iter();
            fields.map(|field| field.atom(request).unwrap()).collect()
        })
        .collect();
    let mut group = criterion.benchmark_group(format!("walk, {arms} arms on every kind of fact"));
    group.throughput(criterion::Throughput::Elements(QUERIES as u64));
    group.bench_function("decide_classes", |bencher| {
        bencher.iter(|| dependent(|at| table.decide_atoms(&atoms[at]).unwrap().0));
    });
    group.bench_function("decide_request", |bencher| {
        bencher.iter(|| dependent(|at| table.decide(&requests[at]).unwrap().0));
    });
    group.finish();
}

type Group<'c> = criterion::BenchmarkGroup<'c, criterion::measurement::WallTime>;

fn twins(group: &mut Group<'_>, case: &Case, tuples: &[wide::Tuple]) {
    let joined = |tuple: &wide::Tuple| {
        format!(
            "/{}/{}{}/{}",
            tuple.team, tuple.host, tuple.path, tuple.model
        )
    };
    let mut router = matchit::Router::new();
    for (at, tuple) in tuples.iter().enumerate() {
        router.insert(joined(tuple), ArmId(at as u32)).unwrap();
    }
    let paths: Vec<String> = case.requests.iter().map(joined).collect();
    group.bench_function("twin: matchit on a joined path", |bencher| {
        bencher.iter(|| dependent(|at| router.at(&paths[at]).unwrap().value.0));
    });

    let key = |tuple: &'_ wide::Tuple| -> [String; 4] {
        [&tuple.team, &tuple.path, &tuple.host, &tuple.model].map(String::clone)
    };
    let map: HashMap<[String; 4], ArmId> = tuples
        .iter()
        .enumerate()
        .map(|(at, tuple)| (key(tuple), ArmId(at as u32)))
        .collect();
    let keys: Vec<[String; 4]> = case.requests.iter().map(key).collect();
    group.bench_function("twin: HashMap on the tuple", |bencher| {
        bencher.iter(|| dependent(|at| map[&keys[at]].0));
    });
}

/// One question at a time, after 64 MiB of other memory: what the first request after a lull pays.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
fn cold(rounds: u64, case: &Case) -> Duration {
    let mut other = vec![1u8; 64 << 20];
    let mut spent = Duration::ZERO;
    for round in 0..rounds.min(1024) {
        for line in other.chunks_mut(64) {
            line[0] = line[0].wrapping_add(1);
        }
        black_box(&other);
        let request = &case.requests[round as usize % QUERIES];
        let start = Instant::now();
        black_box(case.table.decide(black_box(request))).unwrap();
        spent += start.elapsed();
    }
    // The rounds are cut, so that a slow question is not asked a million times.
    let asked = rounds.min(1024);
    spent.mul_f64(rounds as f64 / asked as f64) * QUERIES as u32
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1));
    targets = walk, all_facts, boxes
}
criterion_main!(benches);
