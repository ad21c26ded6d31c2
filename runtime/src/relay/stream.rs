//! A committed stream on its way to the client.

mod broken;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::StatusCode;

use crate::clock::{Alarm, Clock, Instant};
use crate::dialect::Dialect;
use crate::dialect::classify::in_stream;
use crate::dialect::reader::{Close, Ending, Reader, Stop};
use crate::fault::{Fault, Kind, Sent};
use crate::limits::Limits;
use crate::meter::usage::Usage;
use crate::policy::live::Snapshot;
use crate::relay::after::After;
use crate::relay::answer::Aborted;
use crate::relay::journal::Journal;
use crate::request::room::Room;
use crate::translate::{Lost, Translator};
use crate::upstream::attempt::{Deadline, Stream, Whole, Wires};
use crate::upstream::link::{Broken, Flow};

/// Where a stream comes from, and what its end needs.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The table that decided; a request ends on the one it began with.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The bounds.
    pub(crate) limits: Arc<Limits>,
    /// The worker's connections.
    pub(crate) wires: Arc<Wires>,
    /// Whose connection it is.
    pub(crate) pool_key: u64,
    /// The client's protocol.
    pub(crate) dialect: Dialect,
    /// How long the provider may be silent.
    pub(crate) idle: std::time::Duration,
}

/// A stream on its way. A fault that ends it before it began is told in the same way as one that
/// ends it later.
#[derive(Debug)]
pub(crate) struct Relay {
    origin: Origin,
    journal: Box<Journal>,
    stage: Stage,
    ready: VecDeque<Bytes>,
    flow: Option<Flow>,
    reader: Option<Reader>,
    /// Where the client speaks another protocol than the target.
    translator: Option<Box<Translator>>,
    deadline: Deadline,
    /// How many events had come when the reader was done, where the protocol numbers them.
    heard: u64,
    /// Whether anything has come after the end.
    tail_seen: bool,
    /// Since when nothing more has come, while somebody wanted more.
    waiting_since: Option<Instant>,
    alarm: Alarm,
    /// The memory of an answer that was kept until it was whole.
    room: Option<Room>,
    /// Where another target may go on with it.
    after: Option<Box<After>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The answer is coming.
    Live,
    /// The whole answer is here and goes out.
    Given,
    /// The answer is over; its transport may still end properly.
    Tail,
    /// The answer broke off, and another target may go on with it.
    Broken,
    /// The error event is on its way out.
    LastWords,
    /// The error event is in hyper's hands until then.
    Flushing(Instant),
    /// Nothing more comes.
    Over,
}

impl Relay {
    /// The rest of a stream whose first content has come.
    pub(crate) fn new(
        stream: Stream,
        journal: Box<Journal>,
        origin: Origin,
        after: Option<Box<After>>,
    ) -> Self {
        let mut relay = Self::at(Stage::Live, journal, origin);
        relay.flow = Some(stream.flow);
        relay.reader = Some(stream.reader);
        relay.translator = stream.translator;
        relay.deadline = stream.deadline;
        relay.after = after;
        relay.take(stream.held);
        relay.settle(stream.stop);
        relay
    }

    /// A stream that is whole already.
    pub(crate) fn whole(whole: Whole, journal: Box<Journal>, origin: Origin) -> Self {
        let mut relay = Self::at(Stage::Given, journal, origin);
        relay.room = Some(whole.room);
        relay.journal.record.usage = whole.usage;
        relay.journal.trail.heard(whole.skipped);
        relay.journal.trail.end();
        relay
            .ready
            .extend(Some(whole.events).filter(|events| !events.is_empty()));
        relay
    }

    /// A stream of which the client has seen nothing but comments, and that comes to nothing.
    pub(crate) fn failed(fault: &Fault, journal: Box<Journal>, origin: Origin) -> Self {
        let mut relay = Self::at(Stage::Live, journal, origin);
        relay.journal.record.status = StatusCode::OK.as_u16();
        relay.tell(fault, "failed");
        relay
    }

