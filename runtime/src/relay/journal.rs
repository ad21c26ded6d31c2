//! The record of one request while it runs. Dropping it hands it over, whatever happened: an end,
//! a client that left, a panic.

use std::sync::Arc;

use crate::clock::{Clock, Instant, micros};
use crate::observe::record::{Record, Sink};
use crate::relay::socket::Meter;
use crate::upstream::fallback::Trail;

/// One request's record, handed over exactly once.
pub(crate) struct Journal {
    /// What is known so far.
    pub(crate) record: Record,
    /// The attempts so far.
    pub(crate) trail: Trail,
    /// When the head arrived.
    pub(crate) started: Instant,
    clock: Clock,
    sink: Arc<dyn Sink>,
    meter: Arc<Meter>,
}

impl Journal {
    /// Opens the record of a request whose head has just arrived.
    pub(crate) fn open(clock: Clock, sink: Arc<dyn Sink>, meter: Arc<Meter>) -> Self {
        meter.set_busy();
        sink.begin();
        let record = Record {
            at_ms: clock.wall_ms(),
            ..Record::default()
        };
        Self {
            record,
            trail: Trail::default(),
            started: clock.now(),
            clock,
            sink,
            meter,
        }
    }

    /// The connection's meter.
    pub(crate) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// The answer's first content has just been received.
    pub(crate) fn content(&mut self) {
        let since = self.clock.now().saturating_duration_since(self.started);
        self.record.first_content_us = Some(micros(since));
    }

    /// How it ended. The first word counts: a drop afterwards changes nothing.
    pub(crate) fn end(&mut self, outcome: &'static str) {
        if self.record.outcome.is_empty() {
            self.record.outcome = outcome;
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let elapsed = self.clock.now().saturating_duration_since(self.started);
        self.record.duration_us = micros(elapsed);
        if self.record.outcome.is_empty() {
            if std::thread::panicking() {
                self.record.outcome = "failed";
                self.record.code = Some("internal");
            } else {
                // Nobody said how it ended: hyper dropped us because the client is no longer there.
                self.record.outcome = "client_gone";
                if self.meter.is_stalled() {
                    self.record.code = Some("client_stalled");
                }
            }
        }
        self.trail.end();
        self.record.attempts = std::mem::take(&mut self.trail.attempts);
        self.meter.set_idle();
        self.sink.record(std::mem::take(&mut self.record));
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}
