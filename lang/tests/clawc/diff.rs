//! `clawc diff`: what a change of text changes for requests.

use std::fs;

use serde_json::Value;

use crate::root;
use crate::run::{SOUND, clawc, folder};

/// The quickstart with these texts replaced, beside the quickstart itself.
fn edited(edits: &[(&str, &str)]) -> tempfile::TempDir {
    let old = fs::read_to_string(root().join("examples/quickstart/quickstart.claw")).unwrap();
    let mut new = old.clone();
    for (from, to) in edits {
        assert!(new.contains(from), "{from}");
        new = new.replace(from, to);
    }
    folder(&[("old/p.claw", &old), ("new/p.claw", &new)])
}

#[test]
fn each_change_is_told_with_its_verdict_its_arms_and_a_request() {
    let home = edited(&[
        // Looser: what was refused is served.
        ("  when tokens > 900k ", "  when tokens > 950k "),
        // Stricter: nothing is left to fall back on.
        ("  fallback primary/large\n", ""),
        // Different: another rule for the same targets.
        (
            "timeout  first-token 5s, total 1m",
            "timeout  first-token 5s, total 90s",
        ),
        // No change: only its name differs.
        ("let nightly ", "let at_night "),
        ("when nightly ", "when at_night "),
    ]);
    let ran = clawc(home.path(), &["diff", "old", "new"], "");
    assert_eq!((ran.code, &*ran.err), (0, ""));
    insta::assert_snapshot!(ran.out);
    let ran = clawc(home.path(), &["diff", "old", "new", "--exit-code"], "");
    assert_eq!(ran.code, 1);
}

#[test]
fn the_example_of_each_change_replays_through_both_tables() {
    let home = edited(&[
        ("  when tokens > 900k ", "  when tokens > 950k "),
        (
            "when header \"x-team\" is \"ml\"     -> route ml",
            "when header \"x-team\" in \"ml\", \"ai\" -> route ml",
        ),
        ("\"claude-*\"", "\"opus-*\""),
        (
            "when nightly                     -> cheap",
            "when nightly -> deny 503 \"by day\"",
        ),
    ]);
    let found = clawc(home.path(), &["diff", "old", "new", "--format", "json"], "").json();
    let changes = found["changes"].as_array().unwrap();
    assert!(changes.len() >= 4, "{found:#}");
    for change in changes {
        for side in ["old", "new"] {
            let request = change["request"].to_string();
            let args = ["explain", "request", "-", side, "--format", "json"];
            let explained = clawc(home.path(), &args, &request).json();
            let decision = &explained["decision"];
            let named = match decision["is"].as_str().unwrap() {
                "class" => format!("class {}", decision["class"].as_str().unwrap()),
                _ => format!("deny {} {}", decision["status"], decision["text"]),
            };
            assert_eq!(Value::from(named), change[side], "{change:#}");
            let arms = change["arms"].as_array().unwrap();
            let taken = explained["taken"].as_array().unwrap().last().unwrap();
            assert!(
                arms.iter().any(|arm| arm[side]["arm"] == taken["arm"]),
                "{taken}"
            );
        }
    }
}

#[test]
fn another_text_with_the_same_meaning_is_no_change() {
    let home = edited(&[
        ("  when nightly                     -> cheap\n", ""),
        (
            "  when tokens > 900k               -> deny 400",
            "  when nightly and not tokens > 900k and not endpoint is not chat -> cheap\n  when tokens >= 900001 -> deny 400",
        ),
    ]);
    let ran = clawc(home.path(), &["diff", "old", "new", "--exit-code"], "");
    assert_eq!(
        (ran.code, &*ran.out),
        (0, "no request is treated otherwise\n")
    );
}

#[test]
fn a_log_says_how_many_requests_a_change_can_touch() {
    let home = edited(&[("  when tokens > 900k ", "  when tokens > 950k ")]);
    let built = clawc(
        home.path(),
        &["build", "old", "-o", "t.clawt", "--format", "json"],
        "",
    );
    let digest = built.json()["behaviour"].as_str().unwrap().to_owned();
    let line = |policy: &str, arm: &str| {
        format!("{{\"policy\":\"{policy}\",\"arm\":\"{arm}\",\"status\":200}}\n")
    };
    let log = [
        line(&digest, "main/2"),
        line(&digest, "main/6"),
        line(&digest, "main/6"),
        line(&digest, "main/2"),
        line("another", "main/2"),
        "something else\n".to_owned(),
    ];
    fs::write(home.path().join("log"), log.concat()).unwrap();
    fs::write(home.path().join("nolog"), "one\ntwo\n").unwrap();
    let args = ["diff", "old", "new", "--traffic", "log", "--format", "json"];
    let found = clawc(home.path(), &args, "").json();
    assert_eq!(found["traffic"]["requests"], 4);
    assert_eq!(found["traffic"]["others"], 1);
    let looser = &found["changes"][0];
    assert_eq!(
        (&looser["verdict"], &looser["requests_max"]),
        (&"looser".into(), &2.into())
    );

    let ran = clawc(
        home.path(),
        &["diff", "old", "new", "--traffic", "nolog"],
        "",
    );
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("none of its 2 lines"), "{}", ran.err);
    let ran = clawc(
        home.path(),
        &["diff", "old", "new", "--traffic", "gone"],
        "",
    );
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("gone: "), "{}", ran.err);
}

