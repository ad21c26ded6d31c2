//! Answers, as clients of each protocol read them: event by event, and whole.
//!
//! The whole answer is what the same acts add up to ([`whole::Whole`]), so that a client gets the
//! same message whether it asks for a stream or not.

pub(super) mod chat;
pub(super) mod messages;
pub(super) mod whole;

use super::answer::{Act, Reason};
use crate::dialect::Dialect;
use crate::json::Tree;
use crate::meter::usage::Usage;

/// What is known of an answer before it begins, and is told with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// What the gateway calls the request; the answer's own id is made of it where the provider
    /// gives none.
    pub request_id: String,
    /// When the answer was begun, in seconds since 1970.
    pub created_s: u64,
    /// Whether the client asked for usage in the stream.
    pub tells_usage: bool,
    /// How many tokens the input is likely to have; told only until the provider says it.
    pub input_tokens: u64,
}

/// Who tells one stream.
#[derive(Debug)]
pub(super) enum Telling {
    Chat(chat::Stream),
    Messages(messages::Stream),
}

impl Telling {
    /// For a client of this protocol.
    pub(super) fn new(dialect: Dialect, about: About) -> Self {
        match dialect {
            Dialect::Messages | Dialect::CountTokens => {
                Self::Messages(messages::Stream::new(about))
            }
            Dialect::Chat | Dialect::Responses | Dialect::Embeddings | Dialect::Gemini => {
                Self::Chat(chat::Stream::new(about))
            }
        }
    }

    /// Takes over what one event of the same protocol calls the answer and its blocks.
    pub(super) fn follow(&mut self, data: &Tree<'_>) {
        match self {
            Self::Chat(stream) => stream.follow(data),
            Self::Messages(stream) => stream.follow(data),
        }
    }

    /// Adds the events of one act.
    pub(super) fn act(&mut self, act: Act, out: &mut String) {
        match self {
            Self::Chat(stream) => stream.act(act, out),
            Self::Messages(stream) => stream.act(act, out),
        }
    }

    /// Adds what ends a whole answer.
    pub(super) fn end(&mut self, usage: Option<Usage>, out: &mut String) {
        match self {
            Self::Chat(stream) => stream.end(usage, out),
            Self::Messages(stream) => stream.end(usage, out),
        }
    }
}

/// An id with the front that its protocol has; the request's where the provider gave none.
fn id(front: &str, given: &str, about: &About) -> String {
    let given = if given.is_empty() {
        about.request_id.as_str()
    } else {
        given
    };
    if given.starts_with(front) {
        given.to_owned()
    } else {
        format!("{front}{given}")
    }
}

/// The reason in the words of chat completions.
fn finish_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::End | Reason::Sequence => "stop",
        Reason::Length => "length",
        Reason::Tools => "tool_calls",
        Reason::Filter => "content_filter",
    }
}

/// The reason in Anthropic's words.
fn stop_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::End => "end_turn",
        Reason::Sequence => "stop_sequence",
        Reason::Length => "max_tokens",
        Reason::Tools => "tool_use",
        Reason::Filter => "refusal",
    }
}

/// Usage as chat completions report it.
fn chat_usage(usage: Usage) -> Tree<'static> {
    let prompt = Tree::object([
        ("cached_tokens", Tree::from(usage.cache_read)),
        ("cache_write_tokens", usage.cache_write.into()),
    ]);
    let completion = Tree::object([("reasoning_tokens", Tree::from(usage.reasoning))]);
    let total = usage.input_total.saturating_add(usage.output_total);
    Tree::object([
        ("prompt_tokens", usage.input_total.into()),
        ("completion_tokens", usage.output_total.into()),
        ("total_tokens", total.into()),
        ("prompt_tokens_details", prompt),
        ("completion_tokens_details", completion),
    ])
}

/// Usage as Anthropic reports it. What is not known is estimated: clients of this protocol cannot
/// do without a number.
fn messages_usage(usage: Option<Usage>, about: &About, output_bytes: u64) -> Tree<'static> {
    let usage = usage.unwrap_or(Usage {
        input_uncached: about.input_tokens,
        output_total: output_bytes.div_ceil(4),
        ..Usage::default()
    });
    Tree::object([
        ("input_tokens", Tree::from(usage.input_uncached)),
        ("cache_creation_input_tokens", usage.cache_write.into()),
        ("cache_read_input_tokens", usage.cache_read.into()),
        ("output_tokens", usage.output_total.into()),
    ])
}
