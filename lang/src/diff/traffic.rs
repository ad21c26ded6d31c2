//! How much of what was logged a change touches.
//!
//! A line of the log names the arm that took its request. It does not hold the whole request, so a
//! change that takes only some requests of an arm is told as "at most".

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use super::Diff;

/// Which logged requests were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Requests that the old policy decided.
    pub requests: u64,
    /// Requests that another policy decided: nothing is known of these.
    pub others: u64,
}

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TrafficError {
    /// It cannot be read at all.
    #[error("the log cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// No line of it is one that the gateway writes.
    #[error("none of its {lines} lines is one that clawgate writes: name a file with its log")]
    NoLog {
        /// How many there are.
        lines: u64,
    },
}

#[derive(Deserialize)]
struct Line {
    policy: String,
    arm: Option<String>,
}

impl Diff {
    /// Counts the logged requests that each change can touch. `digest` is that of the old policy.
    ///
    /// # Errors
    /// The log cannot be read, or is none.
    pub fn count(&mut self, log: impl BufRead, digest: &str) -> Result<(), TrafficError> {
        let mut traffic = Traffic {
            requests: 0,
            others: 0,
        };
        let mut arms: BTreeMap<String, u64> = BTreeMap::new();
        let mut lines = 0;
        for line in log.split(b'\n') {
            let line = line?;
            lines += u64::from(!line.is_empty());
            // What else stands in the file is somebody's own.
            let Ok(Line { policy, arm }) = serde_json::from_slice(&line) else {
                continue;
            };
            if policy != digest {
                traffic.others += 1;
                continue;
            }
            traffic.requests += 1;
            if let Some(arm) = arm {
                *arms.entry(arm).or_default() += 1;
            }
        }
        if traffic.requests + traffic.others == 0 && lines > 0 {
            return Err(TrafficError::NoLog { lines });
        }
        for change in &mut self.changes {
            let mut touched: Vec<&String> =
                change.arms.iter().map(|moved| &moved.old.arm).collect();
            touched.sort_unstable();
            touched.dedup();
            let counts = touched.iter().filter_map(|arm| arms.get(*arm));
            change.requests_max = Some(counts.sum());
        }
        self.traffic = Some(traffic);
        Ok(())
    }
}
