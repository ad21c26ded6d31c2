//! Two policies compared by diagrams, and by asking the slow evaluator request by request.

use std::collections::BTreeSet;
use std::sync::Arc;

use claw_lang::Report;
use claw_lang::diagram::{self, Kept};
use claw_lang::diff::{Diff, Side, diff, diff_kept};
use claw_lang::model::{Ask, Cond, Model, Pattern};
use claw_lang::oracle::{self, Request};
use claw_table::Fact;
use claw_table::policy::Action;
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestRunner};

use crate::{models, requests};

fn compared(old: &Model, new: &Model) -> Diff {
    let report = Report::new(Arc::from(Vec::new()));
    let side = |model| Side {
        model,
        report: &report,
    };
    diff(side(old), side(new)).expect("policies are compared")
}

fn kept(old: &Model, new: &Model, kept: Kept) -> Diff {
    let report = Report::new(Arc::from(Vec::new()));
    let side = |model| Side {
        model,
        report: &report,
    };
    diff_kept(side(old), side(new), kept).expect("policies are compared")
}

/// What changes, by arms, without the requests that show it.
fn arms(found: &Diff) -> BTreeSet<String> {
    let changes = found.changes.iter();
    let pairs = changes.flat_map(|change| {
        let moved = change.arms.iter();
        moved.map(move |moved| {
            let (old, new) = (&moved.old.arm, &moved.new.arm);
            format!(
                "{:?} {old} {new} {} {}",
                change.verdict, change.old, change.new
            )
        })
    });
    pairs.collect()
}

/// What becomes of a request, as the comparison names it.
fn meant(model: &Model, request: &Request) -> String {
    let arm = oracle::decide(model, request)
        .arm()
        .expect("routes end in otherwise");
    match model.policy.arms[arm.index()].to {
        Action::Class(id) => format!("class {}", model.policy.classes[id.index()].name),
        Action::Deny(id) => {
            let deny = &model.policy.denies[id.index()];
            format!("deny {} \"{}\"", deny.status, deny.text)
        }
        Action::Route => panic!("a decision leads on"),
    }
}

#[test]
fn every_request_that_is_treated_otherwise_is_in_a_change_and_no_other() {
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    // A second policy that shares most of its text with the first.
    let input = (
        models::few(),
        models::few(),
        (
            any::<u16>(),
            vec(models::cond(), 0..3),
            vec(models::cond(), 0..3),
        ),
        vec(requests::request(), 64),
    );
    let (mut moved, mut asked) = (0, 0);
    let counts = std::cell::RefCell::new((&mut moved, &mut asked));
    let outcome = runner.run(
        &input,
        |(routes, others, (pick, old_guards, new_guards), requests)| {
            let mut old = models::made(routes.clone());
            let mut changed = routes;
            let at = usize::from(pick) % changed.len();
            changed[at].clone_from(&others[0]);
            let mut new = models::made(changed);
            for cond in old_guards {
                models::forbid(&mut old, cond);
            }
            for cond in new_guards {
                models::forbid(&mut new, cond);
            }
            let found = compared(&old, &new);
            let told: BTreeSet<(&str, &str)> = found
                .changes
                .iter()
                .map(|one| (&*one.old, &*one.new))
                .collect();
            for request in &requests {
                let (before, after) = (meant(&old, request), meant(&new, request));
                let mut counts = counts.borrow_mut();
                *counts.1 += 1;
                if before != after {
                    *counts.0 += 1;
                    // Values that no atom stands for together are refused by both, and so no change.
                    let twice = models::facts()
                        .iter()
                        .any(|fact| requests::repeats(request, fact));
                    assert!(
                        twice || told.contains(&(&*before, &*after)),
                        "{before} -> {after} is not told: {request:?}"
                    );
                }
            }
            let listed = kept(&old, &new, Kept::List);
            assert_eq!(arms(&listed), arms(&found));
            for change in &found.changes {
                assert_ne!(change.old, change.new);
                assert!(!change.arms.is_empty());
            }
            Ok(())
        },
    );
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    println!("{moved} of {asked} requests were treated otherwise");
    assert!(moved * 50 >= asked, "the policies are too much alike");
}

