//! A provider's failure in the gateway's own words, whatever protocol it came in.

use std::time::Duration;

use claw_table::policy::Cause;

/// What a provider refused or failed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// What it was.
    pub kind: FailureKind,
    /// The status it stands for: the answer's own, or for an error inside a stream the one its
    /// body names (502 where it names none). Policies match ranges of statuses against this.
    pub status: u16,
    /// How long the provider asks to wait, clamped; nothing where it does not say.
    pub delay: Option<Duration>,
    /// Whether the provider itself said that a retry helps, or does not.
    pub should_retry: Option<bool>,
}

/// Whose fault it was, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// Too many requests or tokens in a short window.
    RateLimit,
    /// The account has used up what it may use, or is not paid.
    Quota,
    /// The provider refused the key, or what the key may do.
    BadKey,
    /// The provider has no capacity.
    Overloaded,
    /// The provider ran out of time.
    Timeout,
    /// The provider broke.
    Server,
    /// The model wrote something that its own provider would not pass on; another sample may do.
    BadSample,
    /// The answer is not what its protocol says.
    Malformed,
    /// The request is wrong, and would be anywhere.
    BadRequest,
    /// The request does not fit the model's context.
    ContextTooLong,
    /// The provider will not answer this.
    ContentFilter,
    /// The provider has no such model, or not for this account.
    ModelNotFound,
    /// The body has too many bytes.
    TooLarge,
    /// The provider refuses the option by which the gateway asks for usage.
    UsageOption,
}

impl FailureKind {
    /// The cause that policies name, where there is one; otherwise only the status counts.
    pub fn cause(self) -> Option<Cause> {
        match self {
            Self::Quota => Some(Cause::Quota),
            Self::BadKey => Some(Cause::BadKey),
            Self::Overloaded => Some(Cause::Overloaded),
            Self::Timeout => Some(Cause::Timeout),
            Self::BadSample | Self::Malformed => Some(Cause::Malformed),
            Self::ContextTooLong => Some(Cause::ContextTooLong),
            Self::ContentFilter => Some(Cause::ContentFilter),
            Self::RateLimit
            | Self::Server
            | Self::BadRequest
            | Self::ModelNotFound
            | Self::TooLarge
            | Self::UsageOption => None,
        }
    }

    /// Whether the caller's own request is at fault, so that no other target is asked unless the
    /// policy names the status or the cause.
    pub fn is_callers(self) -> bool {
        match self {
            Self::BadRequest
            | Self::ContextTooLong
            | Self::ContentFilter
            | Self::ModelNotFound
            | Self::TooLarge => true,
            Self::RateLimit
            | Self::Quota
            | Self::BadKey
            | Self::Overloaded
            | Self::Timeout
            | Self::Server
            | Self::BadSample
            | Self::Malformed
            | Self::UsageOption => false,
        }
    }

    /// Whether it is about the key, or the account behind it.
    pub fn is_of_key(self) -> bool {
        matches!(self, Self::BadKey | Self::Quota)
    }

    /// The word for it in logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::RateLimit => "rate-limit",
            Self::Quota => "quota",
            Self::BadKey => "bad-key",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::BadSample => "bad-sample",
            Self::Malformed => "malformed",
            Self::BadRequest => "bad-request",
            Self::ContextTooLong => "context-too-long",
            Self::ContentFilter => "content-filter",
            Self::ModelNotFound => "model-not-found",
            Self::TooLarge => "too-large",
            Self::UsageOption => "usage-option",
        }
    }
}
