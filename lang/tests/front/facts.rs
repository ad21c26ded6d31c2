//! Conditions on facts: what is sound stays silent, and what is not is told with what to write.

use std::fmt::Write as _;

use claw_lang::codes::Code;
use claw_lang::{BuildInfo, compile};
use claw_table::Table;

use crate::one;

/// A policy of one class with these lines before it.
fn policy(lines: &str) -> String {
    format!(
        "policy p\nprovider a {{ api openai; url \"http://127.0.0.1:1/v1\"; key none; model x {{ price free }} }}\n\
         class code {{ primary a/x }}\n{lines}\n"
    )
}

/// A route that asks this.
fn asking(condition: &str) -> String {
    policy(&format!(
        "route {{\n  when {condition} -> deny 400 \"no\"\n  otherwise -> code\n}}"
    ))
}

/// Every finding of each condition: its code, what it says, and what it says to write.
fn told(conditions: &[&str]) -> String {
    let mut out = String::new();
    for condition in conditions {
        let report = compile(one(&asking(condition))).report;
        let _ = writeln!(out, "{condition}");
        assert!(!report.diagnostics().is_empty(), "{condition} is taken");
        for found in report.diagnostics() {
            let help = found.help.as_deref().expect("a finding says what to write");
            let fix = found.fix.as_ref().map(|fix| format!(" [{}]", fix.text));
            let fix = fix.unwrap_or_default();
            let _ = writeln!(out, "  {} {}: {help}{fix}", found.code.id(), found.message);
        }
    }
    out
}

/// Conditions about which nothing is to be said.
fn silent(policies: &[String]) {
    for text in policies {
        let report = compile(one(text)).report;
        // What a missing field slips past is another matter.
        let mut found = report.diagnostics().iter();
        let is_silent = found.all(|found| found.code == Code::AbsentSlips);
        assert!(is_silent, "{}", report.human());
    }
}

#[test]
fn addresses_that_are_sound_pass_in_silence() {
    silent(&[
        asking("ip in 10.0.0.0/8, 192.168.0.0/16, fe80::/10"),
        asking("not ip in 10.0.0.0/8 and ip is not 127.0.0.1, ::1"),
        asking("ip not in 0.0.0.0/0"),
        asking("ip in 10.0.0.7"),
        asking("ip in ::ffff:10.0.0.0/104"),
        policy(
            "let offices = 10.0.0.0/8, fe80::/10\nlet inside = ip in offices, 127.0.0.1\n\
             route {\n  when not inside -> deny 400 \"no\"\n  otherwise -> code\n}",
        ),
    ]);
}

#[test]
fn an_address_at_fault_is_told_with_what_to_write() {
    insta::assert_snapshot!(told(&[
        "ip in 10.0.0.1/8",
        "ip in 2001:db8::1/32",
        "ip in 10.0.0.0/33",
        "ip in 10.0.0.256",
        "ip is 10.0.0.0/8",
        "ip is not 10.0.0.0/8",
        "ip in \"10.0.0.0/8\"",
        "ip in localhost",
        "ip in 10",
        "ip like \"10.*\"",
        "ip < 10.0.0.1",
        "ip is absent",
        "ip",
        "ip \"x\" is 10.0.0.1",
        "host in 10.0.0.1",
        "ip in 10.0.0.0/8 and not ip in 0.0.0.0/0",
    ]));
}

#[test]
fn a_list_has_one_kind_and_goes_to_its_fact() {
    let mut out = String::new();
    for (list, condition) in [
        ("10.0.0.0/8, \"a\"", "ip in list"),
        ("\"a\"", "ip in list"),
        ("10.0.0.0/8", "host in list"),
        ("10.0.0.0/8", "list"),
        ("10.0.0.1/8", "ip in list"),
        ("22:00..06:00", "ip in list"),
        ("22:00..06:00 \"UTC\"", "ip in list"),
        ("22:00..06:00 \"UTC\"", "host in list"),
        ("22:00..06:00 \"UTC\"", "list"),
        ("10.0.0.0/8", "time in list"),
        ("model is \"a\"", "time in list"),
        ("model is \"a\"", "ip in list"),
    ] {
        let text = policy(&format!(
            "let list = {list}\nroute {{\n  when {condition} -> deny 400 \"no\"\n  otherwise -> code\n}}"
        ));
        let report = compile(one(&text)).report;
        let _ = writeln!(out, "{list}; {condition}");
        for found in report.diagnostics() {
            let help = found.help.as_deref().expect("a finding says what to write");
            let _ = writeln!(out, "  {} {}: {help}", found.code.id(), found.message);
        }
    }
    insta::assert_snapshot!(out);
}

/// What overlaps does not multiply: a route by 200 ranges, one inside the other and across, and by
/// 50 values of another fact.
#[test]
fn two_hundred_overlapping_ranges_stay_small() {
    let mut arms = String::new();
    for arm in 0..200_u32 {
        // The narrow ones first, so that each has something left to take.
        let bits = 28 - arm / 10;
        let low = arm.wrapping_mul(0x9E37_79B9) >> 8;
        let first = (10 << 24 | low) & (u32::MAX << (32 - bits));
        let net = std::net::Ipv4Addr::from_bits(first);
        let slot = arm % 50;
        let _ = writeln!(
            arms,
            "  when ip in {net}/{bits} and query \"slot\" is \"{slot}\" -> code"
        );
    }
    let text = policy(&format!(
        "route {{\n{arms}  otherwise -> deny 400 \"no\"\n}}"
    ));
    let checked = claw_lang::check(one(&text));
    let model = checked
        .model
        .unwrap_or_else(|| panic!("{}", checked.report.human()));
    let bytes = claw_lang::build(&model, &BuildInfo::unplaced()).expect("it fits");
    let stats = Table::open(&bytes).unwrap().stats();
    assert!(stats.nodes <= 402, "{stats:?}");
    assert!(stats.bytes < 128 << 10, "{stats:?}");
}

