//! What is printed of a request can be pasted into a test of the policy, whatever the request says.

use std::fmt::Write as _;

use claw_lang::test;
use claw_lang::testing::coverage;

use crate::one;

const HOUSE: &str = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x }
class code { primary a/x }
";

/// Conditions of which some request must be written with care.
const CONDS: &[&str] = &[
    // Values between those that a policy can name.
    "temperature > 0.7",
    "temperature > 0.7 and temperature < 0.700001",
    "temperature < 0",
    "temperature < -0.000001",
    "temperature > -0.5 and temperature < -0.4",
    "temperature > 1000000M",
    "temperature < -1000000M",
    "body \"/n\" > 0.7",
    "body \"/n\" > 0.7 and body \"/n\" < 0.700001",
    "body \"/n\" < 0",
    "body \"/n\" < -5",
    "body \"/n\" > -0.000002 and body \"/n\" < -0.000001",
    "body \"/n\" > 1000000M",
    "body \"/n\" < -1000000M",
    "body \"/n\" > 0 and body \"/n\" < 1",
    "tokens > 1000000M",
    "tokens < 1",
    "max-output > 1000000M",
    "messages > 1000000M",
    "messages is 0",
    // Texts that quotes, escapes and eyes stumble over.
    "header \"x\" is \"a\\\"b\\\\c\"",
    "header \"x\" like \"a`*\"",
    "header \"x\" is \"a\" and header \"x\" is \"b\"",
    "header \"x\" is \"\"",
    "query \"q\" is \"a\\nb\\u{202e}\"",
    "query \"\\u{e9}\" is \"é\"",
    "model is \"absent\"",
    "model is absent",
    "model like \"*\\t\"",
    "session is \"}\"",
    "host is \"xn--bcher-kva.example\"",
    "path like \"/a b*\"",
    "path like \"*/chat/completions\"",
    "path like \"/v1/e*\" and endpoint is embeddings",
    "method is PATCH",
    "method is \"M-SEARCH\"",
    "endpoint is other",
    "ip in fe80::/10",
    "not ip in 0.0.0.0/0",
    "prompt mentions \"a\\\"; b\", \"}\"",
    "body \"/a~1b\" is \"# c\"",
    "body \"/a\" is present and body \"/a/b\" is 5",
    "body \"/k\" is null, true, \"true\"",
    "body \"/k\" is absent",
    "has tools, caller-key",
    "has images and has thinking",
    "streaming",
    "time in sun 03:00..03:01 \"Asia/Kathmandu\"",
];

#[test]
fn every_request_that_is_printed_can_be_pasted_into_a_test_which_passes() {
    let mut wrong = Vec::new();
    let mut printed = String::new();
    for cond in CONDS {
        let text =
            format!("{HOUSE}route {{ when {cond} -> deny 400 \"no\"\n otherwise -> code }}\n");
        let ran = test(one(&text));
        let Some((model, outcomes)) = ran.tested else {
            wrong.push(format!("{cond}: {}", ran.report.human()));
            continue;
        };
        let left = coverage(&model, &outcomes).unwrap().uncovered;
        let tests: Vec<&str> = left.iter().map(|left| &*left.test).collect();
        assert_eq!(tests.len(), 2, "{cond}");
        let shown: Vec<&str> = tests
            .iter()
            .map(|test| test.lines().nth(1).unwrap())
            .collect();
        writeln!(printed, "{cond}\n{}", shown.join("\n")).unwrap();
        let ran = test(one(&format!("{text}{}\n", tests.join("\n"))));
        let failed = ran.tested.as_ref().map(|(_, outcomes)| outcomes);
        let failed = failed.map(|all| all.iter().filter(|one| !one.failures.is_empty()).count());
        if failed != Some(0) {
            wrong.push(format!(
                "{cond}: {failed:?}\n{}\n{}",
                tests.join("\n"),
                ran.report.human()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!(printed);
}
