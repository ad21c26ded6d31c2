//! The program and what is published beside it: the language's reference, the editor's grammar,
//! the policies that ship.

#[path = "clawc/commands.rs"]
mod commands;
#[path = "clawc/editors.rs"]
mod editors;
#[path = "front/frame.rs"]
mod frame;
#[path = "clawc/language.rs"]
mod language;
#[path = "clawc/policies.rs"]
mod policies;

use std::path::PathBuf;

/// The checkout, by a path without detours: some of it is shown to readers.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}
