//! The body of an answer, whichever it is.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;

use crate::relay::journal::Journal;
use crate::relay::stream::Relay;
use crate::relay::waiting::{Next, Waiting};

/// A stream was broken off on purpose, after the client was told why.
#[derive(Debug, Clone, Copy, Error)]
#[error("the stream was broken off")]
pub(crate) struct Aborted;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// All of it.
    Whole {
        /// What is left to hand over.
        bytes: Option<Bytes>,
        /// Handed over when hyper is done with it.
        journal: Box<Journal>,
    },
    /// A stream.
    Stream(Box<Relay>),
    /// What will be a stream, or goes on being one.
    Waiting(Box<Waiting>),
    /// Nothing any more.
    Gone,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let this = self.get_mut();
        loop {
            match this {
                Self::Whole { bytes, journal } => {
                    // The outcome was noted when the answer was made; it holds once hyper has it.
                    let _ = journal;
                    return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))));
                }
                Self::Stream(relay) => match std::task::ready!(relay.poll_bytes(cx)) {
                    None if relay.is_broken() => {
                        if let Self::Stream(relay) = std::mem::replace(this, Self::Gone) {
                            *this = Self::Waiting(Box::new(Waiting::silently(relay.go_on())));
                        }
                    }
                    bytes => return Poll::Ready(bytes.map(|bytes| bytes.map(Frame::data))),
                },
                Self::Gone => return Poll::Ready(None),
                Self::Waiting(waiting) => match std::task::ready!(waiting.poll(cx)) {
                    Next::Alive(comment) => return Poll::Ready(Some(Ok(Frame::data(comment)))),
                    Next::Answer(relay) => *this = Self::Stream(relay),
                },
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { bytes, .. } => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Stream(relay) => relay.is_over(),
            Self::Waiting(_) => false,
            Self::Gone => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { bytes, .. } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Stream(_) | Self::Waiting(_) | Self::Gone => SizeHint::default(),
        }
    }
}