#[test]
fn a_policy_beside_itself_shows_nothing() {
    let mut runner = TestRunner::new(Config {
        cases: 100,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    runner
        .run(&models::model(), |model| {
            let found = compared(&model, &model);
            assert!(found.is_empty(), "{found:?}");
            Ok(())
        })
        .unwrap_or_else(|fault| panic!("{fault}"));
}

/// Half the arms on one fact, half on another, in turn: no diagram of them is small.
fn crossed(arms: usize, odd: usize) -> Model {
    let is =
        |fact: Fact, value: String| Cond::Test(fact, Ask::Matches(vec![Pattern::Exact(value)]));
    let conds = (0..arms).map(|at| {
        let cond = match at % 2 {
            0 => is(Fact::Host, format!("h{at}.example")),
            _ => is(Fact::Model, format!("m{at}")),
        };
        let pick = if at == odd { 2 } else { 3 };
        (cond, pick)
    });
    models::made(vec![conds.collect()])
}

#[test]
fn policies_that_are_too_large_for_a_diagram_are_compared_as_lists() {
    let found = compared(&crossed(6_000, 3_001), &crossed(6_000, 7));
    let told: Vec<(&str, &str)> = found
        .changes
        .iter()
        .map(|one| (&*one.old, &*one.new))
        .collect();
    assert_eq!(
        told,
        [
            ("deny 400 \"no\"", "class two"),
            ("class two", "deny 400 \"no\"")
        ]
    );
    let same = compared(&crossed(6_000, 7), &crossed(6_000, 7));
    assert!(same.is_empty());
}

/// The old policy asks for no client, so that nothing on the way to its only arm does; the new one
/// refuses all clients but one, and would serve a caller who is none.
#[test]
fn a_request_that_lists_are_compared_by_comes_from_a_client() {
    let client = |names: &[&str]| {
        let names = names.iter().map(|name| Pattern::Exact((*name).to_owned()));
        Cond::Test(Fact::Client, Ask::Matches(names.collect()))
    };
    let other = Cond::Not(Box::new(client(&["ann"])));
    let old = models::made(vec![Vec::new()]);
    let mut new = models::made(vec![vec![(client(&["ann"]), 4), (other, 5)]]);
    models::forbid(&mut new, client(&["bob", "cy"]));
    let (listed, found) = (kept(&old, &new, Kept::List), compared(&old, &new));
    assert_eq!(arms(&listed), arms(&found));
    let told = listed.changes.iter().map(|one| &*one.new);
    assert_eq!(told.collect::<Vec<_>>(), ["deny 400 \"not so\""]);
}

/// Fifteen headers, each wanted together with a member of the body: a diagram, which asks all headers
/// first, has a node for every set of them. It would have room only without what repeated values add
/// up to, and so without the only requests that this change is about; a list knows them.
#[test]
fn a_request_that_repeats_a_header_is_told_where_a_diagram_would_leave_it_out() {
    let is = |name: &str, value: &str| {
        let value = Pattern::Exact(value.to_owned());
        Cond::Test(Fact::Header(name.to_owned()), Ask::Matches(vec![value]))
    };
    let both = |at: usize| {
        let member = Cond::Test(Fact::Body(format!("/b{at}")), Ask::Null);
        (Cond::All(vec![is(&format!("x-{at}"), "on"), member]), 2)
    };
    let old: Vec<(Cond, u8)> = (0..15).map(both).collect();
    let mut new = old.clone();
    new.push((Cond::All(vec![is("x", "a"), is("x", "b")]), 3));
    let (old, new) = (models::made(vec![old]), models::made(vec![new]));
    let proof = diagram::prove(&new).expect("it fits as a list");
    assert!(
        proof.findings.is_empty(),
        "some request is for the last arm"
    );
    assert!(proof.diagram.is_some_and(|list| list.is_listed()));
    let found = compared(&old, &new);
    let told = found.changes.iter().map(|one| (&*one.old, &*one.new));
    assert_eq!(told.collect::<Vec<_>>(), [("class one", "class two")]);
    let said = found.changes[0].request.to_string();
    assert!(said.contains("\"a\"") && said.contains("\"b\""), "{said}");
}

/// Another way to say the same condition.
fn said_otherwise(cond: &Cond, way: u8) -> Cond {
    match way % 4 {
        0 => Cond::All(vec![cond.clone()]),
        1 => Cond::Any(vec![cond.clone()]),
        2 => Cond::Not(Box::new(Cond::Not(Box::new(cond.clone())))),
        _ => cond.clone(),
    }
}

#[test]
fn policies_of_one_digest_differ_in_nothing() {
    let digest = |model: &Model| crate::opened(model).about().behaviour;
    let alike = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config {
        cases: 150,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&(models::model(), vec(any::<u8>(), 40)), |(model, ways)| {
        let mut other = model.clone();
        let arms = other.routes.iter_mut().flat_map(|route| &mut route.arms);
        for (arm, way) in arms.zip(ways.iter().cycle()) {
            if arm.cond != Cond::Always {
                arm.cond = said_otherwise(&arm.cond, *way);
            }
        }
        let found = compared(&model, &other);
        assert!(found.is_empty(), "{found:?}");
        if digest(&model) == digest(&other) {
            alike.set(alike.get() + 1);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    println!("{} of 150 have one digest", alike.get());
    assert!(alike.get() > 100, "one meaning has one digest but for few");
}
