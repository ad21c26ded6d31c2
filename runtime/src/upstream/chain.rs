//! A request body made of slices that are never joined, with an exact length.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use smallvec::SmallVec;

/// Slices sent one after another.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chain {
    slices: SmallVec<[Bytes; 4]>,
    next: usize,
}

impl Chain {
    /// A body of these slices.
    pub(crate) fn new(slices: impl IntoIterator<Item = Bytes>) -> Self {
        let slices = slices.into_iter().filter(|slice| !slice.is_empty());
        Self {
            slices: slices.collect(),
            next: 0,
        }
    }
}

impl Body for Chain {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.next;
        self.next = next.saturating_add(1);
        Poll::Ready(
            self.slices
                .get(next)
                .map(|slice| Ok(Frame::data(slice.clone()))),
        )
    }

    fn is_end_stream(&self) -> bool {
        self.next >= self.slices.len()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.slices.iter().skip(self.next);
        SizeHint::with_exact(left.map(|slice| slice.len() as u64).sum())
    }
}
