//! The program as its users run it: arguments and files in; output, exit code and files out.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::root;

const SOUND: &str = r#"policy shop
provider a { api openai; url "http://127.0.0.1:1/v1"; key none; model x; model y }
class code { primary a/x; fallback a/y }
route {
  when header "x-team" is "ml"   # they say why
    and tokens > 2k -> deny 400 "too long"
  otherwise -> code
}
"#;

/// What a run gave.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect(&self.out)
    }
}

/// Runs clawc in a folder, without a terminal and with nothing of the tester's environment.
fn clawc(folder: &Path, args: &[&str], input: &str) -> Ran {
    clawc_with(folder, (args, input), &[])
}

fn clawc_with(folder: &Path, (args, input): (&[&str], &str), set: &[(&str, &str)]) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clawc"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs(set.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A run that reads no input may have ended by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A policy with one fault, in its eighth line.
fn misspelt() -> String {
    SOUND.replace("otherwise -> code", "when streaming -> code\n  otherwise -> coed")
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn a_sound_policy_is_passed_over_in_silence() {
    let home = folder(&[("p/shop.claw", SOUND)]);
    for paths in [&["p"][..], &["p/shop.claw"], &["./p/"]] {
        let ran = clawc(home.path(), &[&["check"], paths].concat(), "");
        assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "", ""), "{paths:?}");
    }
    let ran = clawc(home.path(), &["check", "-"], SOUND);
    assert_eq!((ran.code, &*ran.out), (0, ""));
    let ran = clawc(home.path(), &["check", "p", "--format", "json"], "");
    assert_eq!(ran.json(), json!({"version": 1, "errors": 0, "warnings": 0, "findings": []}));
}

#[test]
fn findings_are_shown_where_the_reader_can_open_them() {
    let home = folder(&[("p/shop.claw", &misspelt())]);
    let ran = clawc(home.path(), &["check", "p"], "");
    assert_eq!((ran.code, &*ran.err), (1, ""));
    insta::assert_snapshot!("a_finding", ran.out);
    let found = clawc(home.path(), &["check", "p", "--format", "json"], "");
    assert_eq!(found.code, 1);
    assert_eq!(found.json()["findings"][0]["labels"][0]["file"], "p/shop.claw");
    assert_eq!(found.json()["findings"][0]["labels"][0]["line"], 8);
}

#[test]
fn a_policy_cut_off_in_the_middle_is_a_finding_and_not_a_crash() {
    for end in 0..SOUND.len() {
        let ran = clawc_cut(end);
        let sound = SOUND.trim_end().len();
        assert_eq!(ran.code, i32::from(end < sound), "cut at {end}: {}{}", ran.out, ran.err);
        assert_eq!(ran.err, "", "cut at {end}");
    }
}

fn clawc_cut(end: usize) -> Ran {
    // Each run is a process of its own, so only every seventh place is tried, and the last ones.
    if end % 7 != 0 && end + 8 < SOUND.len() {
        return Ran { code: 1, out: String::new(), err: String::new() };
    }
    clawc(Path::new("."), &["check", "-"], &SOUND[..end])
}

