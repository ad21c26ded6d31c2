//! Slips and habits of other tools: each is told once, at its place, with what to write instead, and
//! an edit that is offered leaves no error behind.

use std::fmt::Write as _;

use claw_lang::check;
use claw_lang::codes::Severity;
use claw_lang::report::{Diagnostic, Report};

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
    let (mut out, mut left) = (String::new(), String::new());
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
            fixed.replace_range(span, &fix.text);
            let mut lines = fixed.lines().zip(text.lines());
            let (line, _) = lines.find(|(new, old)| new != old).unwrap();
            writeln!(out, "  fixed: {}", line.trim()).unwrap();
            let after = check(one(&fixed)).report;
            // A second slip on the line may come to light, the same one may not.
            let is_same = |other: &Diagnostic| other.message == found.message;
            if errors(&after) > errors(&report) || after.diagnostics().iter().any(is_same) {
                writeln!(left, "{what}\n{}", after.human()).unwrap();
            }
        }
    }
    assert!(left.is_empty(), "edits that leave an error:\n{left}");
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

#[test]
fn what_other_languages_write_is_known_and_told_how_it_is_written_here() {
    insta::assert_snapshot!(told(&[
        ("line", "// who's \"here\"?"),
        ("class", "primary a/x // the first\n  fallback a/y"),
        ("line", "/* two models: they're\n   enough */\nunused code"),
        ("line", "/* two models */"),
        ("class", "primary a/x /* the first */ ; fallback a/y"),
        (
            "line",
            "provider b { api openai; url https://b.example/v1; key none; model z }\nunused b"
        ),
        ("when", "time in 9:00..17:00 \"UTC\""),
        ("when", "time in 09:00-17:00 \"UTC\""),
        ("when", "time in mon-fri 09:00..17:00 \"UTC\""),
        ("when", "time in mon-fri, sat \"UTC\""),
        ("when", "time in 09:00-17:00, sat \"UTC\""),
        ("line", "let work = mon-fri 9:00-17:00 \"UTC\""),
        (
            "price",
            "in $5/M, out $6/M; price during mon-fri 01:00..04:00 \"UTC\" in $4/M"
        ),
        (
            "price",
            "in $5/M, out $6/M; price during 01:00-04:00 \"UTC\" in $4/M"
        ),
        ("when", "model like claude-*"),
        ("when", "model like *-mini, \"gpt-5*\""),
        ("when", "path like /v1/*"),
        ("when", "model is \"a\" or \"b\""),
        ("when", "model is not \"a\" or \"b\""),
        ("when", "prompt contains \"refund\""),
        ("when", "prompt matches \"re.*fund\""),
        ("when", "model contains \"gpt\" and streaming"),
        ("when", "header \"x-team\" starts_with \"ml-\""),
        ("when", "path matches \"^/v1\""),
        ("line", "retry r { on 5xx }\nunused r"),
        ("line", "retry r { on cut, 500-599 }\nunused r"),
        ("line", "retry r { on \"429\" }\nunused r"),
        ("when", "max_tokens > 4k"),
        ("when", "stream"),
        ("when", "stream is true"),
        ("arm", "otherwise -> requested"),
        ("class", "primary mni; fallback a/y\n}\npool mini { a/x"),
        ("class", "primary x"),
        ("class", "primary nothing-like-it"),
        ("line", "klass c { primary a/x }"),
        ("line", "upstream c { primary a/x }"),
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
