//! The client's side of a connection: counts what gets through, and ends who stops taking it.
//!
//! hyper forgets what it has not flushed when a body fails. The [`Meter`] is how a body learns
//! that its last words have left: hyper calls `poll_flush` only once its own buffer is empty.

mod unread;

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::{Alarm, Clock, Instant};

/// What the socket and the body tell each other. Both run on one thread; nothing is contended.
#[derive(Debug, Default)]
pub struct Meter {
    busy: AtomicBool,
    requests: AtomicU32,
    stalled: AtomicBool,
    ending: AtomicBool,
    shown: AtomicBool,
    flushed: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Meter {
    /// A request has arrived: the waits for a head do not apply.
    pub fn set_busy(&self) {
        self.busy.store(true, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The answer is over: the next head may come.
    pub fn set_idle(&self) {
        self.busy.store(false, Ordering::Relaxed);
    }

    /// Whether the client was let go because it took nothing.
    pub fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::Relaxed)
    }

    /// The gateway stops: what runs is to come to an end. Wakes nobody; the connection is polled by
    /// whoever says so.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether what runs is to come to an end.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// A head has left before its answer was there.
    pub fn set_shown(&self) {
        self.shown.store(true, Ordering::Relaxed);
    }

    /// The answer has come, or never will.
    pub fn unset_shown(&self) {
        self.shown.store(false, Ordering::Relaxed);
    }

    /// Whether a head has left whose answer is not there.
    pub fn is_shown(&self) -> bool {
        self.shown.load(Ordering::Relaxed)
    }

    /// Asks to be told when everything handed over so far has left.
    pub fn expect_flush(&self) {
        self.flushed.store(false, Ordering::Relaxed);
    }

    /// Whether everything handed over before [`Meter::expect_flush`] has left.
    pub fn poll_flushed(&self, cx: &Context<'_>) -> Poll<()> {
        if self.flushed.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = Some(cx.waker().clone());
        Poll::Pending
    }

    fn flushed(&self) {
        if self.flushed.swap(true, Ordering::Relaxed) {
            return;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = waiting.take() {
            waker.wake();
        }
    }
}

/// How long a client may take for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Between two requests.
    pub idle: Duration,
    /// From the first byte of a head to its end.
    pub head: Duration,
    /// Without taking a byte while there are some to take.
    pub stall: Duration,
}

/// A client's socket, watched.
#[derive(Debug)]
pub struct Socket<I> {
    io: I,
    meter: Arc<Meter>,
    patience: Patience,
    clock: Clock,
    /// The request after which the two waits below began.
    after: u32,
    quiet_since: Option<Instant>,
    head_since: Option<Instant>,
    blocked_since: Option<Instant>,
    alarm: Alarm,
    /// What leaves in place of what hyper has handed over.
    instead: Bytes,
}

impl<I> Socket<I> {
    /// Watches `io`.
    pub fn new(io: I, patience: Patience, clock: Clock) -> Self {
        Self {
            io,
            meter: Arc::default(),
            patience,
            clock,
            after: 0,
            quiet_since: None,
            head_since: None,
            blocked_since: None,
            alarm: Alarm::default(),
            instead: Bytes::new(),
        }
    }

    /// Where the socket and the bodies meet.
    pub fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// Whether a head may come; its waits begin anew after each request.
    fn awaits_head(&mut self) -> bool {
        let requests = self.meter.requests.load(Ordering::Relaxed);
        if self.after != requests {
            self.after = requests;
            self.quiet_since = None;
            self.head_since = None;
        }
        !self.meter.busy.load(Ordering::Relaxed)
    }

    fn wait_to_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.awaits_head() {
            return Poll::Pending;
        }
        let deadline = match self.head_since {
            Some(since) => since + self.patience.head,
            None => *self.quiet_since.get_or_insert_with(|| self.clock.now()) + self.patience.idle,
        };
        if self.alarm.passed(deadline, cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }

    fn wrote(
        &mut self,
        result: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if result.is_ready() {
            self.blocked_since = None;
            return result;
        }
        let since = *self.blocked_since.get_or_insert_with(|| self.clock.now());
        if self.alarm.passed(since + self.patience.stall, cx) {
            self.meter.stalled.store(true, Ordering::Relaxed);
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Socket<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        match Pin::new(&mut this.io).poll_read(cx, buf) {
            Poll::Pending => this.wait_to_read(cx),
            ready @ Poll::Ready(_) => {
                if buf.filled().len() > before && this.awaits_head() {
                    this.head_since.get_or_insert_with(|| this.clock.now());
                }
                ready
            }
        }
    }
}

impl<I: AsyncWrite + Unpin> Socket<I> {
    /// Takes what hyper says by itself while no request runs, if it is that.
    fn takes(&mut self, head: &[u8]) -> bool {
        let alone = self.instead.is_empty() && !self.meter.busy.load(Ordering::Relaxed);
        let spoken = if alone { unread::spoken(head) } else { None };
        spoken.map(|spoken| self.instead = spoken.into()).is_some()
    }

    /// Writes what leaves in place of something, until nothing of it is left.
    fn poll_instead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let result = Pin::new(&mut self.io).poll_write(cx, &self.instead);
            match std::task::ready!(self.wrote(result, cx))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.instead.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Socket<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        std::task::ready!(this.poll_instead(cx))?;
        if this.takes(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let result = Pin::new(&mut this.io).poll_write(cx, buf);
        this.wrote(result, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        std::task::ready!(this.poll_instead(cx))?;
        if let [head] = bufs
            && this.takes(head)
        {
            return Poll::Ready(Ok(head.len()));
        }
        let result = Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        this.wrote(result, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        std::task::ready!(this.poll_instead(cx))?;
        let result = Pin::new(&mut this.io).poll_flush(cx);
        if result.is_ready() {
            this.meter.flushed();
            // After the end of an answer hyper does not always look for the next head at once, and
            // then nobody would notice that none comes.
            if let Poll::Ready(Err(silence)) = this.wait_to_read(cx) {
                return Poll::Ready(Err(silence));
            }
        }
        result
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        std::task::ready!(this.poll_instead(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }
}