    fn at(stage: Stage, journal: Box<Journal>, origin: Origin) -> Self {
        Self {
            origin,
            journal,
            stage,
            ready: VecDeque::new(),
            flow: None,
            reader: None,
            translator: None,
            deadline: Deadline {
                at: Clock.now(),
                kind: Kind::TotalTimeout,
            },
            heard: 0,
            tail_seen: false,
            waiting_since: None,
            alarm: Alarm::default(),
            room: None,
            after: None,
        }
    }

    /// Takes whole events of the target for the client.
    fn take(&mut self, events: impl IntoIterator<Item = Bytes>) {
        let Some(translator) = &mut self.translator else {
            match &mut self.after {
                None => self.ready.extend(events),
                Some(after) => {
                    let heard = events.into_iter().inspect(|events| after.hear(events));
                    self.ready.extend(heard);
                }
            }
            return;
        };
        for event in events {
            match translator.push(&event) {
                Ok(told) if told.is_empty() => {}
                Ok(told) => self.ready.push_back(told),
                Err(Lost) => {
                    self.fail(&Fault::of(Kind::Malformed, Sent::Content));
                    return;
                }
            }
        }
    }

    /// What ends a whole answer in the client's protocol; in the target's it has come already.
    fn finish(&mut self, usage: Option<Usage>) {
        let told = self.translator.as_mut().map(|to| to.finish(usage));
        self.ready.extend(told.filter(|told| !told.is_empty()));
    }

