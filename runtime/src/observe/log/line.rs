//! A request's record as its line has it.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::meter::usage::{Beside, Usage};
use crate::observe::json::cut;
use crate::observe::record::{Attempt, Record};
use crate::observe::stamp::rfc3339;

/// Longest text of a client in one field.
const TEXT_BYTES_MAX: usize = 256;
/// Attempts written of one request; a policy's own bound is far below.
const ATTEMPTS_MAX: usize = 64;

/// A record as it is written. Field order is the line's order.
#[derive(Serialize)]
pub(super) struct Line<'r> {
    time: String,
    request_id: &'r str,
    policy: &'r str,
    method: Cow<'r, str>,
    path: Cow<'r, str>,
    client: Option<&'r str>,
    model: Option<Cow<'r, str>>,
    streaming: bool,
    arm: Option<&'r str>,
    class: Option<&'r str>,
    target: Option<&'r str>,
    attempts: Attempts<'r>,
    status: u16,
    code: Option<&'static str>,
    outcome: &'static str,
    tokens: Tokens,
    // What is out of the ordinary stands there only where it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tokens_estimated: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    out_of_retries: bool,
    first_content_ms: Option<f64>,
    duration_ms: f64,
}

struct Attempts<'r>(&'r [Attempt]);

impl Serialize for Attempts<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().take(ATTEMPTS_MAX).map(AttemptLine::from))
    }
}

#[derive(Serialize)]
struct AttemptLine<'r> {
    target: &'r str,
    sent: bool,
    cause: Option<&'r str>,
    status: Option<u16>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continued: bool,
    ms: f64,
}

/// Every field is null where the provider said nothing: unknown is not zero.
#[derive(Serialize, Default)]
struct Tokens {
    input: Option<u64>,
    cached: Option<u64>,
    cache_write: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<BesideLine>,
}

#[derive(Serialize)]
struct BesideLine {
    input: u64,
    cached: u64,
    cache_write: u64,
    output: u64,
}

impl<'r> From<&'r Record> for Line<'r> {
    fn from(record: &'r Record) -> Self {
        Self {
            time: rfc3339(record.at_ms),
            request_id: &record.request_id,
            policy: &record.policy,
            method: cut(&record.method, TEXT_BYTES_MAX),
            path: cut(&record.path, TEXT_BYTES_MAX),
            client: record.client.as_deref(),
            model: record
                .model
                .as_deref()
                .map(|model| cut(model, TEXT_BYTES_MAX)),
            streaming: record.streaming,
            arm: record.arm.as_deref(),
            class: record.class.as_deref(),
            target: record.target.as_deref(),
            attempts: Attempts(&record.attempts),
            status: record.status,
            code: record.code,
            outcome: record.outcome,
            tokens: record.usage.map(Tokens::from).unwrap_or_default(),
            tokens_estimated: record.usage_estimated,
            out_of_retries: record.out_of_retries,
            first_content_ms: record.first_content_us.map(millis),
            duration_ms: millis(record.duration_us),
        }
    }
}

impl<'r> From<&'r Attempt> for AttemptLine<'r> {
    fn from(attempt: &'r Attempt) -> Self {
        Self {
            target: &attempt.target,
            sent: attempt.sent,
            cause: attempt.cause.as_deref(),
            status: attempt.status,
            continued: attempt.continued,
            ms: millis(attempt.duration_us),
        }
    }
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self {
            input: Some(usage.input_total),
            cached: Some(usage.cache_read),
            cache_write: Some(usage.cache_write),
            output: Some(usage.output_total),
            reasoning: Some(usage.reasoning),
            beside: (usage.beside != Beside::default()).then(|| BesideLine::from(usage.beside)),
        }
    }
}

impl From<Beside> for BesideLine {
    fn from(beside: Beside) -> Self {
        let input = beside.input_uncached.saturating_add(beside.cache_read);
        Self {
            input: input.saturating_add(beside.cache_write),
            cached: beside.cache_read,
            cache_write: beside.cache_write,
            output: beside.output_total,
        }
    }
}

/// Milliseconds to the microsecond; above an hour whole ones, which is as exact as anyone reads.
fn millis(duration_us: u64) -> f64 {
    match u32::try_from(duration_us) {
        Ok(duration_us) => f64::from(duration_us) / 1000.0,
        Err(_) => f64::from(u32::try_from(duration_us / 1000).unwrap_or(u32::MAX)),
    }
}
