//! What is known of the policy in force and of the last try to replace it.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::load::Refusal;

/// What admin and metrics tell of reloads. Replaced as a whole, so a reader sees one moment.
#[derive(Debug, Clone)]
pub struct Status {
    /// When the policy in force was taken, in milliseconds since 1970.
    pub loaded_ms: u64,
    /// When the last look found a sound policy, be it the one in force.
    pub sound_ms: u64,
    /// Policies taken since the start, the first included.
    pub taken: u64,
    /// Policies refused since the start.
    pub refused: u64,
    /// The last try that was refused, if no later one was sound.
    pub refusal: Option<Refused>,
    /// Settings of the new policy that wait for a restart, each with both values.
    pub needs_restart: Vec<String>,
    /// What the compiler warns of in the policy in force.
    pub warnings: String,
}

/// A policy that was not taken.
#[derive(Debug, Clone)]
pub struct Refused {
    /// When.
    pub at_ms: u64,
    /// Why.
    pub why: Arc<Refusal>,
}

/// Where the status stands for its readers.
pub type Standing = Arc<ArcSwap<Status>>;

impl Status {
    /// The status of a gateway that has just loaded its first policy.
    pub fn first(at_ms: u64, warnings: String) -> Standing {
        Arc::new(ArcSwap::from_pointee(Self {
            loaded_ms: at_ms,
            sound_ms: at_ms,
            taken: 1,
            refused: 0,
            refusal: None,
            needs_restart: Vec::new(),
            warnings,
        }))
    }
}
