//! Texts that are looked for in the middle of others, each a fact of its own: the same decisions.

use std::cell::Cell;
use std::fmt::Write as _;

use claw_lang::diagram::{self, Kept};
use claw_lang::oracle;
use claw_lang::{BuildInfo, Source};
use claw_table::{Fact, Table};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

use crate::listed::{arms, found};
use crate::{Tally, models, requests};

#[test]
fn texts_told_apart_decide_and_find_what_they_do_together() {
    let tally = Tally::default();
    let (apart, blind) = (Cell::new(0), Cell::new(0));
    let input = (
        models::model(),
        vec(requests::request(), 12),
        vec((any::<u16>(), 0..12usize, 0..32usize), 24),
    );
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&input, |(model, requests, grafts)| {
        let whole = diagram::prove(&model).expect("a small model is proved");
        let joined = whole.diagram.expect("a diagram");
        let reached = joined.witnesses();
        for kept in [Kept::Diagram, Kept::List] {
            let proof = diagram::prove_apart(&model, kept).expect("a small model is proved");
            let proved = proof.diagram.expect("routes end in otherwise");
            let bytes = claw_lang::finish(&proved, &BuildInfo::unplaced()).expect("it builds");
            let table = Table::open(&bytes).expect("what was built opens");
            let is_apart = |field: &claw_table::Field| matches!(field.fact(), Fact::Contains(_));
            apart.set(apart.get() + table.fields().iter().filter(|one| is_apart(one)).count());
            for request in &requests {
                tally.check(&model, &table, request);
            }
            let witnesses = proved.witnesses();
            match (joined.leaves_repeats(), proved.leaves_repeats()) {
                (false, false) => {
                    assert_eq!(found(&proof.findings), found(&whole.findings));
                    assert_eq!(arms(&witnesses), arms(&reached));
                }
                // What repeated values add up to is too much for one of them, which then has no arm
                // for some requests that the other knows.
                (_, is_blind) => {
                    blind.set(blind.get() + 1);
                    let (less, more) = if is_blind {
                        (arms(&witnesses), arms(&reached))
                    } else {
                        (arms(&reached), arms(&witnesses))
                    };
                    assert!(joined.leaves_repeats() && is_blind || less.is_subset(&more));
                }
            }
            for (arm, request) in &witnesses {
                assert_eq!(oracle::arm(&model, request), Some(*arm), "{request:?}");
                assert_eq!(table.decide(request).ok(), Some(*arm), "{request:?}");
            }
            for (pick, other, which) in &grafts {
                let (_, mut request) = witnesses[usize::from(*pick) % witnesses.len()].clone();
                requests::graft(&mut request, &requests[*other], *which);
                tally.check(&model, &table, &request);
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    println!(
        "{} requests, {} texts; {} knew less than what they were compared with",
        tally.runs.get(),
        apart.get(),
        blind.get()
    );
    assert!(blind.get() < 60, "most policies mean the same to both");
    assert!(apart.get() > 200, "too few texts are looked for apart");
}

/// Ten thousand arms on 64 texts in one field: each of them alone with a header, and pairs of them.
fn globs(arms: usize) -> String {
    let mut text =
        "policy globs\nprovider p { api openai; url \"http://127.0.0.1:9/v1\"; key none; \
                    model m { price free; context 8k; max-output 1k } }\n\
                    provider q { api openai; url \"http://127.0.0.1:8/v1\"; key none; tags far; \
                    model m { price free; context 8k; max-output 1k } }\n\
                    class a { primary p/m }\nclass b { primary q/m }\n\
                    never near when model is \"x-t63-y\" and header \"x-team\" is \"v0\" \
                    reaches provider tagged far\nroute {\n"
            .to_owned();
    for at in 0..arms {
        let (one, class) = (at % 64, if at % 3 == 1 { "b" } else { "a" });
        let team = at / 64;
        let _ = writeln!(
            text,
            "  when header \"x-team\" is \"v{team}\" and model like \"*-t{one}-*\" -> {class}"
        );
    }
    text.push_str("  otherwise -> a\n}\n");
    text
}

#[test]
fn ten_thousand_arms_on_sixty_four_texts_of_one_field_are_within_the_budget() {
    let source = Source {
        path: "globs.claw".into(),
        text: globs(10_000),
    };
    let checked = claw_lang::check(vec![source.clone()]);
    let report = checked.report.human();
    assert!(checked.model.is_some(), "{report}");
    let model = checked.model.expect("a model");
    let bytes = claw_lang::compile(vec![source]).table.expect("a table");
    assert!(bytes.len() < 8 << 20, "{} bytes", bytes.len());
    let table = Table::open(&bytes).expect("what was built opens");
    for (team, name) in [
        ("v0", "x-t63-y"),
        ("v7", "-t1--t2-"),
        ("v150", "-t0-"),
        ("v156", "-t15-"),
        ("v156", "-t16-"),
        ("none", "-t16-"),
    ] {
        let request = oracle::Request {
            model: Some(name.to_owned()),
            headers: vec![("x-team".to_owned(), team.into())],
            ..oracle::Request::default()
        };
        assert_eq!(table.decide(&request).ok(), oracle::arm(&model, &request));
        let trace = table.trace(&request);
        assert!(trace.steps.len() <= 66);
    }
}
