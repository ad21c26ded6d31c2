//! A request written down in JSON, read into the facts that a policy may ask.
//!
//! ```json
//! {"path": "/v1/chat/completions", "headers": {"x-team": "ml"}, "body": {"model": "gpt-5.5", "messages": []}}
//! ```
//!
//! The body is read by the rules of the gateway; whoever has no body says `model`, `streaming`,
//! `has` and `tokens` plainly.

mod body;
mod head;
mod json;
mod pointer;
mod prompt;
mod tokens;

use std::net::{IpAddr, Ipv4Addr};

use claw_table::{Can, Fact, SESSION_HEADERS, decimal};
use serde_json::json;

use crate::model::{Member, endpoint};
use crate::moment::{Moment, NoMoment};
use crate::near::nearest;
use crate::oracle::Request;
use json::Json;

/// The most bytes a written request may have.
pub const REQUEST_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The tokens of a request of which nothing else is known.
pub const TOKENS_DEFAULT: u64 = 1000;

/// Why a written request cannot be read; its text says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is no JSON.
    #[error("the request is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, but no object.
    #[error("the request is {0}; write an object such as {{\"headers\": {{}}, \"body\": {{…}}}}")]
    NotAnObject(&'static str),
    /// A member that means nothing here.
    #[error("`{key}` is not a part of a request; {help}")]
    Unknown {
        /// Its name.
        key: String,
        /// What to write instead.
        help: String,
    },
    /// A member that stands twice.
    #[error(
        "`{key}` stands twice; readers differ on which one counts, so the gateway takes neither"
    )]
    Twice {
        /// Its name.
        key: String,
    },
    /// A member of the body that some parsers take for another.
    #[error(
        "`body.{key}` is read as `{like}` by some parsers, so the gateway refuses it; write `{like}`"
    )]
    Ambiguous {
        /// As it is written.
        key: String,
        /// What it is taken for.
        like: String,
    },
    /// A value of the wrong kind.
    #[error("`{key}` must be {wanted}")]
    WrongValue {
        /// Its name.
        key: String,
        /// What to write.
        wanted: &'static str,
    },
    /// A moment that there is not.
    #[error("`at` is `{0}`, and must be {1}")]
    NoMoment(String, NoMoment),
    /// The two names of the cap on output tokens say different things.
    #[error("`body.max_tokens` and `body.max_completion_tokens` differ; send one of them")]
    Conflict,
    /// Something that is said plainly and by the body.
    #[error("`{key}` is said by `body` already; take one of them out")]
    Said {
        /// Its name.
        key: &'static str,
    },
}

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

/// Writes a request as [`read`] reads it. What is absent is left out.
pub fn write(request: &Request) -> serde_json::Value {
    let listed = |values: &[(String, Vec<u8>)]| {
        let mut members = serde_json::Map::new();
        for (name, value) in values {
            let value = String::from_utf8_lossy(value).into_owned();
            let list = members.entry(name).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(value.into());
            }
        }
        serde_json::Value::Object(members)
    };
    let has = Can::ASKED.into_iter().filter(|can| request.uses(*can));
    let has: Vec<&str> = has.map(Can::word).collect();
    let at = request.at.as_ref().filter(|at| **at != Moment::ordinary());
    let at = at.map(|at| {
        let (date, clock, zone) = at.told();
        format!("{date} {clock} {zone}")
    });
    let whole = [
        ("method", json!(request.method)),
        ("path", json!(request.path)),
        ("host", json!(request.host)),
        ("ip", json!(request.ip)),
        ("client", json!(request.client)),
        ("caller-key", json!(request.caller_key.then_some(true))),
        ("headers", listed(&request.headers)),
        ("query", listed(&request.query)),
        ("model", json!(request.model)),
        ("streaming", json!(request.streaming)),
        ("has", json!(has)),
        ("session", json!(request.session)),
        ("tokens", json!(request.tokens)),
        ("messages", json!(request.messages)),
        ("max-output", json!(request.max_output)),
        ("temperature", number(request.temperature)),
        ("pointers", members(&request.body)),
        ("prompt", json!(request.prompt)),
        ("at", json!(at)),
    ];
    let said = whole.into_iter().filter(|(_, value)| {
        !value.is_null()
            && value.as_object().is_none_or(|members| !members.is_empty())
            && value.as_array().is_none_or(|list| !list.is_empty())
    });
    said.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn members(body: &[(String, Member)]) -> serde_json::Value {
    let written = body.iter().map(|(pointer, member)| {
        let value = match member {
            Member::Null => serde_json::Value::Null,
            Member::Flag(flag) => json!(flag),
            Member::Number(rank) => number(Some(*rank)),
            Member::Text(text) => json!(text),
            Member::Nested => json!({}),
        };
        (pointer.clone(), value)
    });
    serde_json::Value::Object(written.collect())
}

