//! Faults in words: the one place that turns them into a status, a code and a sentence.
//!
//! Clients steer by these answers, by their text too: `OpenClaw` takes a key or an account out of
//! use when a sentence speaks of money, keys or access, so the sentences here never do. Nothing a
//! provider says is handed on, with one exception: what is wrong with the caller's own request is
//! told best by the provider that found it, so a small JSON error of such a fault goes through as
//! it came (see [`Fault::answer`]).

mod shape;

pub use shape::{body, event};

use bytes::Bytes;
use claw_table::Can;
use claw_table::policy::Policy;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::dialect::Dialect;
use crate::dialect::failure::FailureKind;
use crate::fault::{Fault, Kind, Retry, Side};
use crate::limits::Limits;
use crate::observe::record::Attempt;

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
        param: param(fault.kind),
        retry_after_s,
        // Our own retries are used up: a client's would only multiply them. A wait that the
        // provider named, or memory that frees itself, is worth one.
        pointless: retry_after_s.is_none() && fault.retry != Retry::Later,
    }
}

fn param(kind: Kind) -> Option<&'static str> {
    if let Kind::Body(refusal) = kind {
        return refusal.param();
    }
    if let Kind::Uncarried(uncarried) = kind {
        return Some(uncarried.field);
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

fn sentence(fault: &Fault, around: &Circumstances<'_>) -> String {
    if let Some(told) = particulars(fault.kind, around) {
        return told;
    }
    let what = words(fault.kind);
    match around.attempts {
        [] => what.to_owned(),
        [only] => format!("{what} ({})", only.target),
        [.., last] => format!(
            "{what} (tried {} times, the last at {})",
            around.attempts.len(),
            last.target
        ),
    }
}

/// Sentences that name what the request or the policy says.
fn particulars(kind: Kind, around: &Circumstances<'_>) -> Option<String> {
    if let Kind::Body(refusal) = kind {
        return Some(format!("{refusal} (at byte {})", refusal.at));
    }
    if let Kind::Denied(id) = kind {
        let deny = around.policy.denies.get(id.index());
        let text = deny.map_or(words(kind), |deny| &deny.text);
        let arm = around.arm.unwrap_or_default();
        return Some(format!("{text} (rule {arm})"));
    }
    if let Kind::NoCapableTarget(lacking) = kind {
        let named = Can::ALL.iter().filter(|can| can.bit() & lacking != 0);
        let named: Vec<&str> = named.map(|can| can.word()).collect();
        let class = around.class.unwrap_or_default();
        return Some(format!(
            "no target of class {class} can do what the request needs: {}",
            named.join(", ")
        ));
    }
    if let Kind::NoSpeakingTarget(endpoint) = kind {
        let class = around.class.unwrap_or_default();
        return Some(format!(
            "no target of class {class} speaks the protocol of {}: ask in the protocol of its \
            targets, or add a provider with `api {}` to it",
            endpoint.path("/v1"),
            endpoint.api().word()
        ));
    }
    if let Kind::Uncarried(uncarried) = kind {
        return Some(uncarried.to_string());
    }
    let max = around.limits.body_bytes_max;
    (kind == Kind::BodyTooLarge).then(|| format!("request exceeds the maximum size of {max} bytes"))
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::AmbiguousPath => {
            "the path can be read in more than one way: write it without empty, dot or needlessly \
            encoded segments"
        }
        Kind::BadHost => "send exactly one valid host header",
        Kind::BadFraming => "send the body with a content-length, or chunked and no more",
        Kind::NotFound => {
            "nothing is served at this path: POST to /v1/chat/completions, /v1/responses, \
            /v1/embeddings, /v1/messages or /v1/messages/count_tokens, and list models with GET /v1/models; the base URL of \
            OpenAI's clients ends in /v1, that of Anthropic's does not"
        }
        Kind::MethodNotAllowed => {
            "this path takes another method: GET /v1/models, and POST for all that is answered by a \
            model"
        }
        Kind::WebSocket => "there is no WebSocket here: send the request with POST",
        Kind::NotLocal => "this gateway serves clients on its own machine only",
        // Clients that look at the text look for these first words.
        Kind::UnknownKey => {
            "invalid api key: send a key of this gateway's as `authorization: Bearer`"
        }
        Kind::KeyElsewhere => "this key is not used from this address",
        Kind::TwoKeys => "the request shows two keys that differ: send one",
        Kind::UnclearOrigin => {
            "the header in which the proxy before this gateway says who asks holds something that is \
            no address"
        }
        Kind::KeyInQuery => {
            "a key does not belong into the query, which is logged on the way: send it as \
            `authorization: Bearer`"
        }
        Kind::ContentEncoding => "the body is compressed: send it without content-encoding",
        Kind::ContentType => "send the body as content-type: application/json",
        Kind::BodyTooLarge => "request exceeds the maximum size",
        Kind::BodySlow => "the body came too slowly",
        Kind::BodyCut => "the body ended before it was whole",
        Kind::Body(_) => "the body cannot be read",
        Kind::NoModel => "the body names no `model`",
        Kind::NoCallerKey => {
            "this is served with your own key of the provider: send it as `authorization: Bearer`"
        }
        Kind::NotOffered => "no provider here offers the `model` that is named",
        Kind::CallersKey(failure) => callers_words(failure),
        Kind::AmbiguousHeader => {
            "a header or query parameter that the policy decides on is repeated with different \
            values: send it once"
        }
        Kind::Denied(_) => "the policy refuses this request",
        Kind::NoCapableTarget(_) => "no target can do what the request needs",
        Kind::NoSpeakingTarget(_) => "no target speaks the protocol of this request",
        Kind::Uncarried(_) => "the request cannot be told in the protocol of any target",
        Kind::Stopping => "the gateway is being stopped before this answer was whole; ask again",
        Kind::BodiesFull => "the gateway is overloaded: it holds as many bodies as it may",
        Kind::Internal => "the gateway failed",
        Kind::Connect => "the provider could not be reached",
        Kind::Tls => "the connection to the provider could not be secured",
        Kind::ConnectTimeout => "the provider did not take the connection in time",
        Kind::FirstTokenTimeout => "the provider did not begin to answer in time",
        Kind::IdleTimeout => "the provider stopped in the middle of its answer",
        Kind::AttemptTimeout => "the provider did not finish in time",
        Kind::TotalTimeout => "the request did not finish in the time its class allows",
        Kind::Cut => "the provider's answer was cut off",
        Kind::Malformed => "the provider's answer is not what its protocol says",
        Kind::AnswerTooLarge => {
            "the answer is longer than the gateway keeps of one that it does not show yet: ask for \
            less of it, or as a stream that is shown as it comes"
        }
        Kind::Redirect => "the provider answered with a redirect, which is not followed",
        Kind::Provider(failure) => provider_words(failure),
    }
}

