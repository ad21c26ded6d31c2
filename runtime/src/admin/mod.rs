//! The operator's window: health, readiness, numbers and the policy in force. It only shows.
//!
//! It is another listener than the one for traffic, on loopback unless told otherwise, and no
//! request to it changes anything.

mod answer;
mod policy;
mod scrape;
mod serve;

pub use answer::{Answer, Question};
pub use serve::serve;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::observe::log::Log;
use crate::observe::metrics::Metrics;
use crate::policy::live::Live;
use crate::policy::status::Standing;

/// What the window shows.
#[derive(Debug, Clone)]
pub struct Admin {
    /// The policy in force.
    pub live: Arc<Live>,
    /// What is known of it.
    pub status: Standing,
    /// Numbers about traffic.
    pub metrics: Arc<Metrics>,
    /// The log, for the lines it lost.
    pub log: Log,
    /// Whether the gateway is on its way out.
    pub draining: Arc<AtomicBool>,
    /// When the process started, in milliseconds since 1970.
    pub started_ms: u64,
}

impl Admin {
    fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
