//! Answers that come whole.

use thiserror::Error;

use super::chunk::Chunk;
use super::usage::Quirk;
use crate::meter::usage::Usage;

/// An answer with status 200 that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// The provider says that it failed; classify the body.
    #[error("the answer is an error")]
    Error,
    /// The body is not what the protocol sends.
    #[error("the answer is not a chat completion")]
    Malformed,
}

/// What a whole answer reports as used, if it does.
///
/// # Errors
/// The body is an error or no chat completion.
pub fn plain(body: &[u8], quirk: Quirk) -> Result<Option<Usage>, NoAnswer> {
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
