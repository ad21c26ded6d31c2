//! The table means what the policy means: random policies, random requests, hostile bytes.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a failure here is a failed test; counts are said so that they can be judged"
)]

#[path = "table/apart.rs"]
mod apart;
#[path = "table/conjoined.rs"]
mod conjoined;
#[path = "table/diff.rs"]
mod diff;
#[path = "table/exclusive.rs"]
mod exclusive;
#[path = "table/forbid.rs"]
mod forbid;
#[path = "table/gridded.rs"]
mod gridded;
#[path = "table/listed.rs"]
mod listed;
#[path = "table/models.rs"]
mod models;
#[path = "table/never.rs"]
mod never;
#[path = "table/redundant.rs"]
mod redundant;
#[path = "table/requests.rs"]
mod requests;

use std::cell::Cell;

use claw_lang::model::Model;
use claw_lang::oracle::{self, Request};
use claw_lang::{BuildInfo, diagram};
use claw_table::{ArmId, Fact, GuardId, Table, Unclear, Within};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

fn opened(model: &Model) -> Table {
    let bytes = claw_lang::build(model, &BuildInfo::unplaced()).expect("a small model builds");
    Table::open(&bytes).expect("what was built opens")
}

/// Few policies of a test need more to tell where requests can end, and some would take minutes.
const ENDS_STEPS_MAX: u32 = 20_000;

/// Whatever of a request is known, its arm is among those it may end in; with all, it is the one.
fn may_end(table: &Table, request: &Request, arm: ArmId) {
    type Known = fn(&Fact) -> bool;
    let known: [Known; 4] = [
        |_| false,
        |fact| matches!(fact, Fact::Model | Fact::Client | Fact::Ip),
        |fact| matches!(fact, Fact::Header(_) | Fact::Tokens | Fact::Mentions(_)),
        |_| true,
    ];
    for (at, known) in known.into_iter().enumerate() {
        let Some(ends) = table.ends(request, known, &mut { ENDS_STEPS_MAX }) else {
            continue;
        };
        assert!(ends.contains(&arm), "{request:?}");
        assert!(at < 3 || ends.len() == 1, "{request:?}");
    }
    assert_eq!(table.ends(request, |_| true, &mut 0), None);
    parts_ways(table, request, arm);
}

/// Where another model leads elsewhere, the arm is among those at which the two part ways; and a
/// request parts with none that is its like.
fn parts_ways(table: &Table, request: &Request, arm: ArmId) {
    let of_model = |fact: &Fact| matches!(fact, Fact::Model | Fact::Contains((Within::Model, _)));
    let apart = |other| table.ends_apart((request, other), of_model, &mut { ENDS_STEPS_MAX });
    let other = Request {
        model: Some("\u{1}".to_owned()),
        ..request.clone()
    };
    let Ok(elsewhere) = table.decide(&other) else {
        return;
    };
    if let Some(ends) = apart(&other) {
        assert!(elsewhere == arm || ends.contains(&arm), "{request:?}");
    }
    assert!(apart(request).is_none_or(|ends| ends.is_empty()));
}

/// How requests fared.
#[derive(Default)]
struct Tally {
    runs: Cell<u32>,
    reached: Cell<u32>,
    ambiguous: Cell<u32>,
    bounded: Cell<u32>,
}

impl Tally {
    /// What bounds traffic is about the same requests in both.
    fn guards(&self, model: &Model, table: &Table, request: &Request) {
        let mut met = Vec::new();
        match table.guards(request, |guard| met.push(guard)) {
            Ok(()) => {
                let all = (0..model.scopes.len() as u16).map(GuardId);
                let meant: Vec<GuardId> = all
                    .filter(|guard| oracle::guards(model, *guard, request))
                    .collect();
                assert_eq!(met, meant, "{request:?}");
                self.bounded.set(self.bounded.get() + met.len() as u32);
            }
            Err(Unclear::Ambiguous { fact }) => {
                assert!(requests::repeats(request, fact), "{fact:?} in {request:?}");
            }
            Err(Unclear::Broken) => panic!("a sound table is never broken"),
        }
    }

    fn check(&self, model: &Model, table: &Table, request: &Request) {
        let meant = oracle::decide(model, request)
            .arm()
            .expect("routes end in otherwise");
        self.runs.set(self.runs.get() + 1);
        match table.decide(request) {
            Ok(arm) => {
                assert_eq!(arm, meant, "{request:?}");
                may_end(table, request, arm);
            }
            Err(Unclear::Ambiguous { fact }) => {
                assert!(requests::repeats(request, fact), "{fact:?} in {request:?}");
                // Seven patterns have at most 128 sets that values can add up to.
                assert!(
                    models::patterns(model, fact) > 7,
                    "{fact:?} is given up on too early"
                );
                self.ambiguous.set(self.ambiguous.get() + 1);
            }
            Err(Unclear::Broken) => panic!("a sound table is never broken"),
        }
        self.guards(model, table, request);
        if !models::is_otherwise(model, meant) {
            self.reached.set(self.reached.get() + 1);
        }
    }
}

