//! `clawc test`: each test with its result, and what the tests leave out.

use std::fmt::Write as _;

use crate::run::{SOUND, clawc, folder};

const TESTS: &str = r#"
test "others are served" {
  request { header "x-team" "web" }
  expect  class code
}
test "long texts of the ML team are refused" {
  request { header "x-team" "ml"; tokens 1k }
  expect  denied 400
}
"#;

#[test]
fn each_test_is_told_with_what_came_and_a_failure_is_the_exit_code() {
    let home = folder(&[("p/shop.claw", SOUND), ("p/tests.claw", TESTS)]);
    let ran = clawc(home.path(), &["test", "p", "--coverage"], "");
    assert_eq!((ran.code, &*ran.err), (1, ""));
    insta::assert_snapshot!("tests_failed", ran.out);
    let json = clawc(home.path(), &["test", "p", "--format", "json"], "");
    assert_eq!(json.code, 1);
    let tests = json.json()["tests"].as_array().unwrap().clone();
    assert_eq!(tests.len(), 2);
    assert_eq!(
        (&tests[0]["passed"], &tests[1]["passed"]),
        (&true.into(), &false.into())
    );
    assert_eq!(json.json()["coverage"], serde_json::Value::Null);
    // What fails here keeps the policy from being used.
    let check = clawc(home.path(), &["check", "p", "--format", "json"], "");
    assert_eq!(check.json()["findings"][0]["code"], "C0907");
    assert_eq!(
        clawc(home.path(), &["build", "p", "-o", "t.clawt"], "").code,
        1
    );
    assert!(!home.path().join("t.clawt").exists());
}

#[test]
fn sound_tests_are_exit_code_0_and_a_broken_policy_is_not_tested() {
    let good = TESTS.replace("tokens 1k", "tokens 3k");
    let home = folder(&[
        ("p/shop.claw", SOUND),
        ("p/tests.claw", &good),
        ("q/q.claw", "policy q\n"),
    ]);
    let ran = clawc(home.path(), &["test", "p", "--coverage"], "");
    assert_eq!((ran.code, &*ran.err), (0, ""), "{}", ran.out);
    assert!(
        ran.out
            .ends_with("2 passed, 0 failed\ncoverage: 2 of 2 arms, 2 of 2 leaves, 100%\n")
    );
    let ran = clawc(home.path(), &["test", "q"], "");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("C0210"), "{}", ran.err);
}

#[test]
fn all_formats_say_the_same() {
    let home = folder(&[("p/shop.claw", SOUND), ("p/tests.claw", TESTS)]);
    let mut said = String::new();
    for format in ["plain", "json", "github", "junit"] {
        let ran = clawc(
            home.path(),
            &["test", "p", "--coverage", "--format", format],
            "",
        );
        assert_eq!((ran.code, &*ran.err), (1, ""), "{format}");
        write!(said, "--- {format}\n{}", ran.out).unwrap();
    }
    insta::assert_snapshot!("tests_in_every_format", said);
    let sarif = clawc(
        home.path(),
        &["test", "p", "--coverage", "--format", "sarif"],
        "",
    )
    .json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let rules: Vec<&str> = results
        .iter()
        .map(|one| one["ruleId"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["C0908", "C0907"]);
}

#[test]
fn what_is_reached_is_rounded_down_and_may_be_too_little() {
    let one = TESTS.split("test \"long").next().unwrap();
    let home = folder(&[("p/shop.claw", SOUND), ("p/tests.claw", one)]);
    let ran = clawc(home.path(), &["test", "p", "--min", "51"], "");
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("1 of 2 leaves, 50%"), "{}", ran.out);
    assert_eq!(
        clawc(home.path(), &["test", "p", "--min", "50"], "").code,
        0
    );
    assert_eq!(clawc(home.path(), &["test", "p", "--coverage"], "").code, 0);
    assert_eq!(
        clawc(home.path(), &["test", "p", "--min", "101"], "").code,
        2
    );
}

#[test]
fn warnings_that_are_denied_keep_a_policy_from_being_tested() {
    let good = TESTS.replace("tokens 1k", "tokens 3k");
    // Both models are at one provider, and nothing takes that in.
    let idle = "pool idle { a/x; a/y }\n";
    let home = folder(&[
        ("p/shop.claw", SOUND),
        ("p/tests.claw", &good),
        ("p/idle.claw", idle),
    ]);
    let test = |args: &[&str]| clawc(home.path(), &[&["test", "p"], args].concat(), "");
    assert_eq!(test(&[]).code, 0);
    let ran = test(&["--deny", "warnings"]);
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("C0211"), "{}", ran.err);
    let ran = test(&["--deny", "warnings", "--format", "plain"]);
    assert!(
        ran.out.starts_with("p/idle.claw:1:6: warning C0211"),
        "{}",
        ran.out
    );
    let ran = test(&["--deny", "warnings", "--format", "junit"]);
    assert!(ran.out.contains("failures=\"1\""), "{}", ran.out);
}

#[test]
fn what_is_old_on_a_day_is_told_where_warnings_are_denied() {
    let old = SOUND.replace("model x;", "model x { shutdown 2026-06-30 };");
    let home = folder(&[("p/shop.claw", &old)]);
    let on = |day: &str| {
        let args = ["test", "p", "--deny", "warnings", "--today", day];
        clawc(home.path(), &args, "")
    };
    let before = on("2026-01-01");
    assert!(!before.err.contains("C0521"), "{}", before.err);
    let after = on("2026-07-01");
    assert_eq!(after.code, 1);
    assert!(after.err.contains("C0521"), "{}", after.err);
}
