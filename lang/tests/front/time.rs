//! Times: which are taken, what is told of others, and what clocks of several zones show at once.

use std::fmt::Write as _;

use claw_lang::codes::Code;
use claw_lang::diagram;
use claw_lang::model::Model;
use claw_lang::never::written;
use claw_lang::{check, compile};
use claw_table::Table;

use crate::one;

/// A policy of one class with these lines before its route, and these arms.
fn policy(lines: &str, arms: &str) -> String {
    format!(
        "policy p\nprovider a {{ api openai; url \"http://127.0.0.1:1/v1\"; key none; model x {{ price free }} }}\n\
         class code {{ primary a/x }}\n{lines}\n\
         route {{\n{arms}\n  otherwise -> code\n}}"
    )
}

fn asking(condition: &str) -> String {
    policy("", &format!("  when {condition} -> deny 400 \"no\""))
}

#[test]
fn a_time_that_cannot_be_read_is_told_with_what_to_write() {
    let mut out = String::new();
    for condition in [
        "time",
        "time \"UTC\"",
        "time in",
        "time in 22:00..06:00",
        "time in mon..fri",
        "time in mon",
        "time in 22:00..06:00 \"Berlin\"",
        "time in 22:00..06:00 \"europe/berlin\"",
        "time in 22:00..06:00 \"EST\"",
        "time in 22:00..06:00 \"Mars/Olympus\"",
        "time in 22:00..22:00 \"UTC\"",
        "time in 25:00..06:00 \"UTC\"",
        "time in mon..fry 22:00..06:00 \"UTC\"",
        "time in monday \"UTC\"",
        "time in Mon..Fri 22:00..06:00 \"UTC\"",
        "time in 22:00..06:00 mon..fri \"UTC\"",
        "time in \"UTC\"",
        "time in 5",
        "time in nights",
        "time in code",
        "time is 22:00..06:00 \"UTC\"",
        "time is not mon \"UTC\"",
        "time is absent",
        "time > 22:00",
        "time like \"22:*\"",
        "model is mon..fri \"UTC\"",
        "tokens > sat 10:00..12:00",
        "time in mon..sun \"UTC\"",
        "time in mon \"UTC\" and time in tue \"UTC\"",
    ] {
        let report = compile(one(&asking(condition))).report;
        let _ = writeln!(out, "{condition}");
        assert!(!report.diagnostics().is_empty(), "{condition} is taken");
        for found in report.diagnostics() {
            let help = found.help.as_deref().unwrap_or("-");
            let fix = found.fix.as_ref().map(|fix| format!(" [{}]", fix.text));
            let fix = fix.unwrap_or_default();
            let _ = writeln!(out, "  {} {}: {help}{fix}", found.code.id(), found.message);
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_time_is_asked_in_every_way_that_it_is_written() {
    for condition in [
        "time in mon..fri 22:00..06:00 \"Europe/Berlin\"",
        "time not in sat..sun \"Europe/Berlin\"",
        "time in sat, sun, 18:00..24:00 \"UTC\"",
        "time in 18:00..20:00, sat..mon \"Asia/Kolkata\", fri 08:00..09:00 \"UTC\"",
        "not time in fri..mon 00:00..12:00 \"Pacific/Chatham\" and model is \"m\"",
        "(time in 01:00..02:00 \"UTC\" or model is \"m\") and has tools",
    ] {
        let compiled = compile(one(&asking(condition)));
        assert!(
            compiled.report.diagnostics().is_empty(),
            "{condition}\n{}",
            compiled.report.human()
        );
        let table = Table::open(&compiled.table.unwrap()).unwrap();
        let needs: Vec<&str> = table.features().iter().map(|it| it.name.as_str()).collect();
        assert_eq!(needs, ["time"], "{condition}");
        assert!(!table.zones().is_empty());
    }
}

#[test]
fn a_list_of_times_has_a_name_and_a_zone_counts_for_those_before_it() {
    let named = policy(
        "let nights = mon..fri 22:00..06:00, sat \"UTC\"\nlet off = time in nights, sun \"UTC\"",
        "  when off -> deny 400 \"no\"",
    );
    let plain = asking("time in mon..fri 22:00..06:00, sat, sun \"UTC\"");
    let table = |text: &str| Table::open(&compile(one(text)).table.unwrap()).unwrap();
    let (named, plain) = (table(&named), table(&plain));
    assert_eq!(named.about().behaviour, plain.about().behaviour);
    assert_eq!(named.zones().into_iter().collect::<Vec<_>>(), ["UTC"]);
}

fn model(text: &str) -> Model {
    let checked = check(one(text));
    checked
        .model
        .unwrap_or_else(|| panic!("{}", checked.report.human()))
}

/// The codes of a policy with these arms.
fn codes(arms: &str) -> Vec<&'static str> {
    let report = compile(one(&policy("", arms))).report;
    report
        .diagnostics()
        .iter()
        .map(|found| found.code.id())
        .collect()
}

#[test]
fn what_no_clocks_show_at_once_is_found_and_what_some_week_has_is_not() {
    let both = |berlin: &str, york: &str| {
        codes(&format!(
            "  when time in {berlin} \"Europe/Berlin\" and time in {york} \"America/New_York\" -> deny 400 \"no\""
        ))
    };
    assert_eq!(
        both("09:00..17:00", "18:00..24:00"),
        [Code::AlwaysFalse.id()]
    );
    assert_eq!(both("mon", "wed"), [Code::AlwaysFalse.id()]);
    // New York is six hours behind, and five for some weeks of the year; never seven.
    assert_eq!(both("06:00..07:00", "00:00..01:00"), [""; 0]);
    assert_eq!(both("05:00..06:00", "00:00..01:00"), [""; 0]);
    assert_eq!(
        both("07:00..08:00", "00:00..01:00"),
        [Code::AlwaysFalse.id()]
    );
    // An arm that the clock of another zone leaves nothing for.
    let shadowed = codes(
        "  when time in 06:00..18:00 \"UTC\" -> deny 400 \"by day\"\n\
           when time in 18:00..06:00 \"UTC\" and time not in 12:00..13:00 \"Asia/Kolkata\" -> deny 400 \"by night\"\n\
           when time in 06:31..06:32 \"UTC\" and streaming -> code",
    );
    assert_eq!(shadowed, [Code::Shadowed.id()]);
}

#[test]
fn a_witness_is_a_moment_that_there_is_and_replays() {
    let text = policy(
        "let berlin = 22:00..06:00 \"Europe/Berlin\"\nlet york = 00:00..01:00 \"America/New_York\"",
        "  when time in berlin and time in york  -> deny 400 \"both\"\n\
           when time in york                     -> deny 400 \"york\"\n\
           when time in sun 02:30..02:31 \"Europe/Berlin\" -> deny 400 \"odd\"\n\
           when time in berlin                   -> deny 400 \"berlin\"",
    );
    let model = model(&text);
    let table = Table::open(&compile(one(&text)).table.unwrap()).unwrap();
    let proof = diagram::prove(&model).unwrap();
    let witnesses = proof.diagram.unwrap().witnesses();
    assert_eq!(witnesses.len(), 5);
    let mut out = String::new();
    for (arm, request) in witnesses {
        assert_eq!(table.decide(&request).ok(), Some(arm));
        assert_eq!(claw_lang::oracle::arm(&model, &request), Some(arm));
        let label = &table.policy().arms[arm.index()].label;
        let _ = writeln!(out, "{label}  {}", written(&request));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_test_says_when_and_what_it_does_not_say_is_a_wednesday_at_noon() {
    let text = policy(
        "let nights = mon..fri 22:00..06:00 \"Europe/Berlin\"\n\
         test \"noon\"   { request { model \"m\" }; expect class code }\n\
         test \"night\"  { at 2026-11-20 22:00 \"Europe/Berlin\"; request { model \"m\" }; expect denied 400 }\n\
         test \"still\"  { at 2026-11-21 04:59 \"UTC\"; request { model \"m\" }; expect denied 400 }\n\
         test \"over\"   { at 2026-11-21 05:00 \"UTC\"; request { model \"m\" }; expect class code }\n\
         test \"summer\" { at 2026-07-17 20:00 \"UTC\"; request { model \"m\" }; expect denied 400 }",
        "  when time in nights -> deny 400 \"come in the morning\"",
    );
    let ran = claw_lang::test(one(&text));
    assert!(
        ran.report.diagnostics().is_empty(),
        "{}",
        ran.report.human()
    );
    let (_, outcomes) = ran.tested.unwrap();
    let failed = outcomes.iter().any(|outcome| !outcome.failures.is_empty());
    assert!(outcomes.len() == 5 && !failed);
    let wrong = text.replace("04:59 \"UTC\"", "05:59 \"UTC\"");
    let report = compile(one(&wrong)).report;
    insta::assert_snapshot!(report.human());
}
