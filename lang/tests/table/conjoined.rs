//! Conditions on several texts in the middle of several fields: what they take together grows with the
//! product of them all, so they are not joined.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use claw_lang::diff::{Side, diff};
use claw_lang::oracle::{self, Request};
use claw_lang::{BuildInfo, Source, diagram};
use claw_table::Table;
use proptest::collection::btree_set;
use proptest::test_runner::{Config, TestRunner};

const ARMS: usize = 48;

/// Arms of three texts each, of which the one at `odd` is another.
fn policy(odd: usize) -> Source {
    let mut text = "policy p\nprovider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }\nclass code { primary a/x }\nclass rest { primary a/y }\nroute {\n"
        .to_owned();
    for at in 0..ARMS {
        let own = if at == odd { at + 1000 } else { at };
        let to = ["code", "rest"][at % 2];
        let _ = writeln!(
            text,
            "  when model like \"*<{own}>*\" and header \"h\" like \"*<{at}>*\" and path like \"*<{at}>*\" -> {to}"
        );
    }
    text.push_str("  otherwise -> code\n}\n");
    Source {
        path: "conjoined.claw".into(),
        text,
    }
}

/// A request with these texts in its model, its header and its path.
fn request([model, header, path]: [&BTreeSet<usize>; 3]) -> Request {
    let joined = |own: &BTreeSet<usize>| {
        let texts: Vec<String> = own.iter().map(|at| format!("<{at}>")).collect();
        texts.concat()
    };
    Request {
        model: Some(joined(model)),
        headers: vec![("h".to_owned(), joined(header).into_bytes())],
        path: Some(format!("/{}", joined(path))),
        endpoint: Some("other".to_owned()),
        method: Some("POST".to_owned()),
        ..Request::default()
    }
}

#[test]
fn arms_on_three_texts_each_are_proved_decided_and_compared() {
    let checked = claw_lang::check(vec![policy(ARMS)]);
    let model = checked.model.expect("it is sound");
    let proof = diagram::prove(&model).expect("it fits");
    assert!(proof.findings.is_empty(), "{:?}", proof.findings);
    let proved = proof.diagram.expect("routes end in otherwise");
    assert!(proved.is_listed(), "it is one that no diagram holds");
    assert_eq!(proved.witnesses().len(), ARMS + 1);
    let bytes = claw_lang::finish(&proved, &BuildInfo::unplaced()).expect("it builds");
    let table = Table::open(&bytes).expect("what was built opens");
    for (arm, request) in proved.witnesses() {
        assert_eq!(oracle::arm(&model, &request), Some(arm));
    }
    let texts = || btree_set(0..ARMS, 0..ARMS);
    let mut runner = TestRunner::new(Config {
        cases: 500,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&(texts(), texts(), texts()), |(a, b, c)| {
        let request = request([&a, &b, &c]);
        let first = a.iter().find(|at| b.contains(at) && c.contains(at));
        let arm = table.decide(&request).expect("nothing is said twice");
        assert_eq!(Some(arm), oracle::arm(&model, &request));
        assert_eq!(arm.index(), *first.unwrap_or(&ARMS));
        Ok(())
    });
    outcome.unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn one_of_them_changed_is_all_that_a_comparison_tells() {
    let odd = 7;
    let [old, new] = [ARMS, odd].map(|odd| claw_lang::check(vec![policy(odd)]));
    let models = [&old, &new].map(|it| it.model.as_ref().expect("it is sound"));
    let side = |at: usize| Side {
        model: models[at],
        report: [&old.report, &new.report][at],
    };
    let same = diff(side(0), side(0)).expect("it fits");
    assert!(same.changes.is_empty());
    let found = diff(side(0), side(1)).expect("it fits");
    assert!(!found.changes.is_empty());
    for moved in found.changes.iter().flat_map(|change| &change.arms) {
        let odd = format!("main/{}", odd + 1);
        let is_odd = [&moved.old, &moved.new].iter().any(|arm| arm.arm == odd);
        assert!(is_odd, "{moved:?} was not changed");
    }
}
