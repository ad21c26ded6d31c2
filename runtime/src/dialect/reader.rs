//! One upstream answer stream: what may go to the client now, and what it says on the way.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use super::Dialect;
use super::openai::usage::Quirk;
use super::watch::Watch;
use crate::meter::usage::Usage;
use crate::sse::field;
use crate::sse::framer::{Framer, TooLong};

/// What is known of an answer before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expect {
    /// The protocol it is in.
    pub dialect: Dialect,
    /// How many choices the request asked for (`n`).
    pub choices: u32,
    /// How this provider counts.
    pub quirk: Quirk,
    /// What becomes of a chunk that says nothing but what was used.
    pub usage: UsageChunk,
}

/// What becomes of a chunk that has no choice and reports usage. What it says is read either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsageChunk {
    /// The client asked for it.
    Relayed,
    /// The client did not, and may not be able to read it.
    Withheld,
}

/// What becomes of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes to the client.
    Relayed,
    /// It was for the gateway.
    Withheld,
}

/// Why a stream cannot be relayed any further. The event it is about has not left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The provider says that it failed; this is the data of the event.
    Error(Bytes),
    /// An event's data is not what the protocol sends.
    Malformed,
    /// An event is longer than the bound.
    TooLong,
}

/// What one chunk brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Whole events for the client, in order: the chunk itself, cut at its last boundary, and before
    /// it the one event that began in an earlier chunk. What was withheld is not among them.
    pub ready: SmallVec<[Bytes; 2]>,
    /// Whether content has been seen, in this chunk or before.
    pub content: bool,
    /// Why nothing more may be relayed, if so.
    pub stop: Option<Stop>,
}

/// How the transport ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// As HTTP says it should.
    Clean,
    /// By a reset, a cut chunked body, a deadline.
    Broken,
}

/// How the answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every choice ended.
    Complete,
    /// `[DONE]` came, but no choice said why it ended; some providers never say it.
    DoneWithoutFinish,
    /// The provider said that it failed; this is the data of the event.
    Error(Bytes),
    /// The stream ended before the answer did, perhaps within an event.
    Cut,
    /// What came was no such stream, or stopped being one.
    Malformed,
}

/// What remains when the stream is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// How the answer ended.
    pub ending: Ending,
    /// The last event for the client, its line ends added, where the provider left them out.
    pub rest: Bytes,
    /// Whether content was seen.
    pub content: bool,
    /// What the provider reported as used, if it did.
    pub usage: Option<Usage>,
    /// How many events came, where the protocol numbers them.
    pub heard: u64,
    /// Whether an event was left out that could not be read.
    pub skipped: Skipped,
}

/// How many events of an answer could not be read and were left out; a second one ends it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Skipped {
    /// Every event was read.
    #[default]
    None,
    /// One was not.
    One,
}

/// Reads one upstream answer stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    framer: Framer,
    /// The open event, where it began in an earlier chunk.
    held: BytesMut,
    watch: Watch,
    stop: Option<Stop>,
    /// What became of the last event, to which an LF at the front of the next chunk may belong.
    last: Fate,
}

impl Reader {
    /// A reader at the start of a stream.
    pub fn new(expect: Expect) -> Self {
        Self {
            framer: Framer::default(),
            held: BytesMut::new(),
            watch: Watch::new(expect),
            stop: None,
            last: Fate::Relayed,
        }
    }

    /// Takes the next chunk of the body. After a stop it gives nothing more.
    pub fn push(&mut self, chunk: &Bytes) -> Pushed {
        let mut ready = SmallVec::new();
        if self.stop.is_none()
            && let Err(stop) = self.take(chunk, &mut ready)
        {
            self.stop = Some(stop);
            // Nothing of the stream is needed any more.
            self.framer = Framer::default();
            self.held = BytesMut::new();
        }
        Pushed {
            ready,
            content: self.watch.content(),
            stop: self.stop.clone(),
        }
    }

