//! `clawc fmt`: what it writes, what it leaves alone, and how it tells.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::root;
use crate::run::{SOUND, clawc, folder};

const TIDY: &str = "policy tidy # yes\n";
const WILD: &str = "policy   wild\n\n\n\n# c\nclass a{ primary x/y;fallback x/z }";
const TAMED: &str = "policy wild\n\n\n# c\nclass a { primary x/y; fallback x/z }\n";

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// The tidy text as the formatter would have it.
fn tidy() -> String {
    let ran = clawc(Path::new("."), &["fmt", "-"], TIDY);
    assert_eq!((ran.code, &*ran.err), (0, ""));
    ran.out
}

#[test]
fn every_policy_of_the_project_is_formatted() {
    let mut found = Vec::new();
    policies(&root(), &mut found);
    assert!(found.len() >= 10, "{found:?}");
    let home = tempfile::tempdir().unwrap();
    let mut readable = 0;
    for path in found {
        let ran = clawc(home.path(), &["fmt", "--diff", path.to_str().unwrap()], "");
        // Some are there to be wrong, and what cannot be read has no format.
        let is_unread = ran.code == 1 && ran.out.is_empty();
        assert!(is_unread || ran.code == 0, "run clawc fmt:\n{}", ran.out);
        readable += usize::from(!is_unread);
    }
    assert!(readable >= 8);
}

#[test]
fn every_guard_is_described() {
    let reference = text(&root().join("lang/LANGUAGE.md"));
    for guard in claw_lang::format::Guard::ALL {
        assert!(
            reference.contains(&format!("| `{}` |", guard.code())),
            "{guard}"
        );
    }
}

fn policies(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            policies(&path, found);
        } else if path.extension().is_some_and(|e| e == "claw") {
            found.push(path);
        }
    }
}

#[test]
fn what_changes_is_written_and_named_and_the_rest_is_not_touched() {
    let home = folder(&[("p/tidy.claw", &tidy()), ("p/sub/wild.claw", WILD)]);
    let before = fs::metadata(home.path().join("p/tidy.claw")).unwrap();
    let ran = clawc(home.path(), &["fmt", "p"], "");
    assert_eq!(
        (ran.code, &*ran.out, &*ran.err),
        (0, "p/sub/wild.claw\n", "")
    );
    assert_eq!(text(&home.path().join("p/sub/wild.claw")), TAMED);
    let after = fs::metadata(home.path().join("p/tidy.claw")).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());
    let left: Vec<_> = fs::read_dir(home.path().join("p/sub")).unwrap().collect();
    assert_eq!(left.len(), 1, "no draft stays behind: {left:?}");
    let ran = clawc(home.path(), &["fmt", "p"], "");
    assert_eq!(
        (ran.code, &*ran.out, &*ran.err),
        (0, "", ""),
        "a second time"
    );
}

#[test]
fn check_names_what_would_change_and_writes_nothing() {
    let home = folder(&[("p/tidy.claw", &tidy()), ("p/wild.claw", WILD)]);
    let ran = clawc(home.path(), &["fmt", "--check", "p"], "");
    assert_eq!((ran.code, &*ran.out, &*ran.err), (1, "p/wild.claw\n", ""));
    assert_eq!(text(&home.path().join("p/wild.claw")), WILD);
    let ran = clawc(home.path(), &["fmt", "--check", "p/tidy.claw"], "");
    assert_eq!((ran.code, &*ran.out), (0, ""));
    let ran = clawc(home.path(), &["fmt", "--check", "-"], WILD);
    assert_eq!((ran.code, &*ran.out), (1, "<stdin>\n"));
}

#[test]
fn diff_shows_what_would_change_and_writes_nothing() {
    let home = folder(&[("p/tidy.claw", &tidy()), ("p/wild.claw", WILD)]);
    for args in [
        &["fmt", "--diff", "p"][..],
        &["fmt", "--diff", "--check", "p"],
    ] {
        let ran = clawc(home.path(), args, "");
        assert_eq!((ran.code, &*ran.err), (1, ""));
        insta::assert_snapshot!("a_diff", ran.out);
    }
    assert_eq!(text(&home.path().join("p/wild.claw")), WILD);
    let ran = clawc(home.path(), &["fmt", "--diff", "p/tidy.claw"], "");
    assert_eq!((ran.code, &*ran.out), (0, ""));
}

#[test]
fn standard_input_goes_to_standard_output_formatted_or_not_at_all() {
    let ran = clawc(Path::new("."), &["fmt", "-"], WILD);
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, TAMED, ""));
    let ran = clawc(Path::new("."), &["fmt", "-"], TAMED);
    assert_eq!(
        (ran.code, &*ran.out),
        (0, TAMED),
        "also where nothing changes"
    );
    let ran = clawc(Path::new("."), &["fmt", "-"], "class a {\n");
    assert_eq!((ran.code, &*ran.out), (1, ""));
    assert!(ran.err.contains("C0102"), "{}", ran.err);
}

#[test]
fn a_file_with_errors_is_left_alone_and_shown() {
    let wrong = "policy  p\nclass c {\n  primary: a/x\n}\n";
    let home = folder(&[("p/wrong.claw", wrong), ("p/wild.claw", WILD)]);
    let ran = clawc(home.path(), &["fmt", "p"], "");
    assert_eq!((ran.code, &*ran.out), (1, "p/wild.claw\n"));
    assert!(ran.err.contains("C0110") && ran.err.contains("p/wrong.claw:3"));
    assert_eq!(text(&home.path().join("p/wrong.claw")), wrong);
    assert_eq!(text(&home.path().join("p/wild.claw")), TAMED);
}

