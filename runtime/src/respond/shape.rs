//! A refusal in the shape that the client's protocol has for it.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::Reply;
use crate::dialect::Dialect;

/// The body of a refusal.
pub fn body(reply: &Reply, dialect: Dialect) -> Bytes {
    Bytes::from(error(reply, dialect).to_string())
}

/// The last event of a stream that breaks. What ends a whole answer in this protocol does not
/// follow it. `heard` is how many events came before, where the protocol numbers them.
pub fn event(reply: &Reply, dialect: Dialect, heard: u64) -> Bytes {
    let error = error(reply, dialect);
    Bytes::from(match dialect {
        Dialect::Chat | Dialect::Embeddings => format!("data: {error}\n\n"),
        Dialect::Responses => failed(reply, &error, heard),
        Dialect::Messages | Dialect::CountTokens => format!("event: error\ndata: {error}\n\n"),
        Dialect::Gemini => format!("data: {error}\r\n\r\n"),
    })
}

/// Some clients raise the error, some show why the response failed, none does both. Both forms of
/// the error are in use, with the error in a member of its own and without.
fn failed(reply: &Reply, error: &Value, heard: u64) -> String {
    let (code, message) = (reply.code, &reply.message);
    let told = json!({
        "type": "error", "sequence_number": heard, "error": error["error"],
        "code": code, "message": message, "param": null,
    });
    let failed = json!({
        "type": "response.failed", "sequence_number": heard.saturating_add(1),
        "response": {
            "object": "response", "status": "failed",
            "error": {"code": code, "message": message},
        },
    });
    format!("event: error\ndata: {told}\n\nevent: response.failed\ndata: {failed}\n\n")
}

fn error(reply: &Reply, dialect: Dialect) -> Value {
    match dialect {
        Dialect::Chat | Dialect::Responses | Dialect::Embeddings => json!({"error": {
            "message": reply.message,
            "type": openai_type(reply.status),
            "param": reply.param,
            "code": reply.code,
        }}),
        // This protocol has no codes; clients pass over what they do not know.
        Dialect::Messages | Dialect::CountTokens => json!({"type": "error", "error": {
            "type": anthropic_type(reply.status),
            "message": reply.message,
            "code": reply.code,
        }}),
        Dialect::Gemini => json!({"error": {
            "code": reply.status.as_u16(),
            "message": reply.message,
            "status": google_status(reply.status),
        }}),
    }
}

/// The kind of error in the words of Google's protocols.
fn google_status(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        400..=499 => "INVALID_ARGUMENT",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    }
}

/// The kind of error in the words of OpenAI's protocol.
fn openai_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

/// The kind of error in the words of Anthropic's protocol.
fn anthropic_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        _ => "api_error",
    }
}
