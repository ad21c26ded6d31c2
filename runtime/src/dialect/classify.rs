//! Which failure an answer, or an error inside a stream, is.
//!
//! Codes and types decide where they are honest; text only for the known liars; the status for the
//! rest.

use std::time::SystemTime;

use http::HeaderMap;

use super::complaint::Complaint;
use super::delay::delay;
use crate::dialect::failure::{Failure, FailureKind};

/// An answer that is none.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, or the front of it.
    pub body: &'a [u8],
}

/// What a failed answer means. An error that came with a status below 400 is judged by its body.
pub fn classify(answer: Answer<'_>, now: SystemTime) -> Failure {
    let complaint = Complaint::read(answer.body);
    if answer.status < 300 {
        return judged(&complaint);
    }
    let kind = by_words(&complaint, answer.status).unwrap_or(by_status(answer.status));
    Failure {
        kind,
        status: stands_for(kind, answer.status),
        delay: delay(answer.headers, &complaint.text, now),
        should_retry: should_retry(answer.headers),
    }
}

/// What an error inside a stream means: the data of its event.
pub fn in_stream(data: &[u8]) -> Failure {
    judged(&Complaint::read(data))
}

fn judged(complaint: &Complaint) -> Failure {
    let said = complaint.status;
    let kind = by_words(complaint, said.unwrap_or(0))
        .or(said.map(by_status))
        .or(complaint
            .has_word(&["invalid_request_error"])
            .then_some(FailureKind::BadRequest))
        .unwrap_or(FailureKind::Server);
    Failure {
        kind,
        status: stands_for(kind, said.unwrap_or(usual_status(kind))),
        delay: delay(&HeaderMap::new(), &complaint.text, SystemTime::UNIX_EPOCH),
        should_retry: None,
    }
}

fn by_words(complaint: &Complaint, status: u16) -> Option<FailureKind> {
    // A code may be right and still say too little, so the liars come first.
    by_text(complaint, status).or_else(|| {
        CODES
            .iter()
            .find(|(_, codes)| complaint.has_word(codes))
            .map(|(kind, _)| *kind)
    })
}

fn by_text(complaint: &Complaint, status: u16) -> Option<FailureKind> {
    let refused = matches!(status, 0 | 400 | 401 | 402 | 403 | 429);
    if refused && complaint.has_text(UNPAID) {
        return Some(FailureKind::Quota);
    }
    if matches!(status, 400 | 403) && complaint.has_text(KEY) {
        return Some(FailureKind::BadKey);
    }
    if matches!(status, 0 | 400 | 413 | 422 | 500) && complaint.has_text(CONTEXT) {
        return Some(FailureKind::ContextTooLong);
    }
    if matches!(status, 413 | 429) && complaint.has_text(PER_DAY) {
        return Some(FailureKind::Quota);
    }
    if matches!(status, 0 | 429 | 500..) && complaint.has_text(CAPACITY) {
        return Some(FailureKind::Overloaded);
    }
    let filtered = complaint.moderated || complaint.has_text(FILTER);
    (matches!(status, 0 | 400 | 403) && filtered).then_some(FailureKind::ContentFilter)
}

/// Anthropic's 400, xAI's 403 and 429, `DeepSeek`'s 402, OpenAI's 429.
const UNPAID: &[&str] = &[
    "credit balance is too low",
    "have any credits",
    "used all available credits",
    "monthly spending limit",
    "insufficient balance",
    "insufficient credits",
    "exceeded your current quota",
    "credits are depleted",
];

/// xAI says 400 to a wrong key, Google too.
const KEY: &[&str] = &["incorrect api key", "invalid api key", "api key not valid"];

/// `DeepSeek`, vLLM, `SGLang`, Mistral, Google and llama.cpp have no code for it.
const CONTEXT: &[&str] = &[
    "maximum context length",
    "context length is",
    "exceeds the model's context",
    "longer than the model's context length",
    "prompt is too long",
    "prompt too long",
    "exceed context limit",
    "input token count",
    "exceeds the available context size",
];

/// Groq names the window only here.
const PER_DAY: &[&str] = &["per day", "(rpd)", "(tpd)"];

