//! What the events of one stream say, read as little as can be.
//!
//! Until content is seen every event is read in full. After it an event is searched for the three
//! keys that can matter, and read only where one of them says something.

use std::sync::LazyLock;

use bytes::Bytes;
use memchr::memmem::{Finder, find};

use super::chunk::Chunk;
use super::usage::Quirk;
use crate::dialect::reader::{Close, Ending, Expect, Fate, Skipped, Stop, Tail, UsageChunk};
use crate::dialect::shape::Shape;
use crate::meter::usage::Usage;
use crate::sse::field::{self, Kind};

/// What has been seen of one stream.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each was seen or not, in any order"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::dialect) struct Watch {
    quirk: Quirk,
    usage_chunk: UsageChunk,
    /// One bit for each choice that was asked for.
    expected: u128,
    /// One bit for each choice that ended.
    finished: u128,
    content: bool,
    done: bool,
    /// Whether any event had data.
    spoke: bool,
    /// Whether there were lines that no event stream has.
    noise: bool,
    /// Whether an event was left out that could not be read.
    skipped: Skipped,
    /// The newest report that was read.
    usage: Option<Usage>,
    /// A newer event that reports usage, to be read at the end; empty if there is none.
    candidate: Vec<u8>,
    /// An event after the first content that said nothing.
    shape: Shape,
}

struct Needles {
    usage: Finder<'static>,
    error: Finder<'static>,
    finish: Finder<'static>,
    choices: Finder<'static>,
}

static NEEDLES: LazyLock<Needles> = LazyLock::new(|| Needles {
    usage: Finder::new(b"\"usage\""),
    error: Finder::new(b"\"error\""),
    finish: Finder::new(b"\"finish_reason\""),
    choices: Finder::new(b"\"choices\""),
});

/// A larger event is read at once rather than kept.
const CANDIDATE_BYTES_MAX: usize = 64 * 1024;

impl Watch {
    pub(in crate::dialect) fn new(expect: Expect) -> Self {
        let beyond = u128::MAX.checked_shl(expect.choices.max(1)).unwrap_or(0);
        Self {
            quirk: expect.quirk,
            usage_chunk: expect.usage,
            expected: !beyond,
            finished: 0,
            content: false,
            done: false,
            spoke: false,
            noise: false,
            skipped: Skipped::None,
            usage: None,
            candidate: Vec::new(),
            shape: Shape::default(),
        }
    }

    pub(in crate::dialect) fn content(&self) -> bool {
        self.content
    }

    pub(in crate::dialect) fn is_done(&self) -> bool {
        self.done
    }

    /// Sees one whole event.
    #[inline]
    pub(in crate::dialect) fn event(&mut self, event: &[u8], lines: u32) -> Result<Fate, Stop> {
        if self.content
            && lines == 1
            && let Some(data) = event.strip_prefix(b"data:")
        {
            return self.steady(data.trim_ascii()).map(|said| match said {
                Said::Nothing => {
                    self.shape.missed(event);
                    Fate::Relayed
                }
                Said::Something(fate) => fate,
            });
        }
        self.any(event)
    }

    /// The length of the event at the front of `bytes`, if it says nothing that was not said.
    #[inline]
    pub(in crate::dialect) fn repeated(&mut self, bytes: &[u8]) -> Option<usize> {
        self.shape.repeated(bytes)
    }

    /// An event of one data line after content was seen.
    fn steady(&mut self, data: &[u8]) -> Result<Said, Stop> {
        let whole = data.starts_with(b"{") && data.ends_with(b"}");
        if !whole || NEEDLES.error.find(data).is_some() {
            return self.data(data).map(Said::Something);
        }
        let ends = ends(data);
        match ends {
            Ends::No => {}
            // Which choice it is need not be known where there is one.
            Ends::Well if self.expected == 1 => self.finished = 1,
            Ends::Well | Ends::Unclear => return self.data(data).map(Said::Something),
        }
        let usage = usage_object(data);
        let fate = match usage {
            Some(_) if has_no_choice(data) => self.fate(Chunk::read(data, self.quirk).ok()),
            Some(_) | None => Fate::Relayed,
        };
        // Model text cannot look like this: its quotes are escaped. Other objects could.
        if usage.is_none_or(|usage| find(usage, b"_tokens\"").is_none()) {
            return Ok(match (ends, fate) {
                (Ends::No, Fate::Relayed) => Said::Nothing,
                (Ends::Well | Ends::Unclear, _) | (_, Fate::Withheld) => Said::Something(fate),
            });
        }
        if data.len() > CANDIDATE_BYTES_MAX {
            return self.data(data).map(Said::Something);
        }
        self.candidate.clear();
        self.candidate.extend_from_slice(data);
        Ok(Said::Something(fate))
    }

    /// Any event, in full.
    fn any(&mut self, event: &[u8]) -> Result<Fate, Stop> {
        let Some(data) = field::data(event) else {
            return self.bare(event).map(|()| Fate::Relayed);
        };
        let named_error = field::fields(event)
            .filter(|field| field.name == b"event")
            .last()
            .is_some_and(|field| field.value == b"error");
        if named_error && !self.done {
            self.spoke = true;
            return Err(error(&data));
        }
        self.data(data.trim_ascii())
    }

    /// Lines that are no fields may be a JSON error that was written past the protocol.
    fn bare(&mut self, event: &[u8]) -> Result<(), Stop> {
        if Kind::of(event) != Kind::Unknown {
            return Ok(());
        }
        self.noise = true;
        let json = event.trim_ascii();
        if !self.done && Chunk::read(json, self.quirk).is_ok_and(|chunk| chunk.error) {
            return Err(error(json));
        }
        Ok(())
    }

