//! The part of a table that is not a decision: providers, classes, refusals, as the runtime uses them.
//!
//! Names are resolved, durations are milliseconds, money is pico-dollars, lists keep text order.

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
    /// Every workload class.
    pub classes: Vec<Class>,
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

/// The protocol a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// OpenAI chat completions, and every compatible server.
    OpenAi,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini generateContent.
    Gemini,
}

impl Api {
    /// The language's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }
}

/// One upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its name in the policy.
    pub name: String,
    /// The protocol it speaks.
    pub api: Api,
    /// Where it is.
    pub url: Url,
    /// Where its key comes from.
    pub key: Secret,
    /// A PEM file with the only roots to trust, instead of the platform's.
    pub ca: Option<String>,
    /// Headers added to every request to it.
    pub headers: Vec<(String, String)>,
    /// Its own deadlines; the smaller of these and the class's holds.
    pub deadlines: Deadlines,
    /// Bounds one attempt from its first byte, in milliseconds.
    pub attempt_ms: Option<u64>,
    /// The models it serves.
    pub models: Vec<Model>,
}

/// An upstream address, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether to speak TLS.
    pub tls: bool,
    /// Name or address.
    pub host: String,
    /// Port, the scheme's own where none was written.
    pub port: u16,
    /// Path before the API's own, without a trailing slash: `/v1` or empty.
    pub base: String,
}

/// Where a secret comes from. The table carries the reference, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// No key is sent.
    None,
    /// An environment variable.
    Env(String),
    /// A file, its trailing line end removed.
    File(String),
}

/// One model of one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name in the policy.
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    /// What it costs, if the policy says so.
    pub price: Option<Price>,
    /// The longest input and output together, in tokens.
    pub context_tokens: Option<u64>,
    /// The longest output, in tokens.
    pub output_tokens_max: Option<u64>,
    /// What it can do, as bits of [`crate::Can`]; nothing where the policy does not say.
    pub can: Option<u16>,
}

/// Pico-dollars per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Input that was not cached.
    pub in_pico: u64,
    /// Output, reasoning included.
    pub out_pico: Option<u64>,
    /// Input read from the provider's cache.
    pub cached_pico: Option<u64>,
}

/// Deadlines in milliseconds; nothing means the default of the runtime's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deadlines {
    /// From the start of connecting to a ready connection.
    pub connect_ms: Option<u64>,
    /// From the first byte written to the first event with content, per attempt.
    pub first_token_ms: Option<u64>,
    /// Between two reads of the upstream body.
    pub idle_ms: Option<u64>,
}

/// How one kind of work is treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Its name in the policy.
    pub name: String,
    /// The primary, then each fallback, in text order.
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
