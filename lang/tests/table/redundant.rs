//! Arms that could be left out, against a comparison of the policy with the one that lacks them.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use claw_lang::Report;
use claw_lang::diagram::{self, Finding};
use claw_lang::diff::{Side, diff};
use claw_lang::model::{Cond, Model};
use claw_table::{ArmId, Fact};
use proptest::prelude::Strategy;
use proptest::test_runner::{Config, TestRunner};

use crate::listed::dead;
use crate::models;

fn told(findings: &[Finding]) -> BTreeSet<ArmId> {
    let told = findings.iter().filter_map(|finding| {
        let Finding::Redundant { arm, .. } = finding else {
            return None;
        };
        Some(*arm)
    });
    told.collect()
}

/// The arms of which the check has more to say: those that are never chosen, or always.
fn else_faulty(findings: &[Finding]) -> BTreeSet<ArmId> {
    let faulty = findings.iter().filter_map(|finding| {
        if let Finding::Always { arm } = finding {
            Some(*arm)
        } else {
            dead(finding)
        }
    });
    faulty.collect()
}

/// Whether some request is treated otherwise without these arms. Only `otherwise` has no number.
fn counts(arms: &[(Cond, u8)], before: &BTreeSet<usize>, after: &BTreeSet<usize>) -> bool {
    let without = |gone: &BTreeSet<usize>| -> Model {
        let left = arms.iter().enumerate().filter(|(at, _)| !gone.contains(at));
        models::made(vec![left.map(|(_, arm)| arm.clone()).collect()])
    };
    let (old, new) = (without(before), without(after));
    let report = Report::new(Arc::from(Vec::new()));
    let side = |model| Side {
        model,
        report: &report,
    };
    let found = diff(side(&old), side(&new)).expect("policies are compared");
    !found.changes.is_empty()
}

#[test]
fn an_arm_is_told_exactly_if_nothing_changes_without_it() {
    let (redundant, needed) = (Cell::new(0), Cell::new(0));
    // One route, whose arms lead to two classes and a refusal.
    let ends = (models::cond(), 0..3u8).prop_map(|(cond, to)| (cond, [0, 2, 3][usize::from(to)]));
    let mut runner = TestRunner::new(Config {
        cases: 80,
        failure_persistence: None,
        // A case of these is slow to make smaller.
        max_shrink_time: 60_000,
        ..Config::default()
    });
    let outcome = runner.run(&proptest::collection::vec(ends, 1..8), |arms| {
        let model = models::made(vec![arms.clone()]);
        let proof = diagram::prove(&model).expect("a small model is proved");
        let findings = proof.findings;
        let listed = diagram::prove_listed(&model).expect("a small model is proved");
        let found = told(&findings);
        assert_eq!(found, told(&listed.findings));
        let faulty = else_faulty(&findings);
        // From the last arm up, each against the policy without those that were told below it.
        let mut gone = BTreeSet::new();
        for (at, (cond, _)) in arms.iter().enumerate().rev() {
            let id = ArmId(u32::try_from(at).expect("few arms"));
            let mut further = gone.clone();
            further.insert(at);
            if found.contains(&id) {
                assert!(!counts(&arms, &gone, &further), "{id:?} counts");
                gone = further;
                redundant.set(redundant.get() + 1);
            } else if !faulty.contains(&id) && !cond.asks(&Fact::Model) {
                assert!(counts(&arms, &gone, &further), "{id:?} says nothing");
                needed.set(needed.get() + 1);
            }
        }
        assert!(!counts(&arms, &BTreeSet::new(), &gone));
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
    println!(
        "{} could be left out, {} could not",
        redundant.get(),
        needed.get()
    );
    assert!(redundant.get() > 12 && needed.get() > 60);
}
