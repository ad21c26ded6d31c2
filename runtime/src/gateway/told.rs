//! What a visit answers: heads, and the bodies behind them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::errand::Shown;
use super::visit::Visit;
use crate::dialect::Dialect;
use crate::fault::Fault;
use crate::relay::{Answer, Relay};
use crate::respond::{self, Circumstances};
use crate::upstream::attempt::Opened;

// Made once: a name given as text is read, and copied, for each answer.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const X_CLAW_POLICY: HeaderName = HeaderName::from_static("x-claw-policy");
const X_CLAW_CLASS: HeaderName = HeaderName::from_static("x-claw-class");
const X_CLAW_TARGET: HeaderName = HeaderName::from_static("x-claw-target");
const X_CLAW_DROPPED: HeaderName = HeaderName::from_static("x-claw-dropped");
const X_CLAW_ESTIMATED: HeaderName = HeaderName::from_static("x-claw-estimated");
pub(super) const X_CLAW_ATTEMPTS: HeaderName = HeaderName::from_static("x-claw-attempts");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

impl Visit<'_> {
    /// The head that every answer has.
    pub(super) fn head(&self, status: StatusCode) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.reserve(10);
        let record = &self.journal.record;
        insert(headers, X_REQUEST_ID, &record.request_id);
        if matches!(self.dialect, Dialect::Messages | Dialect::CountTokens) {
            // Under this name its clients show it to their users.
            insert(headers, REQUEST_ID, &record.request_id);
        }
        headers.insert(X_CLAW_POLICY, self.snapshot.digest.clone());
        if let Some(class) = &record.class {
            insert(headers, X_CLAW_CLASS, class);
            headers.insert(
                X_CLAW_ATTEMPTS,
                HeaderValue::from(self.journal.trail.sent()),
            );
        }
        if let Some(target) = &record.target {
            insert(headers, X_CLAW_TARGET, target);
        }
        response
    }

    fn whole(mut self, response: Response<()>, bytes: Bytes) -> Response<Answer> {
        self.journal.record.status = response.status().as_u16();
        let journal = self.journal;
        response.map(|()| Answer::Whole {
            bytes: Some(bytes),
            journal,
        })
    }

    pub(super) fn models(mut self, models: Bytes) -> Response<Answer> {
        let mut response = self.head(StatusCode::OK);
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        self.journal.end("complete");
        self.whole(response, models)
    }

    /// Claude Code looks whether anybody is there before it asks.
    pub(super) fn hello(mut self) -> Response<Answer> {
        let response = self.head(StatusCode::OK);
        self.journal.end("complete");
        self.whole(response, Bytes::new())
    }

    /// An estimate that leans upwards: its clients make room by it before they have none left.
    pub(super) fn counted(mut self, tokens: u64) -> Response<Answer> {
        let mut response = self.head(StatusCode::OK);
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        insert(headers, X_CLAW_ESTIMATED, "input_tokens");
        self.journal.end("complete");
        let tokens = tokens.saturating_add(tokens / 4);
        let body = format!("{{\"input_tokens\":{tokens}}}");
        self.whole(response, Bytes::from(body))
    }

    /// The committed answer of a target.
    pub(super) fn show(mut self, shown: Shown) -> Response<Answer> {
        let last = self.journal.trail.attempts.last();
        self.journal.record.target = last.map(|last| last.target.clone());
        let mut response = self.head(StatusCode::OK);
        let headers = response.headers_mut();
        if let Some(dropped) = shown.dropped.told() {
            insert(headers, X_CLAW_DROPPED, &dropped);
        }
        match shown.opened {
            Opened::Plain { body, usage, at } => {
                let json = HeaderValue::from_static("application/json");
                headers.insert(header::CONTENT_TYPE, json);
                self.journal.trail.end_at(at);
                self.journal.record.usage = usage;
                self.journal.end("complete");
                self.whole(response, body)
            }
            Opened::Stream(stream) => {
                stream_headers(headers);
                self.journal.record.status = response.status().as_u16();
                let relay = Relay::new(*stream, self.journal, shown.origin, shown.after);
                response.map(|()| Answer::Stream(Box::new(relay)))
            }
            Opened::Whole(whole) => {
                stream_headers(headers);
                self.journal.record.status = response.status().as_u16();
                let relay = Relay::whole(whole, self.journal, shown.origin);
                response.map(|()| Answer::Stream(Box::new(relay)))
            }
        }
    }

    /// The answer to a fault before anything was shown.
    pub(super) fn refuse(mut self, fault: &Fault) -> Response<Answer> {
        let record = &self.journal.record;
        let reply = respond::reply(
            fault,
            &Circumstances {
                policy: self.snapshot.table.policy(),
                limits: &self.worker.common.limits,
                attempts: &self.journal.trail.attempts,
                arm: record.arm.as_deref(),
                class: record.class.as_deref(),
                dialect: self.dialect,
            },
        );
        let mut response = self.head(reply.status);
        respond::headers(&reply, response.headers_mut());
        self.journal.record.code = Some(reply.code);
        let asked = self.journal.trail.attempts.is_empty();
        let refused = asked || fault.is_uncarried();
        self.journal.end(if refused { "refused" } else { "failed" });
        let body = respond::passed_on(fault).unwrap_or_else(|| respond::body(&reply, self.dialect));
        self.whole(response, body)
    }
}

/// A proxy in between must neither hold events back nor change them.
const STREAM_HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
    (header::CACHE_CONTROL, "no-cache, no-transform"),
    (X_ACCEL_BUFFERING, "no"),
];

/// The headers of every stream.
pub(super) fn stream_headers(headers: &mut HeaderMap) {
    for (name, value) in STREAM_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Names come from the policy; one that cannot stand in a header stands in the log only.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
