//! The protocol of one exchange: in which the request came, and so the answer goes.

use super::answer::{Answer, Delivery};
use super::behaviour::{Refusal, UsagePlace};
use super::{anthropic, gemini, openai, responses};

/// A protocol that the simulator speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Speech {
    /// `OpenAI`'s chat completions.
    #[default]
    OpenAi,
    /// `OpenAI`'s Responses.
    Responses,
    /// Anthropic's Messages.
    Anthropic,
    /// Gemini's `generateContent`.
    Gemini,
}

/// One event of a stream, before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is for.
    pub kind: Kind,
    /// Its name; empty if it has none.
    pub name: &'static str,
    /// Its data.
    pub data: String,
}

/// What an event of a stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It opens the answer and says nothing yet.
    Role,
    /// It opens or closes a part of the answer, or says nothing at all.
    Block,
    /// It carries a piece.
    Content,
    /// It tells why the answer ended.
    Finish,
    /// It tells what was used.
    Usage,
    /// It tells that the stream is complete.
    Done,
}

impl Speech {
    /// An answer as the events of a stream.
    pub fn events(self, answer: &Answer, delivery: Delivery, place: UsagePlace) -> Vec<Event> {
        match self {
            Self::OpenAi => openai::events(answer, delivery, place),
            Self::Responses => responses::events(answer, place),
            Self::Anthropic => anthropic::events(answer, place),
            Self::Gemini => gemini::events(answer, place),
        }
    }

    /// An answer in one piece.
    pub fn plain(self, answer: &Answer, place: UsagePlace) -> String {
        match self {
            Self::OpenAi => openai::plain(answer, place),
            Self::Responses => responses::plain(answer, place),
            Self::Anthropic => anthropic::plain(answer, place),
            Self::Gemini => gemini::plain(answer, place),
        }
    }

    /// An answer in one piece that says nothing.
    pub fn empty(self, answer: &Answer) -> String {
        match self {
            Self::OpenAi => openai::empty(answer),
            Self::Responses => responses::empty(answer),
            Self::Anthropic => anthropic::empty(answer),
            Self::Gemini => gemini::empty(answer),
        }
    }

    /// A refusal: its status and its body.
    pub fn refusal(self, refusal: Refusal, model: &str, key: &str) -> (u16, String) {
        match self {
            Self::OpenAi | Self::Responses => openai::refusal::refusal(refusal, model, key),
            Self::Anthropic => anthropic::refusal::refusal(refusal, model),
            Self::Gemini => gemini::refusal::refusal(refusal, model),
        }
    }

    /// What is said of a request that cannot be understood.
    pub fn complaint(self, code: &str, message: &str) -> String {
        match self {
            Self::OpenAi | Self::Responses => {
                openai::refusal::error("invalid_request_error", code, message)
            }
            Self::Anthropic => anthropic::refusal::error("invalid_request_error", message),
            Self::Gemini => gemini::refusal::error(400, "INVALID_ARGUMENT", message),
        }
    }

    /// The event that says that the stream failed.
    pub fn failed(self) -> Event {
        let (name, data) = match self {
            Self::OpenAi => ("", openai::refusal::STREAM_ERROR),
            Self::Responses => ("error", responses::STREAM_ERROR),
            Self::Anthropic => ("error", anthropic::refusal::STREAM_ERROR),
            Self::Gemini => ("", gemini::refusal::STREAM_ERROR),
        };
        event(Kind::Content, name, data)
    }

    /// The event that says that the stream is complete.
    pub fn done(self) -> Event {
        match self {
            Self::OpenAi => event(Kind::Done, "", "[DONE]"),
            // Of an answer that says nothing: a true one has more in it.
            Self::Responses => event(Kind::Done, "response.created", responses::BEGUN),
            Self::Anthropic => event(Kind::Done, "message_stop", r#"{"type":"message_stop"}"#),
            // Nothing ends a stream there but its last answer; this one says nothing.
            Self::Gemini => event(Kind::Done, "", r#"{"responseId":"sim"}"#),
        }
    }

    /// An event whose data breaks off.
    pub fn broken(self) -> Event {
        let (name, data) = match self {
            Self::OpenAi => ("", r#"{"id":"chatcmpl-sim","choices":[{"#),
            Self::Responses => (
                "response.output_text.delta",
                r#"{"type":"response.output_text.delta","delta":"#,
            ),
            Self::Anthropic => (
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"#,
            ),
            Self::Gemini => ("", r#"{"candidates":[{"content":{"#),
        };
        event(Kind::Content, name, data)
    }

    /// What stands before the text of a piece.
    pub fn text_mark(self) -> &'static str {
        match self {
            Self::OpenAi => r#""content":""#,
            Self::Responses => r#""delta":""#,
            Self::Anthropic | Self::Gemini => r#""text":""#,
        }
    }
}

/// An event.
pub(super) fn event(kind: Kind, name: &'static str, data: impl Into<String>) -> Event {
    Event {
        kind,
        name,
        data: data.into(),
    }
}