    fn take(&mut self, chunk: &Bytes, ready: &mut SmallVec<[Bytes; 2]>) -> Result<(), Stop> {
        let mut frames = self.framer.frames(chunk);
        let opening = frames.opening();
        if opening.drops_held {
            self.held.clear();
        }
        // A late LF leaves with the rest, if its event did; a byte order mark does not.
        let stays = opening.drops_held || self.last == Fate::Withheld;
        let mut leaving = Leaving::from(if stays { opening.start } else { 0 });
        let mut cut = opening.start;
        let mut taken = Ok(());
        loop {
            if let Some(ahead) = frames.ahead()
                && let Some(length) = self.watch.repeated(ahead)
            {
                cut = frames.pass(length);
                self.last = Fate::Relayed;
                continue;
            }
            let Some(frame) = frames.next() else {
                break;
            };
            let Ok(frame) = frame else {
                taken = Err(Stop::TooLong);
                break;
            };
            let part = chunk.get(frame.start..frame.end).unwrap_or_default();
            let seen = if frame.begun_before {
                self.held.extend_from_slice(part);
                let event = self.held.split().freeze();
                let seen = match self.watch.repeated(&event) {
                    Some(length) if length == event.len() => Ok(Fate::Relayed),
                    _ => self.watch.event(&event, frame.lines),
                };
                if seen.is_ok() {
                    leaving = Leaving::from(frame.end);
                }
                if seen == Ok(Fate::Relayed) {
                    ready.push(event);
                }
                seen
            } else {
                self.watch.event(part, frame.lines)
            };
            match seen {
                Ok(fate) => self.last = fate,
                Err(stop) => {
                    taken = Err(stop);
                    break;
                }
            }
            if self.last == Fate::Withheld {
                leaving.skip(frame.start, frame.end);
            }
            cut = frame.end;
        }
        ready.extend(leaving.to(cut, chunk));
        taken?;
        let open = frames.finish();
        self.held
            .extend_from_slice(chunk.get(cut..).unwrap_or_default());
        open.map(drop).map_err(|TooLong { .. }| Stop::TooLong)
    }

    /// Whether the stream has said that it is over; what comes after is nobody's.
    pub fn is_done(&self) -> bool {
        self.watch.is_done()
    }

    /// What the provider has reported so far.
    pub fn usage(&self) -> Option<Usage> {
        self.watch.usage()
    }

    /// Bytes of an event that has begun and not ended.
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// What the stream was, now that it is over.
    pub fn finish(mut self, close: Close) -> End {
        let mut rest = Bytes::new();
        let mut whole = self.held.is_empty();
        if self.stop.is_none() && !whole && close == Close::Clean {
            match self.watch.tail(&self.held) {
                Ok(Tail::Event) => {
                    whole = true;
                    rest = self.completed();
                }
                Ok(Tail::Nothing) => whole = true,
                Ok(Tail::Half) => {}
                Err(stop) => self.stop = Some(stop),
            }
        }
        let ending = match self.stop {
            Some(Stop::Error(body)) => Ending::Error(body),
            Some(Stop::Malformed | Stop::TooLong) => Ending::Malformed,
            None => self.watch.ending(if whole { close } else { Close::Broken }),
        };
        End {
            ending,
            rest,
            content: self.watch.content(),
            usage: self.watch.usage(),
            heard: self.watch.heard(),
            skipped: self.watch.skipped(),
        }
    }

    /// The open event with the line ends that its sender left out.
    fn completed(&mut self) -> Bytes {
        // A CR at the very end would make a lone LF its other half, not an empty line.
        let missing: &[u8] = if self.held.ends_with(b"\n") {
            b"\n"
        } else {
            b"\n\n"
        };
        self.held.extend_from_slice(missing);
        self.held.split().freeze()
    }
}

/// What of a chunk leaves, as one piece: a slice of it, or a copy of what is left of it where
/// something between was withheld, which happens once in a stream.
struct Leaving {
    from: usize,
    before: SmallVec<[Range<usize>; 1]>,
}

impl Leaving {
    fn from(from: usize) -> Self {
        Self {
            from,
            before: SmallVec::new(),
        }
    }

    fn skip(&mut self, start: usize, end: usize) {
        if self.from < start {
            self.before.push(self.from..start);
        }
        self.from = end;
    }

    fn to(mut self, cut: usize, chunk: &Bytes) -> Option<Bytes> {
        self.skip(cut, cut);
        match self.before.as_slice() {
            [] => None,
            [one] => Some(chunk.slice(one.clone())),
            several => {
                let parts = several.iter().filter_map(|part| chunk.get(part.clone()));
                Some(Bytes::from(parts.collect::<Vec<_>>().concat()))
            }
        }
    }
}

/// What is left when a stream ends within an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// An event that lacks nothing but its line ends.
    Event,
    /// Nothing that says anything.
    Nothing,
    /// Half an event.
    Half,
}

/// The first bytes of a body tell what it is where its content type does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sniff {
    /// An event stream.
    Stream,
    /// A JSON text.
    Json,
    /// Neither.
    Other,
    /// Too little to tell.
    Unknown,
}

/// Tells what a body is by its first bytes.
pub fn sniff(front: &[u8]) -> Sniff {
    let front = front
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(front)
        .trim_ascii_start();
    if front.is_empty() {
        return Sniff::Unknown;
    }
    if front.starts_with(b"{") || front.starts_with(b"[") {
        return Sniff::Json;
    }
    let line = front
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .next()
        .unwrap_or_default();
    match field::Field::read(line).name {
        b"" | b"data" | b"event" | b"id" | b"retry" => Sniff::Stream,
        name if line.len() == front.len()
            && [&b"data"[..], b"event", b"id", b"retry"]
                .iter()
                .any(|word| word.starts_with(name)) =>
        {
            Sniff::Unknown
        }
        _ => Sniff::Other,
    }
}
