//! Anthropic's errors: before an answer, and inside a stream.

use serde_json::json;

use crate::sim::behaviour::Refusal;

/// The data of an event that says that the stream failed.
pub const STREAM_ERROR: &str = "{\"type\":\"error\",\"error\":{\"details\":null,\
    \"type\":\"overloaded_error\",\"message\":\"Overloaded\"},\"request_id\":\"req_sim\"}";

/// Words a refusal: its status and its body.
pub fn refusal(refusal: Refusal, model: &str) -> (u16, String) {
    let invalid = "invalid_request_error";
    let (status, kind, message) = match refusal {
        Refusal::BadRequest => (400, invalid, "messages: Input should be a valid list"),
        Refusal::BadKey => (401, "authentication_error", "invalid x-api-key"),
        Refusal::NoCredit => (402, "billing_error", "Your payment is overdue."),
        Refusal::Forbidden => (
            403,
            "permission_error",
            "Your organization does not have access to this model.",
        ),
        Refusal::NoModel => return (404, error("not_found_error", &format!("model: {model}"))),
        Refusal::ContextTooLong => (
            400,
            invalid,
            "prompt is too long: 200001 tokens > 200000 maximum",
        ),
        Refusal::Filtered => (400, invalid, "Output blocked by content filtering policy"),
        // No request of this protocol has them.
        Refusal::StreamOptions => (
            400,
            invalid,
            "stream_options: Extra inputs are not permitted",
        ),
        Refusal::Begun => (
            400,
            invalid,
            "This model does not support assistant message prefill. The conversation must end \
             with a user message.",
        ),
        Refusal::RateLimit => (
            429,
            "rate_limit_error",
            "This request would exceed your organization's rate limit.",
        ),
        // Here the status does not tell it from any other wrong request.
        Refusal::Quota => (
            400,
            invalid,
            "Your credit balance is too low to access the Anthropic API.",
        ),
        Refusal::Overloaded(status) => (status, "overloaded_error", "Overloaded"),
        Refusal::Server(status) => (status, "api_error", "Internal server error"),
        Refusal::Status(status) => {
            let message = format!("Simulated status {status}.");
            return (status, error("simulated_error", &message));
        }
    };
    (status, error(kind, message))
}

/// An error in Anthropic's shape.
pub fn error(kind: &str, message: &str) -> String {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_sim"})
        .to_string()
}
