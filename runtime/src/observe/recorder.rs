//! What a worker tells of a request that ended: numbers and the line in the log.

use std::sync::Arc;

use super::log::{Log, Pen};
use super::metrics::{Metrics, Shard};
use super::record::{Record, Sink};

/// One worker's way to metrics and log.
#[derive(Debug)]
pub struct Recorder {
    shard: Arc<Shard>,
    pen: Pen,
}

impl Recorder {
    /// A recorder for one more worker.
    pub fn new(metrics: &Metrics, log: &Log) -> Self {
        Self {
            shard: metrics.shard(),
            pen: log.pen(),
        }
    }
}

impl Sink for Recorder {
    fn begin(&self) {
        self.shard.begin();
    }

    /// Counts the request and hands its line to the writer. Never waits, so it may run in a drop.
    fn record(&self, record: &Record) {
        self.shard.end(record);
        self.pen.write(record);
    }
}