#[test]
fn a_table_decides_as_the_policy_says() {
    let tally = Tally::default();
    let input = (
        models::model(),
        vec(requests::request(), 16),
        vec((any::<u16>(), 0..16usize, 0..32usize), 48),
    );
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&input, |(model, requests, grafts)| {
        let table = opened(&model);
        for request in &requests {
            tally.check(&model, &table, request);
        }
        // A request that reaches an arm, and a step away from it.
        let proof = diagram::prove(&model).expect("a small model is proved");
        let witnesses = proof.diagram.expect("routes end in otherwise").witnesses();
        for (_, request) in &witnesses {
            let client = request.client.as_deref();
            assert!(client.is_none_or(|name| models::CLIENTS.contains(&name)));
        }
        for (pick, other, which) in grafts {
            let (_, mut request) = witnesses[usize::from(pick) % witnesses.len()].clone();
            requests::graft(&mut request, &requests[other], which);
            tally.check(&model, &table, &request);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    let (runs, reached) = (tally.runs.get(), tally.reached.get());
    let ambiguous = tally.ambiguous.get();
    println!(
        "{reached} of {runs} requests reached an arm that is not `otherwise`; {ambiguous} were ambiguous"
    );
    assert!(tally.bounded.get() * 4 >= runs, "guards are met too rarely");
    assert!(
        reached * 2 >= runs,
        "the requests are too far from the policies"
    );
    assert!(
        ambiguous * 20 <= runs,
        "too many repeated headers are given up on"
    );
}

/// Many header values of which each has an arm: too many sets to give each an atom.
#[test]
fn a_crowded_header_is_refused_when_repeated_and_exact_when_not() {
    let tally = Tally::default();
    let input = (models::crowded(), vec(requests::crowded(), 32));
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&input, |(model, requests)| {
        let table = opened(&model);
        for request in &requests {
            tally.check(&model, &table, request);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    let (runs, ambiguous) = (tally.runs.get(), tally.ambiguous.get());
    println!("{ambiguous} of {runs} requests were ambiguous");
    assert!(ambiguous > runs / 20 && ambiguous < runs / 2);
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    runner
        .run(&models::model(), |model| {
            let build = || claw_lang::build(&model, &BuildInfo::unplaced()).unwrap();
            assert_eq!(build(), build());
            Ok(())
        })
        .unwrap_or_else(|fault| panic!("{fault}"));
}

/// Every byte of a table, changed in five ways, with digests that fit again: refused, or still a
/// table through which every request walks to an arm.
#[test]
fn a_changed_byte_is_refused_or_harmless() {
    let (bytes, asked) = quickstart();
    let (mut refused, mut harmless) = (0, 0);
    for at in 0..bytes.len() {
        for change in [0x01, 0x02, 0x10, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            assert!(
                Table::open(&changed).is_err(),
                "byte {at} is covered by a digest"
            );
            claw_table::repair(&mut changed);
            let Ok(table) = Table::open(&changed) else {
                refused += 1;
                continue;
            };
            harmless += 1;
            for request in &asked {
                let trace = table.trace(request);
                assert!(trace.steps.len() <= table.fields().len());
                let arm = trace
                    .end
                    .expect("one value of each fact is never ambiguous");
                assert!(arm.index() < table.policy().arms.len());
            }
        }
    }
    println!("{refused} changes were refused, {harmless} still walk");
    assert!(refused > harmless, "the proof looks at less than it should");
    assert!(harmless > 0, "no change was walked");
}

/// A real table; a request for each of its arms, and one that says nothing.
fn quickstart() -> (Vec<u8>, Vec<Request>) {
    let source = claw_lang::Source {
        path: "quickstart.claw".into(),
        text: include_str!("../../examples/quickstart/quickstart.claw").to_owned(),
    };
    let model = claw_lang::check(vec![source.clone()]).model;
    let model = model.expect("the example is sound");
    let proof = diagram::prove(&model).expect("it is small");
    let witnesses = proof.diagram.expect("routes end in otherwise").witnesses();
    let mut asked: Vec<Request> = witnesses.into_iter().map(|(_, request)| request).collect();
    asked.push(Request::default());
    let bytes = claw_lang::compile(vec![source]).table;
    (bytes.expect("the example has a table"), asked)
}

/// Whatever is missing at the end.
#[test]
fn a_table_cut_short_is_refused_at_every_length() {
    let (bytes, _) = quickstart();
    for length in 0..bytes.len() {
        let mut cut = bytes[..length].to_vec();
        assert!(Table::open(&cut).is_err(), "{length} bytes");
        claw_table::repair(&mut cut);
        assert!(Table::open(&cut).is_err(), "{length} bytes, repaired");
    }
}
