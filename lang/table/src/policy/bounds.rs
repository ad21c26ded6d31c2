//! Limits and caches: how much is let in at a time, and which answers are given twice.

use super::ceiling::{Per, Scope};
use super::health::Rate;

/// A bound on how many requests, or how much of them, are let in at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Its name in the policy.
    pub name: String,
    /// Which requests it is about: all, or those that meet a condition.
    pub scope: Scope,
    /// Requests at one time.
    pub concurrent: Option<u32>,
    /// Amounts over time, at most one of each kind and time, sorted.
    pub rates: Vec<Allowance>,
    /// What has an amount of its own, sorted; if nothing does, all requests share one.
    pub per: Vec<Per>,
    /// What becomes of requests while nobody can count them.
    pub fail: Fail,
}

/// So much over time, and how much of it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allowance {
    /// How much over time.
    pub rate: Rate,
    /// How much at once; as much as in the whole time, where nothing is said.
    pub burst: Option<u64>,
}

/// What becomes of a request that cannot be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fail {
    /// It is refused.
    #[default]
    Closed,
    /// It goes on as if there were nothing to judge.
    Open,
}

/// Answers that are kept and given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Its name in the policy.
    pub name: String,
    /// Which requests it is about: all that its classes serve, or those that meet a condition.
    pub scope: Scope,
    /// How long an answer is kept, in milliseconds.
    pub keep_ms: u64,
    /// How much is kept, in bytes.
    pub size_bytes: u64,
    /// Whether equal requests at one time wait for one answer.
    pub coalesce: bool,
    /// Who is given an answer.
    pub sharing: Sharing,
    /// What becomes of requests while the store is away.
    pub fail: Fail,
}

/// Who is given an answer that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    /// The client whose request it answered.
    #[default]
    Client,
    /// Everybody.
    Everybody,
}
