//! The one closed error of the request path: made where it happens, matched once in `fallback`
//! (move on?) and once in `respond` (status, code, sentence).

use std::time::Duration;

use bytes::Bytes;
use claw_table::DenyId;
use claw_table::policy::{Cause, Causes};

use crate::dialect::failure::{Failure, FailureKind};
use crate::request::endpoint::Endpoint;
use crate::translate::Uncarried;

/// Something that keeps a request from its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub kind: Kind,
    /// Whose fault it is.
    pub side: Side,
    /// How far the request had come.
    pub sent: Sent,
    /// Whether asking again can help.
    pub retry: Retry,
    /// The status the provider answered with, or the one its error inside a 200 stands for.
    pub status: Option<u16>,
    /// How long the provider asks to wait.
    pub wait: Option<Duration>,
    /// The provider's own error object: kept only for a fault of the caller's, who must read it.
    pub answer: Option<Bytes>,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The request is not one that could be served.
    Client,
    /// The gateway has no room or no way.
    Gateway,
    /// The provider failed.
    Upstream,
}

/// How far the request had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// No byte went to a provider.
    Nothing,
    /// The request, or some of it, went to a provider; the client saw nothing.
    Request,
    /// The client has seen a part of the answer.
    Content,
}

/// Whether asking again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same request fails the same way everywhere.
    Never,
    /// Another target may serve it.
    Elsewhere,
    /// The same request may be served a little later.
    Later,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The path can be read in two ways.
    AmbiguousPath,
    /// The host is missing, repeated or not a host.
    BadHost,
    /// The transfer coding is another than `chunked`, or stands twice.
    BadFraming,
    /// No such resource here.
    NotFound,
    /// The resource exists, the method does not.
    MethodNotAllowed,
    /// The client would rather speak over a WebSocket.
    WebSocket,
    /// The client is not on this machine, and nothing says who it is.
    NotLocal,
    /// What the client shows is no key of anybody's, and its address tells nothing.
    UnknownKey,
    /// The key is known, but not from this address.
    KeyElsewhere,
    /// The request shows two keys that differ.
    TwoKeys,
    /// The query carries a key.
    KeyInQuery,
    /// A believed hop says something that is no address.
    UnclearOrigin,
    /// The head is longer than this gateway reads.
    HeadTooLarge,
    /// The body is compressed.
    ContentEncoding,
    /// The body is not declared to be JSON.
    ContentType,
    /// The body is longer than this gateway reads.
    BodyTooLarge,
    /// The body came too slowly.
    BodySlow,
    /// The body ended before it was whole.
    BodyCut,
    /// The body is not one JSON object that everyone reads alike.
    Body(crate::request::peek::Refusal),
    /// The body names no model.
    NoModel,
    /// The class is served with the caller's own key, and none is shown.
    NoCallerKey,
    /// No provider of the class offers the model that is named.
    NotOffered,
    /// A header or query parameter the policy asks about is repeated with contradicting values.
    AmbiguousHeader,
    /// The policy refuses the request.
    Denied(DenyId),
    /// No target of the class can do what the request needs, as bits of [`claw_table::Can`].
    NoCapableTarget(u16),
    /// The input is too long for every target of the class that could carry the request.
    InputTooLong {
        /// How long it is, by estimate.
        tokens: u64,
        /// The largest of their windows.
        window: u64,
    },
    /// No target of the class speaks the protocol of what is asked for.
    NoSpeakingTarget(Endpoint),
    /// The request says something that the protocols of the class's targets cannot.
    Uncarried(Uncarried),
    /// All memory for request bodies is in use.
    BodiesFull,
    /// The gateway stops, and the request took longer than it may still run.
    Stopping,
    /// The gateway broke its own rules.
    Internal,
    /// No connection: refused, unreachable, no address known.
    Connect,
    /// The connection could not be secured.
    Tls,
    /// No connection in time.
    ConnectTimeout,
    /// No first content in time.
    FirstTokenTimeout,
    /// Nothing more came in time.
    IdleTimeout,
    /// The attempt took too long.
    AttemptTimeout,
    /// The request took too long.
    TotalTimeout,
    /// The connection ended before the answer did.
    Cut,
    /// The answer is not what its protocol says.
    Malformed,
    /// The answer is longer than is kept of one that is not shown yet.
    AnswerTooLarge,
    /// The provider sent us elsewhere.
    Redirect,
    /// The provider answered with a failure.
    Provider(FailureKind),
    /// The provider refused the caller's own key, or the account behind it has nothing left.
    CallersKey(FailureKind),
}

impl Kind {
    /// Whose fault it is.
    pub fn side(self) -> Side {
        match self {
            Self::AmbiguousPath
            | Self::BadHost
            | Self::BadFraming
            | Self::HeadTooLarge
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::WebSocket
            | Self::NotLocal
            | Self::UnknownKey
            | Self::KeyElsewhere
            | Self::TwoKeys
            | Self::KeyInQuery
            | Self::UnclearOrigin
            | Self::ContentEncoding
            | Self::ContentType
            | Self::BodyTooLarge
            | Self::BodySlow
            | Self::BodyCut
            | Self::Body(_)
            | Self::NoModel
            | Self::NoCallerKey
            | Self::NotOffered
            | Self::CallersKey(_)
            | Self::AmbiguousHeader
            | Self::Uncarried(_)
            | Self::InputTooLong { .. }
            | Self::Denied(_) => Side::Client,
            Self::NoCapableTarget(_)
            | Self::NoSpeakingTarget(_)
            | Self::BodiesFull
            | Self::Stopping
            | Self::Internal
            | Self::TotalTimeout => Side::Gateway,
            Self::Provider(failure) if failure.is_callers() => Side::Client,
            Self::Provider(_)
            | Self::Connect
            | Self::Tls
            | Self::ConnectTimeout
            | Self::FirstTokenTimeout
            | Self::IdleTimeout
            | Self::AttemptTimeout
            | Self::Cut
            | Self::Malformed
            | Self::AnswerTooLarge
            | Self::Redirect => Side::Upstream,
        }
    }

