//! Answers that come whole.

use thiserror::Error;

use super::Dialect;
use super::anthropic;
use super::gemini;
use super::openai;
use super::reader::Expect;
use super::responses;
use crate::meter::usage::Usage;

/// An answer with status 200 that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// The provider says that it failed; classify the body.
    #[error("the answer is an error")]
    Error,
    /// The body is not what the protocol sends.
    #[error("the answer is not what its protocol sends")]
    Malformed,
}

/// What a whole answer reports as used, if it does.
///
/// # Errors
/// The body is an error or no answer in this protocol.
pub fn plain(body: &[u8], expect: Expect) -> Result<Option<Usage>, NoAnswer> {
    match expect.dialect {
        Dialect::Chat => openai::plain::plain(body, expect.quirk),
        Dialect::Responses => responses::plain(body),
        Dialect::Embeddings => openai::embeddings::embeddings(body),
        Dialect::Messages => anthropic::plain(body),
        Dialect::CountTokens => anthropic::count(body),
        Dialect::Gemini => gemini::plain(body),
    }
}
