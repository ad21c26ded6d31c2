//! The answer of one attempt, read as far as it must be before it may be shown.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::response::Parts;
use smallvec::SmallVec;

use super::{Ask, Deadline, Opened, Place, Stream, Whole, expect, unfit};
use crate::clock::{Clock, Instant};
use crate::dialect::classify::{Answer, classify, in_stream};
use crate::dialect::failure::FailureKind;
use crate::dialect::openai::option;
use crate::dialect::plain::{NoAnswer, plain};
use crate::dialect::reader::{Close, Ending, Expect, Reader, Stop, UsageChunk};
use crate::fault::{Fault, Kind, Side};
use crate::limits::Limits;
use crate::request::room::{Full, Room};
use crate::translate::refusal;
use crate::upstream::asking::Asking;
use crate::upstream::link::{Broken, Flow};
use crate::upstream::{Credential, Upstream, Whose};

/// An answer whose head has come.
pub(super) struct Reading<'a> {
    pub(super) flow: Flow,
    /// When the first content must be there.
    pub(super) first: Deadline,
    /// When everything must be.
    pub(super) rest: Deadline,
    pub(super) idle: Duration,
    pub(super) limits: &'a Limits,
}

/// A body, and whether that was all of it.
struct Gathered {
    bytes: Bytes,
    whole: bool,
}