fn callers_words(failure: FailureKind) -> &'static str {
    if failure == FailureKind::BadKey {
        "invalid api key: the provider refuses the key that the request shows"
    } else {
        "the account behind the key that the request shows has used up its quota at the provider"
    }
}

fn provider_words(failure: FailureKind) -> &'static str {
    match failure {
        FailureKind::RateLimit => "the provider's rate limit is reached",
        FailureKind::Quota | FailureKind::BadKey => {
            "the provider is not available to this gateway; its operator has been told why"
        }
        FailureKind::Overloaded => "the provider is overloaded",
        FailureKind::Timeout => "the provider ran out of time",
        FailureKind::Server => "the provider failed",
        FailureKind::BadSample | FailureKind::Malformed => {
            "the provider's answer is not what its protocol says"
        }
        FailureKind::BadRequest => "the provider finds the request itself wrong",
        FailureKind::ContextTooLong => {
            "the prompt is too long: the request is longer than the model's context"
        }
        FailureKind::ContentFilter => "the provider's content filter stopped the request",
        FailureKind::ModelNotFound => "model not found at the provider",
        FailureKind::TooLarge => "request exceeds the maximum size that the provider takes",
        FailureKind::UsageOption => {
            "the provider refuses to report usage in a stream, and no attempt was left to ask \
            without it: it will not be asked for it again, so send the request once more"
        }
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