#[test]
fn warnings_count_only_where_they_are_denied() {
    let text = format!("{SOUND}class spare {{ primary a/y }}\n");
    let home = folder(&[("p/shop.claw", &text)]);
    let ran = clawc(home.path(), &["check", "p"], "");
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("C0211") && ran.out.contains("1 warning"), "{}", ran.out);
    assert_eq!(clawc(home.path(), &["check", "p", "--deny", "warnings"], "").code, 1);

    let build = ["build", "p", "-o", "t.clawt", "--deny", "warnings"];
    assert_eq!(clawc(home.path(), &build, "").code, 1);
    assert!(!home.path().join("t.clawt").exists());
    assert_eq!(clawc(home.path(), &build[..4], "").code, 0);
    assert!(home.path().join("t.clawt").exists());
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let home = folder(&[("p/shop.claw", &misspelt())]);
    let colored = |args: &[&str], set: &[(&str, &str)]| {
        let ran = clawc_with(home.path(), (&[&["check", "p"], args].concat(), ""), set);
        ran.out.contains('\u{1b}')
    };
    assert!(!colored(&[], &[]), "no terminal");
    assert!(colored(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")]), "empty is not set");
}

#[test]
fn what_cannot_be_read_or_written_is_trouble_and_names_itself() {
    let home = folder(&[("p/shop.claw", SOUND), ("empty/readme.md", "")]);
    fs::write(home.path().join("bad.claw"), b"policy \xFF").unwrap();
    let trouble = |args: &[&str]| {
        let ran = clawc(home.path(), args, "");
        assert_eq!((ran.code, &*ran.out), (2, ""), "{args:?} {}", ran.err);
        ran.err
    };
    assert!(trouble(&["check", "nowhere"]).starts_with("clawc: nowhere: "));
    assert_eq!(
        trouble(&["check", "empty"]),
        "clawc: no `.claw` file in `empty`; name a folder that holds a policy\n"
    );
    assert_eq!(trouble(&["check", "bad.claw"]), "clawc: bad.claw is not UTF-8 at byte 7\n");
    assert!(trouble(&["check", "p/t.clawt"]).contains("is a compiled table"));
    assert!(trouble(&["build", "p", "-o", "nowhere/t.clawt"]).contains("`nowhere/t.clawt`"));
    assert!(trouble(&["build", "p", "-o", "empty"]).contains("this is a folder"));
    assert!(trouble(&["explain", "request", "-", "-"]).contains("only one"));
    assert!(trouble(&["explain", "request", "no.json", "p"]).starts_with("clawc: no.json: "));
    assert!(trouble(&["check"]).contains("Usage"));
    assert!(trouble(&["chekc", "p"]).contains("check"));
    assert!(trouble(&["check", "p", "--format", "xml"]).contains("human, json"));
}

/// What a link or a mount can put where a file is due. None of it may be waited for.
#[cfg(unix)]
#[test]
fn a_pipe_or_a_ring_of_links_in_the_folder_is_refused_and_not_waited_for() {
    let home = folder(&[("pipe/shop.claw", SOUND), ("ring/shop.claw", SOUND), ("up/shop.claw", SOUND)]);
    let made = Command::new("mkfifo").arg(home.path().join("pipe/queue.claw")).status().unwrap();
    assert!(made.success());
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, home.path().join(at)).unwrap();
    link("ring.claw", "ring/ring.claw");
    link("..", "up/again");
    link("..", "up/again.claw");
    let ran = clawc(home.path(), &["check", "pipe"], "");
    assert_eq!((ran.code, &*ran.err), (2, "clawc: pipe/queue.claw is not a regular file\n"));
    let ran = clawc(home.path(), &["check", "ring"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("clawc: ring/ring.claw: "), "{}", ran.err);
    let ran = clawc(home.path(), &["check", "up"], "");
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "", ""));
}

#[test]
fn an_unknown_code_is_answered_with_the_nearest() {
    let explain = |code| clawc(Path::new("."), &["explain", code], "");
    for (code, near) in [("C0210x", "C0210"), ("C201", "C0201"), ("201", "C0201"), ("e0304", "C0304")] {
        let ran = explain(code);
        assert_eq!(ran.code, 2, "{code}");
        assert!(ran.err.contains(&format!("did you mean `{near}`?")), "{}", ran.err);
    }
    assert_eq!(
        explain("colour").err,
        "clawc: no diagnostic has the code `colour`; `clawc explain` lists them all\n"
    );
}

#[test]
fn every_code_has_its_page() {
    let list = clawc(Path::new("."), &["explain", "--format", "json"], "").json();
    let codes: Vec<&str> = list.as_array().unwrap().iter().map(|c| c["code"].as_str().unwrap()).collect();
    assert!(codes.len() > 40, "{}", codes.len());
    let lines = clawc(Path::new("."), &["explain"], "").out;
    assert_eq!(lines.lines().count(), codes.len());
    let ran = clawc(Path::new("."), &["explain", "c0201"], "");
    assert_eq!(ran.code, 0);
    assert!(ran.out.starts_with("# C0201") && ran.out.contains("## Prefer"), "{}", ran.out);
    let page = clawc(Path::new("."), &["explain", "C0201", "--format", "json"], "").json();
    assert_eq!((&page["code"], &page["severity"]), (&json!("C0201"), &json!("error")));
}

#[test]
fn the_same_policy_gives_the_same_table_wherever_it_lies() {
    let home = folder(&[("p/shop.claw", SOUND), ("deep/er/shop.claw", SOUND)]);
    let ran = clawc(home.path(), &["build", "p", "-o", "one.clawt"], "");
    assert_eq!((ran.code, &*ran.err), (0, ""));
    assert_eq!(clawc(home.path(), &["build", "deep/er", "-o", "two.clawt"], "").code, 0);
    let one = fs::read(home.path().join("one.clawt")).unwrap();
    assert_eq!(one, fs::read(home.path().join("two.clawt")).unwrap());
    claw_table::Table::open(&one).unwrap();

    let built = clawc(home.path(), &["build", "p", "-o", "one.clawt", "--format", "json"], "").json();
    assert_eq!(built["bytes"], one.len());
    assert_eq!(built["arms"], 2);
    for part in ["2 arms", built["behaviour"].as_str().unwrap(), &format!("{} bytes", one.len())] {
        assert!(ran.out.contains(part), "`{part}` is missing in {}", ran.out);
    }
    // Nothing but the table is left behind.
    let mut left: Vec<_> =
        fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["deep", "one.clawt", "p", "two.clawt"]);
}

