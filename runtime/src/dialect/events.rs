//! Protocols whose every event says by itself what it is: how such a stream is watched.

use bytes::Bytes;
use thiserror::Error;

use super::reader::{Close, Ending, Fate, Skipped, Stop, Tail};
use crate::json::Fault;
use crate::meter::usage::Usage;
use crate::sse::field::{self, Kind};

/// The data of an event is not what the protocol sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not what the protocol sends")]
pub(super) struct Malformed;

impl From<Fault> for Malformed {
    fn from(_: Fault) -> Self {
        Self
    }
}

/// What one event means for its stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Something of the answer is in it.
    pub(super) content: bool,
    /// It says that the provider failed.
    pub(super) error: bool,
}

/// What an answer in one protocol has said so far.
pub(super) trait Answer {
    /// Whether the data of an event, as far as its first bytes tell, is content and nothing else.
    fn is_more(data: &[u8]) -> bool;

    /// Reads the data of one event in full.
    fn read(&mut self, data: &[u8]) -> Result<Meaning, Malformed>;

    /// Whether the stream has said that it is over.
    fn is_done(&self) -> bool;

    /// How the answer ended, if its bytes end here as HTTP says they should.
    fn ending(&self) -> Ending;

    /// What it reports as used.
    fn usage(&self) -> Option<Usage>;
}

/// What has been seen of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Events<A> {
    answer: A,
    content: bool,
    /// Events that had data.
    heard: u64,
    /// Whether there were lines that no event stream has.
    noise: bool,
    /// Whether an event was left out that could not be read.
    skipped: Skipped,
}

impl<A: Answer> Events<A> {
    pub(super) fn content(&self) -> bool {
        self.content
    }

    pub(super) fn is_done(&self) -> bool {
        self.answer.is_done()
    }

    pub(super) fn skipped(&self) -> Skipped {
        self.skipped
    }

    pub(super) fn heard(&self) -> u64 {
        self.heard
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.answer.usage()
    }

    /// Sees one whole event.
    pub(super) fn event(&mut self, event: &[u8]) -> Result<Fate, Stop> {
        let Some(data) = field::data(event) else {
            return self.bare(event).map(|()| Fate::Relayed);
        };
        let data = data.trim_ascii();
        if data.is_empty() {
            return Ok(Fate::Relayed);
        }
        // Whatever was said after the end is nobody's.
        let open = !self.is_done();
        self.heard += u64::from(open);
        // Nearly every event of an answer is of this kind, and nothing in it matters here.
        if self.content && data.ends_with(b"}") && A::is_more(data) {
            return Ok(Fate::Relayed);
        }
        match self.answer.read(data) {
            Ok(_) | Err(Malformed) if !open => Ok(Fate::Relayed),
            Ok(_) | Err(Malformed) if is_named_error(event) => Err(error(data)),
            Ok(meaning) if meaning.error => Err(error(data)),
            Ok(meaning) => {
                self.content |= meaning.content;
                Ok(Fate::Relayed)
            }
            // Some servers of this protocol end all their streams as chat completions end.
            Err(Malformed) if data == b"[DONE]" => Ok(Fate::Relayed),
            // One broken event does not end an answer that has begun; no client could read it.
            Err(Malformed) if self.content && self.skipped == Skipped::None => {
                self.skipped = Skipped::One;
                Ok(Fate::Withheld)
            }
            Err(Malformed) => Err(Stop::Malformed),
        }
    }

    /// Lines that are no fields may be a JSON error that was written past the protocol.
    fn bare(&mut self, event: &[u8]) -> Result<(), Stop> {
        if Kind::of(event) != Kind::Unknown {
            return Ok(());
        }
        self.noise = true;
        let json = event.trim_ascii();
        let open = !self.is_done();
        if open && self.answer.read(json).is_ok_and(|meaning| meaning.error) {
            return Err(error(json));
        }
        Ok(())
    }

    /// Sees what is left of a stream that ended as HTTP says it should.
    pub(super) fn tail(&mut self, tail: &[u8]) -> Result<Tail, Stop>
    where
        A: Clone,
    {
        let Some(data) = field::data(tail) else {
            self.bare(tail)?;
            return Ok(Tail::Nothing);
        };
        let data = data.trim_ascii();
        if data.is_empty() {
            return Ok(Tail::Nothing);
        }
        if data != b"[DONE]" && self.answer.clone().read(data).is_err() {
            return Ok(Tail::Half);
        }
        self.event(tail).map(|_| Tail::Event)
    }

    /// How the stream ended; ending within an event is ending badly.
    pub(super) fn ending(&self, close: Close) -> Ending {
        match close {
            _ if self.is_done() => self.answer.ending(),
            Close::Broken => Ending::Cut,
            Close::Clean if self.heard == 0 && self.noise => Ending::Malformed,
            Close::Clean => self.answer.ending(),
        }
    }
}

fn is_named_error(event: &[u8]) -> bool {
    let mut names = field::fields(event).filter(|field| field.name == b"event");
    names.any(|field| field.value == b"error")
}

fn error(data: &[u8]) -> Stop {
    Stop::Error(Bytes::copy_from_slice(data))
}
