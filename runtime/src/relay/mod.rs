//! The answer as hyper pulls it: whole, or a stream that is read only when the client can take
//! more, or one that is waited for. There is no task and no channel for a stream.
//!
//! ```text
//! Live ──[DONE]──▶ Tail ──end of body, or a moment──▶ Over
//!   ├─ the same, and another target goes on ─▶ Broken ─▶ Live again
//!   └─ error, cut, stall, deadline ─▶ LastWords ──flushed, or a second──▶ the connection breaks
//! ```
//!
//! hyper forgets what it has not flushed when a body fails. So after the error event the body
//! stays pending until the socket has seen it leave, and only then fails.

mod after;
mod answer;
pub(crate) mod journal;
pub mod socket;
mod stream;
mod waiting;

pub(crate) use after::{After, Rest, Successor};
pub(crate) use answer::Answer;
pub(crate) use stream::{Origin, Relay};
pub(crate) use waiting::{Coming, Waiting};
