//! The request that asks for the rest of an answer: what was said of it stands there as a message
//! of the assistant's, which a model that can do so goes on with.
//!
//! ```text
//! {"messages":[{user}],"max_tokens":100,"thinking":{…}}
//! {"messages":[{user},{"role":"assistant","content":"Once upon"}],"max_tokens":98}
//! ```

use std::net::IpAddr;
use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use super::edit::{Edit, Path, edited, quoted};
use crate::json::{Fault, Lexer, Token, whole};

/// The body of a request for the rest of what begins with `said`; nothing if it cannot be asked
/// for, as where the request itself ends with the beginning of an answer.
pub fn continued(body: &Bytes, said: &str) -> Option<Bytes> {
    let place = Place::find(body).ok()?;
    let end = place.messages.filter(|_| place.last_asks)?;
    let message = format!(",{{\"role\":\"assistant\",\"content\":{}}}", quoted(said));
    let mut edits: SmallVec<[Edit<'_>; 6]> = SmallVec::new();
    edits.push(Edit::Replace(end..end, message.into()));
    // A token has about four letters; what is left of the cap is meant for the rest.
    let used = (said.len() as u64).div_ceil(4);
    for (range, cap) in place.caps {
        let left = cap.saturating_sub(used).max(1);
        edits.push(Edit::Replace(range, left.to_string().into()));
    }
    // Providers refuse to think in the middle of an answer, and it was thought about before.
    for member in ["thinking", "reasoning_effort", "reasoning"] {
        edits.push(Edit::Remove(Path::Member(member)));
    }
    edited(body, &edits).ok()
}

/// Where a body is to be changed.
#[derive(Default)]
struct Place {
    /// Where the list of messages closes.
    messages: Option<usize>,
    /// Where its last message closes.
    last: Option<usize>,
    /// Whether somebody is to be answered there.
    last_asks: bool,
    /// The caps on output tokens.
    caps: SmallVec<[(Range<usize>, u64); 2]>,
}

impl Place {
    fn find(body: &[u8]) -> Result<Self, Fault> {
        let mut place = Self::default();
        let mut lexer = Lexer::new(body);
        if lexer.value_next()? != Token::Object {
            return Ok(place);
        }
        lexer.members(|lexer, key, value| {
            match (key.raw, value) {
                (b"messages", Token::Array) => {
                    lexer.elements(|lexer, value| place.message(lexer, value))?;
                    place.messages = lexer.at().checked_sub(1);
                    return Ok(());
                }
                (b"max_tokens" | b"max_completion_tokens", Token::Number(number)) => {
                    let range = lexer.start_of(value)..lexer.at();
                    place.caps.extend(whole(number).map(|cap| (range, cap)));
                }
                _ => {}
            }
            lexer.skip(value)
        })?;
        Ok(place)
    }

    fn message<'a>(&mut self, lexer: &mut Lexer<'a>, value: Token<'a>) -> Result<(), Fault> {
        self.last_asks = false;
        if value != Token::Object {
            return lexer.skip(value);
        }
        lexer.members(|lexer, key, value| {
            if let (b"role", Token::Text(role)) = (key.raw, value) {
                self.last_asks = role.raw != b"assistant";
            }
            lexer.skip(value)
        })?;
        self.last = lexer.at().checked_sub(1);
        Ok(())
    }
}

/// The same body for a provider of chat completions, which goes on with the assistant's message
/// only if it is told so; how, differs.
pub fn marked(body: Bytes, host: &str) -> Bytes {
    let marked = match Mark::of_host(host) {
        Mark::None => None,
        Mark::Prefix => {
            let place = Place::find(&body).ok();
            let last = place.and_then(|place| place.last);
            last.and_then(|at| {
                edited(&body, &[Edit::Replace(at..at, ",\"prefix\":true".into())]).ok()
            })
        }
        Mark::Template => {
            let edits = [
                Edit::Insert("continue_final_message", "true".into()),
                Edit::Insert("add_generation_prompt", "false".into()),
            ];
            edited(&body, &edits).ok()
        }
    };
    marked.unwrap_or(body)
}

