//! Guards only restrict.

use std::cell::Cell;

use claw_lang::oracle;
use claw_table::policy::Action;
use proptest::collection::vec;
use proptest::test_runner::{Config, TestRunner};

use crate::{models, opened, requests};

#[test]
fn adding_a_guard_never_lets_more_through_nor_sends_anything_elsewhere() {
    let (refused, kept) = (Cell::new(0), Cell::new(0));
    let input = (
        models::model(),
        models::cond(),
        vec(requests::request(), 32),
    );
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&input, |(before, cond, requests)| {
        let mut after = before.clone();
        models::forbid(&mut after, cond.clone());
        let (old, new) = (opened(&before), opened(&after));
        for request in &requests {
            // Another question may make a repeated header clear or unclear. What is unclear is
            // refused, so that more may be refused but nothing else changes.
            let Ok(is) = new.decide(request) else {
                continue;
            };
            let to = after.policy.arms[is.index()].to;
            if oracle::holds(&cond, request) {
                assert!(
                    matches!(to, Action::Deny(_)),
                    "{request:?} gets past {cond:?}"
                );
                refused.set(refused.get() + 1);
            } else if let Ok(was) = old.decide(request) {
                assert_eq!(is, was, "{request:?} is none of {cond:?}");
                kept.set(kept.get() + 1);
            }
        }
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    let (refused, kept) = (refused.get(), kept.get());
    println!("{refused} requests met the new guard, {kept} did not");
    assert!(refused > 1000 && kept > 1000, "{refused} {kept}");
}