impl Reading<'_> {
    /// The next bytes before `until`, and no later than the idle deadline allows.
    async fn next(&mut self, until: Deadline) -> Result<Option<Bytes>, Fault> {
        // What is there needs no deadline.
        let next = match poll_fn(|cx| Poll::Ready(self.flow.poll_bytes(cx))).await {
            Poll::Ready(next) => next,
            Poll::Pending => {
                let idle = Deadline {
                    at: Clock.now() + self.idle,
                    kind: Kind::IdleTimeout,
                };
                until.or(idle).bound(pin!(self.flow.next())).await?
            }
        };
        match next {
            None => Ok(None),
            Some(Ok(bytes)) => Ok(Some(bytes)),
            Some(Err(Broken)) => Err(unfit(Kind::Cut)),
        }
    }

    /// The body up to `bytes_max`; one that comes in one piece is not copied.
    async fn gather(&mut self, bytes_max: usize, until: Deadline) -> Result<Gathered, Fault> {
        let whole = |bytes| Gathered { bytes, whole: true };
        let Some(first) = self.next(until).await? else {
            return Ok(whole(Bytes::new()));
        };
        if self.flow.is_over() {
            return Ok(whole(first));
        }
        let Some(second) = self.next(until).await? else {
            return Ok(whole(first));
        };
        let mut gathered = BytesMut::from(first);
        let mut more = Some(second);
        while let Some(bytes) = more {
            if gathered.len() + bytes.len() > bytes_max {
                return Ok(Gathered {
                    bytes: gathered.freeze(),
                    whole: false,
                });
            }
            gathered.extend_from_slice(&bytes);
            more = self.next(until).await?;
        }
        Ok(whole(gathered.freeze()))
    }

    /// A whole answer: it is shown only if it is one, so a cut one fails over.
    pub(super) async fn plain(mut self, ask: &Ask<'_>, place: Place<'_>) -> Result<Opened, Fault> {
        let gathered = self.gather(self.limits.answer_bytes_max, self.rest).await?;
        if !gathered.whole {
            return Err(unfit(Kind::AnswerTooLarge));
        }
        let at = Clock.now();
        self.keep(place, at);
        match plain(&gathered.bytes, expect(ask, place)) {
            // A stream was asked for, and this is none.
            Ok(_) if ask.streaming => Err(unfit(Kind::Malformed)),
            Ok(usage) => Ok(Opened::Plain {
                body: gathered.bytes,
                usage,
                at,
            }),
            Err(NoAnswer::Error) => Err(Fault::provider(&in_stream(&gathered.bytes))),
            Err(NoAnswer::Malformed) => Err(unfit(Kind::Malformed)),
        }
    }

    /// A refusal. Its status alone says enough where its body cannot be read.
    pub(super) async fn refused(mut self, head: &Parts, ask: &Ask<'_>, place: Place<'_>) -> Fault {
        let gathered = self.gather(self.limits.error_bytes_max, self.first).await;
        let (bytes, whole) = match gathered {
            Ok(Gathered { bytes, whole }) => (bytes, whole),
            Err(_) => (Bytes::new(), false),
        };
        if whole {
            self.keep(place, Clock.now());
        }
        let status = head.status.as_u16();
        let mut failure = classify(
            Answer {
                status,
                headers: &head.headers,
                body: &bytes,
            },
            Clock.wall(),
        );
        // Only where the option is ours: what a client asked for himself is his to hear of.
        let pair = ask.pair(place.step);
        let ours = ask.usage == UsageChunk::Withheld || pair.is_some();
        let ours = ours && place.asking == Asking::ForUsage;
        if ask.streaming && ours && option::is_refused(status, &bytes) {
            failure.kind = FailureKind::UsageOption;
        }
        let mut fault = Fault::provider(&failure);
        // The model's name is the policy's choice: what a provider says of it is not the caller's.
        let callers = fault.side == Side::Client && failure.kind != FailureKind::ModelNotFound;
        // What becomes of the caller's own key is told best by who refuses it.
        let callers = callers || ask.key != Whose::Ours && failure.kind.is_of_key();
        if callers && whole && bytes.len() <= self.limits.error_pass_bytes_max {
            fault.answer = match pair {
                None => passable(bytes, ask.key, place.upstream),
                Some(pair) => passable(bytes, ask.key, place.upstream)
                    .and_then(|error| refusal(&error, failure.kind, pair.client)),
            };
        }
        fault
    }

    /// Keeps the connection of an answer that was read to its end.
    pub(super) fn keep(&mut self, place: Place<'_>, now: Instant) {
        if let Some(link) = self.flow.take_link() {
            place.wires.pool.put(place.upstream.pool_key, link, now);
        }
    }

    /// A stream up to its first content.
    pub(super) async fn stream(mut self, expect: Expect) -> Result<Opened, Fault> {
        let mut reader = Reader::new(expect);
        let mut held: SmallVec<[Bytes; 4]> = SmallVec::new();
        let mut held_bytes = 0;
        loop {
            let Some(chunk) = self.next(self.first).await? else {
                return self.ended(reader, held);
            };
            let pushed = reader.push(&chunk);
            held_bytes += pushed.ready.iter().map(Bytes::len).sum::<usize>();
            held.extend(pushed.ready);
            match pushed.stop {
                // What was seen first counts, however the bytes were cut into chunks.
                stop if pushed.content => return Ok(self.opened(reader, held, stop)),
                Some(Stop::Error(body)) => return Err(Fault::provider(&in_stream(&body))),
                Some(Stop::Malformed | Stop::TooLong) => return Err(unfit(Kind::Malformed)),
                None if reader.is_done() => return self.ended(reader, held),
                None if held_bytes + reader.held_bytes() > self.limits.held_bytes_max => {
                    return Err(unfit(Kind::Malformed));
                }
                None => {}
            }
        }
    }

    /// A stream to its end. What goes wrong on the way has not been seen by anybody.
    pub(super) async fn whole(mut self, ask: &Ask<'_>, place: Place<'_>) -> Result<Opened, Fault> {
        let mut reader = Reader::new(expect(ask, place));
        let mut kept = Kept {
            bytes: BytesMut::new(),
            room: Room::of(ask.bodies),
        };
        let mut until = self.first;
        while let Some(chunk) = self.next(until).await? {
            let pushed = reader.push(&chunk);
            for events in &pushed.ready {
                kept.add(events, self.limits)?;
            }
            match pushed.stop {
                Some(Stop::Error(body)) => return Err(Fault::provider(&in_stream(&body))),
                Some(Stop::Malformed | Stop::TooLong) => return Err(unfit(Kind::Malformed)),
                None if reader.is_done() => {
                    self.tail().await;
                    break;
                }
                None if pushed.content => until = self.rest,
                None => {}
            }
        }
        self.keep(place, Clock.now());
        let end = reader.finish(Close::Clean);
        kept.add(&end.rest, self.limits)?;
        match end.ending {
            Ending::Complete => {}
            // Some providers never say why an answer ends, but none ends before it says anything.
            Ending::DoneWithoutFinish if end.content => {}
            Ending::DoneWithoutFinish | Ending::Malformed => return Err(unfit(Kind::Malformed)),
            Ending::Error(body) => return Err(Fault::provider(&in_stream(&body))),
            Ending::Cut => return Err(unfit(Kind::Cut)),
        }
        Ok(Opened::Whole(Whole {
            events: kept.bytes.freeze(),
            room: kept.room,
            usage: end.usage,
            skipped: end.skipped,
        }))
    }

    /// Waits a moment for the end of a body that has nothing more to say: without it the connection
    /// is not used again.
    async fn tail(&mut self) {
        let until = Clock.now() + self.limits.tail;
        let end = async {
            loop {
                match self.flow.next().await {
                    Some(Ok(_nobodys)) => {}
                    Some(Err(Broken)) => return false,
                    None => return true,
                }
            }
        };
        let ended = tokio::time::timeout_at(until, end).await;
        if !ended.unwrap_or(false) {
            drop(self.flow.take_link());
        }
    }

    fn opened(self, reader: Reader, held: SmallVec<[Bytes; 4]>, stop: Option<Stop>) -> Opened {
        Opened::Stream(Box::new(Stream {
            held,
            flow: self.flow,
            reader,
            stop,
            deadline: self.rest,
            translator: None,
        }))
    }

    /// A stream that is over without content: a whole answer that says nothing is still one.
    fn ended(self, reader: Reader, held: SmallVec<[Bytes; 4]>) -> Result<Opened, Fault> {
        match reader.clone().finish(Close::Clean).ending {
            Ending::Complete => Ok(self.opened(reader, held, None)),
            Ending::Error(body) => Err(Fault::provider(&in_stream(&body))),
            Ending::Cut => Err(unfit(Kind::Cut)),
            Ending::DoneWithoutFinish | Ending::Malformed => Err(unfit(Kind::Malformed)),
        }
    }
}

/// Whole events that nobody has seen yet.
struct Kept {
    bytes: BytesMut,
    room: Room,
}

impl Kept {
    /// Keeps some more, within what one answer may have and all bodies together.
    fn add(&mut self, events: &[u8], limits: &Limits) -> Result<(), Fault> {
        if self.bytes.len() + events.len() > limits.answer_bytes_max {
            return Err(unfit(Kind::AnswerTooLarge));
        }
        let grown = self.room.grow(events.len(), limits.bodies_bytes_max);
        grown.map_err(|Full| unfit(Kind::BodiesFull))?;
        self.bytes.extend_from_slice(events);
        Ok(())
    }
}

/// The provider's own error object, if it is one and does not repeat the key.
fn passable(body: Bytes, whose: Whose<'_>, upstream: &Upstream) -> Option<Bytes> {
    let error: serde_json::Value = serde_json::from_slice(&body).ok()?;
    error.get("error")?.as_object()?;
    let secret = match whose {
        Whose::Ours => upstream.credential.as_ref().map(Credential::key),
        Whose::Callers(key) => Some(key),
    };
    match secret {
        Some(key) if !key.is_empty() && memchr::memmem::find(&body, key).is_some() => None,
        Some(_) | None => Some(body),
    }
}
