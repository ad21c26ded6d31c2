//! What providers say, each in its own protocol: answers, usage, failures.
//!
//! The set of protocols is closed: [`Dialect`] is matched where an answer is read, and nothing is
//! called through a pointer. Framing, what leaves and how failures are worded are the same for all.

mod anthropic;
pub mod classify;
mod complaint;
pub mod delay;
mod events;
pub mod failure;
mod gemini;
pub mod openai;
pub mod plain;
pub mod reader;
mod responses;
mod said;
mod shape;
mod watch;

/// The protocol of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's chat completions.
    Chat,
    /// OpenAI's Responses.
    Responses,
    /// OpenAI's embeddings.
    Embeddings,
    /// Anthropic's Messages.
    Messages,
    /// How many tokens such a message has.
    CountTokens,
    /// Gemini's `generateContent`, streamed.
    Gemini,
}
