//! What a policy may ask about a chat body.

use claw_table::Can;

use super::json::Json;
use super::{RequestError, pointer, prompt, tokens};
use crate::model::Member;

/// The facts of one body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct BodyFacts {
    pub(super) model: Option<String>,
    pub(super) streaming: bool,
    pub(super) has: u16,
    pub(super) tokens: u64,
    pub(super) messages: u64,
    pub(super) max_output: Option<u64>,
    pub(super) temperature: Option<u64>,
    pub(super) members: Vec<(String, Member)>,
    pub(super) prompt: Vec<String>,
}

/// Members that are read, or whose double meaning would matter: none may stand twice.
const READ: &[&str] = &[
    "model",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "n",
    "tools",
    "functions",
    "response_format",
    "output_config",
    "text",
    "reasoning_effort",
    "reasoning",
    "thinking",
    "messages",
    "input",
    "service_tier",
    "top_k",
    "system",
    "prompt",
    "instructions",
    "temperature",
];

/// Reads a body as the gateway does.
pub(super) fn read(body: &Json, pointers: &[&str]) -> Result<BodyFacts, RequestError> {
    let Json::Object(members) = body else {
        return Err(wrong("body", "an object, the chat request as it is sent"));
    };
    let mut facts = BodyFacts {
        tokens: tokens::estimate(members),
        members: pointer::find(body, pointers)?,
        prompt: prompt::parts(members),
        ..BodyFacts::default()
    };
    for (at, (key, value)) in members.iter().enumerate() {
        no_twin(key, members.iter().take(at).map(|(key, _)| key.as_str()))?;
        member(key, value, &mut facts)?;
    }
    Ok(facts)
}

/// A member that some parser would take for one that is read makes the body ambiguous, and the
/// gateway refuses it.
fn no_twin<'a>(key: &str, mut before: impl Iterator<Item = &'a str>) -> Result<(), RequestError> {
    let Some(read) = READ.iter().find(|read| read.eq_ignore_ascii_case(key)) else {
        return Ok(());
    };
    if *read != key {
        return Err(RequestError::Ambiguous {
            key: key.to_owned(),
            like: (*read).to_owned(),
        });
    }
    if before.any(|other| other == key) {
        return Err(RequestError::Twice {
            key: format!("body.{key}"),
        });
    }
    Ok(())
}

fn member(key: &str, value: &Json, facts: &mut BodyFacts) -> Result<(), RequestError> {
    match (key, value) {
        ("model", Json::Text(name)) if is_model(name) => facts.model = Some(name.clone()),
        ("model", _) => {
            return Err(wrong(
                "body.model",
                "a text of 1 to 512 bytes without control characters",
            ));
        }
        // What is null is not said, and of some members only the kind is looked at.
        (_, Json::Null) | ("stream_options", Json::Object(_)) => {}
        ("stream", Json::Flag(stream)) => facts.streaming = *stream,
        ("max_tokens" | "max_completion_tokens", Json::Whole(cap)) => {
            if facts.max_output.is_some_and(|other| other != *cap) {
                return Err(RequestError::Conflict);
            }
            facts.max_output = Some(*cap);
        }
        ("max_tokens" | "max_completion_tokens", _) => {
            return Err(wrong(&format!("body.{key}"), "a whole number"));
        }
        ("temperature", Json::Whole(_) | Json::Number(_)) => {
            if let Member::Number(rank) = pointer::member(value) {
                facts.temperature = Some(rank);
            }
        }
        ("temperature", _) => return Err(wrong("body.temperature", "a number")),
        ("stream", _) => return Err(wrong("body.stream", "true or false")),
        ("tools" | "functions", Json::List(tools)) => {
            facts.uses(if tools.is_empty() {
                None
            } else {
                Some(Can::Tools)
            });
        }
        ("messages" | "input", Json::List(messages)) => {
            facts.messages += messages.len() as u64;
            for one in messages {
                message(one, facts);
            }
        }
        ("tools" | "functions" | "messages", _) => {
            return Err(wrong(&format!("body.{key}"), "an array"));
        }
        ("response_format", Json::Object(format)) => facts.uses(answer_form(format)),
        ("output_config" | "text", Json::Object(config)) => {
            for (key, value) in config {
                if let ("format", Json::Object(format)) = (key.as_str(), value) {
                    facts.uses(answer_form(format));
                }
            }
        }
        ("stream_options" | "response_format", _) => {
            return Err(wrong(&format!("body.{key}"), "an object"));
        }
        ("thinking" | "reasoning" | "reasoning_effort", _) => {
            facts.uses((!declines_to_think(value)).then_some(Can::Thinking));
        }
        _ => {}
    }
    Ok(())
}

impl BodyFacts {
    fn uses(&mut self, can: Option<Can>) {
        self.has |= can.map_or(0, Can::bit);
    }
}

fn is_model(name: &str) -> bool {
    (1..=512).contains(&name.len()) && !name.contains(char::is_control)
}

fn answer_form(format: &[(String, Json)]) -> Option<Can> {
    let (_, kind) = format.iter().find(|(key, _)| key == "type")?;
    match kind {
        Json::Text(kind) if kind == "json_object" => Some(Can::Json),
        Json::Text(kind) if kind == "json_schema" => Some(Can::JsonSchema),
        Json::Text(_)
        | Json::Null
        | Json::Flag(_)
        | Json::Whole(_)
        | Json::Number(_)
        | Json::List(_)
        | Json::Object(_) => None,
    }
}

/// `thinking` and `reasoning` ask for it unless they say that they do not.
fn declines_to_think(value: &Json) -> bool {
    match value {
        Json::Null | Json::Flag(false) => true,
        Json::Text(word) => word == "none" || word == "disabled",
        Json::Object(members) => members.iter().any(|(key, value)| {
            matches!(key.as_str(), "type" | "effort" | "enabled")
                && !matches!(value, Json::Object(_))
                && declines_to_think(value)
        }),
        Json::Flag(true) | Json::Whole(_) | Json::Number(_) | Json::List(_) => false,
    }
}

fn message(message: &Json, facts: &mut BodyFacts) {
    let Json::Object(members) = message else {
        return;
    };
    for (key, value) in members {
        match (key.as_str(), value) {
            ("output", _) => inner(value, facts),
            _ => part_member((key, value), facts),
        }
    }
}

fn part(part: &Json, facts: &mut BodyFacts) {
    let Json::Object(members) = part else { return };
    for (key, value) in members {
        part_member((key, value), facts);
    }
}

fn part_member((key, value): (&str, &Json), facts: &mut BodyFacts) {
    if key == "content" {
        inner(value, facts);
    } else {
        facts.uses(medium(key, value));
    }
}

/// The parts that stand in a message, or in another part: a tool's result has some of its own.
fn inner(value: &Json, facts: &mut BodyFacts) {
    if let Json::List(parts) = value {
        for one in parts {
            part(one, facts);
        }
    } else {
        part(value, facts);
    }
}

/// A part says what it is, or shows it by what it holds.
fn medium(key: &str, value: &Json) -> Option<Can> {
    let word = match (key, value) {
        (_, Json::Null) => return None,
        ("type", Json::Text(kind)) => kind,
        ("image_url" | "input_audio" | "file", _) => key,
        _ => return None,
    };
    match word {
        "image_url" | "input_image" | "image" => Some(Can::Images),
        "input_audio" => Some(Can::Audio),
        "file" | "input_file" | "document" => Some(Can::Files),
        _ => None,
    }
}

fn wrong(key: &str, wanted: &'static str) -> RequestError {
    RequestError::WrongValue {
        key: key.to_owned(),
        wanted,
    }
}
