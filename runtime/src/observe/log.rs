//! The access log: one JSON line per request, written by a thread of its own.
//!
//! ```text
//! worker ── Pen ── page ─┐
//! worker ── Pen ── page ─┴─ swapped for an empty one ── writer
//! ```
//!
//! A worker adds its line to a page of its own without waiting. If the writer stalls (a full disk,
//! a pipe that nobody reads), lines that find their page full are dropped and counted; traffic goes
//! on. The record itself stays with its worker: memory that one thread gives back and another takes
//! costs more than to write the line.

mod line;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use self::line::write_line;
use super::record::Record;

/// How long a page may get: some two thousand lines.
pub const PAGE_BYTES_MAX: usize = 1 << 20;
/// How much of a page's memory is kept for the next lines.
const PAGE_BYTES_KEPT: usize = 1 << 16;
/// How long the writer lets lines gather after it has written some. Waking it costs a worker more
/// than all else a line costs, so it sleeps through a burst and is woken by the first line after one.
const GATHER: Duration = Duration::from_millis(5);

/// The log. Clones are the same one; it ends with the last of them and of its pens.
#[derive(Debug, Clone)]
pub struct Log {
    desk: Arc<Desk>,
}

/// One worker's way to write lines.
#[derive(Debug)]
pub struct Pen {
    desk: Arc<Desk>,
    page: Arc<Mutex<Page>>,
}

/// Lines of one worker that wait for the writer.
#[derive(Debug, Default)]
struct Page {
    text: Vec<u8>,
    lines: u64,
}

/// What pens and writer share.
#[derive(Debug, Default)]
struct Shared {
    pages: Mutex<Vec<Arc<Mutex<Page>>>>,
    /// Who waits until all that stands on the pages is written.
    waiting: Mutex<Vec<SyncSender<()>>>,
    /// Lines lost so far.
    dropped: AtomicU64,
    /// Whether the writer waits to be woken. It says so before it looks at the pages for the last
    /// time, and each page has a lock: who adds a line behind that look sees it.
    asleep: AtomicBool,
    ended: AtomicBool,
}

/// The writer, which ends when nobody can hand it anything more.
#[derive(Debug)]
struct Desk {
    shared: Arc<Shared>,
    writer: Thread,
}

impl Log {
    /// Starts the writer.
    pub fn start(out: Box<dyn Write + Send>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let writers = Arc::clone(&shared);
        let thread = thread::Builder::new().name("claw-log".to_owned());
        let running = thread.spawn(move || writers.write_all(out))?;
        let writer = running.thread().clone();
        let desk = Arc::new(Desk { shared, writer });
        Ok(Self { desk })
    }

    /// A pen for one more worker.
    pub fn pen(&self) -> Pen {
        let page = Arc::default();
        lock(&self.desk.shared.pages).push(Arc::clone(&page));
        Pen {
            desk: Arc::clone(&self.desk),
            page,
        }
    }

    /// Waits until all that stands on the pages is written, at most this long. Says whether it is.
    pub fn flush(&self, wait: Duration) -> bool {
        let (done, written) = sync_channel(1);
        lock(&self.desk.shared.waiting).push(done);
        self.desk.wake();
        written.recv_timeout(wait).is_ok()
    }

    /// Lines lost so far: no room on their page, or not written.
    pub fn dropped(&self) -> u64 {
        self.desk.shared.dropped.load(Ordering::Relaxed)
    }
}

impl Pen {
    /// Adds a record's line, or counts it as dropped; never waits.
    pub fn write(&self, record: &Record) {
        let mut page = lock(&self.page);
        if page.text.len() >= PAGE_BYTES_MAX {
            self.desk.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        write_line(&mut page.text, record);
        page.text.push(b'\n');
        page.lines += 1;
        drop(page);
        self.desk.wake();
    }
}

impl Desk {
    fn wake(&self) {
        let asleep = &self.shared.asleep;
        if asleep.load(Ordering::Relaxed) && asleep.swap(false, Ordering::Relaxed) {
            self.writer.unpark();
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        self.writer.unpark();
    }
}

impl Shared {
    fn write_all(&self, mut out: Box<dyn Write + Send>) {
        let mut taken = Page::default();
        loop {
            let ended = self.ended.load(Ordering::Acquire);
            let waiting = std::mem::take(&mut *lock(&self.waiting));
            let idle = !self.write_pages(&mut taken, &mut *out) && waiting.is_empty();
            for done in waiting {
                // Nobody may be waiting any more.
                let _gone = done.try_send(());
            }
            if ended && idle {
                return;
            }
            if idle {
                self.sleep();
            } else if !ended {
                gather();
            }
        }
    }

    /// Writes what stands on the pages; says whether anything did. A page goes out in one piece, so
    /// a lone line appears at once and a burst costs few calls.
    fn write_pages(&self, taken: &mut Page, out: &mut dyn Write) -> bool {
        let pages = lock(&self.pages).clone();
        let mut any = false;
        for page in &pages {
            std::mem::swap(taken, &mut *lock(page));
            if taken.text.is_empty() {
                continue;
            }
            any = true;
            let written = out.write_all(&taken.text).and_then(|()| out.flush());
            if written.is_err() {
                self.dropped.fetch_add(taken.lines, Ordering::Relaxed);
            }
            taken.lines = 0;
            taken.text.clear();
            taken.text.shrink_to(PAGE_BYTES_KEPT);
        }
        any
    }

    /// Waits for the first line, for somebody who waits, or for the end.
    fn sleep(&self) {
        self.asleep.store(true, Ordering::SeqCst);
        let is_empty = |page: &Arc<Mutex<Page>>| lock(page).text.is_empty();
        let nothing = lock(&self.pages).iter().all(is_empty)
            && lock(&self.waiting).is_empty()
            && !self.ended.load(Ordering::Acquire);
        if nothing {
            thread::park();
        }
        self.asleep.store(false, Ordering::Relaxed);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread is no worker: nobody waits for it"
)]
fn gather() {
    thread::sleep(GATHER);
}

/// A panic elsewhere leaves at worst half a line.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
