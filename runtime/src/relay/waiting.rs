//! An answer that is not there yet, while its client is told that it is being worked on.
//!
//! ```text
//! 200 ─ comment ─ … ─ comment ─┬─ the whole answer, at once
//!       └──── heartbeat ──┘    └─ an error event, and the connection breaks
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;

use crate::clock::{Alarm, Clock, Instant};
use crate::relay::socket::Meter;
use crate::relay::stream::Relay;

/// What an answer will be, once it is known.
pub(crate) type Coming = Pin<Box<dyn Future<Output = Box<Relay>> + Send>>;

/// An answer whose head has left.
pub(crate) struct Waiting {
    // Dropped first: the record that goes with it looks whether a head has left.
    coming: Coming,
    every: Duration,
    next: Instant,
    alarm: Alarm,
    _shown: Shown,
}

/// Every client passes over a comment.
const HEARTBEAT: Bytes = Bytes::from_static(b": heartbeat\n\n");

impl Waiting {
    /// Waits for `coming`, with a comment now and after each `every`.
    pub(crate) fn new(coming: Coming, every: Duration, meter: Arc<Meter>) -> Self {
        meter.set_shown();
        Self {
            coming,
            every,
            next: Clock.now(),
            alarm: Alarm::default(),
            _shown: Shown(meter),
        }
    }

    /// The answer, or meanwhile a sign of life.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(relay) = self.coming.as_mut().poll(cx) {
            return Poll::Ready(Next::Answer(relay));
        }
        if Clock.now() < self.next && !self.alarm.passed(self.next, cx) {
            return Poll::Pending;
        }
        self.next = Clock.now() + self.every;
        Poll::Ready(Next::Alive(HEARTBEAT))
    }
}

/// What comes of waiting.
pub(crate) enum Next {
    /// It is not over.
    Alive(Bytes),
    /// The answer.
    Answer(Box<Relay>),
}

/// That a head has left whose answer has not come.
struct Shown(Arc<Meter>);

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.unset_shown();
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting")
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}
