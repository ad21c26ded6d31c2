//! The one edit of a body: another model's name, every other byte as it came.

use bytes::Bytes;
use smallvec::{SmallVec, smallvec};

use super::peek::Model;

/// A body as a chain of slices. Nothing of it was copied but the new name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spliced {
    /// The slices, in order; none is empty.
    pub slices: SmallVec<[Bytes; 3]>,
}

impl Spliced {
    /// The exact length of the whole.
    pub fn length(&self) -> u64 {
        self.slices.iter().map(|slice| slice.len() as u64).sum()
    }
}

/// The body with `name` in the place of the model it names; the body itself where it is the same.
pub fn splice(body: &Bytes, model: &Model, name: &str) -> Spliced {
    let whole = Spliced {
        slices: smallvec![body.clone()],
    };
    if *model.name == *name {
        return whole;
    }
    // The range comes from the pass over this very body; another body is left alone.
    let range = model.range.clone();
    if range.start > range.end || range.end > body.len() {
        return whole;
    }
    let parts = [
        body.slice(..range.start),
        Bytes::from(quoted(name)),
        body.slice(range.end..),
    ];
    Spliced {
        slices: parts.into_iter().filter(|part| !part.is_empty()).collect(),
    }
}

/// A name as a JSON string.
fn quoted(name: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(name.len() + 2);
    text.push('"');
    for char in name.chars() {
        match char {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            char if char < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(char));
            }
            char => text.push(char),
        }
    }
    text.push('"');
    text
}
