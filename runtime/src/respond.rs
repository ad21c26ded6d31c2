//! Faults in words: the one place that turns them into a status, a code and a sentence.
//!
//! Clients steer by these answers, by their text too: `OpenClaw` takes a key or an account out of
//! use when a sentence speaks of money, keys or access, so the sentences here never do. Nothing a
//! provider says is handed on, with one exception: what is wrong with the caller's own request is
//! told best by the provider that found it, so a small JSON error of such a fault goes through as
//! it came (see [`Fault::answer`]).

mod shape;
mod words;

pub use shape::{body, event};
pub(crate) use words::HEAD_TOO_LARGE;

use bytes::Bytes;
use claw_table::policy::Policy;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::dialect::Dialect;
use crate::dialect::failure::FailureKind;
use crate::fault::{Fault, Kind, Retry, Side};
use crate::limits::Limits;
use crate::observe::record::Attempt;
use words::sentence;

/// What a refusal is told in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// One of a closed set of codes.
    pub code: &'static str,
    /// A sentence for a human.
    pub message: String,
    /// The member of the body it is about.
    pub param: Option<&'static str>,
    /// Seconds to wait before asking again.
    pub retry_after_s: Option<u64>,
    /// Whether clients that retry by themselves are told not to.
    pub pointless: bool,
}

/// What a sentence may mention.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The policy that decided.
    pub policy: &'a Policy,
    /// The bounds of this gateway.
    pub limits: &'a Limits,
    /// The attempts made.
    pub attempts: &'a [Attempt],
    /// The label of the arm taken.
    pub arm: Option<&'a str>,
    /// The class chosen.
    pub class: Option<&'a str>,
    /// The client's protocol.
    pub dialect: Dialect,
}

/// The answer to a fault.
pub fn reply(fault: &Fault, around: &Circumstances<'_>) -> Reply {
    let (status, code) = verdict(fault, around);
    let status = match (around.dialect, code) {
        // There it has a status of its own.
        (Dialect::Messages | Dialect::CountTokens, "overloaded") => 529,
        _ => status,
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after_s = wait_s(fault, status, around.limits);
    Reply {
        status,
        code,
        message: sentence(fault, around),
        param: param(fault.kind, around.dialect),
        retry_after_s,
        // Our own retries are used up: a client's would only multiply them. A wait that the
        // provider named, or memory that frees itself, is worth one.
        pointless: retry_after_s.is_none() && fault.retry != Retry::Later,
    }
}

fn param(kind: Kind, dialect: Dialect) -> Option<&'static str> {
    if let Kind::Body(refusal) = kind {
        return refusal.param();
    }
    if let Kind::Uncarried(uncarried) = kind {
        return Some(uncarried.field);
    }
    if matches!(kind, Kind::InputTooLong { .. }) {
        // As OpenAI names it.
        let is_responses = dialect == Dialect::Responses;
        return Some(if is_responses { "input" } else { "messages" });
    }
    matches!(kind, Kind::NoModel | Kind::NotOffered).then_some("model")
}

fn wait_s(fault: &Fault, status: StatusCode, limits: &Limits) -> Option<u64> {
    if matches!(fault.kind, Kind::BodiesFull | Kind::Stopping) {
        return Some(1);
    }
    let wait = fault
        .wait
        .filter(|_| status == StatusCode::TOO_MANY_REQUESTS)?;
    let whole = wait
        .as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0));
    Some(whole.clamp(1, limits.retry_after_s_max))
}

