//! What is not a policy to serve by, and what is said about it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use claw_lang::Source;
use claw_runtime::keys::Vault;
use claw_runtime::policy::load::{Compiler, Refusal};
use claw_table::policy::{
    Action, Calendar, Ceiling, Deny, Held, Policy, Scope, Then, Unit, Window,
};
use claw_table::{DenyId, Parts};

use crate::house::{House, loader, policy};

const URL: &str = "http://127.0.0.1:9/v1";

/// The table of a policy of one file.
pub(crate) fn table(text: &str) -> Vec<u8> {
    let source = Source {
        path: "p.claw".to_owned(),
        text: text.to_owned(),
    };
    let compiled = claw_lang::compile(vec![source]);
    compiled
        .table
        .unwrap_or_else(|| panic!("{}", compiled.report.human()))
}

fn refusal(file: &str, content: &[u8]) -> Refusal {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(file);
    fs::write(&file, content).unwrap();
    let path = if file.extension().is_some_and(|e| e == "claw") {
        folder.path()
    } else {
        &file
    };
    loader(path.to_owned()).load(None).result.unwrap_err()
}

/// What is said, with the code before it and without the folder's own name.
fn said(refusal: &Refusal) -> String {
    format!("{}: {refusal}", refusal.code())
}

#[test]
fn a_missing_key_refuses_by_provider_and_reference() {
    let keys = ["key env NOBODY_SET_THIS", "key file \"no/such.key\""];
    let texts = keys.map(|key| said(&refusal("p.claw", policy(URL, "m", key).as_bytes())));
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn the_policy_that_a_newcomer_begins_with_is_taken_once_its_key_is_set() {
    const START: &str = include_str!("../../../lang/src/bin/clawc/start.claw");
    let refused = said(&refusal("policy.claw", START.as_bytes()));
    assert!(refused.contains("`OPENAI_API_KEY`"), "{refused}");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("policy.claw"), START).unwrap();
    let mut loader = loader(folder.path().to_owned());
    loader.vault = Vault::with_env(folder.path().to_path_buf(), |name| {
        (name == "OPENAI_API_KEY").then(|| "a key of the environment".to_owned())
    });
    let result = loader.load(None).result;
    assert!(result.is_ok(), "{}", said(&result.unwrap_err()));
}

#[test]
fn roots_that_cannot_be_used_refuse_by_provider_and_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("empty.pem"), "").unwrap();
    fs::write(
        folder.path().join("junk.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let texts = ["missing.pem", "empty.pem", "junk.pem"].map(|file| {
        let text = policy(
            "https://127.0.0.1:9/v1",
            "m",
            &format!("key none; ca \"{file}\""),
        );
        fs::write(folder.path().join("p.claw"), text).unwrap();
        said(
            &loader(folder.path().to_owned())
                .load(None)
                .result
                .unwrap_err(),
        )
    });
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn what_this_build_does_not_enforce_is_refused_at_its_place_from_text_and_from_a_table() {
    let text =
        policy(URL, "m", "key none").replace("up/m }", "up/m\n  min-output 2k\n  fail open\n}");
    let from_text = said(&refusal("p.claw", text.as_bytes()));
    insta::assert_snapshot!(from_text);
    let from_table = refusal("p.clawt", &table(&text));
    assert_eq!(said(&from_table), from_text);
    insta::assert_snapshot!(from_table.diagnostics());
}

#[test]
fn a_table_cut_anywhere_is_refused_with_a_code() {
    let whole = table(&policy(URL, "m", "key none"));
    let codes: std::collections::BTreeSet<&str> = (0..whole.len())
        .map(|length| refusal_of(&whole[..length]))
        .collect();
    let codes: Vec<_> = codes.into_iter().collect();
    insta::assert_snapshot!(codes.join("\n"));
    let mut longer = whole.clone();
    longer.push(0);
    assert_eq!(refusal_of(&longer), "table_length");
    let mut damaged = whole;
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(refusal_of(&damaged), "table_damaged");
    insta::assert_snapshot!(said(&refusal("p.clawt", b"claw")));
    insta::assert_snapshot!(said(&refusal("p.clawt", &damaged)));
}

