//! The members of a written request, and the request that they make.

use std::net::{IpAddr, Ipv4Addr};

use claw_table::{Can, Fact, SESSION_HEADERS};

use super::json::Json;
use super::{RequestError, TOKENS_DEFAULT, body, head, pointer};
use crate::model::{Member, endpoint};
use crate::moment::Moment;
use crate::near::nearest;
use crate::oracle::Request;

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

/// What was said so far; how its parts belong together is seen at the end.
#[derive(Debug, Default)]
pub(super) struct Draft {
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
    pub(super) fn member(
        &mut self,
        (key, value): (&str, &Json),
        asked: &[&Fact],
    ) -> Result<(), RequestError> {
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

    pub(super) fn finish(self, base: Option<&str>) -> Result<Request, RequestError> {
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
