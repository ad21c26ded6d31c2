//! Google's errors: before an answer, and inside a stream.

use serde_json::{Value, json};

use crate::sim::behaviour::Refusal;

/// The data of an event that says that the stream failed.
pub const STREAM_ERROR: &str = "{\"error\":{\"code\":503,\"message\":\"The model is overloaded. \
    Please try again later.\",\"status\":\"UNAVAILABLE\"}}";

/// Words a refusal: its status and its body. A prompt that is blocked is an answer with nothing in
/// it, and a wrong key is a wrong request.
pub fn refusal(refusal: Refusal, model: &str) -> (u16, String) {
    let (status, word, message) = match refusal {
        Refusal::BadRequest | Refusal::StreamOptions => {
            (400, "INVALID_ARGUMENT", "Invalid JSON payload received.")
        }
        Refusal::Begun => (
            400,
            "INVALID_ARGUMENT",
            "Please ensure that the conversation ends with a user turn.",
        ),
        Refusal::BadKey => {
            let reason = json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
            }]);
            let message = "API key not valid. Please pass a valid API key.";
            let told = json!({"error": {
                "code": 400, "message": message, "status": "INVALID_ARGUMENT", "details": reason,
            }});
            return (400, told.to_string());
        }
        Refusal::NoCredit => (
            429,
            "RESOURCE_EXHAUSTED",
            "Your prepayment credits are depleted.",
        ),
        Refusal::Forbidden => (
            403,
            "PERMISSION_DENIED",
            "The caller does not have permission",
        ),
        Refusal::NoModel => {
            let message = format!("models/{model} is not found for API version v1beta.");
            return (404, error(404, "NOT_FOUND", &message));
        }
        Refusal::ContextTooLong => (
            400,
            "INVALID_ARGUMENT",
            "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
        ),
        Refusal::Filtered => return (200, blocked(model).to_string()),
        Refusal::RateLimit => (
            429,
            "RESOURCE_EXHAUSTED",
            "Resource has been exhausted (e.g. check quota).",
        ),
        Refusal::Quota => (
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        Refusal::Overloaded(status) => (
            status,
            "UNAVAILABLE",
            "The model is overloaded. Please try again later.",
        ),
        Refusal::Server(status) => (status, "INTERNAL", "An internal error has occurred."),
        Refusal::Status(status) => {
            let message = format!("Simulated status {status}.");
            return (status, error(status, "SIMULATED", &message));
        }
    };
    (status, error(status, word, message))
}

fn blocked(model: &str) -> Value {
    json!({
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 1},
        "modelVersion": model,
    })
}

/// An error in Google's shape.
pub fn error(code: u16, status: &str, message: &str) -> String {
    json!({"error": {"code": code, "message": message, "status": status}}).to_string()
}
