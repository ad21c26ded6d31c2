//! Chat completions that come whole.

use super::chunk::Chunk;
use super::usage::Quirk;
use crate::dialect::plain::NoAnswer;
use crate::meter::usage::Usage;

/// What a whole answer reports as used, if it does.
pub(in crate::dialect) fn plain(body: &[u8], quirk: Quirk) -> Result<Option<Usage>, NoAnswer> {
    let chunk = Chunk::read(body, quirk).map_err(|_| NoAnswer::Malformed)?;
    if chunk.error {
        return Err(NoAnswer::Error);
    }
    // Choices that neither say anything nor end are none.
    if chunk.choices.is_none() || !(chunk.content || chunk.finished != 0) {
        return Err(NoAnswer::Malformed);
    }
    Ok(chunk.usage)
}
