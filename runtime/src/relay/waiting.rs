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
    beats: Option<Beats>,
}

/// How a client is told that it is being worked on.
struct Beats {
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
            beats: Some(Beats {
                every,
                next: Clock.now(),
                alarm: Alarm::default(),
                _shown: Shown(meter),
            }),
        }
    }

    /// Waits for the rest of an answer that has begun.
    pub(crate) fn silently(coming: Coming) -> Self {
        Self {
            coming,
            beats: None,
        }
    }

    /// The answer, or meanwhile a sign of life.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(relay) = self.coming.as_mut().poll(cx) {
            return Poll::Ready(Next::Answer(relay));
        }
        let Some(beats) = &mut self.beats else {
            return Poll::Pending;
        };
        if Clock.now() < beats.next && !beats.alarm.passed(beats.next, cx) {
            return Poll::Pending;
        }
        beats.next = Clock.now() + beats.every;
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
            .field("beats", &self.beats.is_some())
            .finish_non_exhaustive()
    }
}
