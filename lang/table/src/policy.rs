//! The part of a table that is not a decision: providers, classes, refusals, as the runtime uses them.
//!
//! Names are resolved, durations are milliseconds, money is pico-dollars, lists keep text order.

mod bounds;
mod ceiling;
mod class;
mod client;
mod edit;
mod gateway;
mod health;
mod hours;
mod pool;
mod price;
mod provider;

pub use bounds::{Allowance, Cache, Fail, Limit, Sharing};
pub use ceiling::{Calendar, Ceiling, Held, Per, Scope, Step, Then, Unit, Window};
pub use class::{AfterCut, Class, Commit, Heartbeat, Keys};
pub use client::{Auth, Client, KeyHash, Prefix};
pub use edit::{Edit, MemberEdit, MemberPath};
pub use gateway::{Event, Gateway, Notify, State, Trust, Via};
pub use health::{Capacity, Counted, Eject, Health, Probe, ProbeMethod, Rate};
pub use hours::{Hours, WEEK_MINUTES, joined};
pub use pool::{Balance, Leg, Member, Pool, Requested, Sticky};
pub use price::{Charge, Price, Rates, When};
pub use provider::{Api, Deadlines, Model, Provider, Replica, Secret, Url};

use crate::{ArmId, ClassId, DenyId, ModelId, ProviderId};

/// One compiled policy without its diagram.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// The name after `policy`.
    pub name: String,
    /// Settings of the gateway itself.
    pub gateway: Gateway,
    /// Every provider.
    pub providers: Vec<Provider>,
    /// Every client.
    pub clients: Vec<Client>,
    /// Every pool.
    pub pools: Vec<Pool>,
    /// Every workload class.
    pub classes: Vec<Class>,
    /// Every list of providers after `requested from`, by its id.
    pub requested: Vec<Requested>,
    /// Every ceiling.
    pub ceilings: Vec<Ceiling>,
    /// Every limit.
    pub limits: Vec<Limit>,
    /// Every cache.
    pub caches: Vec<Cache>,
    /// Who is told of what happens.
    pub notifies: Vec<Notify>,
    /// Every refusal that an arm can end in.
    pub denies: Vec<Deny>,
    /// Every arm of every route; a leaf of the diagram is one of these.
    pub arms: Vec<Arm>,
    /// The arm of the root route's `otherwise`.
    pub otherwise: Option<ArmId>,
    /// The model names that clients may use, for `GET /v1/models`, sorted.
    pub offered: Vec<String>,
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
    /// The request does not fit the model's context.
    ContextTooLong,
    /// The provider will not answer this.
    ContentFilter,
}

impl Cause {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Connect,
        Self::Timeout,
        Self::Cut,
        Self::Overloaded,
        Self::Quota,
        Self::BadKey,
        Self::Malformed,
        Self::ContextTooLong,
        Self::ContentFilter,
    ];

    /// Whether the request itself is at fault, so that it moves on only where a policy names this.
    pub fn is_callers(self) -> bool {
        matches!(self, Self::ContextTooLong | Self::ContentFilter)
    }

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
            Self::ContextTooLong => "context-too-long",
            Self::ContentFilter => "content-filter",
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