fn verdict(fault: &Fault, around: &Circumstances<'_>) -> (u16, &'static str) {
    match fault.kind {
        Kind::AmbiguousPath => (400, "ambiguous_path"),
        Kind::BadHost => (400, "bad_host"),
        Kind::BadFraming => (400, "bad_framing"),
        Kind::HeadTooLarge => (431, "head_too_large"),
        Kind::NotFound => (404, "not_found"),
        Kind::MethodNotAllowed => (405, "method_not_allowed"),
        Kind::WebSocket => (426, "websocket_not_served"),
        Kind::NotLocal => (403, "client_not_local"),
        Kind::UnknownKey => (401, "invalid_api_key"),
        Kind::KeyElsewhere => (403, "blocked_address"),
        Kind::TwoKeys => (400, "ambiguous_credentials"),
        Kind::KeyInQuery => (400, "key_in_query"),
        Kind::UnclearOrigin => (400, "unclear_origin"),
        Kind::ContentEncoding => (415, "unsupported_encoding"),
        Kind::ContentType => (415, "unsupported_content_type"),
        Kind::BodyTooLarge => (413, "too_large"),
        Kind::BodySlow => (408, "request_timeout"),
        Kind::BodyCut => (400, "incomplete_body"),
        Kind::Body(refusal) => (400, refusal.code()),
        Kind::NoModel => (400, "missing_model"),
        Kind::NoCallerKey => (401, "missing_provider_key"),
        Kind::NotOffered => (404, "model_not_found"),
        Kind::CallersKey(failure) => (callers_status(failure, fault), callers_code(failure)),
        Kind::AmbiguousHeader => (400, "ambiguous_header"),
        Kind::Denied(id) => {
            let deny = around.policy.denies.get(id.index());
            (deny.map_or(400, |deny| deny.status), "policy_denied")
        }
        Kind::NoCapableTarget(_) => (400, "no_capable_target"),
        Kind::InputTooLong { .. } => (400, "context_length_exceeded"),
        Kind::NoSpeakingTarget(_) => (400, "no_speaking_target"),
        Kind::Uncarried(_) => (400, "not_translatable"),
        Kind::BodiesFull => (503, "overloaded"),
        Kind::Stopping => (503, "shutting_down"),
        Kind::Internal => (500, "internal"),
        Kind::Connect => (502, "upstream_unreachable"),
        Kind::Tls => (502, "upstream_tls"),
        Kind::ConnectTimeout
        | Kind::FirstTokenTimeout
        | Kind::IdleTimeout
        | Kind::AttemptTimeout
        | Kind::TotalTimeout => (504, "upstream_timeout"),
        Kind::Cut => (502, "upstream_cut"),
        Kind::Malformed => (502, "upstream_malformed"),
        Kind::AnswerTooLarge => (502, "answer_too_large"),
        Kind::Redirect => (502, "upstream_redirect"),
        Kind::Provider(failure) => provider_verdict(failure, fault),
    }
}

/// What the provider said of the caller's own key, as it said it.
fn callers_status(failure: FailureKind, fault: &Fault) -> u16 {
    match (fault.status, failure) {
        (Some(status @ 400..=499), _) => status,
        (_, FailureKind::BadKey) => 401,
        _ => 429,
    }
}

fn callers_code(failure: FailureKind) -> &'static str {
    if failure == FailureKind::BadKey {
        "invalid_provider_key"
    } else {
        "provider_quota"
    }
}

fn provider_verdict(failure: FailureKind, fault: &Fault) -> (u16, &'static str) {
    let callers = |code| match fault.status {
        Some(status @ 400..=499) => (status, code),
        Some(_) | None => (400, code),
    };
    match failure {
        FailureKind::RateLimit => (429, "rate_limited"),
        // With a reset in sight it is a limit like any other; without one, waiting is pointless.
        FailureKind::Quota if fault.wait.is_some() => (429, "rate_limited"),
        FailureKind::Quota | FailureKind::BadKey => (503, "provider_unavailable"),
        FailureKind::Overloaded => (503, "overloaded"),
        FailureKind::Timeout => (504, "upstream_timeout"),
        FailureKind::Server => (502, "upstream_error"),
        FailureKind::BadSample | FailureKind::Malformed => (502, "upstream_malformed"),
        FailureKind::BadRequest => callers("bad_request"),
        FailureKind::ContextTooLong => (400, "context_length_exceeded"),
        FailureKind::ContentFilter => (400, "content_filtered"),
        FailureKind::ModelNotFound => (404, "model_not_found"),
        FailureKind::TooLarge => (413, "too_large"),
        FailureKind::UsageOption => (502, "upstream_option_refused"),
    }
}

