//! Bytes in, meaning out: framing, answer streams, request bodies, failures.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::similar_names,
    clippy::too_many_lines,
    clippy::fn_params_excessive_bools,
    clippy::single_range_in_vec_init,
    clippy::wildcard_enum_match_arm,
    reason = "a failure here is a failed test; names and lengths are those of the cases"
)]

mod classify;
mod edit;
mod framing;
mod peek;
mod plain;
mod splits;
mod streams;
mod tokens;
mod translate;
mod twin;
mod withheld;

use std::path::PathBuf;

/// The project's own fixtures.
fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures"))
}

/// Recordings too large to keep here; they lie beside some checkouts.
fn recordings() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/fixtures"
    ));
    folder.exists().then_some(folder)
}