#[test]
fn numbers_and_members_that_are_sound_pass_in_silence() {
    silent(&[
        asking("max-output > 4k and messages >= 20"),
        asking("max-output is absent or max-output > 4k"),
        asking("temperature is 0 or temperature > 0.7"),
        asking("temperature is not 0.5, 1"),
        asking("messages is 1, 2 and tokens is not 5"),
        asking("body \"/metadata/tier\" is \"gold\", 7, 0.5, true, false, null"),
        asking("body \"/metadata/tier\" like \"g*\" and body \"/metadata/tier\" is not \"gold\""),
        asking("body \"/x\" is -5, -0.5 and not body \"/y\" > -4k and temperature >= -1"),
        asking("body \"/n\" > 4k and body \"/n\" <= 2M"),
        asking("body \"/a~1b/m~0n/0\" is present"),
        asking("body \"/\" is absent"),
        asking("session is \"s-1\" or session like \"bot-*\" or session is absent"),
        policy(
            "let tiers = \"gold\", \"silver\"\n\
             route {\n  when body \"/metadata/tier\" not in tiers -> deny 400 \"no\"\n  otherwise -> code\n}",
        ),
    ]);
}

#[test]
fn a_number_or_a_member_at_fault_is_told_with_what_to_write() {
    insta::assert_snapshot!(told(&[
        "max-output like \"4*\"",
        "max-output > 4k, 5k",
        "max-output > 5m",
        "max-output \"x\" > 5",
        "max-output",
        "messages is absent",
        "messages > 1.5",
        "temperature > \"0.5\"",
        "temperature > 0.0000001",
        "temperature mentions \"a\"",
        "body is \"a\"",
        "body \"/a\"",
        "body \"/a\" \"/b\" is 1",
        "body \"metadata.tier\" is \"gold\"",
        "body \"\" is present",
        "body \"/a~2\" is 1",
        "body \"/model\" is \"gpt\"",
        "body \"/max_tokens\" > 1",
        "body metadata is 1",
        "body \"/a\" is gold",
        "body \"/a\" is 30s",
        "body \"/a\" is -30s",
        "body \"/a\" > -0.0000001",
        "body \"/a\" is -1 and body \"/a\" > 0",
        "tokens > -1",
        "body \"/a\" > \"5\"",
        "body \"/a\" like 5",
        "body \"/a\" > true",
        "body \"/a\" is true, absent",
        "body \"/a\" mentions \"x\"",
        "body \"/a\" is 1 and body \"/a\" is \"x\"",
        "body \"/a\" is 1 and body \"/a/b\" is 2",
        "temperature < 0.5 and temperature > 0.499999 and temperature is 0.5",
    ]));
}

#[test]
fn keywords_that_are_sound_pass_in_silence() {
    silent(&[
        asking("prompt mentions \"invoice\", \"refund\""),
        asking("not prompt mentions \"Faq\" and prompt mentions \"é\""),
        asking("prompt mentions \"-----BEGIN RSA PRIVATE KEY-----\""),
        policy(
            "let words = \"invoice\", \"refund\"\n\
             route {\n  when prompt mentions words -> deny 400 \"no\"\n  otherwise -> code\n}",
        ),
        // The narrower keyword first leaves the wider one something to take.
        policy(
            "route {\n  when prompt mentions \"refund policy\" -> code\n  when prompt mentions \"refund\" -> deny 400 \"no\"\n  otherwise -> code\n}",
        ),
    ]);
}

#[test]
fn a_keyword_at_fault_is_told_with_what_to_write() {
    insta::assert_snapshot!(told(&[
        "prompt is \"a\"",
        "prompt",
        "prompt \"a\" mentions \"b\"",
        "prompt mentions \"\"",
        "prompt mentions \"  \"",
        "prompt mentions invoice",
        "prompt mentions 5",
        "prompt mentions \"in*ice\"",
        "model mentions \"gpt\"",
        "prompt mentions \"refund policy\" and not prompt mentions \"REFUND\"",
        "prompt mentions \"ab\", \"bc\" and not prompt mentions \"b\"",
    ]));
}

/// Who mentions the longer keyword mentions the shorter one.
#[test]
fn an_arm_by_a_keyword_inside_an_earlier_one_is_shadowed() {
    let text = policy(
        "route {\n  when prompt mentions \"refund\", \"invoice\" -> code\n  when prompt mentions \"refund policy\" -> deny 400 \"no\"\n  otherwise -> code\n}",
    );
    let report = compile(one(&text)).report;
    let found: Vec<&str> = report
        .diagnostics()
        .iter()
        .map(|one| one.code.id())
        .collect();
    assert_eq!(found, ["C0403"]);
}
