//! A request written down in JSON, read into the facts that a policy may ask.
//!
//! ```json
//! {"path": "/v1/chat/completions", "headers": {"x-team": "ml"}, "body": {"model": "gpt-5.5", "messages": []}}
//! ```
//!
//! The body is read by the rules of the gateway; whoever has no body says `model`, `streaming`,
//! `has` and `tokens` plainly.

mod body;
mod caller;
mod draft;
mod error;
mod head;
mod json;
mod pointer;
mod prompt;
mod tokens;
mod write;

use claw_table::Fact;

use crate::model::Model;
use crate::oracle::Request;
use draft::Draft;
use json::Json;

pub(crate) use caller::caller;
pub use error::RequestError;
pub use write::write;

/// The most bytes a written request may have.
pub const REQUEST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The tokens of a request of which nothing else is known.
pub const TOKENS_DEFAULT: u64 = 1000;

/// Reads one request.
///
/// Left out, it comes on a Wednesday at noon UTC; the method is `POST`, the path `/v1/chat/completions`, the host `localhost`, the address
/// `127.0.0.1`; without a body there are [`TOKENS_DEFAULT`] tokens.
///
/// # Errors
/// The first thing that cannot be read, or that the gateway would refuse before it asks the policy.
pub fn read(text: &str) -> Result<Request, RequestError> {
    read_for(text, &[])
}

/// The same, with the members of the body that these facts ask for.
///
/// # Errors
/// As for [`read`]; and where one of these members is ambiguous.
pub fn read_for(text: &str, asked: &[&Fact]) -> Result<Request, RequestError> {
    read_below(text, asked, None)
}

/// The same, for a gateway with this base before the paths of its API.
///
/// # Errors
/// As for [`read_for`].
pub fn read_below(
    text: &str,
    asked: &[&Fact],
    base: Option<&str>,
) -> Result<Request, RequestError> {
    let json: Json =
        serde_json::from_str(text).map_err(|error| RequestError::NotJson(error.to_string()))?;
    let Json::Object(members) = json else {
        return Err(RequestError::NotAnObject(json.noun()));
    };
    let mut draft = Draft::default();
    for (at, (key, value)) in members.iter().enumerate() {
        if members.iter().take(at).any(|(other, _)| other == key) {
            return Err(RequestError::Twice { key: key.clone() });
        }
        draft.member((key, value), asked)?;
    }
    draft.finish(base)
}

/// The same, for what a policy asks and changes; the caller is the client that the request names, or
/// that calls from its address.
///
/// # Errors
/// As for [`read_for`]; and where the policy has no such client.
pub fn read_in(text: &str, model: &Model) -> Result<Request, RequestError> {
    let policy = &model.policy;
    // What the policy changes must be one member to every reader, like what it asks for.
    let changed: Vec<Fact> = policy.changed().map(Fact::Body).collect();
    let asked: Vec<&Fact> = model.facts().into_iter().chain(&changed).collect();
    let request = read_below(text, &asked, policy.gateway.base.as_deref())?;
    caller::settle(&policy.clients, request)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment::Moment;
    use claw_table::Can;

    fn error(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn facts_are_derived_from_the_body() {
        let request = read(
            r#"{"headers": {"X-Team": ["ml", "web"]}, "host": "Gate.Example:8080", "body": {
                "model": "gpt-5.5", "stream": true, "tools": [{}],
                "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}}"#,
        )
        .unwrap();
        assert_eq!(request.model.as_deref(), Some("gpt-5.5"));
        assert!(request.streaming);
        assert_eq!(request.has, Can::Tools.bit() | Can::Images.bit());
        assert_eq!(request.host.as_deref(), Some("gate.example"));
        assert_eq!(request.endpoint.as_deref(), Some("chat"));
        assert_eq!(request.headers[1], ("x-team".to_owned(), b"web".to_vec()));
        // 3 for the answer, 3 for the message, 8 for the tool, `user`, 1500 for the picture.
        assert_eq!(request.tokens, Some(3 + 3 + 8 + 1 + 1500));
    }

    #[test]
    fn a_request_says_when_it_comes_and_is_written_so() {
        let text = r#"{"at": "2026-11-21 10:00 Europe/Berlin", "model": "m"}"#;
        let request = read(text).unwrap();
        let zone = |name: &str| Fact::Time(name.to_owned());
        let saturday = 5 * 1440;
        let minute = |name| claw_table::Facts::number(&request, &zone(name));
        assert_eq!(minute("Europe/Berlin"), Some(saturday + 600));
        assert_eq!(minute("Asia/Kolkata"), Some(saturday + 600 + 270));
        assert_eq!(read(&write(&request).to_string()).unwrap(), request);
        assert_eq!(read("{}").unwrap().at, Some(Moment::ordinary()));
        assert_eq!(
            error(r#"{"at": "2026-11-21 10:00 Berlin"}"#),
            "`at` is `2026-11-21 10:00 Berlin`, and must be a moment in a time zone that there is, \
             such as `Europe/Berlin`, and not `Berlin`"
        );
        assert!(error(r#"{"at": 5}"#).contains("must be a text"));
        assert!(error(r#"{"time": "10:00"}"#).contains("say when it comes with `at`"));
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let request = read("{}").unwrap();
        assert_eq!(request.method.as_deref(), Some("POST"));
        assert_eq!(request.path.as_deref(), Some("/v1/chat/completions"));
        assert_eq!(
            (request.tokens, request.model),
            (Some(TOKENS_DEFAULT), None)
        );
    }

    #[test]
    fn a_mistake_is_answered_with_what_to_write() {
        assert_eq!(
            error(r#"{"hedaers": {}}"#),
            "`hedaers` is not a part of a request; did you mean `headers`?"
        );
        assert_eq!(
            error(r#"{"model": "a", "messages": []}"#),
            "`messages` is not a part of a request; put the chat request under `body`"
        );
        assert_eq!(
            error(r#"{"tokens": "2k"}"#),
            "`tokens` must be a whole number"
        );
        assert_eq!(
            error(r#"{"model": "a", "body": {}}"#),
            "`model` is said by `body` already; take one of them out"
        );
        assert_eq!(
            error("[]"),
            "the request is an array; write an object such as {\"headers\": {}, \"body\": {…}}"
        );
        assert!(
            error("{\n  \"path\": }").ends_with("at line 2 column 11"),
            "{}",
            error("{\n  \"path\": }")
        );
        assert!(error(r#"{"path": "/v1/chat/completions?a=b"}"#).contains("`query`"));
        assert!(error(r#"{"has": ["tool"]}"#).contains("`tools`"));
    }

    #[test]
    fn a_body_that_parsers_read_differently_is_refused() {
        assert!(
            error(r#"{"body": {"model": "a", "model": "b"}}"#)
                .starts_with("`body.model` stands twice")
        );
        assert!(error(r#"{"body": {"Model": "a"}}"#).contains("write `model`"));
        assert!(error(r#"{"path": "/v1/../admin"}"#).contains("normal form"));
        assert!(error(r#"{"body": {}, "body": {}}"#).starts_with("`body` stands twice"));
    }

    #[test]
    fn nesting_without_end_is_an_error_and_not_a_crash() {
        assert!(error(&"[".repeat(100_000)).contains("recursion"));
    }
}
