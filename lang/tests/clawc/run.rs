//! Runs the program as its users do: arguments and files in; output, exit code and files out.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const SOUND: &str = r#"policy shop
provider a { api openai; url "http://127.0.0.1:1/v1"; key none; model x; model y }
class code { primary a/x; fallback a/y }
route {
  when header "x-team" is "ml"   # they say why
    and tokens > 2k -> deny 400 "too long"
  otherwise -> code
}
"#;

/// A sound policy whose every text is one that some form of output has to escape.
pub(crate) const HOSTILE: &str = r#"
## Tags </p><script>alert("doc")</script>, a `code` word, a | pipe, *stars* and [a](link).
## - not a list
##
## 1. not a list either \\ &amp; ` one backtick
policy hostile

## "Quotes" & <b>.
provider a {
  api openai
  url "http://127.0.0.1:1/v1"
  key env SECRET_NAME
  tags us, baa
  ca "my roots.pem"
  header "x-secret" "</td>value-that-nobody-shall-read"
  model x "wire \"x\" | <i> `y`" { price in $1.25/M; can tools }
  model y
  model unused
}
let odd = header "x-a" is "]\"-->b", "%%{init: {}}%%", "`<img src=x onerror=alert(1)>`"
class end { primary a/x; fallback a/y }
## Never | <i>that</i>.
forbid flow when header "x-d" is "\" deny 400 \"", "</td> when ]--> `x`" deny 400 "no \" deny </script> |"
route {
  ## Why | <u>not</u>?
  when odd or header "x-c" is "/a\\b -> \u{202e}\u{1}c" -> deny 400 "no \"<script>alert('d')</script>\\\n]--> | #quot; `x` tée"
  when header "x-b" is "</td>", "|", "\\|", "`|``" and tokens > 2k -> route graph
  otherwise -> end
}
route graph {
  when model like "end*" -> end
  otherwise -> deny 400 "subgraph; } -> {"
}
"#;

/// The text with each digest as `[digest]`: it changes with the format of the table, and what
/// changes it is tested where tables are.
pub(crate) fn without_digests(text: &str) -> String {
    let mut out = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() {
            run.push(c);
            continue;
        }
        out.push_str(if run.len() == 64 { "[digest]" } else { &run });
        run.clear();
        out.push(c);
    }
    out
}

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// What it wrote, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect(&self.out)
    }
}

/// Runs clawc in a folder, without a terminal and with nothing of the tester's environment.
pub(crate) fn clawc(folder: &Path, args: &[&str], input: &str) -> Ran {
    clawc_with(folder, (args, input), &[])
}

pub(crate) fn clawc_with(
    folder: &Path,
    (args, input): (&[&str], &str),
    set: &[(&str, &str)],
) -> Ran {
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
    Ran {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A policy with one fault, in its eighth line.
pub(crate) fn misspelt() -> String {
    SOUND.replace(
        "otherwise -> code",
        "when streaming -> code\n  otherwise -> coed",
    )
}

pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}