#[test]
fn a_policy_at_fault_leaves_the_table_that_is_there() {
    let home = folder(&[("p/shop.claw", &SOUND[..SOUND.len() / 2]), ("t.clawt", "the old one")]);
    let ran = clawc(home.path(), &["build", "p", "-o", "t.clawt"], "");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("p/shop.claw"), "{}", ran.err);
    assert_eq!(fs::read_to_string(home.path().join("t.clawt")).unwrap(), "the old one");
}

#[test]
fn a_construct_that_not_every_gateway_enforces_is_told_at_build() {
    let text = SOUND.replace("fallback a/y", "fallback a/y; commit whole");
    let home = folder(&[("p/shop.claw", &text)]);
    let ran = clawc(home.path(), &["build", "p", "-o", "t.clawt"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("`commit-whole` (shop.claw:3:48)"), "{}", ran.out);
}

#[test]
fn a_request_is_explained_by_the_arms_it_passed() {
    let home = folder(&[("p/shop.claw", SOUND)]);
    let request = r#"{"headers": {"x-team": "ml"}, "body": {"model": "m", "messages": [
        {"role": "user", "content": "hello"}]}}"#;
    let ran = clawc(home.path(), &["explain", "request", "-", "p"], request);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    insta::assert_snapshot!("a_request_explained", ran.out);

    let ran = clawc(home.path(), &["explain", "request", "-", "p", "--format", "json"], request);
    let told = ran.json();
    assert_eq!(told["decision"], json!({"is": "class", "class": "code"}));
    assert_eq!(told["earlier"][0]["failed"], "tokens > 2k");
    assert_eq!(told["earlier"][0]["value"], "8");
    assert_eq!(told["taken"][0]["place"], "shop.claw:7:3");
    let asked: Vec<&str> = told["asked"].as_array().unwrap().iter().map(|a| a["fact"].as_str().unwrap()).collect();
    assert_eq!(asked, [r#"header "x-team""#, "tokens"]);

    // A fact that decides nothing is not asked.
    let ran = clawc(home.path(), &["explain", "request", "-", "p", "--format", "json"], "{}");
    assert_eq!(ran.json()["asked"].as_array().unwrap().len(), 1);
}

#[test]
fn a_request_that_cannot_be_read_is_trouble_and_a_policy_at_fault_is_a_finding() {
    let home = folder(&[("p/shop.claw", SOUND), ("q/shop.claw", "policy q")]);
    let ran = clawc(home.path(), &["explain", "request", "-", "p"], r#"{"modle": "x"}"#);
    assert_eq!(
        (ran.code, &*ran.err),
        (2, "clawc: <stdin>: `modle` is not a part of a request; did you mean `model`?\n")
    );
    let ran = clawc(home.path(), &["explain", "request", "-", "q"], "{}");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("C0210"), "{}", ran.err);
}

#[test]
fn the_commands_of_the_readme_work_as_they_are_written() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let table = home.path().join("quickstart.clawt");
    let mut tried = 0;
    for rest in readme.split("`cargo run --bin clawc -- ").skip(1) {
        let command = rest.split('`').next().unwrap();
        let command = command.replace("/tmp/quickstart.clawt", table.to_str().unwrap());
        let args: Vec<&str> = command.split(' ').collect();
        let ran = clawc(&root(), &args, "{}");
        assert_eq!((ran.code, &*ran.err), (0, ""), "{command}");
        assert_eq!(ran.out.is_empty(), args[0] == "check", "{command}: {}", ran.out);
        tried += 1;
    }
    assert!(tried >= 4, "only {tried} commands were found");
    assert!(table.exists());
}

#[test]
fn every_request_that_ships_is_explained() {
    let requests = root().join("examples/requests");
    let mut tried = 0;
    for entry in fs::read_dir(requests).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "json") {
            let args = ["explain", "request", path.to_str().unwrap(), "examples/quickstart"];
            let ran = clawc(&root(), &args, "");
            assert_eq!((ran.code, &*ran.err), (0, ""), "{}", path.display());
            tried += 1;
        }
    }
    assert!(tried >= 4);
}
