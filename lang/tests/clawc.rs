//! The program and what is published beside it: the language's reference, the editor's grammar,
//! the policies that ship.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a failure here is a failed test, never a failed request"
)]

#[path = "clawc/build.rs"]
mod build;
#[path = "clawc/catalog.rs"]
mod catalog;
#[path = "clawc/check.rs"]
mod check;
#[path = "clawc/diff.rs"]
mod diff;
#[path = "clawc/doc.rs"]
mod doc;
#[path = "clawc/editors.rs"]
mod editors;
#[path = "clawc/explain.rs"]
mod explain;
#[path = "clawc/fmt.rs"]
mod fmt;
#[path = "clawc/formats.rs"]
mod formats;
#[path = "front/frame.rs"]
mod frame;
#[path = "clawc/graph.rs"]
mod graph;
#[path = "clawc/guards.rs"]
mod guards;
#[path = "clawc/import.rs"]
mod import;
#[path = "clawc/init.rs"]
mod init;
#[path = "clawc/language.rs"]
mod language;
#[path = "clawc/plain.rs"]
mod plain;
#[path = "clawc/policies.rs"]
mod policies;
#[path = "clawc/run.rs"]
mod run;
#[path = "clawc/shell.rs"]
mod shell;
#[path = "clawc/testing.rs"]
mod testing;
#[path = "../examples/catalog.rs"]
#[expect(
    dead_code,
    reason = "what the tool does is tested, its command line is not"
)]
mod tool;

use std::path::PathBuf;

/// The checkout, by a path without detours: some of it is shown to readers.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}