/// The head's own part of a refusal.
pub fn headers(reply: &Reply, headers: &mut HeaderMap) {
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    if let Some(seconds) = reply.retry_after_s {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if reply.pointless {
        headers.insert("x-should-retry", HeaderValue::from_static("false"));
    }
    if reply.status == StatusCode::UPGRADE_REQUIRED {
        // RFC 9110 section 15.5.22: the answer says what would be spoken instead.
        headers.insert(header::UPGRADE, HeaderValue::from_static("HTTP/1.1"));
    }
    if reply.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if reply.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
}

/// The provider's own words, where the fault is the caller's and they may be passed on.
pub fn passed_on(fault: &Fault) -> Option<Bytes> {
    let answer = fault.answer.as_ref()?;
    (fault.side == Side::Client).then(|| answer.clone())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::Duration;

    use claw_table::policy::{Deny, Policy};
    use claw_table::{Can, DenyId};

    use super::{Circumstances, body, event, reply};
    use crate::dialect::Dialect;
    use crate::dialect::failure::FailureKind;
    use crate::fault::{Fault, Kind};
    use crate::limits::Limits;
    use crate::observe::record::Attempt;
    use crate::request::endpoint::Endpoint;
    use crate::request::peek::peek;
    use crate::translate::Uncarried;

    const FAILURES: [FailureKind; 14] = [
        FailureKind::RateLimit,
        FailureKind::Quota,
        FailureKind::BadKey,
        FailureKind::Overloaded,
        FailureKind::Timeout,
        FailureKind::Server,
        FailureKind::BadSample,
        FailureKind::Malformed,
        FailureKind::BadRequest,
        FailureKind::ContextTooLong,
        FailureKind::ContentFilter,
        FailureKind::ModelNotFound,
        FailureKind::TooLarge,
        FailureKind::UsageOption,
    ];

    fn kinds() -> Vec<Kind> {
        let mut kinds = vec![
            Kind::AmbiguousPath,
            Kind::BadHost,
            Kind::BadFraming,
            Kind::HeadTooLarge,
            Kind::NotFound,
            Kind::MethodNotAllowed,
            Kind::WebSocket,
            Kind::NotLocal,
            Kind::UnknownKey,
            Kind::KeyElsewhere,
            Kind::TwoKeys,
            Kind::KeyInQuery,
            Kind::UnclearOrigin,
            Kind::ContentEncoding,
            Kind::ContentType,
            Kind::BodyTooLarge,
            Kind::BodySlow,
            Kind::BodyCut,
            Kind::Body(peek(b"{").unwrap_err()),
            Kind::NoModel,
            Kind::NoCallerKey,
            Kind::NotOffered,
            Kind::AmbiguousHeader,
            Kind::Denied(DenyId(0)),
            Kind::NoCapableTarget(Can::Images.bit() | Can::Tools.bit()),
            Kind::InputTooLong {
                tokens: 130_001,
                window: 128_000,
            },
            Kind::NoSpeakingTarget(Endpoint::Messages),
            Kind::Uncarried(Uncarried {
                field: "n",
                why: "ask for one",
            }),
            Kind::BodiesFull,
            Kind::Stopping,
            Kind::Internal,
            Kind::Connect,
            Kind::Tls,
            Kind::ConnectTimeout,
            Kind::FirstTokenTimeout,
            Kind::IdleTimeout,
            Kind::AttemptTimeout,
            Kind::TotalTimeout,
            Kind::Cut,
            Kind::Malformed,
            Kind::AnswerTooLarge,
            Kind::Redirect,
        ];
        kinds.extend(FAILURES.map(Kind::Provider));
        kinds.extend([FailureKind::BadKey, FailureKind::Quota].map(Kind::CallersKey));
        kinds
    }

    #[test]
    fn every_kind_has_its_answer() {
        insta::assert_snapshot!(answers(Dialect::Chat));
    }

    #[test]
    fn every_kind_has_its_answer_for_clients_of_messages() {
        insta::assert_snapshot!("messages", answers(Dialect::Messages));
    }

    #[test]
    fn the_last_event_of_a_broken_stream_is_in_the_clients_protocol() {
        let around = Circumstances {
            policy: &Policy::default(),
            limits: &Limits::default(),
            attempts: &[],
            arm: None,
            class: None,
            dialect: Dialect::Messages,
        };
        let reply = reply(&Fault::early(Kind::Cut), &around);
        let of = |dialect| String::from_utf8(event(&reply, dialect, 7).to_vec()).unwrap();
        let told = [
            Dialect::Chat,
            Dialect::Responses,
            Dialect::Messages,
            Dialect::Gemini,
        ]
        .map(of)
        .concat();
        insta::assert_snapshot!("events", told);
    }

    fn answers(dialect: Dialect) -> String {
        let policy = Policy {
            denies: vec![Deny {
                status: 422,
                text: "say which stage".to_owned(),
            }],
            ..Policy::default()
        };
        let attempt = Attempt {
            target: "sim/large".to_owned(),
            sent: true,
            cause: None,
            status: None,
            ..Attempt::default()
        };
        let mut table = String::new();
        for kind in kinds() {
            let mut fault = Fault::early(kind);
            fault.wait = Some(Duration::from_millis(1_500));
            let upstream = matches!(kind, Kind::Provider(_)) || kind.cause().is_some();
            let around = Circumstances {
                policy: &policy,
                limits: &Limits::default(),
                attempts: if upstream {
                    std::slice::from_ref(&attempt)
                } else {
                    &[]
                },
                arm: Some("main/2"),
                class: Some("code"),
                dialect,
            };
            let reply = reply(&fault, &around);
            let body = String::from_utf8(body(&reply, dialect).to_vec()).unwrap();
            let hint = match (reply.retry_after_s, reply.pointless) {
                (Some(seconds), _) => format!("retry-after {seconds}"),
                (None, true) => "x-should-retry false".to_owned(),
                (None, false) => "retry at will".to_owned(),
            };
            writeln!(
                table,
                "{kind:?}\n  {} {hint}\n  {body}",
                reply.status.as_u16()
            )
            .unwrap();
        }
        table
    }
}
