//! The part of a table that is not a decision: providers, classes, refusals, as the runtime uses them.
//!
//! Names are resolved, durations are milliseconds, money is pico-dollars, lists keep text order.

mod ceiling;
mod client;
mod health;
mod pool;
mod price;
mod provider;

pub use ceiling::{Calendar, Ceiling, Held, Per, Scope, Step, Then, Unit, Window};
pub use client::{Auth, Client, KeyHash, Prefix};
pub use health::{Capacity, Counted, Eject, Health, Probe, ProbeMethod, Rate};
pub use pool::{Balance, Leg, Member, Pool, Sticky};
pub use price::{Charge, Hours, Price, Rates, When};
pub use provider::{Api, Deadlines, Model, Provider, Replica, Secret, Url};

use crate::{ArmId, ClassId, DenyId, ModelId, ProviderId};

/// One compiled policy without its diagram.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// The name after `policy`.
    pub name: String,
    /// Where to listen, if the policy says so.
    pub gateway: Gateway,
    /// Every provider.
    pub providers: Vec<Provider>,
    /// Every client.
    pub clients: Vec<Client>,
    /// Every pool.
    pub pools: Vec<Pool>,
    /// Every workload class.
    pub classes: Vec<Class>,
    /// Every ceiling.
    pub ceilings: Vec<Ceiling>,
    /// Every refusal that an arm can end in.
    pub denies: Vec<Deny>,
    /// Every arm of every route; a leaf of the diagram is one of these.
    pub arms: Vec<Arm>,
    /// The arm of the root route's `otherwise`.
    pub otherwise: Option<ArmId>,
    /// The model names that clients may use, for `GET /v1/models`, sorted.
    pub offered: Vec<String>,
}

/// Addresses to listen on. Read at start only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gateway {
    /// `host:port` of the data plane.
    pub listen: Option<String>,
    /// `host:port` of the admin listener.
    pub admin: Option<String>,
}

/// How one kind of work is treated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Class {
    /// Its name in the policy.
    pub name: String,
    /// The primary, then each fallback, in text order.
    pub legs: Vec<Leg>,
    /// Every target that these lead to, in the order of the text, each once.
    /// INVARIANT: [`Policy::reached`] of the legs, in a verified table.
    pub targets: Vec<Target>,
    /// What moves on, and how often.
    pub retry: Retry,
    /// Its own deadlines.
    pub deadlines: Deadlines,
    /// From the arrival of the request's head to the end of the answer.
    pub total_ms: Option<u64>,
}

/// One model of one provider that a class may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Who serves.
    pub provider: ProviderId,
    /// What serves.
    pub model: ModelId,
}

/// When an attempt that failed is followed by another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retry {
    /// The causes that move on.
    pub on: Causes,
    /// Requests put on the wire for one client request, at most.
    pub attempts: u32,
    /// The shortest wait before a new round, in milliseconds.
    pub backoff_min_ms: u64,
    /// The longest.
    pub backoff_max_ms: u64,
    /// A `retry-after` up to this is waited for, a longer one is not.
    pub honor_retry_after_ms: u64,
}

/// The causes a retry lists: named ones as bits of [`Cause`], and ranges of status codes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Causes {
    /// Bits of [`Cause`].
    pub named: u32,
    /// Inclusive ranges of status codes, sorted, not touching.
    pub statuses: Vec<(u16, u16)>,
}

impl Causes {
    /// Whether a failure with this cause moves on.
    pub fn names(&self, cause: Cause) -> bool {
        self.named & cause.bit() != 0
    }

    /// Whether an answer with this status moves on.
    pub fn has_status(&self, status: u16) -> bool {
        self.statuses
            .iter()
            .any(|(low, high)| (*low..=*high).contains(&status))
    }
}

/// Why an attempt failed, in the language's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Cause {
    /// No connection: refused, unreachable, unknown name, failed TLS.
    Connect,
    /// A deadline passed: connect, first token, idle, attempt.
    Timeout,
    /// The connection ended before the answer did.
    Cut,
    /// The provider said that it has no capacity (503, 529, or in words).
    Overloaded,
    /// The account has used up what it may use.
    Quota,
    /// The provider refused the key.
    BadKey,
    /// The answer is not what its protocol says.
    Malformed,
}

impl Cause {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Connect,
        Self::Timeout,
        Self::Cut,
        Self::Overloaded,
        Self::Quota,
        Self::BadKey,
        Self::Malformed,
    ];

    /// The word for it in the language and in the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Cut => "cut",
            Self::Overloaded => "overloaded",
            Self::Quota => "quota",
            Self::BadKey => "bad-key",
            Self::Malformed => "malformed",
        }
    }

    /// The bit that stands for it in [`Causes::named`].
    pub fn bit(self) -> u32 {
        1 << (self as u8)
    }
}

/// A refusal written in the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deny {
    /// The status of the answer.
    pub status: u16,
    /// The sentence for the client.
    pub text: String,
}

/// One arm of one route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arm {
    /// Its name for logs: the route's name and its number in it, from 1 (`main/2`, `ml/1`).
    pub label: String,
    /// Where a request goes that ends here.
    pub to: Action,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// To a workload class.
    Class(ClassId),
    /// Nowhere: it is refused.
    Deny(DenyId),
    /// Nowhere by itself: the arm leads to another route, and the leaf is an arm of that one.
    Route,
}
