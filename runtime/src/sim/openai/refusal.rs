//! `OpenAI`'s errors: before an answer, and inside a stream.

use super::quoted;
use crate::sim::behaviour::Refusal;

/// The data of an event that says that the stream failed.
pub const STREAM_ERROR: &str = "{\"error\":{\"message\":\"The server had an error while processing \
    your request. Sorry about that!\",\"type\":\"server_error\",\"param\":null,\"code\":null}}";

/// Words a refusal: its status and its body.
///
/// The 401 repeats the ends of the key, as the real one does: nobody may pass that text on.
pub fn refusal(refusal: Refusal, model: &str, key: &str) -> (u16, String) {
    let invalid = "invalid_request_error";
    let (status, kind, code, message) = match refusal {
        Refusal::BadRequest => (400, invalid, "invalid_value", "Invalid value.".to_owned()),
        Refusal::BadKey => {
            let text = format!("Incorrect API key provided: {}.", masked(key));
            (401, invalid, "invalid_api_key", text)
        }
        Refusal::NoCredit => {
            let kind = "insufficient_balance";
            (402, kind, kind, "Insufficient Balance".to_owned())
        }
        Refusal::Forbidden => {
            let text = "Country, region, or territory not supported".to_owned();
            (
                403,
                "request_forbidden",
                "unsupported_country_region_territory",
                text,
            )
        }
        Refusal::NoModel => {
            let text =
                format!("The model `{model}` does not exist or you do not have access to it.");
            (404, invalid, "model_not_found", text)
        }
        Refusal::ContextTooLong => {
            let text = "This model's maximum context length is 128000 tokens. However, your \
                        messages resulted in 128001 tokens. Please reduce the length of the \
                        messages.";
            (400, invalid, "context_length_exceeded", text.to_owned())
        }
        Refusal::Filtered => {
            let text = "Your request was rejected as a result of our safety system.".to_owned();
            (400, invalid, "content_policy_violation", text)
        }
        Refusal::StreamOptions => {
            let text = "Unknown parameter: 'stream_options'.".to_owned();
            (400, invalid, "unknown_parameter", text)
        }
        Refusal::Begun => {
            let text = "The last message must not be the assistant's.".to_owned();
            (400, invalid, "invalid_value", text)
        }
        Refusal::RateLimit => {
            let text = format!("Rate limit reached for {model} on requests per min (RPM).");
            (429, "requests", "rate_limit_exceeded", text)
        }
        Refusal::Quota => {
            let text = "You exceeded your current quota, please check your plan and billing \
                        details.";
            let kind = "insufficient_quota";
            (429, kind, kind, text.to_owned())
        }
        Refusal::Overloaded(status) => {
            let text = "The engine is currently overloaded, please try again later.".to_owned();
            (status, "server_error", "overloaded", text)
        }
        Refusal::Server(status) => {
            let text = "The server had an error while processing your request.".to_owned();
            (status, "server_error", "server_error", text)
        }
        Refusal::Status(status) => (
            status,
            "simulated_error",
            "simulated",
            format!("Simulated status {status}."),
        ),
    };
    (status, error(kind, code, &message))
}

/// An error in `OpenAI`'s shape.
pub fn error(kind: &str, code: &str, message: &str) -> String {
    let message = quoted(message);
    format!(
        "{{\"error\":{{\"message\":{message},\"type\":\"{kind}\",\"param\":null,\"code\":\"{code}\"}}}}"
    )
}

/// The first and last four letters of a key, stars between.
fn masked(key: &str) -> String {
    let letters: Vec<char> = key.chars().collect();
    if letters.len() < 12 {
        return "*".repeat(letters.len());
    }
    let hidden = letters.len() - 8;
    let ends = |skip: usize| letters.iter().skip(skip).take(4).collect::<String>();
    format!(
        "{}{}{}",
        ends(0),
        "*".repeat(hidden),
        ends(letters.len() - 4)
    )
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::sim::behaviour::Refusal;
    use serde_json::Value;

    #[test]
    fn every_refusal_is_json_with_a_code() {
        let key = "sk-abcdefghijklmnop";
        for kind in [
            Refusal::BadRequest,
            Refusal::BadKey,
            Refusal::NoCredit,
            Refusal::Forbidden,
            Refusal::NoModel,
            Refusal::ContextTooLong,
            Refusal::Filtered,
            Refusal::StreamOptions,
            Refusal::Begun,
            Refusal::RateLimit,
            Refusal::Quota,
            Refusal::Overloaded(529),
            Refusal::Server(500),
            Refusal::Status(418),
        ] {
            let (status, body) = refusal(kind, "m", key);
            let value: Value = serde_json::from_str(&body).unwrap();
            assert!(value["error"]["code"].is_string(), "{status} {body}");
            assert!(!body.contains(key), "a key is never echoed whole");
        }
        assert!(
            refusal(Refusal::BadKey, "m", key)
                .1
                .contains("sk-a***********mnop")
        );
    }
}
