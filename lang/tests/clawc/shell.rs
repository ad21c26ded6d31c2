//! Completions and manual pages name what the command has, and a shell can run them.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::{clawc, folder};

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

fn told(args: &[&str]) -> String {
    let ran = clawc(Path::new("."), args, "");
    assert_eq!((ran.code, &*ran.err), (0, ""), "{args:?}");
    ran.out
}

/// Every command that `--help` lists, but for the parser's own.
fn commands() -> Vec<String> {
    let help = told(&["-h"]);
    let listed = help.split("Commands:\n").nth(1).unwrap();
    let listed = listed.split("\n\n").next().unwrap();
    let names = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let names: Vec<String> = names.filter(|n| *n != "help").map(str::to_owned).collect();
    assert!(names.len() >= 6, "{names:?}");
    names
}

#[test]
fn each_shell_is_told_of_every_command_and_format() {
    for shell in SHELLS {
        let script = told(&["completions", shell]);
        // These two are told of options, and leave an option's words to their users.
        let formats: &[&str] = match shell {
            "powershell" | "elvish" => &["--format"],
            _ => &["sarif", "junit"],
        };
        let formats = formats.iter().map(|word| (*word).to_owned());
        for word in commands().into_iter().chain(formats) {
            assert!(script.contains(&word), "{shell} is not told of {word}");
        }
    }
    let ran = clawc(Path::new("."), &["completions", "tcsh"], "");
    assert_eq!((ran.code, &*ran.out), (2, ""));
    assert!(ran.err.contains("bash"), "{}", ran.err);
}

/// Where there is a bash, it is asked what it would offer.
#[test]
fn bash_completes_a_command_and_the_word_of_an_option() {
    let home = folder(&[("c.bash", &told(&["completions", "bash"]))]);
    let offered = |words: &str, at: usize| {
        let script = format!(
            "source c.bash; COMP_WORDS=({words}); COMP_CWORD={at}; \
             COMP_LINE=\"{words}\"; COMP_POINT=${{#COMP_LINE}}; \
             _clawc clawc \"${{COMP_WORDS[{at}]}}\" \"${{COMP_WORDS[{at}-1]}}\"; \
             echo \"${{COMPREPLY[@]}}\""
        );
        let ran = Command::new("bash")
            .args(["--norc", "-c", &script])
            .current_dir(home.path())
            .stdin(Stdio::null())
            .output()
            .ok()?;
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        Some(String::from_utf8(ran.stdout).unwrap())
    };
    let Some(first) = offered("clawc che", 1) else {
        return;
    };
    assert_eq!(first.trim(), "check");
    assert_eq!(
        offered("clawc check --format sa", 3).unwrap().trim(),
        "sarif"
    );
    assert_eq!(
        offered("clawc build --format js", 3).unwrap().trim(),
        "json"
    );
}

#[test]
fn each_command_has_a_page_with_its_options() {
    let whole = told(&["man"]);
    for command in commands() {
        // roff spells a dash as `\-`.
        assert!(whole.contains(&format!("clawc\\-{command}(1)")), "{whole}");
        let page = told(&["man", &command]);
        assert!(page.contains(&format!(".TH clawc-{command} 1")), "{page}");
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
            assert!(
                page.contains(&format!(".SH {section}\n")),
                "{command}: {page}"
            );
        }
        let help = told(&[&command, "-h"]);
        let options = help
            .split_whitespace()
            .filter(|word| word.starts_with("--"));
        for option in options {
            let option = option.trim_end_matches([',', ']']).replace('-', "\\-");
            assert!(page.contains(&option), "{command} lacks {option}: {page}");
        }
    }
    assert!(whole.contains("Exit codes"), "{whole}");
    for what in ["request", "class"] {
        let page = told(&["man", "explain", what]);
        let title = format!(".TH clawc-explain-{what} 1");
        assert!(page.contains(&title) && page.contains("json"), "{page}");
    }
    let ran = clawc(Path::new("."), &["man", "check", "all"], "");
    assert_eq!(
        (ran.code, &*ran.err),
        (
            2,
            "clawc: `check` has no commands of its own; write `check` alone\n"
        )
    );
    let ran = clawc(Path::new("."), &["man", "chekc"], "");
    assert_eq!((ran.code, &*ran.out), (2, ""));
    assert!(
        ran.err
            .starts_with("clawc: no command `chekc`; there are check, ")
    );
}