    /// Whether everything has been handed over.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over && self.ready.is_empty()
    }

    /// The next bytes for the client.
    pub(crate) fn poll_bytes(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Aborted>>> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                if self.stage == Stage::LastWords && self.ready.is_empty() {
                    self.stage = Stage::Flushing(Clock.now() + self.origin.limits.last_words);
                    self.journal.meter().expect_flush();
                }
                return Poll::Ready(Some(Ok(bytes)));
            }
            match self.stage {
                Stage::Live => std::task::ready!(self.poll_live(cx)),
                Stage::Given => {
                    self.room = None;
                    self.journal.end("complete");
                    self.stage = Stage::Over;
                }
                Stage::Tail => std::task::ready!(self.poll_tail(cx)),
                Stage::LastWords => self.stage = Stage::Flushing(Clock.now()),
                Stage::Flushing(until) => {
                    if self.journal.meter().poll_flushed(cx).is_pending()
                        && !self.alarm.passed(until, cx)
                    {
                        return Poll::Pending;
                    }
                    self.stage = Stage::Over;
                    return Poll::Ready(Some(Err(Aborted)));
                }
                // Whoever polls looks which of the two it is.
                Stage::Broken | Stage::Over => return Poll::Ready(None),
            }
        }
    }

    /// Takes the next chunk; ready when there is something to hand over or the stage has changed.
    fn poll_live(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(flow), Some(reader)) = (&mut self.flow, &mut self.reader) else {
            self.stage = Stage::Over;
            return Poll::Ready(());
        };
        if self.journal.meter().is_ending() {
            self.fail(&Fault::of(Kind::Stopping, Sent::Content));
            return Poll::Ready(());
        }
        match flow.poll_bytes(cx) {
            Poll::Pending => self.poll_deadlines(cx),
            Poll::Ready(Some(Ok(chunk))) => {
                self.waiting_since = None;
                let pushed = reader.push(&chunk);
                self.take(pushed.ready);
                self.settle(pushed.stop);
                Poll::Ready(())
            }
            Poll::Ready(None) => {
                self.close(Close::Clean);
                Poll::Ready(())
            }
            Poll::Ready(Some(Err(Broken))) => {
                self.close(Close::Broken);
                Poll::Ready(())
            }
        }
    }

    fn poll_deadlines(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.waiting_since.get_or_insert_with(|| Clock.now());
        let first = self.deadline.or(Deadline {
            at: since + self.origin.idle,
            kind: Kind::IdleTimeout,
        });
        if !self.alarm.passed(first.at, cx) {
            return Poll::Pending;
        }
        self.fail(&Fault::of(first.kind, Sent::Content));
        Poll::Ready(())
    }

    /// Waits a moment for the end of a body that has nothing more to say.
    fn poll_tail(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.waiting_since.get_or_insert_with(|| Clock.now());
        while let Some(flow) = &mut self.flow {
            match flow.poll_bytes(cx) {
                // The last line may end in a CR LF that was cut in two; the rest is nobody's.
                Poll::Ready(Some(Ok(chunk))) if chunk.starts_with(b"\n") && !self.tail_seen => {
                    self.tail_seen = true;
                    if self.translator.is_none() {
                        self.ready.push_back(chunk.slice(..1));
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(Some(Ok(_nobodys))) => self.tail_seen = true,
                Poll::Ready(None) => self.keep(),
                Poll::Ready(Some(Err(Broken))) => self.flow = None,
                Poll::Pending if self.alarm.passed(since + self.origin.limits.tail, cx) => {
                    self.flow = None;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        self.close(Close::Clean);
        Poll::Ready(())
    }

    /// What follows from what the reader has just seen.
    fn settle(&mut self, stop: Option<Stop>) {
        if self.stage != Stage::Live {
            return;
        }
        match stop {
            Some(Stop::Error(body)) => self.fail(&Fault {
                sent: Sent::Content,
                ..Fault::provider(&in_stream(&body))
            }),
            Some(Stop::Malformed | Stop::TooLong) => {
                self.fail(&Fault::of(Kind::Malformed, Sent::Content));
            }
            None if self.reader.as_ref().is_some_and(Reader::is_done) => {
                let usage = self.reader.as_ref().and_then(Reader::usage);
                let usage = self.in_all(usage);
                self.finish(usage);
                self.stage = Stage::Tail;
                self.waiting_since = None;
            }
            None => {}
        }
    }

    /// The body has ended.
    fn close(&mut self, close: Close) {
        let Some(reader) = self.reader.take() else {
            self.stage = Stage::Over;
            return;
        };
        let end = reader.finish(close);
        self.journal.trail.heard(end.skipped);
        let usage = self.in_all(end.usage);
        self.journal.record.usage = usage;
        self.heard = end.heard;
        match end.ending {
            Ending::Complete | Ending::DoneWithoutFinish => {
                self.take(Some(end.rest).filter(|rest| !rest.is_empty()));
                if matches!(self.stage, Stage::LastWords | Stage::Broken) {
                    return;
                }
                self.finish(usage);
                if close == Close::Clean {
                    self.keep();
                }
                self.flow = None;
                self.stage = Stage::Over;
                self.journal.trail.end();
                self.journal.end("complete");
            }
            Ending::Error(body) => self.fail(&Fault {
                sent: Sent::Content,
                ..Fault::provider(&in_stream(&body))
            }),
            Ending::Cut => self.fail(&Fault::of(Kind::Cut, Sent::Content)),
            Ending::Malformed => self.fail(&Fault::of(Kind::Malformed, Sent::Content)),
        }
    }

    /// Keeps the connection of a body that was read to its end.
    fn keep(&mut self) {
        let link = self.flow.take().and_then(|mut flow| flow.take_link());
        if let Some(link) = link {
            let pool = &self.origin.wires.pool;
            pool.put(self.origin.pool_key, link, Clock.now());
        }
    }

    /// Tells the client that what it has is not the whole answer. The provider is let go at once.
    fn fail(&mut self, fault: &Fault) {
        self.flow = None;
        self.heard = self.take_usage();
        self.journal.trail.fail(fault);
        if self.is_followed(fault) {
            self.stage = Stage::Broken;
        } else {
            self.tell(fault, "cut");
        }
    }

    /// Notes what was used; how many events came.
    fn take_usage(&mut self) -> u64 {
        let Some(reader) = self.reader.take() else {
            return self.heard;
        };
        let end = reader.finish(Close::Broken);
        self.journal.trail.heard(end.skipped);
        let usage = self.in_all(end.usage);
        self.journal.record.usage = usage;
        end.heard
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // The client is gone in mid-stream: what the provider said was used is still worth a line.
        self.take_usage();
    }
}
