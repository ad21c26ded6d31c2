//! `clawc check`, and what every command has in common: what it reads, how it ends, its colours.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::run::{Ran, SOUND, clawc, clawc_with, folder, misspelt};

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
    assert_eq!(
        ran.json(),
        json!({"version": 1, "errors": 0, "warnings": 0, "notes": 0, "findings": []})
    );
}

#[test]
fn findings_are_shown_where_the_reader_can_open_them() {
    let home = folder(&[("p/shop.claw", &misspelt())]);
    let ran = clawc(home.path(), &["check", "p"], "");
    assert_eq!((ran.code, &*ran.err), (1, ""));
    insta::assert_snapshot!("a_finding", ran.out);
    let found = clawc(home.path(), &["check", "p", "--format", "json"], "");
    assert_eq!(found.code, 1);
    assert_eq!(
        found.json()["findings"][0]["labels"][0]["file"],
        "p/shop.claw"
    );
    assert_eq!(found.json()["findings"][0]["labels"][0]["line"], 8);
}

#[test]
fn a_policy_cut_off_in_the_middle_is_a_finding_and_not_a_crash() {
    for end in 0..SOUND.len() {
        let ran = clawc_cut(end);
        let sound = SOUND.trim_end().len();
        assert_eq!(
            ran.code,
            i32::from(end < sound),
            "cut at {end}: {}{}",
            ran.out,
            ran.err
        );
        assert_eq!(ran.err, "", "cut at {end}");
    }
}

fn clawc_cut(end: usize) -> Ran {
    // Each run is a process of its own, so only every seventh place is tried, and the last ones.
    if !end.is_multiple_of(7) && end + 8 < SOUND.len() {
        return Ran {
            code: 1,
            out: String::new(),
            err: String::new(),
        };
    }
    clawc(Path::new("."), &["check", "-"], &SOUND[..end])
}

#[test]
fn warnings_count_only_where_they_are_denied() {
    let text = format!("{SOUND}class spare {{ primary a/y }}\n");
    let home = folder(&[("p/shop.claw", &text)]);
    let ran = clawc(home.path(), &["check", "p"], "");
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.contains("C0211") && ran.out.contains("1 warning"),
        "{}",
        ran.out
    );
    assert_eq!(
        clawc(home.path(), &["check", "p", "--deny", "warnings"], "").code,
        1
    );

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
    assert!(
        colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")]),
        "empty is not set"
    );
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
    assert_eq!(
        trouble(&["check", "bad.claw"]),
        "clawc: bad.claw is not UTF-8 at byte 7; save it as UTF-8\n"
    );
    assert!(trouble(&["check", "p/t.clawt"]).contains("is a compiled table"));
    assert_eq!(
        trouble(&["check", "empty/readme.md"]),
        "clawc: `empty/readme.md` is no `.claw` file; name a policy's file or folder, or write `-` and read it from standard input\n"
    );
    assert!(trouble(&["build", "p", "-o", "nowhere/t.clawt"]).contains("`nowhere/t.clawt`"));
    assert!(trouble(&["build", "p", "-o", "empty"]).contains("this is a folder"));
    assert!(trouble(&["explain", "request", "-", "-"]).contains("only one"));
    assert!(trouble(&["explain", "request", "no.json", "p"]).starts_with("clawc: no.json: "));
    assert!(trouble(&["check"]).contains("Usage"));
    assert!(trouble(&["chekc", "p"]).contains("check"));
    assert!(trouble(&["check", "p", "--format", "xml"]).contains("human, plain, json"));
}

/// What a link or a mount can put where a file is due. None of it may be waited for.
#[cfg(unix)]
#[test]
fn a_pipe_or_a_ring_of_links_in_the_folder_is_refused_and_not_waited_for() {
    let home = folder(&[
        ("pipe/shop.claw", SOUND),
        ("ring/shop.claw", SOUND),
        ("up/shop.claw", SOUND),
    ]);
    let made = Command::new("mkfifo")
        .arg(home.path().join("pipe/queue.claw"))
        .status()
        .unwrap();
    assert!(made.success());
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, home.path().join(at)).unwrap();
    link("ring.claw", "ring/ring.claw");
    link("..", "up/again");
    link("..", "up/again.claw");
    let ran = clawc(home.path(), &["check", "pipe"], "");
    assert_eq!(
        (ran.code, &*ran.err),
        (2, "clawc: pipe/queue.claw is not a regular file\n")
    );
    let ran = clawc(home.path(), &["check", "ring"], "");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.starts_with("clawc: ring/ring.claw: "),
        "{}",
        ran.err
    );
    let ran = clawc(home.path(), &["check", "up"], "");
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "", ""));
}

#[cfg(unix)]
#[test]
fn a_mounted_config_map_is_read_with_its_folders_and_once() {
    let guard = "forbid large when tokens > 500k deny 400 \"split it\"\n";
    let home = folder(&[
        ("p/..2026_11_22/shop.claw", SOUND),
        ("p/..2026_11_22/teams/x.claw", guard),
    ]);
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, home.path().join(at)).unwrap();
    link("..2026_11_22", "p/..data");
    link("..data/shop.claw", "p/shop.claw");
    link("..data/teams", "p/teams");
    let ran = clawc(home.path(), &["check", "p"], "");
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "", ""));
    let ran = clawc(home.path(), &["doc", "p"], "");
    assert!(ran.out.contains("split it"), "{}", ran.out);
}

#[test]
fn a_folder_of_ten_thousand_files_is_refused_and_says_how_many_there_may_be() {
    let home = folder(&[("p/shop.claw", SOUND)]);
    for number in 0..10_000 {
        fs::write(home.path().join(format!("p/{number}.claw")), "# nothing\n").unwrap();
    }
    let ran = clawc(home.path(), &["check", "p"], "");
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("holds more than 4096 files"),
        "{}",
        ran.err
    );
}

#[test]
fn arms_whose_order_counts_are_shown_when_asked_for_and_are_no_fault() {
    let home = tempfile::tempdir().unwrap();
    let policy = "policy p
provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model x; model y }
class code { primary a/x }
class cheap { primary a/y }
route {
  when streaming -> code
  when has tools -> cheap
  otherwise      -> code
}
";
    fs::write(home.path().join("p.claw"), policy).unwrap();
    let plain = clawc(home.path(), &["check", "p.claw", "--format", "plain"], "");
    assert_eq!((plain.code, plain.out.as_str()), (0, ""));
    let asked = ["check", "p.claw", "--overlaps", "--deny", "warnings"];
    let shown = clawc(
        home.path(),
        &[&asked[..], &["--format", "plain"]].concat(),
        "",
    );
    assert_eq!(shown.code, 0);
    assert!(
        shown.out.contains("p.claw:7:3: note C0408:"),
        "{}",
        shown.out
    );
    assert!(
        shown.out.contains("p.claw:6:3: note: and meets this one"),
        "{}",
        shown.out
    );
}