    fn data(&mut self, data: &[u8]) -> Result<Fate, Stop> {
        if data.is_empty() {
            return Ok(Fate::Relayed);
        }
        self.spoke = true;
        if data == b"[DONE]" {
            self.done = true;
            return Ok(Fate::Relayed);
        }
        let Ok(chunk) = Chunk::read(data, self.quirk) else {
            // What follows the end is nobody's.
            return if self.done {
                Ok(Fate::Relayed)
            } else {
                self.malformed()
            };
        };
        if chunk.usage.is_some() {
            self.usage = chunk.usage;
            self.candidate.clear();
        }
        if chunk.error && !self.done {
            return Err(error(data));
        }
        self.content |= chunk.content;
        self.finished |= chunk.finished;
        Ok(self.fate(Some(chunk)))
    }

    pub(in crate::dialect) fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// One broken event does not end an answer that has begun: it is left out, since no client could
    /// read it either. A second one tells that the stream is not what it should be.
    fn malformed(&mut self) -> Result<Fate, Stop> {
        if self.content && self.skipped == Skipped::None {
            self.skipped = Skipped::One;
            return Ok(Fate::Withheld);
        }
        Err(Stop::Malformed)
    }

    /// What becomes of an event that says this; one that cannot be read stays.
    fn fate(&self, chunk: Option<Chunk>) -> Fate {
        match self.usage_chunk {
            UsageChunk::Withheld if chunk.is_some_and(Chunk::is_only_usage) => Fate::Withheld,
            UsageChunk::Withheld | UsageChunk::Relayed => Fate::Relayed,
        }
    }

    /// Sees what is left of a stream that ended as HTTP says it should.
    pub(in crate::dialect) fn tail(&mut self, tail: &[u8]) -> Result<Tail, Stop> {
        let Some(data) = field::data(tail) else {
            self.bare(tail)?;
            return Ok(Tail::Nothing);
        };
        let data = data.trim_ascii();
        if data == b"[DONE]" || Chunk::read(data, self.quirk).is_ok() {
            return self.any(tail).map(|fate| match fate {
                Fate::Relayed => Tail::Event,
                Fate::Withheld => Tail::Nothing,
            });
        }
        Ok(if data.is_empty() {
            Tail::Nothing
        } else {
            Tail::Half
        })
    }

    /// How the stream ended; ending within an event is ending badly.
    pub(in crate::dialect) fn ending(&self, close: Close) -> Ending {
        if self.done {
            return if self.finished == 0 {
                Ending::DoneWithoutFinish
            } else {
                Ending::Complete
            };
        }
        let finished = self.finished & self.expected == self.expected;
        match close {
            Close::Clean if finished => Ending::Complete,
            Close::Clean if !self.spoke && self.noise => Ending::Malformed,
            Close::Clean | Close::Broken => Ending::Cut,
        }
    }

    /// What the provider reported last.
    pub(in crate::dialect) fn usage(&self) -> Option<Usage> {
        let newest = Chunk::read(&self.candidate, self.quirk).ok();
        newest.and_then(|chunk| chunk.usage).or(self.usage)
    }
}

/// Whether a choice ends in there, as far as a search can tell.
fn ends(data: &[u8]) -> Ends {
    let needle = &NEEDLES.finish;
    let mut ends = Ends::No;
    for at in needle.find_iter(data) {
        let value = member_value(data, at + needle.needle().len());
        if WELL.iter().any(|reason| value.starts_with(reason)) {
            ends = Ends::Well;
        } else if !value.starts_with(b"null") {
            return Ends::Unclear;
        }
    }
    ends
}

/// Everything from the first `usage` object on, as far as a search can tell.
fn usage_object(data: &[u8]) -> Option<&[u8]> {
    let needle = &NEEDLES.usage;
    let mut values = needle
        .find_iter(data)
        .map(|at| member_value(data, at + needle.needle().len()));
    values.find(|value| value.starts_with(b"{"))
}

/// Whether `choices` are there and none in them, as far as a search can tell.
fn has_no_choice(data: &[u8]) -> bool {
    let needle = &NEEDLES.choices;
    needle.find_iter(data).any(|at| {
        let value = member_value(data, at + needle.needle().len());
        let inside = value.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
        inside.is_some_and(|inside| inside.starts_with(b"]"))
    })
}

/// Whether a choice ends in an event.
#[derive(Debug, Clone, Copy)]
enum Ends {
    No,
    /// One does, for a reason that is none of the provider's faults.
    Well,
    /// It has to be read in full to know.
    Unclear,
}

const WELL: [&[u8]; 5] = [
    b"\"stop\"",
    b"\"length\"",
    b"\"tool_calls\"",
    b"\"content_filter\"",
    b"\"function_call\"",
];

/// Whether an event changed anything.
enum Said {
    Nothing,
    Something(Fate),
}

fn error(body: &[u8]) -> Stop {
    Stop::Error(Bytes::copy_from_slice(body))
}

/// Where the value of the member whose key ends at `at` begins; empty if that was no key.
fn member_value(data: &[u8], at: usize) -> &[u8] {
    let rest = data.get(at..).unwrap_or_default();
    match rest.trim_ascii_start().split_first() {
        Some((b':', value)) => value.trim_ascii_start(),
        _ => b"",
    }
}