/// A number of this rank.
fn number(rank: Option<u64>) -> serde_json::Value {
    let written = rank.map(decimal::written);
    written
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// Every part of a written request.
const MEMBERS: &[&str] = &[
    "method",
    "path",
    "host",
    "ip",
    "client",
    "caller-key",
    "headers",
    "query",
    "body",
    "model",
    "streaming",
    "has",
    "tokens",
    "session",
    "messages",
    "max-output",
    "temperature",
    "pointers",
    "prompt",
    "at",
];

#[derive(Debug, Default)]
struct Draft {
    method: Option<String>,
    path: Option<String>,
    host: Option<String>,
    ip: Option<IpAddr>,
    client: Option<String>,
    caller_key: bool,
    headers: Vec<(String, Vec<u8>)>,
    query: Vec<(String, Vec<u8>)>,
    body: Option<body::BodyFacts>,
    model: Option<String>,
    streaming: Option<bool>,
    has: Option<u16>,
    tokens: Option<u64>,
    session: Option<String>,
    messages: Option<u64>,
    max_output: Option<u64>,
    temperature: Option<Member>,
    members: Vec<(String, Member)>,
    prompt: Option<Vec<String>>,
    at: Option<Moment>,
}

impl Draft {
    fn member(&mut self, (key, value): (&str, &Json), asked: &[&Fact]) -> Result<(), RequestError> {
        let wrong = |wanted| RequestError::WrongValue {
            key: key.to_owned(),
            wanted,
        };
        match (key, value) {
            ("method", Json::Text(method)) => self.method = Some(head::method(method)?),
            ("path", Json::Text(path)) => self.path = Some(head::path(path)?),
            ("host", Json::Text(host)) => self.host = Some(head::host(host)),
            ("ip", Json::Text(ip)) => {
                let ip = ip
                    .parse()
                    .map_err(|_| wrong("an address such as `10.0.0.5`"))?;
                self.ip = Some(ip);
            }
            ("client", Json::Text(name)) => self.client = Some(name.clone()),
            ("caller-key", Json::Flag(flag)) => self.caller_key = *flag,
            ("headers", _) => {
                for (name, value) in values(key, value)? {
                    self.headers.push((head::header(&name)?, value));
                }
            }
            ("query", _) => self.query = values(key, value)?,
            ("body", _) => {
                let pointers = asked.iter().filter_map(|fact| fact.pointer());
                self.body = Some(body::read(value, &pointers.collect::<Vec<_>>())?);
            }
            ("at", Json::Text(at)) => {
                let found = Moment::read(at);
                self.at = Some(found.map_err(|why| RequestError::NoMoment(at.clone(), why))?);
            }
            ("prompt", Json::Text(part)) => self.prompt = Some(vec![part.clone()]),
            ("prompt", Json::List(parts)) => {
                let parts = parts.iter().map(|part| {
                    if let Json::Text(part) = part {
                        Ok(part.clone())
                    } else {
                        Err(wrong("a text, or an array of texts"))
                    }
                });
                self.prompt = Some(parts.collect::<Result<_, _>>()?);
            }
            ("session", Json::Text(session)) => self.session = Some(session.clone()),
            ("messages", Json::Whole(count)) => self.messages = Some(*count),
            ("max-output", Json::Whole(cap)) => self.max_output = Some(*cap),
            ("temperature", Json::Whole(_) | Json::Number(_)) => {
                self.temperature = Some(pointer::member(value));
            }
            ("pointers", Json::Object(members)) => {
                let members = members.iter();
                let read = members.map(|(at, value)| (at.clone(), pointer::member(value)));
                self.members = read.collect();
            }
            ("model", Json::Text(model)) => self.model = Some(model.clone()),
            ("streaming", Json::Flag(flag)) => self.streaming = Some(*flag),
            ("has", _) => self.has = Some(capabilities(value)?),
            ("tokens", Json::Whole(tokens)) => self.tokens = Some(*tokens),
            ("method" | "path" | "host" | "ip" | "client" | "model" | "session" | "at", _) => {
                return Err(wrong("a text"));
            }
            ("streaming" | "caller-key", _) => return Err(wrong("true or false")),
            ("tokens" | "max-output", _) => return Err(wrong("a whole number")),
            ("prompt", _) => return Err(wrong("a text, or an array of texts")),
            ("temperature", _) => return Err(wrong("a number")),
            ("pointers", _) => return Err(wrong("an object of JSON pointers and their values")),
            _ => return Err(unknown(key)),
        }
        Ok(())
    }

    fn finish(self, base: Option<&str>) -> Result<Request, RequestError> {
        let path = self
            .path
            .unwrap_or_else(|| "/v1/chat/completions".to_owned());
        let session = self.session.or_else(|| {
            let named = SESSION_HEADERS.iter().filter_map(|name| {
                let mut all = self.headers.iter();
                all.find(|(own, value)| own == name && !value.is_empty())
            });
            let (_, value) = named.into_iter().next()?;
            Some(String::from_utf8_lossy(value).into_owned())
        });
        let mut request = Request {
            method: Some(self.method.unwrap_or_else(|| "POST".to_owned())),
            endpoint: Some(endpoint(&path, base).to_owned()),
            path: Some(path),
            host: Some(self.host.unwrap_or_else(|| "localhost".to_owned())),
            ip: self.ip.or(Some(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            client: self.client,
            caller_key: self.caller_key,
            headers: self.headers,
            query: self.query,
            session,
            at: self.at.or_else(|| Some(Moment::ordinary())),
            ..Request::default()
        };
        let Some(body) = self.body else {
            request.model = self.model;
            request.streaming = self.streaming.unwrap_or(false);
            request.has = self.has.unwrap_or(0);
            request.tokens = Some(self.tokens.unwrap_or(TOKENS_DEFAULT));
            request.messages = Some(self.messages.unwrap_or(1));
            request.max_output = self.max_output;
            request.temperature = match self.temperature {
                Some(Member::Number(rank)) => Some(rank),
                _ => None,
            };
            request.body = self.members;
            request.prompt = self.prompt.unwrap_or_default();
            return Ok(request);
        };
        let said = [
            ("model", self.model.is_some()),
            ("streaming", self.streaming.is_some()),
            ("has", self.has.is_some()),
            ("messages", self.messages.is_some()),
            ("max-output", self.max_output.is_some()),
            ("temperature", self.temperature.is_some()),
            ("pointers", !self.members.is_empty()),
            ("prompt", self.prompt.is_some()),
        ];
        if let Some((key, _)) = said.into_iter().find(|(_, said)| *said) {
            return Err(RequestError::Said { key });
        }
        request.model = body.model;
        request.streaming = body.streaming;
        request.has = body.has;
        // An estimate is not a fact of the body: whoever asks about a long input need not write one.
        request.tokens = Some(self.tokens.unwrap_or(body.tokens));
        request.messages = Some(body.messages);
        request.max_output = body.max_output;
        request.temperature = body.temperature;
        request.body = body.members;
        request.prompt = body.prompt;
        Ok(request)
    }
}

type Values = Vec<(String, Vec<u8>)>;

/// `{"name": "value", "other": ["one", "two"]}`
fn values(key: &str, value: &Json) -> Result<Values, RequestError> {
    let wrong = |key: String| RequestError::WrongValue {
        key,
        wanted: "a text, or an array of texts where it is sent several times",
    };
    let Json::Object(members) = value else {
        return Err(RequestError::WrongValue {
            key: key.to_owned(),
            wanted: "an object of names and texts",
        });
    };
    let mut found = Vec::new();
    for (name, value) in members {
        let one = std::slice::from_ref(value);
        let list = if let Json::List(list) = value {
            list
        } else {
            one
        };
        for value in list {
            let Json::Text(text) = value else {
                return Err(wrong(format!("{key}.{name}")));
            };
            found.push((name.clone(), text.clone().into_bytes()));
        }
    }
    Ok(found)
}

fn capabilities(value: &Json) -> Result<u16, RequestError> {
    let wanted =
        "an array of `tools`, `images`, `audio`, `files`, `json`, `json-schema`, `thinking`";
    let wrong = || RequestError::WrongValue {
        key: "has".to_owned(),
        wanted,
    };
    let Json::List(words) = value else {
        return Err(wrong());
    };
    let mut bits = 0;
    for word in words {
        let Json::Text(word) = word else {
            return Err(wrong());
        };
        let can = Can::ASKED
            .into_iter()
            .find(|can| can.word() == word)
            .ok_or_else(wrong)?;
        bits |= can.bit();
    }
    Ok(bits)
}

fn unknown(key: &str) -> RequestError {
    let help = match key {
        "messages" | "stream" | "tools" | "max_tokens" | "response_format" => {
            "put the chat request under `body`".to_owned()
        }
        "header" => "did you mean `headers`?".to_owned(),
        "time" => {
            "say when it comes with `at`: `\"at\": \"2026-11-21 10:00 Europe/Berlin\"`".to_owned()
        }
        "endpoint" => "it follows from `path`".to_owned(),
        _ => match nearest(key, MEMBERS.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its parts are `{}`", MEMBERS.join("`, `")),
        },
    };
    RequestError::Unknown {
        key: key.to_owned(),
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
