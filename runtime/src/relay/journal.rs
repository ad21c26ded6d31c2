//! The record of one request while it runs. Dropping it hands it over, whatever happened: an end,
//! a client that left, a panic.

use std::sync::Arc;

use crate::clock::{Clock, Instant, micros};
use crate::observe::record::{Record, Sink};
use crate::relay::socket::Meter;
use crate::upstream::trail::Trail;

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
    pub(crate) fn open(
        (clock, at_ms): (Clock, u64),
        sink: Arc<dyn Sink>,
        meter: Arc<Meter>,
    ) -> Self {
        meter.set_busy();
        sink.begin();
        let record = Record {
            at_ms,
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

    /// The answer's first content was there at that moment.
    pub(crate) fn content(&mut self, at: Instant) {
        let since = at.saturating_duration_since(self.started);
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
                if self.meter.is_shown() {
                    self.record.status = 200;
                }
                if self.meter.is_stalled() {
                    self.record.code = Some("client_stalled");
                }
            }
        }
        self.trail.end();
        self.record.out_of_retries = self.trail.out_of_retries;
        self.record.attempts = std::mem::take(&mut self.trail.attempts);
        self.meter.set_idle();
        self.sink.record(&self.record);
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::Journal;
    use crate::clock::Clock;
    use crate::observe::record::{Record, Sink};

    #[derive(Default)]
    struct Kept(Mutex<Vec<Record>>);

    impl Sink for Kept {
        fn begin(&self) {}

        fn record(&self, record: &Record) {
            self.0.lock().unwrap().push(record.clone());
        }
    }

    fn outcome(live: impl FnOnce(&mut Journal) + std::panic::UnwindSafe) -> String {
        let kept = Arc::new(Kept::default());
        let sink: Arc<dyn Sink> = kept.clone();
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut journal = Journal::open((Clock, 0), sink, Arc::default());
            live(&mut journal);
        }));
        let records = kept.0.lock().unwrap();
        assert_eq!(records.len(), 1);
        format!("{} {:?}", records[0].outcome, records[0].code)
    }

    #[test]
    fn one_record_is_left_by_an_end_a_departure_and_a_panic() {
        assert_eq!(outcome(|journal| journal.end("complete")), "complete None");
        assert_eq!(outcome(|_| {}), "client_gone None");
        let panicked = outcome(|_| panic!("a bug"));
        assert_eq!(panicked, "failed Some(\"internal\")");
    }

    #[test]
    fn the_first_end_counts() {
        let both = outcome(|journal| {
            journal.end("cut");
            journal.end("complete");
        });
        assert_eq!(both, "cut None");
    }
}