#[test]
fn a_policy_that_does_not_compile_is_formatted_all_the_same() {
    let home = folder(&[("p.claw", "class  a { primary nowhere/x; no-field 1 }")]);
    let ran = clawc(home.path(), &["fmt", "p.claw"], "");
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "p.claw\n", ""));
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_are_taken_out() {
    let dos = format!("\u{FEFF}{}", SOUND.replace('\n', "\r\n"));
    let home = folder(&[("p.claw", &dos)]);
    assert_eq!(clawc(home.path(), &["fmt", "p.claw"], "").code, 0);
    let after = text(&home.path().join("p.claw"));
    assert!(after.starts_with("policy shop\n") && !after.contains('\r'));
    assert_eq!(clawc(home.path(), &["check", "p.claw"], "").code, 0);
}

#[test]
fn programs_read_what_became_of_each_file() {
    let home = folder(&[
        ("p/a.claw", &tidy()),
        ("p/b.claw", WILD),
        ("p/c.claw", "class {"),
    ]);
    let ran = clawc(home.path(), &["fmt", "p", "--format", "json"], "");
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.json(),
        json!({"version": 1, "files": [
            {"path": "p/a.claw", "status": "same"},
            {"path": "p/b.claw", "status": "changed"},
            {"path": "p/c.claw", "status": "unread"},
        ]})
    );
    assert!(ran.err.contains("\"C0102\""), "{}", ran.err);
    let ran = clawc(home.path(), &["fmt", "-", "--format", "json"], WILD);
    assert_eq!(ran.json()["files"][0]["text"], TAMED);
    let ran = clawc(
        home.path(),
        &["fmt", "-", "--diff", "--format", "json"],
        WILD,
    );
    assert!(
        ran.json()["files"][0]["diff"]
            .as_str()
            .unwrap()
            .contains("+policy wild\n")
    );
}

#[test]
fn trouble_names_the_file_and_says_what_to_do_and_nothing_is_written() {
    let home = folder(&[("p/wild.claw", WILD), ("empty/readme.md", "")]);
    let trouble = |args: &[&str], want: &str| {
        let ran = clawc(home.path(), args, WILD);
        assert_eq!((ran.code, &*ran.out), (2, ""), "{args:?}");
        assert_eq!(ran.err, format!("clawc: {want}\n"));
        assert_eq!(text(&home.path().join("p/wild.claw")), WILD);
    };
    let none = "no `.claw` file in `empty`; name a folder that holds a policy";
    trouble(&["fmt", "empty"], none);
    let alone = "`-` formats standard input to standard output, and stands alone";
    trouble(&["fmt", "-", "p"], alone);
    fs::write(home.path().join("p/bad.claw"), b"policy \xFF").unwrap();
    trouble(
        &["fmt", "p"],
        "p/bad.claw is not UTF-8 at byte 7; save it as UTF-8",
    );
    let big = fs::File::create(home.path().join("p/bad.claw")).unwrap();
    big.set_len(8 * 1024 * 1024 + 1).unwrap();
    let split = "p/bad.claw is larger than 8 MiB; split it, the files of a folder are one policy";
    trouble(&["fmt", "p"], split);
    let ran = clawc(home.path(), &["fmt", "nowhere"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("clawc: nowhere: "), "{}", ran.err);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_mode_and_the_owner_stay() {
        let home = folder(&[("p.claw", WILD)]);
        let path = home.path().join("p.claw");
        mode(&path, 0o640);
        let before = fs::metadata(&path).unwrap();
        assert_eq!(clawc(home.path(), &["fmt", "p.claw"], "").code, 0);
        let after = fs::metadata(&path).unwrap();
        assert_eq!(after.mode() & 0o7777, 0o640);
        assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
        assert_eq!(text(&path), TAMED);
    }

    #[test]
    fn what_a_link_leads_to_is_written_once_and_the_link_stays() {
        let home = folder(&[("real/wild.claw", WILD)]);
        fs::create_dir(home.path().join("p")).unwrap();
        for name in ["a.claw", "b.claw"] {
            symlink("../real/wild.claw", home.path().join("p").join(name)).unwrap();
        }
        let ran = clawc(home.path(), &["fmt", "p"], "");
        assert_eq!((ran.code, &*ran.err), (0, ""));
        assert_eq!(text(&home.path().join("real/wild.claw")), TAMED);
        let link = fs::symlink_metadata(home.path().join("p/a.claw")).unwrap();
        assert!(link.is_symlink());
    }

    #[test]
    fn a_read_only_file_is_not_written_and_neither_is_any_other() {
        let home = folder(&[("p/a.claw", WILD), ("p/b.claw", WILD)]);
        mode(&home.path().join("p/b.claw"), 0o444);
        let ran = clawc(home.path(), &["fmt", "p"], "");
        assert_eq!((ran.code, &*ran.out), (2, ""));
        assert_eq!(
            ran.err,
            "clawc: `p/b.claw` is read-only, and nothing was written; make it writable \
             (`chmod u+w`), or see with `--diff` what would change\n"
        );
        assert_eq!(text(&home.path().join("p/a.claw")), WILD);
        // To look is allowed.
        assert_eq!(clawc(home.path(), &["fmt", "p", "--check"], "").code, 1);
    }
}
