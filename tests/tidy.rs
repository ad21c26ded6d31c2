//! House rules that no compiler checks. Each rule says why it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 700;

/// Modules of a crate from the lowest to the highest. One may import itself and what stands before
/// it: data flows one way, and a reader can stop at any layer.
const LAYERS: &[(&str, &[&[&str]])] = &[
    (
        "lang/table/src",
        &[
            &[
                "address", "decimal", "ids", "facts", "keywords", "policy", "about", "text",
                "wire", "walk",
            ],
            &[
                "table",
                "parts",
                "file",
                "wire_decision",
                "wire_policy",
                "verify",
            ],
            &["unsound"],
        ],
    ),
    (
        "lang/src",
        &[
            &[
                "span", "source", "unseen", "vocab", "codes", "near", "day", "zone", "moment",
            ],
            &["report", "model"],
            &["syntax", "oracle", "worst"],
            &["check", "diagram", "request", "explain", "graph", "doc"],
            &["never", "moves"],
            &[
                "proofs", "accepted", "age", "audit", "flatten", "diff", "testing",
            ],
            &["build"],
            &["compile"],
            &["format"],
            &["import"],
        ],
    ),
    (
        "runtime/src",
        &[
            &[
                "limits", "clock", "wake", "zones", "json", "sse", "meter", "keys", "sim",
            ],
            &["dialect", "request", "observe", "plan"],
            &["translate"],
            &["fault"],
            &["identity", "respond", "upstream"],
            &["policy"],
            &["relay", "admin"],
            &["gateway"],
            &["server"],
            &["process"],
        ],
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` that the project owns, with its text where it is text.
fn files(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(
                name.as_str(),
                "target" | ".git" | "node_modules" | "artifacts"
            ) {
                files(&path, found);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push((path.strip_prefix(root()).unwrap().to_path_buf(), text));
        }
    }
}

fn project() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&root(), &mut found);
    found
}

fn rust_files() -> Vec<(PathBuf, String)> {
    project()
        .into_iter()
        .filter(|(path, _)| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

#[test]
fn no_source_file_is_too_long_to_read() {
    let long: Vec<_> = rust_files()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .collect();
    assert!(long.is_empty(), "split these: {long:?}");
}

#[test]
fn no_file_is_named_after_nothing() {
    const BANNED: &[&str] = &[
        "utils", "util", "common", "misc", "helpers", "helper", "types", "manager", "handler",
    ];
    let bad: Vec<_> = rust_files()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| {
            path.file_stem()
                .is_some_and(|s| BANNED.contains(&&*s.to_string_lossy()))
        })
        .collect();
    assert!(
        bad.is_empty(),
        "name the one thing each of these gives: {bad:?}"
    );
}

#[test]
fn lower_layers_never_import_higher_ones() {
    let mut upward = Vec::new();
    for (source, layers) in LAYERS {
        let rank: BTreeMap<&str, usize> = layers
            .iter()
            .enumerate()
            .flat_map(|(rank, modules)| modules.iter().map(move |module| (*module, rank)))
            .collect();
        for (path, text) in rust_files() {
            let Ok(inner) = path.strip_prefix(source) else {
                continue;
            };
            let module = inner.iter().next().unwrap().to_string_lossy();
            let module = module.trim_end_matches(".rs");
            if matches!(module, "lib" | "bin") {
                continue;
            }
            let own = *rank.get(module).unwrap_or_else(|| {
                panic!("`{module}` of {source} has no layer: add it to LAYERS in tests/tidy.rs")
            });
            for used in imports(&text) {
                if rank.get(used.as_str()).is_some_and(|theirs| *theirs > own) {
                    upward.push(format!("{} imports `{used}`", path.display()));
                }
            }
        }
    }
    assert!(upward.is_empty(), "these imports go up: {upward:#?}");
}

/// The top-level modules that a file names after `crate::`, its own tests left out.
fn imports(text: &str) -> BTreeSet<String> {
    let body = text.split("#[cfg(test)]").next().unwrap_or_default();
    body.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| {
            line.match_indices("crate::")
                .map(move |(at, _)| &line[at + 7..])
        })
        .flat_map(|rest| match rest.strip_prefix('{') {
            Some(list) => list.split(',').map(str::trim).collect::<Vec<_>>(),
            None => vec![rest],
        })
        .map(|name| {
            name.chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect()
        })
        .collect()
}

#[test]
fn every_crate_in_the_lock_file_was_let_in() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let allowed = fs::read_to_string(root().join("tests/allowed-crates.txt")).unwrap();
    let allowed: BTreeSet<&str> = allowed
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .collect();
    let present: BTreeSet<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .collect();
    let new: Vec<_> = present.difference(&allowed).collect();
    let gone: Vec<_> = allowed.difference(&present).collect();
    assert!(new.is_empty(), "not in tests/allowed-crates.txt: {new:?}");
    assert!(
        gone.is_empty(),
        "no longer used, take out of tests/allowed-crates.txt: {gone:?}"
    );
}

#[test]
fn nothing_is_left_half_done() {
    // Split so that this file does not find itself.
    let marks = [
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("#[ign", "ore]"),
    ];
    let mut left = Vec::new();
    for (path, text) in project() {
        if path.to_string_lossy().ends_with(".snap.new") {
            left.push(format!("{} waits for review", path.display()));
        }
        if path.extension().is_some_and(|e| e == "rs") {
            for mark in marks {
                if text.contains(mark) {
                    left.push(format!("{} holds {mark}", path.display()));
                }
            }
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn the_readme_begins_with_the_two_commands_and_both_exist() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let top: String = readme.lines().take(30).collect::<Vec<_>>().join("\n");
    assert!(
        top.contains("cargo run --bin clawgate -- demo"),
        "the demo stands at the top"
    );
    assert!(top.contains("./test.sh"), "the tests stand at the top");
    assert!(root().join("test.sh").exists());
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(
        ci.contains("./test.sh") && ci.contains("demo --once"),
        "CI runs both commands"
    );
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for (path, text) in project() {
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        for (at, _) in text.match_indices("](") {
            let target: String = text[at + 2..].chars().take_while(|c| *c != ')').collect();
            let file = target.split('#').next().unwrap();
            if file.is_empty() || target.contains("://") || target.contains(' ') {
                continue;
            }
            let whole = root().join(path.parent().unwrap()).join(file);
            if !whole.exists() {
                broken.push(format!("{} → {target}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
