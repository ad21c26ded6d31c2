//! One worker's half of the gateway: what it shares with the others and what is its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::clock::Dice;
use crate::limits::Limits;
use crate::observe::record::Sink;
use crate::policy::live::Live;

/// What all workers share.
#[derive(Debug)]
pub struct Common {
    /// The policy in force.
    pub live: Arc<Live>,
    /// The bounds.
    pub limits: Limits,
    /// Bytes of request bodies held by the process.
    pub(crate) bodies: Arc<AtomicUsize>,
    /// Client connections open.
    pub(crate) connections: AtomicUsize,
}

impl Common {
    /// A gateway that serves by `live` within `limits`.
    pub fn new(live: Arc<Live>, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            live,
            limits,
            bodies: Arc::default(),
            connections: AtomicUsize::new(0),
        })
    }

    /// Client connections open now.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Bytes of request bodies held now.
    pub fn body_bytes(&self) -> usize {
        self.bodies.load(Ordering::Relaxed)
    }
}

/// One worker's gateway: a cheap handle.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) inner: Arc<Worker>,
}

pub(crate) struct Worker {
    pub(crate) common: Arc<Common>,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) dice: Dice,
}

impl Gateway {
    /// A worker's gateway. `sink` may be the worker's own, so that metrics need no shared line.
    pub fn new(common: Arc<Common>, sink: Arc<dyn Sink>, dice: Dice) -> Self {
        Self {
            inner: Arc::new(Worker { common, sink, dice }),
        }
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}
