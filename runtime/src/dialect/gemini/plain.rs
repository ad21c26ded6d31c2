//! Answers that come whole: one chunk that says everything.

use super::Content;
use crate::dialect::events::{Answer, Malformed};
use crate::dialect::plain::NoAnswer;
use crate::dialect::reader::Ending;
use crate::meter::usage::Usage;

/// What a whole answer reports as used, if it does.
pub(in crate::dialect) fn plain(body: &[u8]) -> Result<Option<Usage>, NoAnswer> {
    let mut whole = Content::default();
    match whole.read(body) {
        Ok(meaning) if meaning.error => Err(NoAnswer::Error),
        // One that neither says anything nor why it ends is none.
        Ok(meaning) if meaning.content || whole.ending() == Ending::Complete => Ok(whole.usage()),
        Ok(_) | Err(Malformed) => Err(NoAnswer::Malformed),
    }
}