/// How a provider is told that the last message is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// It goes on with a message of the assistant's by itself.
    None,
    /// A member of the message.
    Prefix,
    /// The words of servers that fill a template: vLLM, `SGLang`, llama.cpp.
    Template,
}

impl Mark {
    /// Own servers have addresses or names that nobody else has.
    fn of_host(host: &str) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is = |domain: &str| {
            let front = host.strip_suffix(domain);
            front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
        };
        if is("mistral.ai") || is("deepseek.com") {
            return Self::Prefix;
        }
        let own = ["local", "localhost", "internal", "lan", "svc"];
        if host.parse::<IpAddr>().is_ok() || !host.contains('.') || own.iter().any(|own| is(own)) {
            return Self::Template;
        }
        Self::None
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Mark, continued, marked};

    fn after(body: &str, said: &str) -> Option<String> {
        let body = continued(&Bytes::from(body.to_owned()), said)?;
        Some(String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn what_was_said_stands_behind_the_last_message_and_nothing_else_changes() {
        for (body, wanted) in [
            (
                r#"{"model":"m","messages":[{"role":"user","content":"hi"} ] , "seed":1e5}"#,
                r#"{"model":"m","messages":[{"role":"user","content":"hi"} ,{"role":"assistant","content":"a \"b\"\n"}] , "seed":1e5}"#,
            ),
            (
                r#"{"max_tokens":100,"thinking":{"type":"enabled"},"messages":[{"role":"assistant"},{"role":"user"}]}"#,
                r#"{"max_tokens":98,"messages":[{"role":"assistant"},{"role":"user"},{"role":"assistant","content":"a \"b\"\n"}]}"#,
            ),
            (
                r#"{"max_completion_tokens":2,"messages":[{"role":"tool","x":[{}]}],"reasoning_effort":"low"}"#,
                r#"{"max_completion_tokens":1,"messages":[{"role":"tool","x":[{}]},{"role":"assistant","content":"a \"b\"\n"}]}"#,
            ),
        ] {
            assert_eq!(after(body, "a \"b\"\n").as_deref(), Some(wanted));
        }
    }

    #[test]
    fn where_nobody_is_to_be_answered_there_is_no_rest_to_ask_for() {
        for body in [
            "{}",
            "[]",
            r#"{"messages":[]}"#,
            r#"{"messages":"hi"}"#,
            r#"{"messages":[1]}"#,
            r#"{"messages":[{"role":"user"},{"role":"assistant","content":"I"}]}"#,
        ] {
            assert_eq!(after(body, "x"), None, "{body}");
        }
    }

    #[test]
    fn each_provider_is_told_in_its_own_way() {
        let body = r#"{"messages":[{"role":"user"},{"role":"assistant","content":"I"}]}"#;
        let told = |host| {
            let told = marked(Bytes::from(body), host);
            String::from_utf8(told.to_vec()).unwrap()
        };
        assert_eq!(told("openrouter.ai"), body);
        assert_eq!(
            told("api.mistral.ai"),
            r#"{"messages":[{"role":"user"},{"role":"assistant","content":"I","prefix":true}]}"#
        );
        assert_eq!(
            told("10.4.0.17"),
            r#"{"continue_final_message":true,"add_generation_prompt":false,"messages":[{"role":"user"},{"role":"assistant","content":"I"}]}"#
        );
        for (host, mark) in [
            ("[fe80::1]", Mark::Template),
            ("vllm", Mark::Template),
            ("vllm.models.svc", Mark::Template),
            ("notmistral.ai", Mark::None),
            ("mistral.ai", Mark::Prefix),
        ] {
            assert_eq!(Mark::of_host(host), mark, "{host}");
        }
    }
}
