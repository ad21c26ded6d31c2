//! Large and hostile input: an answer in bounded time and stack, never a panic.

use std::fmt::Write as _;

use claw_lang::codes::Code;
use claw_lang::{check, compile};

use crate::one;

fn codes(text: &str) -> Vec<Code> {
    check(one(text))
        .report
        .diagnostics()
        .iter()
        .map(|found| found.code)
        .collect()
}

const HEAD: &str = "policy p\nprovider a { api openai; url \"http://[::1]/v1\"; key none; model x }\nclass code { primary a/x }\n";

#[test]
fn a_hundred_thousand_arms_are_read() {
    let mut text = format!("{HEAD}route {{\n");
    for n in 0..100_000 {
        writeln!(text, "when header \"x\" is \"{n}\" -> code").unwrap();
    }
    text.push_str("otherwise -> code\n}\n");
    // Read, and then refused by the table's budget, which is another matter than parsing.
    let found = codes(&text);
    assert!(found.is_empty() || found == [Code::OverBudget], "{found:?}");
}

#[test]
fn a_line_of_a_megabyte_is_read() {
    let list = vec!["\"v\""; 250_000].join(",");
    let text = format!(
        "{HEAD}route {{ when header \"x\" is {list} -> code; otherwise -> deny 400 \"x?\" }}\n"
    );
    assert!(text.len() > 1_000_000);
    assert_eq!(codes(&text), []);
}

#[test]
fn two_hundred_kilobytes_of_one_thing_is_refused_and_its_report_can_be_drawn() {
    for part in [
        "{",
        "}",
        "(",
        ")",
        ",",
        ";",
        "\"",
        "\\",
        "-",
        "a ",
        "not ",
        "and ",
        "a/",
        "1",
        "1.",
        "$",
        ":",
        "::",
        "é",
        "\u{202E}",
        "->",
        "= ",
        "a\n",
        "}\n",
        "{\n",
        "model x {\n",
        "when\n",
        "## d\n",
        "\r",
        "let a = a\n",
        "route {\n",
        "when a -> b\n",
        "\"\\",
    ] {
        let text = part.repeat(200_000 / part.len());
        let report = check(one(&text)).report;
        assert!(!report.is_sound(), "{part:?}");
        assert!(report.diagnostics().len() <= 10_000, "{part:?}");
        // Some parts are errors a hundred thousand times; drawing shows the first of them.
        assert!(report.human().len() < 100_000, "{part:?}");
    }
}

#[test]
fn a_chain_of_many_routes_is_refused_and_not_followed() {
    let mut text = format!("{HEAD}route {{ otherwise -> route r0 }}\n");
    for n in 0..5_000 {
        writeln!(text, "route r{n} {{ otherwise -> route r{} }}", n + 1).unwrap();
    }
    text.push_str("route r5000 { otherwise -> code }\n");
    assert_eq!(codes(&text), [Code::TooLarge]);
}

#[test]
fn names_that_double_each_other_are_refused_and_not_written_out() {
    let mut text = format!("{HEAD}let c0 = header \"x\" is \"1\" or header \"y\" is \"1\"\n");
    for n in 1..30 {
        writeln!(text, "let c{n} = c{0} and not c{0}", n - 1).unwrap();
    }
    text.push_str("route { when c29 -> code; otherwise -> code }\n");
    assert_eq!(codes(&text), [Code::TooLarge]);
}

#[test]
fn a_policy_of_a_thousand_lines_compiles() {
    let mut text = String::from(HEAD);
    text.push_str("route {\n");
    for n in 0..1_000 {
        writeln!(text, "  when model is \"m{n}\" and tokens > {n}k -> code").unwrap();
    }
    text.push_str("  otherwise -> code\n}\n");
    let compiled = compile(one(&text));
    assert_eq!(compiled.report.human(), "no findings\n");
    assert!(compiled.table.is_some());
}

#[test]
fn an_arm_that_thousands_take_everything_from_is_told_and_not_refused_for_want_of_room() {
    let mut text = format!("{HEAD}class rest {{ primary a/x }}\nroute {{\n");
    for at in 0..5000 {
        let _ = writeln!(text, "  when client is u{at} -> code");
        let _ = writeln!(text, "  when model is \"m{at}\" -> rest");
    }
    text.push_str("  otherwise -> code\n}\n");
    for at in 0..5000 {
        let (high, low) = (at / 256, at % 256);
        let _ = writeln!(text, "client u{at} {{ from 10.1.{high}.{low} }}");
    }
    assert_eq!(codes(&text), [Code::Shadowed]);
}
