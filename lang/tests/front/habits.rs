//! Slips and habits of other tools: each is told once, at its place, with what to write instead, and
//! an edit that is offered leaves no error behind.

use std::fmt::Write as _;

use claw_lang::check;
use claw_lang::codes::Severity;
use claw_lang::report::Report;

use crate::one;

const SOURCES: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none
  model x { price in $1/M, out $2/M; context 100k; max-output 8k }
  model y { price in $1/M, out $2/M; context 100k; max-output 8k }
}
";

/// A policy with one thing in its place.
fn around(place: &str, what: &str) -> String {
    let classes = "class code { primary a/x; fallback a/y }\n";
    let route = "route { otherwise -> code }\n";
    match place {
        "when" => format!(
            "{SOURCES}{classes}route {{\n  when {what} -> deny 400 \"no\"\n  otherwise -> code\n}}\n"
        ),
        "arm" => format!("{SOURCES}{classes}route {{\n  {what}\n}}\n"),
        "price" => format!(
            "policy p\nprovider a {{ api openai; url \"http://127.0.0.1:1/v1\"; key none; model x {{ price {what} }}; model y }}\n{classes}{route}"
        ),
        "class" => format!("{SOURCES}class code {{ {what} }}\n{route}"),
        "request" => format!(
            "{SOURCES}{classes}{route}test \"t\" {{ request {{ {what} }}; expect class code }}\n"
        ),
        "line" => format!("{SOURCES}{classes}{what}\n{route}"),
        _ => format!("{SOURCES}{what}\n"),
    }
}

fn errors(report: &Report) -> usize {
    let codes = report.diagnostics().iter().map(|found| found.code);
    codes
        .filter(|code| code.severity() == Severity::Error)
        .count()
}

/// Everything that is told of each, with the edit that is offered.
fn told(rows: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (place, what) in rows {
        let text = around(place, what);
        let report = check(one(&text)).report;
        writeln!(out, "{place}: {what}").unwrap();
        for found in report.diagnostics() {
            let shown = report.text(found.primary.span);
            let (code, said) = (found.code.id(), &found.message);
            writeln!(out, "  {code} {shown:?} {said}").unwrap();
            for label in found.labels().filter(|label| !label.text.is_empty()) {
                writeln!(out, "  - {}", label.text).unwrap();
            }
            let help = found.help.as_deref();
            writeln!(out, "  help: {}", help.expect("what to write")).unwrap();
            let Some(fix) = &found.fix else { continue };
            let span = fix.span.start as usize..fix.span.end as usize;
            let mut fixed = text.clone();
            fixed.replace_range(span.clone(), &fix.text);
            let line = fixed[..span.start].rfind('\n').map_or(0, |at| at + 1);
            let line = fixed[line..].lines().next().unwrap();
            writeln!(out, "  fixed: {}", line.trim()).unwrap();
            let (before, after) = (errors(&report), check(one(&fixed)).report);
            assert!(errors(&after) < before, "{what}\n{}", after.human());
        }
    }
    out
}

#[test]
fn no_edit_writes_another_value_than_was_meant() {
    insta::assert_snapshot!(told(&[
        ("price", "in $0.000005, out $0.00003"),
        ("price", "in $0.000005/M"),
        ("price", "in $0.0000005/M"),
        ("price", "in $0.000002/m"),
        ("price", "in $0.0005"),
        ("price", "in $5"),
        ("price", "in $0/M, out $0.001/M"),
        ("price", "in $0.00100001/M"),
        ("price", "in $1,250/M"),
        ("price", "in $5/M, out $12,500.25/M"),
        ("class", "primary a/x; ceiling $1,250,500.25 per day"),
        ("class", "primary a/x; ceiling $3,000,000 per day"),
        ("class", "primary a/x; min-output 1,000"),
        ("when", "tokens > 1,000,000"),
        ("when", "time in 09:00..17:00 \"GMT+2\""),
        ("when", "time in 09:00..17:00 \"UTC-01:00\""),
        ("when", "time in 09:00..17:00 \"+05:30\""),
        ("when", "time in 09:00..17:00 \"Etc/GMT+20\""),
        ("when", "time in 09:00..17:00 \"GMT\""),
        ("when", "cost > $3"),
        ("when", "has tools|images"),
        ("when", "has tools || images and model is \"m\""),
        ("when", "has tools && images"),
        ("when", "has tools | streaming"),
        ("when", "model is \"a\" | \"b\""),
        ("when", "images"),
        ("request", "header \"x\" absent"),
        ("request", "query \"x\" \"1\", present"),
        ("request", "header \"x\" ml"),
    ]));
}

/// What leans on something at fault is not told on top of it.
#[test]
fn one_slip_is_told_once() {
    let deep = format!("when {}streaming{}", "(".repeat(70), ")".repeat(70));
    insta::assert_snapshot!(told(&[
        ("line", "ceiling g { per client }"),
        ("line", "class d like nobody { timeout total 5m }\nunused d"),
        (
            "line",
            "class d like e { fail closed }\nclass e like d { fail closed }\nunused d\nunused e"
        ),
        (
            "",
            "class code { primary a/x }\nclass cheap { primary a/y }\nlet fast = streaming\nroute ml { otherwise -> code }"
        ),
        (
            "",
            &format!(
                "class code {{ primary a/x }}\nroute {{\n  {deep} -> code\n  otherwise -> code\n}}"
            )
        ),
        ("line", &format!("forbid f {deep}")),
    ]));
}
