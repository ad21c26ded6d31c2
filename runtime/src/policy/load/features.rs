//! What this build enforces beyond the core of the language.
//!
//! The language runs ahead of the gateway. A table names each construct that something must
//! enforce; if one is not in this list the table is refused, and no flag changes that. A construct
//! enters the list in the same change that makes the data plane obey it.

use claw_table::{Feature, Table};

use super::Refusal;

/// Features that the data plane of this build enforces.
pub const ENFORCED: &[&str] = &[
    "after-cut-continue",
    "api-anthropic",
    "api-gemini",
    "base",
    "caller-keys",
    "clients",
    "commit-whole",
    "edits",
    "has-caller-key",
    "heartbeat",
    "keys-caller",
    "requested",
    "time",
    "trust",
];

/// Refuses a table that needs more than this build enforces, naming every such place.
pub(super) fn enforced(table: &Table) -> Result<(), Refusal> {
    let lacking: Vec<Feature> = table
        .features()
        .iter()
        .filter(|feature| !ENFORCED.contains(&feature.name.as_str()))
        .cloned()
        .collect();
    if lacking.is_empty() {
        return Ok(());
    }
    Err(Refusal::NotEnforced(lacking))
}