#[test]
fn a_table_that_goes_by_an_unknown_clock_is_refused_by_the_name_of_its_zone() {
    let table = |zone: &str| {
        let ceiling = Ceiling {
            name: "daily".to_owned(),
            window: Window::Calendar(Calendar {
                unit: Unit::Day,
                zone: zone.to_owned(),
            }),
            scope: Scope::All,
            amount_pico: 1,
            per: Vec::new(),
            held: Held::Most,
            steps: Vec::new(),
            then: Then::Deny,
        };
        let policy = Policy {
            ceilings: vec![ceiling],
            denies: vec![Deny {
                status: 400,
                text: "no".to_owned(),
            }],
            ..Policy::default()
        };
        claw_table::encode(&Parts::always(policy, Action::Deny(DenyId(0))))
    };
    for zone in ["Mars/Olympus", "europe/berlin"] {
        let said = said(&refusal("p.clawt", &table(zone)));
        let due = format!("zone_unknown: there is no time zone `{zone}` in this build");
        assert!(said.starts_with(&due), "{said}");
    }
    // The zone is all that is wrong with it.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.clawt");
    fs::write(&file, table("Europe/Berlin")).unwrap();
    assert!(loader(file).load(None).result.is_ok());
}

fn refusal_of(bytes: &[u8]) -> &'static str {
    claw_table::Table::open(bytes).unwrap_err().code()
}

#[test]
fn a_policy_that_is_not_there_or_empty_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let code = |path: &Path| {
        loader(path.to_owned())
            .load(None)
            .result
            .unwrap_err()
            .code()
    };
    assert_eq!(code(&folder.path().join("nothing")), "policy_unreadable");
    assert_eq!(
        code(&folder.path().join("nothing.clawt")),
        "policy_unreadable"
    );
    assert_eq!(code(folder.path()), "policy_empty");
    fs::write(folder.path().join("p.claw"), [0xff, 0xfe]).unwrap();
    assert_eq!(code(folder.path()), "policy_unreadable");
    // A folder that bears a table's name is no file to wait for.
    fs::create_dir(folder.path().join("d.clawt")).unwrap();
    assert_eq!(code(&folder.path().join("d.clawt")), "policy_unreadable");
}

/// What comes of a compiler that behaves like this shell script, in this folder.
fn compiled_in(folder: &Path, script: &str, wait: Duration) -> Refusal {
    fs::write(folder.join("p.claw"), policy(URL, "m", "key none")).unwrap();
    let mut loader = loader(folder.to_owned());
    loader.compiler = Compiler {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        wait,
    };
    loader.load(None).result.unwrap_err()
}

fn compiled_by(script: &str) -> Refusal {
    let folder = tempfile::tempdir().unwrap();
    compiled_in(folder.path(), script, Duration::from_mins(1))
}

#[test]
fn a_compiler_that_hangs_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo $$ > \"$0/pid\"; exec sleep 36000";
    let refusal = compiled_in(folder.path(), script, Duration::from_millis(200));
    assert_eq!(refusal.code(), "compiler_timeout");
    let pid = fs::read_to_string(folder.path().join("pid")).unwrap();
    assert!(
        !Path::new("/proc").join(pid.trim()).exists(),
        "it is still there"
    );
}

#[test]
fn a_compiler_that_breaks_is_quoted() {
    let refusal = compiled_by("echo thread panicked at x >&2; exit 101");
    assert_eq!(refusal.code(), "compiler_broke");
    let text = refusal.to_string();
    assert!(
        text.contains("exit status: 101: thread panicked at x"),
        "{text}"
    );
}

#[test]
fn a_compiler_that_says_too_much_or_nonsense_is_not_believed() {
    assert_eq!(compiled_by("exec yes").code(), "compiler_broke");
    assert_eq!(compiled_by("echo '{}'").code(), "compiler_broke");
    let lie = r#"printf '{"table_bytes":5,"text":"","diagnostics":null}\nabc'"#;
    assert_eq!(compiled_by(lie).code(), "compiler_broke");
    let unsound = r#"printf '{"table_bytes":3,"text":"","diagnostics":null}\nabc'"#;
    assert_eq!(compiled_by(unsound).code(), "table_not_a_table");
}

#[test]
fn a_compiler_is_given_no_environment() {
    assert!(
        std::env::vars().any(|(name, _)| name == "PATH"),
        "this test has one itself"
    );
    let text = compiled_by("/usr/bin/env >&2; exit 1").to_string();
    assert!(text.contains("PWD="), "what a shell sets by itself: {text}");
    assert!(!text.contains("CARGO") && !text.contains("HOME="), "{text}");
}

#[tokio::test]
async fn a_gateway_without_a_policy_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let Err(why) = House::of(folder, path, crate::house::BY_EVENTS) else {
        panic!("it started");
    };
    assert!(why.to_string().contains("holds no `.claw` file"), "{why}");
}
