//! Whether arms of an exclusive route meet, against requests that are tried one by one.

use std::cell::Cell;

use claw_lang::diagram::{self, Finding, Overlap};
use claw_lang::model::{Cond, Model};
use claw_lang::oracle::{Request, holds};
use proptest::collection::vec;
use proptest::test_runner::{Config, TestRunner};

use crate::{models, requests};

fn overlaps(findings: &[Finding]) -> Vec<&Overlap> {
    let overlaps = findings.iter().filter_map(|finding| {
        let Finding::Meets(overlap) = finding else {
            return None;
        };
        Some(&**overlap)
    });
    overlaps.collect()
}

/// Whether the request is refused by no guard, and meets two arms of some route.
fn meets_two(model: &Model, request: &Request) -> bool {
    if model
        .guards
        .iter()
        .any(|guard| holds(&guard.arm.cond, request))
    {
        return false;
    }
    model.routes.iter().any(|route| {
        let arms = route.arms.iter().filter(|arm| arm.cond != Cond::Always);
        arms.filter(|arm| holds(&arm.cond, request)).count() > 1
    })
}

#[test]
fn arms_meet_exactly_if_some_request_meets_both() {
    let (found, met) = (Cell::new(0), Cell::new(0));
    let input = (models::model(), vec(requests::request(), 24));
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&input, |(mut model, requests)| {
        for route in &mut model.routes {
            route.exclusive = Some(claw_lang::span::Span::default());
        }
        let model = &model;
        let arm = |id| {
            let mut all = model.routes.iter().flat_map(|route| &route.arms);
            all.find(|arm| arm.id == id).expect("an arm of a route")
        };
        let whole = diagram::prove(model).expect("a small model is proved");
        let listed = diagram::prove_listed(model).expect("a small model is proved");
        let wholes = overlaps(&whole.findings);
        for overlap in wholes.iter().chain(&overlaps(&listed.findings)) {
            assert!(overlap.first < overlap.second);
            assert!(holds(&arm(overlap.first).cond, &overlap.witness));
            assert!(holds(&arm(overlap.second).cond, &overlap.witness));
        }
        let second = |overlaps: &[&Overlap]| -> Vec<_> {
            overlaps.iter().map(|overlap| overlap.second).collect()
        };
        assert_eq!(second(&wholes), second(&overlaps(&listed.findings)));
        found.set(found.get() + wholes.len());
        // A request that can be, and repeats nothing in a way that no atom stands for.
        let plain = |request: &&Request| {
            let mut facts = models::facts().into_iter();
            !facts.any(|fact| requests::repeats(request, &fact))
        };
        if wholes.is_empty() {
            for request in requests.iter().filter(plain) {
                assert!(!meets_two(model, request), "{request:?}");
            }
        } else {
            met.set(met.get() + requests.iter().filter(|one| meets_two(model, one)).count());
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    println!(
        "{} overlaps, {} requests in two arms",
        found.get(),
        met.get()
    );
    assert!(found.get() > 300 && met.get() > 300);
}
