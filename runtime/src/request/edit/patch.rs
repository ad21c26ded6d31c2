//! Ranges of a body and what stands there instead.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use super::Unfit;

/// What is changed, in any order.
#[derive(Debug, Default)]
pub(super) struct Patches {
    list: SmallVec<[Patch; 4]>,
}

#[derive(Debug)]
struct Patch {
    range: Range<usize>,
    with: String,
}

impl Patches {
    /// Puts a text in the place of these bytes.
    pub(super) fn put(&mut self, range: Range<usize>, with: &str) {
        self.list.push(Patch {
            range,
            with: with.to_owned(),
        });
    }

    /// Leaves these bytes out.
    pub(super) fn cut(&mut self, range: Range<usize>) {
        self.put(range, "");
    }

    /// The body with all of them.
    pub(super) fn applied(mut self, body: &Bytes) -> Result<Bytes, Unfit> {
        self.list
            .retain(|patch| body.get(patch.range.clone()) != Some(patch.with.as_bytes()));
        if self.list.is_empty() {
            return Ok(body.clone());
        }
        // Stable, so that what is put in front of a range that is cut comes first.
        self.list
            .sort_by_key(|patch| (patch.range.start, patch.range.end));
        let more: usize = self.list.iter().map(|patch| patch.with.len()).sum();
        let mut whole = Vec::with_capacity(body.len() + more);
        let mut at = 0;
        for Patch { range, with } in &self.list {
            // A range that begins before the last one ended has nothing between them.
            whole.extend_from_slice(body.get(at..range.start).ok_or(Unfit::Overlap)?);
            whole.extend_from_slice(with.as_bytes());
            at = range.end;
        }
        whole.extend_from_slice(body.get(at..).ok_or(Unfit::Overlap)?);
        Ok(Bytes::from(whole))
    }
}
