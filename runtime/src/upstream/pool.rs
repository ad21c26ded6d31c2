//! Idle connections of one worker, kept for the next request to the same place.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Instant;
use crate::limits::Limits;
use crate::upstream::link::Link;

/// Idle connections by [`crate::upstream::Upstream::pool_key`].
#[derive(Debug)]
pub(crate) struct Pool {
    limits: Arc<Limits>,
    idle: Mutex<BTreeMap<u64, VecDeque<Idle>>>,
}

#[derive(Debug)]
struct Idle {
    link: Link,
    since: Instant,
}

impl Pool {
    /// An empty pool.
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        Self {
            limits,
            idle: Mutex::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, BTreeMap<u64, VecDeque<Idle>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last, if one is left that is neither old nor dead.
    pub(crate) fn take(&self, key: u64, now: Instant) -> Option<Link> {
        let mut idle = self.idle();
        let kept = idle.get_mut(&key)?;
        while let Some(mut newest) = kept.pop_back() {
            if now.saturating_duration_since(newest.since) >= self.limits.idle_connection {
                // The rest is older still.
                kept.clear();
                return None;
            }
            if newest.link.is_ready() {
                return Some(newest.link);
            }
        }
        None
    }

    /// Keeps a connection whose answer has been read to its end, if it can be used again.
    pub(crate) fn put(&self, key: u64, mut link: Link, now: Instant) {
        if !link.is_ready() {
            return;
        }
        let mut idle = self.idle();
        let kept = idle.entry(key).or_default();
        kept.push_back(Idle { link, since: now });
        if kept.len() > self.limits.idle_connections_max {
            kept.pop_front();
        }
    }

    /// Closes what is too old or dead, and forgets places that no policy names any more.
    pub(crate) fn sweep(&self, now: Instant) {
        self.idle().retain(|_, kept| {
            kept.retain_mut(|idle| {
                now.saturating_duration_since(idle.since) < self.limits.idle_connection
                    && idle.link.is_ready()
            });
            !kept.is_empty()
        });
    }
}
