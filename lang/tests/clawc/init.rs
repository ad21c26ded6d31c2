//! `clawc init`: what it writes is a sound policy that does what its comments say.

use std::fs;

use crate::run::{clawc, folder};

#[test]
fn what_it_writes_is_sound_needs_nothing_new_and_is_built() {
    let home = folder(&[]);
    let ran = clawc(home.path(), &["init"], "");
    assert_eq!((ran.code, &*ran.err), (0, ""));
    insta::assert_snapshot!("init", ran.out);
    let check = clawc(home.path(), &["check", "claw", "--deny", "warnings"], "");
    assert_eq!((check.code, &*check.out, &*check.err), (0, "", ""));
    let build = clawc(home.path(), &["build", "claw", "--format", "json"], "").json();
    assert_eq!(
        build["features"],
        serde_json::json!([]),
        "every gateway serves by it"
    );
}

#[test]
fn its_tests_come_to_every_leaf() {
    let home = folder(&[]);
    clawc(home.path(), &["init"], "");
    let ran = clawc(home.path(), &["test", "claw", "--coverage"], "");
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert!(ran.out.contains("3 of 3 leaves, 100%"), "{}", ran.out);
}

#[test]
fn requests_go_where_its_comments_say() {
    let home = folder(&[]);
    clawc(home.path(), &["init", "p"], "");
    let explained = |request: &str| {
        let args = ["explain", "request", "-", "p", "--format", "json"];
        let told = clawc(home.path(), &args, request).json();
        let targets = told["plan"]["targets"].as_array().cloned();
        let targets = targets.unwrap_or_default();
        let targets: Vec<&str> = targets
            .iter()
            .filter_map(|t| t["target"].as_str())
            .collect();
        let decision = &told["decision"];
        let is = decision["class"].as_str().map(str::to_owned);
        let is = is.unwrap_or_else(|| format!("deny {}", decision["status"]));
        format!("{is}: {}", targets.join(", "))
    };
    let work = "work: openai/gpt-5.5, local/small";
    let quick = "quick: openai/gpt-5.4-mini, local/small";
    assert_eq!(explained(r#"{"model": "gpt-5.5"}"#), work);
    assert_eq!(
        explained(r#"{"model": "anything", "has": ["tools"]}"#),
        work
    );
    assert_eq!(explained(r#"{"model": "gpt-5.4-mini"}"#), quick);
    assert_eq!(explained(r#"{"headers": {"x-job": "batch"}}"#), quick);
    assert_eq!(explained(r#"{"path": "/v1/embeddings"}"#), "deny 400: ");
}

#[test]
fn nothing_is_ever_written_over() {
    let home = folder(&[
        ("mine/deep/shop.claw", "policy shop\n"),
        ("notes/readme.md", "mine"),
        ("file", "mine"),
    ]);
    let refused = |at: &str| {
        let ran = clawc(home.path(), &["init", at], "");
        assert_eq!((ran.code, &*ran.out), (2, ""), "{at}");
        ran.err
    };
    assert_eq!(
        refused("mine"),
        "clawc: `mine/deep/shop.claw` is there already; \
         name a folder without `.claw` files, and it is left as it is\n"
    );
    assert!(!home.path().join("mine/policy.claw").exists());
    assert!(refused("file").contains("`file/policy.claw`"));
    assert!(refused("shop.claw").contains("reads like a file"));
    assert_eq!(
        fs::read_to_string(home.path().join("file")).unwrap(),
        "mine"
    );

    assert_eq!(clawc(home.path(), &["init", "notes"], "").code, 0);
    let policy = home.path().join("notes/policy.claw");
    let first = fs::read(&policy).unwrap();
    assert!(refused("notes").contains("`notes/policy.claw` is there already"));
    assert_eq!(fs::read(&policy).unwrap(), first);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_written_through() {
    let home = folder(&[("p/readme.md", "")]);
    let elsewhere = home.path().join("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, home.path().join("p/policy.claw")).unwrap();
    let ran = clawc(home.path(), &["init", "p"], "");
    assert_eq!((ran.code, &*ran.out), (2, ""), "{}", ran.err);
    assert!(!elsewhere.exists());
}

#[test]
fn a_folder_that_a_shell_would_cut_is_quoted_in_what_comes_next() {
    let home = folder(&[]);
    let ran = clawc(home.path(), &["init", "--", "-my 'own' policy"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let due = r"clawc check './-my '\''own'\'' policy'";
    assert!(ran.out.contains(due), "{}", ran.out);
    assert!(home.path().join("-my 'own' policy/policy.claw").exists());
}
