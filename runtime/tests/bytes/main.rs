//! Bytes in, meaning out: framing, answer streams, request bodies, failures.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failure in a test's own machinery is a failed test"
)]

mod classify;
mod framing;
mod peek;
mod splits;
mod streams;
mod tokens;
mod twin;

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
