//! Events that differ from an earlier one in nothing but their text.
//!
//! ```text
//! data: {"id":"x","choices":[{"index":0,"delta":{"content":"│ and│"},"finish_reason":null}]}⏎⏎
//! └──────────────── the same ───────────────────────────────┘ hole └──────── the same ─────────┘
//! ```
//!
//! Nearly every event of an answer is of this kind. Such an event reports no usage, no error and no
//! end, since the one it repeats did not; it is sound JSON, since that one was; and its end is
//! known without a search. So most of a stream costs two comparisons and one short string.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token that is not looked for is passed over, whatever it is"
)]

use smallvec::SmallVec;

use crate::json::{Lexer, Token, text_close, whole};

/// One event that said nothing, cut where its text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    event: Vec<u8>,
    /// The unchanging parts: where each ends in `event`, and what follows it.
    parts: SmallVec<[Part; 6]>,
    /// The second at which the provider made the event, where it says so.
    created: u64,
    /// Whether that changes within the stream; most providers write the same into every event.
    clock_runs: bool,
    /// Events in a row that did not repeat it.
    misses: u32,
    /// How many of them are borne before another is learnt.
    patience: u32,
    /// Events that did repeat it.
    hits: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    end: usize,
    next: Next,
}

/// What follows an unchanging part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Text,
    Digits,
    End,
}

/// Longer events are rare, and the model of one is kept for the whole stream.
const EVENT_BYTES_MAX: usize = 4 * 1024;
const PARTS_MAX: usize = 6;

/// Learning costs as much as it saves on a handful of events, and some answers have no more.
const PATIENCE_FIRST: u32 = 4;

/// A stream whose events all differ must not be learnt over and over.
const PATIENCE_MAX: u32 = 64;

/// After so many repeats a shape was worth its price, and its successor likely is.
const HITS_GOOD: u32 = 8;

impl Default for Shape {
    fn default() -> Self {
        Self {
            event: Vec::new(),
            parts: SmallVec::new(),
            created: 0,
            clock_runs: false,
            misses: 0,
            patience: PATIENCE_FIRST,
            hits: 0,
        }
    }
}

impl Shape {
    /// The length of the event at the front of `bytes`, if it repeats the known one.
    #[inline]
    pub(super) fn repeated(&mut self, bytes: &[u8]) -> Option<usize> {
        let length = self.match_length(bytes)?;
        self.hits = self.hits.saturating_add(1);
        self.misses = 0;
        Some(length)
    }

    #[inline]
    fn match_length(&self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes;
        let mut start = 0;
        for part in &self.parts {
            rest = rest.strip_prefix(self.event.get(start..part.end)?)?;
            start = part.end;
            let length = match part.next {
                Next::Text => text_close(rest).ok()?,
                Next::Digits => digits(rest)?,
                Next::End => return Some(bytes.len() - rest.len()),
            };
            rest = rest.get(length..)?;
        }
        None
    }

    /// Sees an event of one data line that said nothing and did not repeat the known one.
    #[inline]
    pub(super) fn missed(&mut self, event: &[u8]) {
        self.misses += 1;
        if self.misses > self.patience {
            self.learn(event);
        }
    }

    #[cold]
    fn learn(&mut self, event: &[u8]) {
        self.patience = if self.hits >= HITS_GOOD {
            1
        } else {
            (self.patience * 2).min(PATIENCE_MAX)
        };
        self.misses = 0;
        self.hits = 0;
        self.event.clear();
        self.parts.clear();
        // Where it cannot be read there is no shape, and nothing repeats it.
        if event.len() <= EVENT_BYTES_MAX && self.cut(event).is_none() {
            self.parts.clear();
        }
    }

    fn cut(&mut self, event: &[u8]) -> Option<()> {
        let json = event.strip_prefix(b"data:")?;
        let front = event.len() - json.len();
        // The line's end and the empty line are no JSON.
        let mut lexer = Lexer::new(json.trim_ascii_end());
        let mut from = 0;
        let mut varies = Varies::No;
        while let Some(token) = lexer.token().ok()? {
            let hole = match (varies, token) {
                (Varies::Text, Token::Text(text)) => {
                    Some((front + text.at, text.raw.len(), Next::Text))
                }
                (Varies::Clock, Token::Number(number)) => {
                    let created = whole(number)?;
                    self.clock_runs |= self.created > 0 && self.created != created;
                    self.created = created;
                    let at = front + lexer.at() - number.len();
                    self.clock_runs.then_some((at, number.len(), Next::Digits))
                }
                _ => None,
            };
            if let Some((at, length, next)) = hole
                && self.parts.len() < PARTS_MAX
            {
                self.event.extend_from_slice(event.get(from..at)?);
                self.parts.push(Part {
                    end: self.event.len(),
                    next,
                });
                from = at + length;
            }
            varies = match token {
                Token::Key(key) => Varies::of(key.raw),
                _ => Varies::No,
            };
        }
        self.event.extend_from_slice(event.get(from..)?);
        self.parts.push(Part {
            end: self.event.len(),
            next: Next::End,
        });
        Some(())
    }
}

/// How many digits a number at the front has, where it is one that JSON knows.
#[inline]
fn digits(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit())?;
    (end == 1 || end > 0 && bytes.first() != Some(&b'0')).then_some(end)
}

/// Which member's value differs between events that say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Varies {
    No,
    Text,
    Clock,
}

impl Varies {
    /// Text is for the client alone, or padding.
    fn of(key: &[u8]) -> Self {
        match key {
            b"content" | b"reasoning_content" | b"reasoning" | b"text" | b"refusal"
            | b"arguments" | b"obfuscation" | b"p" => Self::Text,
            b"created" => Self::Clock,
            _ => Self::No,
        }
    }
}
