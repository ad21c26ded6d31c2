//! A policy whose diagram would be too large is a list of boxes, and means the same.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use claw_lang::diagram::{self, Finding};
use claw_lang::model::Model;
use claw_lang::oracle;
use claw_lang::{BuildInfo, Source};
use claw_table::{ArmId, Table};
use proptest::collection::vec;
use proptest::test_runner::{Config, TestRunner};

use crate::{Tally, models, requests};

fn listed(model: &Model) -> Table {
    let proof = diagram::prove_listed(model).expect("a small model is proved");
    let proved = proof.diagram.expect("routes end in otherwise");
    let bytes = claw_lang::finish(&proved, &BuildInfo::unplaced()).expect("a small model builds");
    let table = Table::open(&bytes).expect("what was built opens");
    assert!(table.stats().boxes > 0);
    table
}

/// What is found, without whom it is blamed on.
pub(crate) fn found(findings: &[Finding]) -> BTreeSet<String> {
    let bare = |finding: &Finding| {
        let whole = format!("{finding:?}");
        match whole.split_once(", by: ") {
            Some((bare, _)) => bare.to_owned(),
            None => whole,
        }
    };
    findings.iter().map(bare).collect()
}

/// The arm that no request takes, by a finding.
pub(crate) fn dead(finding: &Finding) -> Option<ArmId> {
    if let Finding::Shadowed { arm, .. }
    | Finding::Impossible { arm }
    | Finding::OutOfReach { arm, .. }
    | Finding::Forbidden { arm, .. } = finding
    {
        Some(*arm)
    } else {
        None
    }
}

pub(crate) fn arms(witnesses: &[(ArmId, oracle::Request)]) -> BTreeSet<ArmId> {
    witnesses.iter().map(|(arm, _)| *arm).collect()
}

