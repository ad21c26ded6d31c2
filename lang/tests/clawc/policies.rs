//! The policies that ship do what their names say, and show it by tests of their own.

use std::fs;
use std::path::PathBuf;

use claw_lang::day::Day;
use claw_lang::explain::{Compared, Explained, Outcome, TargetPlan, explain};
use claw_lang::testing::{Told, coverage};
use claw_lang::{check, compile, compile_on, read_folder, request, test};
use claw_table::Table;

use crate::root;

fn explained(folder: &str, request: &str) -> Explained {
    let sources = read_folder(&root().join(folder)).unwrap();
    let checked = check(sources.clone());
    let bytes = compile(sources).table.expect(folder);
    let table = Table::open(&bytes).unwrap();
    let model = checked.model.as_ref().unwrap();
    let request = request::read(request).unwrap();
    explain(
        Compared {
            model,
            table: &table,
            report: &checked.report,
        },
        &request,
    )
    .unwrap()
}

/// The class with its targets, or the status of the refusal.
fn told(folder: &str, request: &str) -> String {
    let explained = explained(folder, request);
    match explained.decision {
        Outcome::Class { class } => {
            let targets = explained.plan.unwrap().targets;
            let carries = |it: &TargetPlan| it.lacks.is_empty() && it.too_small.is_none();
            let targets = targets.into_iter().filter(carries);
            let targets: Vec<String> = targets.map(|target| target.target).collect();
            format!("{class}: {}", targets.join(", "))
        }
        Outcome::Deny { status, .. } => format!("deny {status}"),
        Outcome::Ambiguous { fact, .. } => format!("ambiguous {fact}"),
    }
}

#[test]
fn the_quickstart_sends_each_kind_of_work_where_it_says() {
    let told = |request| told("examples/quickstart", request);
    assert_eq!(
        told(r#"{"model": "main"}"#),
        "code: primary/large, backup/large"
    );
    assert_eq!(
        told(r#"{"model": "gpt-5.5", "tokens": 300001}"#),
        "long: backup/large, primary/large"
    );
    assert_eq!(
        told(r#"{"model": "gpt-5.5", "tokens": 400001}"#),
        "long: backup/large",
        "primary/large holds 400k"
    );
    assert_eq!(
        told(r#"{"model": "gpt-5.5", "tokens": 900001}"#),
        "deny 400"
    );
    assert_eq!(
        told(r#"{"model": "gpt-5.5", "headers": {"x-job": "batch"}}"#),
        "cheap: backup/small, primary/small"
    );
    assert_eq!(
        told(r#"{"has": ["images"]}"#),
        "code: primary/large",
        "backup/large reads no images"
    );
    assert_eq!(told(r#"{"headers": {"x-team": "ml"}}"#), "deny 400");
    assert_eq!(
        told(r#"{"headers": {"x-team": "ml", "x-stage": "final"}}"#),
        "code: primary/large, backup/large"
    );
    assert_eq!(told(r#"{"path": "/v1/embeddings"}"#), "deny 400");
    assert_eq!(told("{}"), "cheap: backup/small, primary/small");
}

#[test]
fn each_kind_of_work_has_its_own_house_first_and_another_behind_it() {
    let told = |request| told("policies/workloads", request);
    assert_eq!(
        told(r#"{"model": "code"}"#),
        "code: openai/gpt-5.5, router/kimi-k2"
    );
    assert_eq!(
        told(r#"{"has": ["tools"]}"#),
        "code: openai/gpt-5.5, router/kimi-k2"
    );
    assert_eq!(
        told(r#"{"model": "code", "tokens": 250001}"#),
        "long-context: router/gemini-pro, openai/gpt-5.5"
    );
    assert_eq!(
        told(r#"{"model": "code", "headers": {"x-priority": "batch"}}"#),
        "batch: edge/llama-70b, openai/gpt-5.4-mini, router/kimi-k2"
    );
    assert_eq!(told(r#"{"tokens": 950001}"#), "deny 400");
    assert_eq!(told("{}"), "chat: openai/gpt-5.4-mini, edge/llama-70b");
}

#[test]
fn each_team_has_its_own_route_and_a_stranger_is_asked_who_it_is() {
    let told = |request| told("policies/teams", request);
    assert_eq!(told("{}"), "deny 400");
    assert_eq!(
        told(r#"{"headers": {"x-team": "research"}}"#),
        "small: edge/llama-70b, openai/gpt-5.4-mini"
    );
    assert_eq!(
        told(r#"{"headers": {"x-team": "research"}, "has": ["thinking"]}"#),
        "large: openai/gpt-5.5"
    );
    assert_eq!(
        told(r#"{"headers": {"x-team": "support"}, "has": ["tools"]}"#),
        "deny 400"
    );
    assert_eq!(
        told(r#"{"headers": {"x-team": "support"}}"#),
        "in-house: edge/llama-70b, edge2/llama-70b"
    );
    assert_eq!(
        told(r#"{"headers": {"x-team": ["web", "support"]}}"#),
        "in-house: edge/llama-70b, edge2/llama-70b"
    );
    assert_eq!(
        told(r#"{"headers": {"x-team": "web"}, "streaming": true}"#),
        "small: edge/llama-70b, openai/gpt-5.4-mini"
    );
    assert_eq!(
        told(r#"{"headers": {"x-team": "web"}}"#),
        "large: openai/gpt-5.5, edge/llama-70b"
    );
}

/// Every folder of a policy that ships.
fn folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for place in ["policies", "examples"] {
        for entry in fs::read_dir(root().join(place)).unwrap() {
            let path = entry.unwrap().path();
            let sources = read_folder(&path).unwrap();
            // A catalog is no policy, and what holds no policy text is none.
            if !sources.is_empty() && !path.ends_with("catalog") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_policy_that_ships_is_sound_and_silent() {
    let today = Day::read("2026-11-21").unwrap();
    for folder in folders() {
        let report = compile_on(read_folder(&folder).unwrap(), today).report;
        assert!(report.diagnostics().is_empty(), "{}", report.human());
    }
}

#[test]
fn every_policy_that_ships_has_tests_that_pass_and_reach_every_leaf() {
    assert!(folders().len() >= 8);
    for folder in folders() {
        let ran = test(read_folder(&folder).unwrap());
        let name = folder.display();
        let (model, outcomes) = ran.tested.unwrap_or_else(|| panic!("{name}"));
        let coverage = coverage(&model, &outcomes).unwrap();
        let told = Told::new((&model, &outcomes), Some(&coverage), &ran.report);
        assert!(told.is_good(), "{name}\n{}", told.human());
        assert_eq!(coverage.percent(), 100, "{name}\n{}", told.human());
        // A policy that fails over shows it.
        let has_fault = model.tests.iter().any(|test| !test.faults.is_empty());
        assert!(has_fault, "{name} shows nothing that fails");
    }
}
