//! How one kind of work is treated.

use super::bounds::Fail;
use super::edit::Edit;
use super::pool::Leg;
use super::provider::Deadlines;
use super::{Retry, Target};
use crate::CacheId;

/// How one kind of work is treated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Class {
    /// Its name in the policy.
    pub name: String,
    /// The primary, then each fallback, in text order.
    pub legs: Vec<Leg>,
    /// Every target that these lead to, in the order of the text, each once.
    /// INVARIANT: [`super::Policy::reached`] of the legs, in a verified table.
    pub targets: Vec<Target>,
    /// What moves on, and how often.
    pub retry: Retry,
    /// Its own deadlines.
    pub deadlines: Deadlines,
    /// From the arrival of the request's head to the end of the answer.
    pub total_ms: Option<u64>,
    /// When the first byte of an answer is sent.
    pub commit: Commit,
    /// What becomes of an answer that breaks off after that.
    pub after_cut: AfterCut,
    /// What a client that waits for a whole answer is sent meanwhile.
    pub heartbeat: Heartbeat,
    /// What becomes of a request when every target is ejected.
    pub fail: Fail,
    /// Whose key is used.
    pub keys: Keys,
    /// Where its answers are kept.
    pub cache: Option<CacheId>,
    /// The least that a missing output cap is filled with, in tokens.
    pub output_tokens_min: Option<u64>,
    /// What is changed in its requests, in text order.
    pub edits: Vec<Edit>,
}

/// When the first byte of an answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Commit {
    /// With the first event that has content.
    #[default]
    FirstContent,
    /// When the answer is complete.
    Whole,
}

/// What becomes of an answer that breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterCut {
    /// It ends in an error.
    #[default]
    Error,
    /// Another target goes on with it.
    Continue,
}

/// What a client that waits for a whole answer is sent meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Heartbeat {
    /// A comment, as often as the runtime's limits say.
    #[default]
    Usual,
    /// Nothing.
    Off,
    /// A comment after each of so many milliseconds.
    Every(u64),
}

/// Whose key is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keys {
    /// The provider's own.
    #[default]
    Provider,
    /// The caller's, and no other.
    Caller,
}
