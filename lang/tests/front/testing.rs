//! `test`: what is expected comes or is told with what came instead, and a test is made for what no
//! test reaches.

use std::fmt::Write as _;

use claw_lang::codes::{Code, Severity};
use claw_lang::report::Diagnostic;
use claw_lang::testing::{Uncovered, coverage};
use claw_lang::{compile, test};

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x { can tools }; model y }
provider b { api openai; url \"http://127.0.0.1:2/v1\"; key none; model z { can tools, images } }
client bot { from 10.0.0.0/8; tags agents }
client all { from any }
retry twice { on connect, timeout, 500..599; attempts 2 }
class code { primary a/x; fallback a/y, b/z; retry twice }
class solo { primary b/z }
forbid large when tokens > 500k deny 400 \"split it\"
forbid other when host is \"other.example\"
route {
  when client in agents -> solo
  when header \"x-team\" is \"ml\" and method is POST -> route ml
  when endpoint is embeddings -> deny 422 \"no embeddings\"
  otherwise -> code
}
route ml {
  when streaming -> solo
  otherwise -> code
}
";

/// The messages of the errors, each with its code where it is not that of a failed test.
fn told(body: &str) -> Vec<String> {
    let text = format!("{HOUSE}test \"it\" {{\n{body}\n}}\n");
    let report = compile(one(&text)).report;
    let errors = report.diagnostics().iter();
    let errors = errors.filter(|found| found.code.severity() == Severity::Error);
    errors
        .map(|found| {
            if found.code == Code::TestFailed {
                found.message.clone()
            } else {
                format!("{} {}", found.code.id(), found.message)
            }
        })
        .collect()
}

#[test]
fn what_is_expected_and_comes_is_passed_over_in_silence() {
    for body in [
        "request { }\nexpect class code\nexpect served by a/x\nexpect attempts 1\nexpect arm \"main/4\"",
        "request { client bot; ip 10.0.0.5; model \"m\" }\nexpect class solo",
        "request { header \"x-team\" \"web\", \"ml\"; streaming }\nexpect arm \"ml/1\"",
        "request { header \"x-team\" \"ml\"; method GET }\nexpect arm \"main/4\"",
        "request { endpoint embeddings }\nexpect denied 422",
        "request { path \"/v1/embeddings\" }\nexpect denied 422",
        "request { tokens 500001; host \"other.example\" }\nexpect denied 400 by other",
        "request { tokens 500001 }\nexpect denied 400 by large",
        "request { }\nfault a/x 500\nexpect tried a/x, a/y\nexpect served by a/y",
        "request { }\nfault a timeout\nexpect tried a/x, a/y\nexpect attempts 2\nexpect failed",
        // No connection is a turn, and no attempt.
        "request { }\nfault a down\nexpect tried a/x, a/y, b/z\nexpect attempts 1\nexpect served by b/z",
        // What the retry does not list is the answer.
        "request { }\nfault a/x 400\nexpect tried a/x\nexpect failed",
        // A status by which a provider says a cause that is listed, and one that is not.
        "request { }\nfault a/x 408\nexpect served by a/y",
        "request { }\nfault a/x 401\nexpect tried a/x\nexpect failed",
        // What is said of a target comes before what is said of its provider.
        "request { }\nfault a 500\nfault a/x down\nexpect tried a/x, a/y, b/z\nexpect served by b/z",
        // A model that cannot is passed over, one that does not say is not.
        "request { has images }\nexpect tried a/y",
        "request { has images }\nfault a/y 500\nexpect tried a/y, b/z",
        // A new round, after the last target.
        "request { client bot }\nfault b 500\nexpect tried b/z, b/z, b/z",
        "request { client bot }\nfault b down\nexpect attempts 0\nexpect failed",
    ] {
        assert_eq!(told(body), [""; 0], "{body}");
    }
}

#[test]
fn what_does_not_come_is_told_with_what_did() {
    let mut said = String::new();
    for body in [
        "request { }\nexpect class solo",
        "request { tokens 1M }\nexpect class code",
        "request { }\nexpect denied 400",
        "request { tokens 1M }\nexpect denied 422",
        "request { tokens 1M }\nexpect denied 400 by other",
        "request { }\nfault a/x 500\nexpect served by a/x\nexpect attempts 1\nexpect tried a/x",
        "request { }\nfault a 500\nexpect served by a/y",
        "request { }\nexpect failed",
        "request { tokens 1M }\nexpect failed",
        "request { }\nexpect arm \"main/1\"",
    ] {
        let found = told(body);
        assert!(!found.is_empty(), "{body}");
        writeln!(said, "{body}\n  {}", found.join("\n  ")).unwrap();
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_failed_test_shows_the_way_that_the_request_takes() {
    let text = format!(
        "{HOUSE}test \"the ML team streams\" {{\n  request {{ header \"x-team\" \"ml\" }}\n  expect class solo\n}}\n"
    );
    insta::assert_snapshot!("test_failed", compile(one(&text)).report.human());
}

/// What cannot be read, each with its code.
const UNREAD: &[(&str, &str)] = &[
    ("expect class code", "C0302"),
    ("request { }", "C0302"),
    ("request { }\nexpect class coed", "C0201"),
    ("request { }\nexpect served a/x", "C0308"),
    ("request { }\nexpect served by a/w", "C0203"),
    ("request { }\nexpect wonders", "C0308"),
    ("request { }\nexpect denied 200", "C0307"),
    ("request { }\nexpect denied 400 by code", "C0206"),
    ("request { }\nexpect failed often", "C0308"),
    ("request { }\nfault a/x wonder\nexpect failed", "C0310"),
    ("request { }\nfault c down\nexpect failed", "C0201"),
    ("request { }\nfault a/x 200\nexpect failed", "C0307"),
    ("request { model m }\nexpect failed", "C0308"),
    ("request { tokens \"2k\" }\nexpect failed", "C0308"),
    ("request { has wings }\nexpect failed", "C0310"),
    ("request { header \"x-team\" }\nexpect failed", "C0308"),
    ("request { ip 10.0.0.0/8 }\nexpect failed", "C0308"),
    ("request { client nobody }\nexpect failed", "C0201"),
    ("request { streaming yes }\nexpect failed", "C0308"),
    ("request { prompt }\nexpect failed", "C0308"),
    ("request { body \"/model\" \"x\" }\nexpect failed", "C0316"),
    ("request { body \"/x\" y }\nexpect failed", "C0308"),
    ("request { client absent }\nexpect failed", "C0201"),
    ("request { }\ndraw 5\nexpect failed", "C0308"),
    ("request { }\ndraw 120%\nexpect failed", "C0307"),
    ("request { }\nfault a key 2 429\nexpect failed", "C0307"),
    ("request { }\nfault a url\nexpect failed", "C0308"),
    ("request { }\nfault a slow\nexpect failed", "C0308"),
    ("request { }\nfault a cut after 5\nexpect failed", "C0308"),
    ("request { }\nfault a 429, wait 5s\nexpect failed", "C0308"),
    (
        "request { }\nfault a down, retry-after 5s\nexpect failed",
        "C0308",
    ),
    ("request { }\nexpect failed 200", "C0307"),
    ("request { }\nexpect cost at $5", "C0308"),
    ("request { }\nspent ceiling day $3\nexpect failed", "C0201"),
    (
        "request { }\nat 2026-11-21 10:00 \"Mars\"\nexpect failed",
        "C0317",
    ),
    ("request { }\nat 2026-11-21 10:00\nexpect failed", "C0308"),
    (
        "request { }\nat 2026-11-31 10:00 \"UTC\"\nexpect failed",
        "C0307",
    ),
    (
        "request { }\nat 10:00 2026-11-21 \"UTC\"\nexpect failed",
        "C0308",
    ),
    (
        "request { }\nat 2026-03-29 02:30 \"Europe/Berlin\"\nexpect failed",
        "C0307",
    ),
    ("request { }\nat\nexpect failed", "C0308"),
    (
        "request { path \"/v1/files\"; endpoint chat }\nexpect failed",
        "C0308",
    ),
    (
        "request { client bot; ip 192.0.2.1 }\nexpect failed",
        "C0308",
    ),
    (
        "request { client all; ip 10.0.0.1 }\nexpect failed",
        "C0308",
    ),
];

#[test]
fn a_test_that_cannot_be_read_says_what_to_write() {
    for (body, due) in UNREAD {
        let found = told(body);
        assert_eq!(found.len(), 1, "{body}: {found:?}");
        assert!(found[0].starts_with(due), "{body}: {found:?}");
    }
    let twice = "test \"it\" { request { }; expect class code }\n";
    let report = compile(one(&format!("{HOUSE}{twice}{twice}"))).report;
    assert_eq!(report.diagnostics()[0].code, Code::Duplicate);
    let report = compile(one(&format!(
        "{HOUSE}test {{ request {{ }}; expect class code }}\n"
    )))
    .report;
    assert_eq!(report.diagnostics()[0].code, Code::Nameless);
}

#[test]
fn the_suggested_tests_pass_and_leave_nothing_uncovered() {
    let first = "test \"it\" { request { tokens 1M }; expect denied 400 by large }\n\
                 test \"main/4\" { request { }; expect class code }\n";
    let text = format!("{HOUSE}{first}");
    let ran = test(one(&text));
    let (model, outcomes) = ran.tested.unwrap();
    let found = coverage(&model, &outcomes).unwrap();
    assert_eq!((found.leaves, found.arms), ((2, 7), (2, 8)));
    assert_eq!((found.percent(), found.uncovered.len()), (28, 5));
    let tests: Vec<&str> = found.uncovered.iter().map(|left| &*left.test).collect();
    whole(&format!("{text}{}\n", tests.join("\n")));
    let lines: Vec<String> = found.uncovered.iter().map(Uncovered::on_one_line).collect();
    whole(&format!("{text}{}\n", lines.join("\n")));
}

fn whole(text: &str) {
    let ran = test(one(text));
    let Some((model, outcomes)) = ran.tested else {
        panic!("{text}{}", ran.report.human())
    };
    let failed: Vec<&Diagnostic> = outcomes.iter().flat_map(|one| &one.failures).collect();
    assert!(failed.is_empty(), "{text}{failed:?}");
    let found = coverage(&model, &outcomes).unwrap();
    assert_eq!((found.percent(), found.arms), (100, (8, 8)), "{found:?}");
}

#[test]
fn who_is_no_client_is_refused_and_so_is_who_lacks_the_key_that_a_class_takes() {
    let house = "policy p
provider a { api openai; url \"https://a.example/v1\"; key env A; model x { price in $1/M, out $2/M; context 100k } }
class own { primary requested from a; keys caller }
class code { primary a/x; ceiling $1 per day then own }
client lan { from 10.0.0.0/8; auth caller }
client key { key sha256 \"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8\" }
ceiling all { allow $1 per day }
route { when header \"x\" is \"own\" -> own
  otherwise -> code }
";
    let failed = |body: &str| -> Vec<String> {
        let text = format!("{house}test \"it\" {{\n{body}\n}}\n");
        let report = compile(one(&text)).report;
        let errors = report.diagnostics().iter();
        let errors = errors.filter(|found| found.code.severity() == Severity::Error);
        let line = |found: &Diagnostic| format!("{} ({:?})", found.message, found.help);
        errors.map(line).collect()
    };
    for body in [
        "request { ip 10.0.0.5 }\nexpect served by a/x",
        "request { client key; ip 192.0.2.1 }\nexpect served by a/x",
        // Its key is asked for, and it shows none.
        "request { ip 192.0.2.1 }\nexpect denied 401",
        "request { }\nexpect denied 401",
        "request { client lan; header \"x\" \"own\"; model \"x\" }\nexpect failed 401\nexpect attempts 0",
        "request { client lan; has caller-key; header \"x\" \"own\"; model \"x\" }\nexpect served by a/x",
        // A key of the caller's is charged to no ceiling.
        "request { client lan; has caller-key; header \"x\" \"own\"; model \"x\" }\nspent ceiling all $1\nexpect served by a/x",
        "request { client key; model \"x\" }\nspent ceiling all $1\nexpect denied 429 by all",
    ] {
        assert_eq!(failed(body), [""; 0], "{body}");
    }
    assert_eq!(
        failed("request { ip 192.0.2.1 }\nexpect class code"),
        [
            "expected class `code`, got deny 401 \"no client of the policy calls from there\" (the gateway) (Some(\"it comes to no arm, for no client of the policy calls from there\"))"
        ]
    );
}
