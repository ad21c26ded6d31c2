//! The one pointer that requests read: a verified table with everything it needs to serve.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use claw_table::Table;
use http::HeaderValue;

use crate::identity::roster::Roster;
use crate::request::changes::Changes;
use crate::request::peek::Pointers;
use crate::upstream::Upstream;
use crate::upstream::asking::Reluctant;
use crate::zones::Zones;

/// A table in force. A request takes one at its start and keeps it to its end.
#[derive(Debug)]
pub struct Snapshot {
    /// The verified table.
    pub table: Table,
    /// The behaviour digest in hex, as `x-claw-policy` carries it.
    pub digest: HeaderValue,
    /// One for each provider of the table, in its order.
    pub upstreams: Vec<Arc<Upstream>>,
    /// Everyone who may call.
    pub roster: Roster,
    /// The members of bodies that the table asks for.
    pub pointers: Pointers,
    /// What the policy changes in requests on their way out.
    pub changes: Changes,
    /// The time zones by whose clocks it asks, charges or counts.
    pub zones: Zones,
    /// Who is not asked for usage any more.
    pub reluctant: Reluctant,
    /// The answer to `GET /v1/models`, made once.
    pub models: Bytes,
}

/// Where the snapshot in force stands.
#[derive(Debug)]
pub struct Live {
    current: ArcSwap<Snapshot>,
}

impl Live {
    /// Starts with a first snapshot.
    pub fn new(first: Arc<Snapshot>) -> Self {
        Self {
            current: ArcSwap::new(first),
        }
    }

    /// The snapshot in force, for a glance.
    pub fn peek(&self) -> Guard<Arc<Snapshot>> {
        self.current.load()
    }

    /// The snapshot in force, to keep for a whole request.
    pub fn take(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Puts a new snapshot in force; requests that run keep theirs.
    pub fn swap(&self, next: Arc<Snapshot>) {
        self.current.store(next);
    }
}
