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
/// follow it.
pub fn event(reply: &Reply, dialect: Dialect) -> Bytes {
    let name = match dialect {
        Dialect::Chat => "",
        Dialect::Messages | Dialect::CountTokens => "event: error\n",
    };
    Bytes::from(format!("{name}data: {}\n\n", error(reply, dialect)))
}

fn error(reply: &Reply, dialect: Dialect) -> Value {
    match dialect {
        Dialect::Chat => json!({"error": {
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
