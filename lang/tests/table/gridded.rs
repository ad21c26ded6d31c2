//! Many ranges of addresses that overlap, each at many times that overlap: every pair has an arm.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use claw_lang::diagram;
use claw_lang::moment::Moment;
use claw_lang::{BuildInfo, Source, oracle};
use claw_table::{ArmId, Table};
use proptest::collection::vec;
use proptest::test_runner::{Config, TestRunner};

use crate::listed::dead;
use crate::{Tally, models, requests};

/// `ranges` lists of eight networks, each shifted by one, by `windows` times of eight hours, each
/// shifted by a quarter of an hour; the clocks take turns. Each arm is the first for somebody.
pub(crate) fn gridded(ranges: usize, windows: usize, zones: &[&str]) -> Source {
    let mut text =
        "policy gridded\nprovider p { api openai; url \"http://127.0.0.1:9/v1\"; key none; \
                    model m { price free; context 8k; max-output 1k } }\n\
                    provider q { api openai; url \"http://127.0.0.1:8/v1\"; key none; \
                    model m { price free; context 8k; max-output 1k } }\n\
                    class a { primary p/m; fallback q/m }\nclass b { primary q/m; fallback p/m }\n"
            .to_owned();
    for at in 0..ranges {
        let nets: Vec<String> = (at..at + 8).map(|net| format!("10.{net}.0.0/16")).collect();
        let _ = writeln!(text, "let range-{at} = {}", nets.join(", "));
    }
    for at in 0..windows {
        let zone = zones[at % zones.len()];
        let (from, to) = (at * 15, at * 15 + 480);
        let clock = |minute: usize| format!("{:02}:{:02}", minute / 60, minute % 60);
        let _ = writeln!(
            text,
            "let window-{at} = mon..sat {}..{} \"{zone}\"",
            clock(from),
            clock(to)
        );
    }
    text.push_str("route {\n");
    for range in 0..ranges {
        for window in 0..windows {
            let class = ["a", "b"][(range + window) % 2];
            // Clocks of several zones leave nothing to some arms, but for those who name the model.
            let own = match zones {
                [_] => String::new(),
                _ => format!(" and model is \"m{range}-{window}\""),
            };
            let _ = writeln!(
                text,
                "  when ip in range-{range} and time in window-{window}{own} -> {class}"
            );
        }
    }
    text.push_str("  otherwise -> a\n}\n");
    Source {
        path: "gridded.claw".into(),
        text,
    }
}

#[test]
fn two_hundred_ranges_by_fifty_times_fit_the_budget_and_decide_as_they_say() {
    let source = gridded(200, 50, &["Europe/Berlin"]);
    let compiled = claw_lang::compile(vec![source.clone()]);
    let bytes = compiled
        .table
        .unwrap_or_else(|| panic!("{}", compiled.report.human()));
    assert!(bytes.len() < 8 << 20, "{} bytes", bytes.len());
    let table = Table::open(&bytes).expect("what was built opens");
    let stats = table.stats();
    println!("{stats:?}");
    assert!(stats.depth == 2 && stats.boxes == 0, "{stats:?}");
    let model = claw_lang::check(vec![source]).model.expect("a model");
    let mut arms = std::collections::BTreeSet::new();
    for net in (0..210).step_by(3) {
        for minute in (0..7 * 24 * 60).step_by(97) {
            let request = oracle::Request {
                ip: Some(IpAddr::V4(Ipv4Addr::new(10, net, 7, 7))),
                at: Some(Moment {
                    minute: Moment::ordinary().minute + minute,
                    zone: "UTC".to_owned(),
                }),
                ..oracle::Request::default()
            };
            let arm = table.decide(&request).ok();
            assert_eq!(arm, oracle::arm(&model, &request), "{request:?}");
            arms.extend(arm);
        }
    }
    assert!(arms.len() > 2_000, "only {} arms were met", arms.len());
}

/// The clocks of several zones are fields of their own, of which not every combination comes: as a
/// diagram, and where that would be too large as a list.
#[test]
fn times_of_several_zones_are_decided_within_the_budget_too() {
    let zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata"];
    for (ranges, is_listed) in [(1, false), (10, true)] {
        let source = gridded(ranges, 12, &zones);
        let checked = claw_lang::check(vec![source.clone()]);
        let Some(model) = checked.model else {
            panic!("{}", checked.report.human())
        };
        let bytes = claw_lang::compile(vec![source]).table.expect("a table");
        assert!(bytes.len() < 8 << 20, "{} bytes", bytes.len());
        let table = Table::open(&bytes).expect("what was built opens");
        println!("{:?}", table.stats());
        assert_eq!(table.stats().boxes > 0, is_listed, "{:?}", table.stats());
        let proof = diagram::prove_listed(&model).expect("it is within the budget");
        let witnesses = proof.diagram.expect("routes end in otherwise").witnesses();
        assert_eq!(witnesses.len(), ranges * 12 + 1);
        for (arm, request) in witnesses {
            assert_eq!(table.decide(&request).ok(), Some(arm), "{request:?}");
            assert_eq!(oracle::arm(&model, &request), Some(arm), "{request:?}");
        }
    }
}

/// Random arms over the clocks of three zones: the table decides as the policy says, each witness is
/// a moment that there is, and no arm is found dead that some request falls to.
#[test]
fn clocks_of_several_zones_decide_as_the_policy_says_and_no_arm_is_wrongly_dead() {
    let mut runner = TestRunner::new(Config {
        cases: 120,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let tally = Tally::default();
    let input = (models::timed(), vec(requests::request(), 64));
    let outcome = runner.run(&input, |(model, requests)| {
        let proof = diagram::prove(&model).expect("a small model is proved");
        let dead: Vec<ArmId> = proof.findings.iter().filter_map(dead).collect();
        let proved = proof.diagram.expect("routes end in otherwise");
        let bytes = claw_lang::finish(&proved, &BuildInfo::unplaced()).expect("it builds");
        let table = Table::open(&bytes).expect("what was built opens");
        for (arm, request) in proved.witnesses() {
            assert_eq!(table.decide(&request).ok(), Some(arm), "{request:?}");
            assert_eq!(oracle::arm(&model, &request), Some(arm), "{request:?}");
        }
        for request in &requests {
            tally.check(&model, &table, request);
            let arm = oracle::arm(&model, request).expect("routes end in otherwise");
            assert!(!dead.contains(&arm), "{arm:?} is met by {request:?}");
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
}
