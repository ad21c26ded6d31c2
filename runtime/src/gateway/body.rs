//! Reads a request's body whole, since a retry needs it, within the memory there is for all.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use hyper::body::{Frame, Incoming};

use crate::clock::{Clock, Instant};
use crate::fault::{Fault, Kind};
use crate::limits::Limits;
use crate::request::room::{self, Full, Room};
use crate::wake::hushed;

/// A body, and the memory it was granted. Both go together.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _room: Room,
}

/// Reads the body of a request that began at `begun`. A declared length is judged before a byte of it is read, so a client that
/// waits for `100-continue` sends nothing in vain.
pub(super) async fn read(
    (mut incoming, begun): (Incoming, Instant),
    all: &room::Held,
    limits: &Limits,
) -> Result<Held, Fault> {
    let mut room = Room::of(all);
    let mut grow = |more| {
        let grown = room.grow(more, limits.bodies_bytes_max);
        grown.map_err(|Full| Fault::early(Kind::BodiesFull))
    };
    let declared = incoming.size_hint().exact();
    if let Some(declared) = declared {
        let declared = usize::try_from(declared).unwrap_or(usize::MAX);
        if declared > limits.body_bytes_max {
            return Err(Fault::early(Kind::BodyTooLarge));
        }
        grow(declared)?;
    }
    let mut body = Gathering {
        first: Bytes::new(),
        more: BytesMut::new(),
        begun,
    };
    while let Some(chunk) = body.next(&mut incoming, limits).await? {
        if body.len() + chunk.len() > limits.body_bytes_max {
            return Err(Fault::early(Kind::BodyTooLarge));
        }
        if declared.is_none() {
            grow(chunk.len())?;
        }
        body.push(chunk);
        if incoming.is_end_stream() {
            break;
        }
    }
    Ok(Held {
        bytes: body.whole(),
        _room: room,
    })
}

/// A body so far; one that comes in one piece is not copied.
struct Gathering {
    first: Bytes,
    more: BytesMut,
    begun: Instant,
}

impl Gathering {
    fn len(&self) -> usize {
        self.first.len() + self.more.len()
    }

    fn push(&mut self, chunk: Bytes) {
        if self.len() == 0 {
            self.first = chunk;
            return;
        }
        if self.more.is_empty() {
            let first = std::mem::take(&mut self.first);
            self.more.extend_from_slice(&first);
        }
        self.more.extend_from_slice(&chunk);
    }

    fn whole(self) -> Bytes {
        if self.more.is_empty() {
            self.first
        } else {
            self.more.freeze()
        }
    }

    /// When the next chunk must be there, if it is not.
    fn until(&self, limits: &Limits) -> Instant {
        let per_s = limits.body_bytes_per_s_min.max(1);
        let earned = Duration::from_secs((self.len() / per_s) as u64);
        (self.begun + limits.body_grace + earned).min(Clock.now() + limits.body_idle)
    }

    /// The next chunk. A body may be slow for a while, but not for long and not on the whole.
    async fn next(&self, incoming: &mut Incoming, limits: &Limits) -> Result<Option<Bytes>, Fault> {
        loop {
            // Most bodies come with their head: what is there needs no deadline.
            let frame = match poll_fn(|cx| Poll::Ready(poll_frame(incoming, cx))).await {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    let frame = poll_fn(|cx| poll_frame(incoming, cx));
                    let frame = tokio::time::timeout_at(self.until(limits), frame).await;
                    frame.map_err(|_| Fault::early(Kind::BodySlow))?
                }
            };
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(Fault::early(Kind::BodyCut)),
                Some(Ok(frame)) => {
                    // Trailers are no part of what was asked; they are read past.
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

/// The next frame. That it was taken is told to the connection only where there is more to come.
fn poll_frame(
    incoming: &mut Incoming,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
    let (polled, missed) = hushed(|| Pin::new(&mut *incoming).poll_frame(cx));
    if missed && !incoming.is_end_stream() {
        cx.waker().wake_by_ref();
    }
    polled
}
