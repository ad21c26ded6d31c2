//! One pass over a request body: proves that it is JSON which every parser reads alike, and finds
//! the few members that a policy may ask about.
//!
//! Nothing is built and nothing recurses. The bytes that are judged here are the bytes that leave,
//! but for the plan's edits; and an edited body is judged again.

mod key;
mod pointer;
mod refusal;
mod walk;

use std::ops::Range;

pub use pointer::{Found, Pointers};
pub use refusal::{Reason, Refusal};

use crate::json::{Fault, Wrong};

/// What a policy may ask about a body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peek {
    /// The model that is named.
    pub model: Option<Model>,
    /// Whether a stream is asked for.
    pub stream: bool,
    /// Whether `stream_options` stands there, be it null.
    pub stream_options: bool,
    /// Whether `stream_options.include_usage` is set.
    pub include_usage: bool,
    /// The cap on output tokens, under either of its names.
    pub output_tokens_max: Option<u64>,
    /// Which of its names stand there.
    pub cap: Option<Cap>,
    /// How many choices are asked for (`n`), 1 where it does not say.
    pub choices: u32,
    /// What the request uses, as bits of [`claw_table::Can`].
    pub can: u16,
    /// Messages, or input items.
    pub messages: u32,
    /// Tools.
    pub tools: u32,
    /// The temperature, by its rank.
    pub temperature: Option<u64>,
    /// What stands at the pointers that were asked for, by their numbers.
    pub found: Vec<Option<Found>>,
}

/// How the cap on output tokens is called; where both names stand there they agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// `max_tokens`
    Tokens,
    /// `max_completion_tokens`
    CompletionTokens,
    /// Both.
    Both,
}

/// The model's name and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The bytes of the value, its quotes included.
    pub range: Range<usize>,
    /// The name, its escapes resolved.
    pub name: Box<str>,
}

/// Names are short; whatever is longer is no name.
pub const MODEL_BYTES_MAX: usize = 512;

/// Reads a body.
///
/// # Errors
/// It is no JSON object, or two parsers could read it differently, or a member that a policy reads
/// has a value of the wrong type. The refusal says which, and where.
pub fn peek(body: &[u8]) -> Result<Peek, Refusal> {
    is_text(body)?;
    walk::walk(body)
}

/// Reads a body and finds the members at these pointers, in the same pass.
///
/// # Errors
/// As for [`peek`]; and if two parsers could find another member at a pointer.
pub fn peek_for(body: &[u8], pointers: &Pointers) -> Result<Peek, Refusal> {
    if pointers.is_empty() {
        return peek(body);
    }
    is_text(body)?;
    walk::walk_for(body, pointers)
}

fn is_text(body: &[u8]) -> Result<(), Refusal> {
    match str::from_utf8(body) {
        Ok(_) => Ok(()),
        Err(error) => Err(Refusal::from(Fault {
            wrong: Wrong::NotUtf8,
            at: error.valid_up_to(),
        })),
    }
}