    /// Whether asking again can help.
    pub fn retry(self) -> Retry {
        match self.side() {
            // What is longer than may be kept is so everywhere.
            Side::Upstream if self == Self::AnswerTooLarge => Retry::Never,
            // It is not asked for it again, so the same request will be served.
            Side::Upstream if self == Self::Provider(FailureKind::UsageOption) => Retry::Later,
            Side::Upstream => Retry::Elsewhere,
            // A line that was slow, memory that was full and a gateway that is started anew may do
            // better the next time.
            _ if matches!(self, Self::BodySlow | Self::BodiesFull | Self::Stopping) => Retry::Later,
            Side::Client | Side::Gateway => Retry::Never,
        }
    }

    /// The cause that a policy's `retry` may name for it.
    pub fn cause(self) -> Option<Cause> {
        match self {
            Self::Connect | Self::Tls => Some(Cause::Connect),
            Self::ConnectTimeout
            | Self::FirstTokenTimeout
            | Self::IdleTimeout
            | Self::AttemptTimeout => Some(Cause::Timeout),
            Self::Cut => Some(Cause::Cut),
            Self::Malformed | Self::Redirect => Some(Cause::Malformed),
            Self::Provider(failure) => failure.cause(),
            Self::AmbiguousPath
            | Self::BadHost
            | Self::BadFraming
            | Self::HeadTooLarge
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::WebSocket
            | Self::NotLocal
            | Self::UnknownKey
            | Self::KeyElsewhere
            | Self::TwoKeys
            | Self::KeyInQuery
            | Self::UnclearOrigin
            | Self::ContentEncoding
            | Self::ContentType
            | Self::BodyTooLarge
            | Self::BodySlow
            | Self::BodyCut
            | Self::Body(_)
            | Self::NoModel
            | Self::NoCallerKey
            | Self::NotOffered
            | Self::CallersKey(_)
            | Self::AmbiguousHeader
            | Self::Denied(_)
            | Self::NoCapableTarget(_)
            | Self::InputTooLong { .. }
            | Self::NoSpeakingTarget(_)
            | Self::Uncarried(_)
            | Self::BodiesFull
            | Self::AnswerTooLarge
            | Self::Stopping
            | Self::Internal
            | Self::TotalTimeout => None,
        }
    }
}

impl Fault {
    /// A fault before anything went to a provider.
    pub fn early(kind: Kind) -> Self {
        Self::of(kind, Sent::Nothing)
    }

    /// A fault of an attempt.
    pub fn of(kind: Kind, sent: Sent) -> Self {
        Self {
            kind,
            side: kind.side(),
            sent,
            retry: kind.retry(),
            status: None,
            wait: None,
            answer: None,
        }
    }

    /// A failure that the provider itself reported.
    pub fn provider(failure: &Failure) -> Self {
        Self {
            status: Some(failure.status),
            wait: failure.delay,
            ..Self::of(Kind::Provider(failure.kind), Sent::Request)
        }
    }

    /// The same where it was sent with the caller's own key: what is wrong with that key is the
    /// caller's, is told as it is, and no other key or target is tried for it.
    #[must_use]
    pub fn of_callers_key(self) -> Self {
        let Kind::Provider(failure) = self.kind else {
            return self;
        };
        if !failure.is_of_key() {
            return self;
        }
        let kind = Kind::CallersKey(failure);
        Self {
            kind,
            side: kind.side(),
            retry: kind.retry(),
            ..self
        }
    }

    /// Whether a retry with these causes moves on from it. A target that cannot be told the request
    /// is passed over, whatever the causes are: nothing was tried.
    pub fn moves_on(&self, on: &Causes) -> bool {
        if self.is_uncarried() {
            return true;
        }
        if matches!(self.kind, Kind::CallersKey(_)) {
            return false;
        }
        let named = self.kind.cause().is_some_and(|cause| on.names(cause));
        named || self.status.is_some_and(|status| on.has_status(status))
    }

    /// Whether the target could not even be told the request.
    pub fn is_uncarried(&self) -> bool {
        matches!(self.kind, Kind::Uncarried(_))
    }

    /// Why it failed, in the language's words or as a status, for the log. That a provider refused
    /// what the gateway itself added is no cause a policy could name, and has its own word.
    pub fn word(&self) -> String {
        if self.kind == Kind::Provider(FailureKind::UsageOption) {
            return FailureKind::UsageOption.word().to_owned();
        }
        if self.is_uncarried() {
            return "untranslatable".to_owned();
        }
        if let Some(word) = OWN_WORDS.iter().find(|(kind, _)| *kind == self.kind) {
            return word.1.to_owned();
        }
        if let Kind::CallersKey(failure) = self.kind {
            return failure.word().to_owned();
        }
        match (self.kind.cause(), self.status) {
            (Some(cause), _) => cause.word().to_owned(),
            (None, Some(status)) => status.to_string(),
            (None, None) => "total".to_owned(),
        }
    }
}

/// What ends a request that no policy can name, in words for the log.
const OWN_WORDS: [(Kind, &str); 3] = [
    (Kind::Stopping, "stopping"),
    (Kind::AnswerTooLarge, "too-large"),
    (Kind::BodiesFull, "no-memory"),
];