#[test]
fn a_list_decides_and_finds_what_the_diagram_does() {
    let tally = Tally::default();
    let blind = Cell::new(0);
    let input = (models::model(), vec(requests::request(), 16));
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&input, |(model, requests)| {
        let table = listed(&model);
        for request in &requests {
            tally.check(&model, &table, request);
        }
        let whole = diagram::prove(&model).expect("a small model is proved");
        let dead: BTreeSet<ArmId> = whole.findings.iter().filter_map(dead).collect();
        for request in &requests {
            let taken = oracle::decide(&model, request).taken;
            assert!(taken.iter().all(|arm| !dead.contains(arm)));
        }
        let proof = diagram::prove_listed(&model).expect("a small model is proved");
        let list = proof.diagram.expect("a list");
        let diagram = whole.diagram.expect("a diagram");
        let (witnesses, wholes) = (list.witnesses(), diagram.witnesses());
        if diagram.leaves_repeats() && !list.leaves_repeats() {
            // What repeated values add up to made the diagram too large, and the list knows it: it
            // may find a request for an arm where the diagram, which refuses it, has none.
            blind.set(blind.get() + 1);
            assert!(arms(&wholes).is_subset(&arms(&witnesses)));
        } else {
            assert_eq!(found(&proof.findings), found(&whole.findings));
            assert_eq!(arms(&witnesses), arms(&wholes));
        }
        for (arm, request) in witnesses {
            assert_eq!(table.decide(&request).ok(), Some(arm));
            assert_eq!(oracle::arm(&model, &request), Some(arm));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    println!(
        "{} requests; {} diagrams know less than their lists",
        tally.runs.get(),
        blind.get()
    );
    assert!(blind.get() < 30, "most policies mean the same to both");
}

/// Every byte of a list, changed, with digests that fit again: refused, or still a table through
/// which every request walks to an arm.
#[test]
fn a_changed_byte_of_a_list_is_refused_or_harmless() {
    let source = Source {
        path: "quickstart.claw".into(),
        text: include_str!("../../../examples/quickstart/quickstart.claw").to_owned(),
    };
    let model = claw_lang::check(vec![source]).model.expect("it is sound");
    let proof = diagram::prove_listed(&model).expect("it is small");
    let proved = proof.diagram.expect("routes end in otherwise");
    let bytes = claw_lang::finish(&proved, &BuildInfo::unplaced()).expect("it builds");
    let asked: Vec<_> = proved.witnesses().into_iter().map(|(_, ask)| ask).collect();
    let (mut refused, mut harmless) = (0, 0);
    for at in 0..bytes.len() {
        for change in [0x01, 0x02, 0x10, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            claw_table::repair(&mut changed);
            let Ok(table) = Table::open(&changed) else {
                refused += 1;
                continue;
            };
            harmless += 1;
            for request in &asked {
                let trace = table.trace(request);
                assert!(trace.steps.len() <= table.stats().depth);
                let arm = trace
                    .end
                    .expect("one value of each fact is never ambiguous");
                assert!(arm.index() < table.policy().arms.len());
            }
        }
    }
    println!("{refused} changes were refused, {harmless} still walk");
    assert!(refused > harmless && harmless > 0);
}

/// Half the arms on the client, half on the model, in turn: a diagram has a way for each pair.
fn interleaved(arms: usize) -> String {
    let mut text =
        "policy crossed\nprovider p { api openai; url \"http://127.0.0.1:9/v1\"; key none; \
                    model m { price free; context 8k; max-output 1k } }\n\
                    provider q { api openai; url \"http://127.0.0.1:8/v1\"; key none; tags far; \
                    model m { price free; context 8k; max-output 1k } }\n\
                    class a { primary p/m }\nclass b { primary q/m }\n"
            .to_owned();
    for at in 0..arms / 2 {
        let _ = writeln!(
            text,
            "client c{at} {{ from 10.{}.{}.0/24 }}",
            at / 256,
            at % 256
        );
    }
    // Somebody must be left for the last arms.
    text.push_str("client other { from any }\n");
    text.push_str("never far when client is c7 and model is \"m3\" reaches provider tagged far\n");
    text.push_str(
        "never near when client is c7 and model is \"m9\" reaches provider not tagged far\n",
    );
    text.push_str("route {\n");
    for at in 0..arms / 2 {
        let _ = writeln!(text, "  when client is c{at} -> b");
        let _ = writeln!(text, "  when model is \"m{at}\" -> a");
    }
    text.push_str("  otherwise -> a\n}\n");
    text
}

#[test]
fn ten_thousand_arms_in_turn_on_client_and_model_are_listed_within_the_budget() {
    let source = Source {
        path: "crossed.claw".into(),
        text: interleaved(10_000),
    };
    let checked = claw_lang::check(vec![source.clone()]);
    let report = checked.report.human();
    // Both claims hold: `m3` stands before `c7`, and `m9` behind it.
    assert!(checked.model.is_some(), "{report}");
    let compiled = claw_lang::compile(vec![source]);
    let bytes = compiled.table.expect("a table");
    assert!(bytes.len() < 8 << 20, "{} bytes", bytes.len());
    let table = Table::open(&bytes).expect("what was built opens");
    assert_eq!(table.stats().boxes, 10_001);
    let model = checked.model.expect("a model");
    for (client, name) in [("c7", "m3"), ("c3", "m7"), ("c4999", "m4999"), ("c0", "x")] {
        let request = oracle::Request {
            client: Some(client.to_owned()),
            model: Some(name.to_owned()),
            ..oracle::Request::default()
        };
        assert_eq!(table.decide(&request).ok(), oracle::arm(&model, &request));
    }
}

#[test]
fn a_claim_that_a_list_breaks_is_found_with_a_request_and_a_dead_arm_too() {
    let mut text = interleaved(6_000);
    text = text.replace(
        "  otherwise",
        "  when client is c5 and model is \"m2999\" -> a\n  otherwise",
    );
    text.push_str(
        "never broken when client is c7 and model is \"m9\" reaches provider tagged far\n",
    );
    let source = Source {
        path: "crossed.claw".into(),
        text,
    };
    let report = claw_lang::check(vec![source]).report.human();
    assert!(report.contains("this arm can never be chosen"), "{report}");
    assert!(report.contains("broken"), "{report}");
    assert!(
        report.contains("client c7") && report.contains("\"m9\""),
        "{report}"
    );
}
