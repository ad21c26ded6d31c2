//! What the events of one stream say, whichever protocol they are in.

use super::Dialect;
use super::anthropic::Message;
use super::events::Events;
use super::gemini::Content;
use super::openai;
use super::reader::{Close, Ending, Expect, Fate, Skipped, Stop, Tail};
use super::responses::Response;
use crate::meter::usage::Usage;

/// What has been seen of one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Watch {
    /// Chat completions.
    Chat(openai::watch::Watch),
    /// Responses.
    Responses(Events<Response>),
    /// Messages.
    Messages(Events<Message>),
    /// Gemini's chunks.
    Gemini(Events<Content>),
}

impl Watch {
    pub(super) fn new(expect: Expect) -> Self {
        match expect.dialect {
            // Embeddings and counts come whole; nobody reads a stream of them.
            Dialect::Chat | Dialect::Embeddings => Self::Chat(openai::watch::Watch::new(expect)),
            Dialect::Responses => Self::Responses(Events::default()),
            Dialect::Messages | Dialect::CountTokens => Self::Messages(Events::default()),
            Dialect::Gemini => Self::Gemini(Events::default()),
        }
    }

    /// Whether content has been seen.
    pub(super) fn content(&self) -> bool {
        match self {
            Self::Chat(watch) => watch.content(),
            Self::Responses(watch) => watch.content(),
            Self::Messages(watch) => watch.content(),
            Self::Gemini(watch) => watch.content(),
        }
    }

    /// Whether the stream has said that it is over.
    pub(super) fn is_done(&self) -> bool {
        match self {
            Self::Chat(watch) => watch.is_done(),
            Self::Responses(watch) => watch.is_done(),
            Self::Messages(watch) => watch.is_done(),
            Self::Gemini(watch) => watch.is_done(),
        }
    }

    /// Sees one whole event.
    #[inline]
    pub(super) fn event(&mut self, event: &[u8], lines: u32) -> Result<Fate, Stop> {
        match self {
            Self::Chat(watch) => watch.event(event, lines),
            Self::Responses(watch) => watch.event(event),
            Self::Messages(watch) => watch.event(event),
            Self::Gemini(watch) => watch.event(event),
        }
    }

    /// The length of the event at the front of `bytes`, if it says nothing that was not said.
    #[inline]
    pub(super) fn repeated(&mut self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Chat(watch) => watch.repeated(bytes),
            Self::Responses(_) | Self::Messages(_) | Self::Gemini(_) => None,
        }
    }

    /// Sees what is left of a stream that ended as HTTP says it should.
    pub(super) fn tail(&mut self, tail: &[u8]) -> Result<Tail, Stop> {
        match self {
            Self::Chat(watch) => watch.tail(tail),
            Self::Responses(watch) => watch.tail(tail),
            Self::Messages(watch) => watch.tail(tail),
            Self::Gemini(watch) => watch.tail(tail),
        }
    }

    /// How the stream ended; ending within an event is ending badly.
    pub(super) fn ending(&self, close: Close) -> Ending {
        match self {
            Self::Chat(watch) => watch.ending(close),
            Self::Responses(watch) => watch.ending(close),
            Self::Messages(watch) => watch.ending(close),
            Self::Gemini(watch) => watch.ending(close),
        }
    }

    /// What the provider reported last.
    pub(super) fn usage(&self) -> Option<Usage> {
        match self {
            Self::Chat(watch) => watch.usage(),
            Self::Responses(watch) => watch.usage(),
            Self::Messages(watch) => watch.usage(),
            Self::Gemini(watch) => watch.usage(),
        }
    }

    /// Whether an event was left out that could not be read.
    pub(super) fn skipped(&self) -> Skipped {
        match self {
            Self::Chat(watch) => watch.skipped(),
            Self::Responses(watch) => watch.skipped(),
            Self::Messages(watch) => watch.skipped(),
            Self::Gemini(watch) => watch.skipped(),
        }
    }

    /// How many events of the answer had data, where the protocol numbers them.
    pub(super) fn heard(&self) -> u64 {
        match self {
            Self::Responses(watch) => watch.heard(),
            Self::Chat(_) | Self::Messages(_) | Self::Gemini(_) => 0,
        }
    }
}