#[test]
fn what_cannot_be_compared_is_told() {
    let bad = SOUND.replace("-> code", "-> coed");
    let home = folder(&[("p/shop.claw", SOUND), ("q/shop.claw", &bad)]);
    let ran = clawc(home.path(), &["diff", "p", "q"], "");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("C0201"), "{}", ran.err);
    let ran = clawc(home.path(), &["diff", "-", "-"], "");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("only one of the two policies"),
        "{}",
        ran.err
    );
    let ran = clawc(home.path(), &["diff", "p", "-"], SOUND);
    assert_eq!(ran.out, "no request is treated otherwise\n");
}

/// Each line of [`SETTINGS`] as a change of `whole.claw`.
fn cases() -> Vec<(&'static str, &'static str, &'static str)> {
    let cases = SETTINGS
        .split("\n\n")
        .filter(|case| !case.trim().is_empty());
    let case = |case: &'static str| {
        let mut lines = case.trim().splitn(3, '\n');
        let mut line = |mark: &str| {
            let line = lines.next().expect(case);
            line.strip_prefix(mark).expect(case)
        };
        (line("- "), line("+ "), line("= "))
    };
    cases.map(case).collect()
}

const WHOLE: &str = include_str!("diff/whole.claw");
const SETTINGS: &str = include_str!("diff/settings.txt");

#[test]
fn each_setting_that_differs_is_told_with_its_verdict() {
    for (old, new, told) in cases() {
        let line = |text: &str| text.replace("\\n", "\n");
        let (old, new) = (line(old), line(new));
        assert_eq!(WHOLE.matches(&old).count(), 1, "{old}");
        let changed = WHOLE.replace(&old, &new);
        let home = folder(&[("old/p.claw", WHOLE), ("new/p.claw", &changed)]);
        let ran = clawc(home.path(), &["diff", "old", "new", "--exit-code"], "");
        assert_eq!(
            (ran.code, &*ran.err),
            (1, ""),
            "{old} -> {new}\n{}",
            ran.out
        );
        let found = ran.out.lines().any(|line| line.trim() == told);
        assert!(found, "{old} -> {new}: expected\n{told}\ngot\n{}", ran.out);
        let found = clawc(home.path(), &["diff", "old", "new", "--format", "json"], "").json();
        let verdict = told.split(": ").next().unwrap();
        let lists = [&found["settings"], &found["changes"]];
        let all = lists.iter().filter_map(|list| list.as_array()).flatten();
        let words = ["looser", "different", "stricter"];
        assert!(
            !words.contains(&verdict) || all.clone().any(|one| one["verdict"] == verdict),
            "{found:#}"
        );
    }
}

#[test]
fn names_and_order_are_no_setting() {
    let renamed = WHOLE.replace("policy shop", "policy store");
    // The last two clients change places.
    let (head, lan) = renamed.split_once("client lan").unwrap();
    let (line, rest) = lan.split_once('\n').unwrap();
    let (before, bot) = head.split_once("client bot").unwrap();
    let moved = format!("{before}client lan{line}\nclient bot{bot}{rest}");
    assert_ne!(moved, renamed);
    let home = folder(&[("old/p.claw", WHOLE), ("new/p.claw", &moved)]);
    let ran = clawc(home.path(), &["diff", "old", "new", "--exit-code"], "");
    assert_eq!(
        (ran.code, &*ran.out),
        (0, "no request is treated otherwise\n")
    );
}

#[test]
fn the_first_client_of_a_policy_lets_more_in() {
    let open = SOUND.replace("route {", "client world { from any }\nroute {");
    let home = folder(&[("old/p.claw", SOUND), ("new/p.claw", &open)]);
    let ran = clawc(home.path(), &["diff", "old", "new", "--exit-code"], "");
    assert_eq!(ran.code, 1);
    assert!(
        ran.out
            .contains("looser: client world: none  ->  from any\n"),
        "{}",
        ran.out
    );
}

#[test]
fn a_log_can_come_from_standard_input() {
    let home = edited(&[("  when tokens > 900k ", "  when tokens > 950k ")]);
    let line = "{\"policy\":\"another\",\"arm\":\"main/2\",\"status\":200}\n";
    let ran = clawc(home.path(), &["diff", "old", "new", "--traffic", "-"], line);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert!(
        ran.out
            .contains("looked at 0 logged requests of the old policy; 1 more"),
        "{}",
        ran.out
    );
    let ran = clawc(home.path(), &["diff", "old", "-", "--traffic", "-"], line);
    assert_eq!(ran.code, 2);
}
