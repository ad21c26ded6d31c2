//! Two policies compared by diagrams, and by asking the slow evaluator request by request.

use std::collections::BTreeSet;
use std::sync::Arc;

use claw_lang::Report;
use claw_lang::diff::{Diff, Side, diff};
use claw_lang::model::{Ask, Cond, Model};
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
    diff(side(old), side(new)).expect("small models are compared")
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
        ..Config::default()
    });
    // A second policy that shares most of its text with the first.
    let input = (
        models::routes(),
        models::routes(),
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
                    // Values that no atom stands for together are refused by both, and so no change;
                    // and what every request has is absent from none.
                    let twice = models::facts()
                        .iter()
                        .any(|fact| requests::repeats(request, fact));
                    let whole = models::facts()
                        .into_iter()
                        .filter(Fact::is_always)
                        .all(|fact| oracle::holds(&Cond::Test(fact, Ask::Present), request));
                    assert!(
                        twice || !whole || told.contains(&(&*before, &*after)),
                        "{before} -> {after} is not told: {request:?}"
                    );
                }
            }
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