/// Anthropic's 400 for an answer that it keeps back.
const FILTER: &[&str] = &["blocked by content filtering policy"];

/// Mistral says 429 when it is full.
const CAPACITY: &[&str] = &[
    "capacity exceeded",
    "server busy",
    "overloaded",
    "loading model",
];

const CODES: &[(FailureKind, &[&str])] = &[
    (
        FailureKind::Quota,
        &[
            "insufficient_quota",
            "billing_error",
            "billing_hard_limit_reached",
            "billing_not_active",
        ],
    ),
    (
        FailureKind::ContextTooLong,
        &[
            "context_length_exceeded",
            "exceed_context_size_error",
            "too_many_prompt_tokens",
            "too_many_tokens",
            "string_above_max_length",
        ],
    ),
    (
        FailureKind::ContentFilter,
        &[
            "content_filter",
            "content_policy_violation",
            "responsibleaipolicyviolation",
            "invalid_prompt",
            "bio_policy",
        ],
    ),
    (
        FailureKind::ModelNotFound,
        &[
            "model_not_found",
            "deploymentnotfound",
            "invalid_model",
            "not_found_error",
            "notfounderror",
        ],
    ),
    (FailureKind::BadSample, &["tool_use_failed"]),
    (
        FailureKind::BadKey,
        &[
            "invalid_api_key",
            "api_key_invalid",
            "authentication_error",
            "permission_error",
            "permissiondenied",
            "permission-denied",
            "permission_denied",
            "unauthenticated",
            "account_deactivated",
            "organization_restricted",
            "unsupported_country_region_territory",
        ],
    ),
    (
        FailureKind::Overloaded,
        &[
            "service_tier_capacity_exceeded",
            "3505",
            "overloaded",
            "overloaded_error",
            "unavailable",
            "slow_down",
        ],
    ),
    (
        FailureKind::RateLimit,
        &[
            "rate_limit_exceeded",
            "rate_limit_error",
            "rate_limited",
            "ratelimitreached",
            "resource-exhausted",
            "resource_exhausted",
            "1300",
        ],
    ),
    (
        FailureKind::Timeout,
        &["timeout", "timeout_error", "deadline_exceeded"],
    ),
    (FailureKind::TooLarge, &["request_too_large"]),
];

fn by_status(status: u16) -> FailureKind {
    match status {
        401 | 403 => FailureKind::BadKey,
        402 => FailureKind::Quota,
        404 => FailureKind::ModelNotFound,
        408 | 504 => FailureKind::Timeout,
        413 => FailureKind::TooLarge,
        429 => FailureKind::RateLimit,
        498 | 503 | 529 => FailureKind::Overloaded,
        // A conflict or a too early request is the provider's own trouble, and so is a broken model.
        409 | 424 | 425 | 500.. => FailureKind::Server,
        400..500 => FailureKind::BadRequest,
        // Redirects are not followed, and nothing else below 400 is an answer.
        _ => FailureKind::Malformed,
    }
}

/// Groq says 413 where it means that one request is over the limit for a minute; another provider
/// will do, as for any other limit.
fn stands_for(kind: FailureKind, status: u16) -> u16 {
    match (kind, status) {
        (FailureKind::RateLimit | FailureKind::Quota, 413) => 429,
        _ => status,
    }
}

/// The status that an error stands for when it does not say.
fn usual_status(kind: FailureKind) -> u16 {
    match kind {
        FailureKind::RateLimit | FailureKind::Quota => 429,
        FailureKind::BadKey => 401,
        FailureKind::Overloaded => 503,
        FailureKind::Timeout => 504,
        FailureKind::Server | FailureKind::BadSample | FailureKind::Malformed => 502,
        FailureKind::BadRequest
        | FailureKind::ContextTooLong
        | FailureKind::ContentFilter
        | FailureKind::UsageOption => 400,
        FailureKind::ModelNotFound => 404,
        FailureKind::TooLarge => 413,
    }
}

fn should_retry(headers: &HeaderMap) -> Option<bool> {
    match headers.get("x-should-retry")?.as_bytes() {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}
