//! The access log: one JSON line per request, written by a thread of its own.
//!
//! A worker hands its record over without waiting. If the writer stalls (a full disk, a pipe that
//! nobody reads), records beyond the queue are dropped and counted; traffic goes on.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::json::{cut, write_line};
use super::record::{Attempt, Record};
use super::stamp::rfc3339;
use crate::meter::usage::{Beside, Usage};

/// Records that may wait for the writer.
pub const QUEUE_MAX: usize = 4096;
/// How long the writer lets lines gather after it has written some. Waking it costs a worker more
/// than all else a line costs, so it sleeps through a burst and is woken by the first line after one.
const GATHER: Duration = Duration::from_millis(5);
/// Longest text of a client in one field.
const TEXT_BYTES_MAX: usize = 256;
/// Attempts written of one request; a policy's own bound is far below.
const ATTEMPTS_MAX: usize = 64;

/// The way in to the writer. Clones share one queue.
#[derive(Debug, Clone)]
pub struct Log {
    queue: SyncSender<Entry>,
    dropped: Arc<AtomicU64>,
}

enum Entry {
    // Boxed, so that the queue's whole room is not reserved at once.
    Record(Box<Record>),
    Flush(SyncSender<()>),
}

impl Log {
    /// Starts the writer.
    pub fn start(out: Box<dyn Write + Send>) -> io::Result<Self> {
        let (queue, entries) = sync_channel(QUEUE_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = Arc::clone(&dropped);
        thread::Builder::new()
            .name("claw-log".to_owned())
            .spawn(move || write_all(&entries, out, &lost))?;
        Ok(Self { queue, dropped })
    }

    /// Hands a record over, or counts it as dropped; never waits.
    pub fn offer(&self, record: Record) {
        match self.queue.try_send(Entry::Record(Box::new(record))) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Waits until all that was handed over is written, at most this long. Says whether it is.
    pub fn flush(&self, wait: Duration) -> bool {
        let (done, written) = sync_channel(1);
        // A full queue means a stalled writer; there is nothing to wait for then.
        self.queue.try_send(Entry::Flush(done)).is_ok() && written.recv_timeout(wait).is_ok()
    }

    /// Lines lost so far: not handed over, or not written.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

fn write_all(entries: &Receiver<Entry>, out: Box<dyn Write + Send>, lost: &AtomicU64) {
    let mut out = BufWriter::new(out);
    let mut line = Vec::with_capacity(1024);
    while let Ok(first) = entries.recv() {
        // What waits is written in one go; the flush comes when the queue is empty, so a lone line
        // appears at once and a burst costs few calls and few wake-ups.
        let mut next = Some(first);
        while let Some(entry) = next {
            match entry {
                Entry::Record(record) => {
                    line.clear();
                    write_line(&mut line, &Line::from(&*record));
                    line.push(b'\n');
                    if out.write_all(&line).is_err() {
                        lost.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Entry::Flush(done) => {
                    // Nobody may be waiting any more, and a failed flush has no better answer.
                    let _written = out.flush();
                    let _waiting = done.try_send(());
                }
            }
            next = entries.try_recv().ok();
        }
        if out.flush().is_err() {
            lost.fetch_add(1, Ordering::Relaxed);
        }
        gather();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this thread is no worker: nobody waits for it"
)]
fn gather() {
    thread::sleep(GATHER);
}

/// A record as it is written. Field order is the line's order.
#[derive(Serialize)]
struct Line<'r> {
    time: String,
    request_id: &'r str,
    policy: &'r str,
    method: std::borrow::Cow<'r, str>,
    path: std::borrow::Cow<'r, str>,
    client: Option<&'r str>,
    model: Option<std::borrow::Cow<'r, str>>,
    streaming: bool,
    arm: Option<&'r str>,
    class: Option<&'r str>,
    target: Option<&'r str>,
    attempts: Vec<AttemptLine<'r>>,
    status: u16,
    code: Option<&'static str>,
    outcome: &'static str,
    tokens: Tokens,
    // What is out of the ordinary stands there only where it is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tokens_estimated: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    out_of_retries: bool,
    first_content_ms: Option<f64>,
    duration_ms: f64,
}

#[derive(Serialize)]
struct AttemptLine<'r> {
    target: &'r str,
    sent: bool,
    cause: Option<&'r str>,
    status: Option<u16>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    continued: bool,
    ms: f64,
}

/// Every field is null where the provider said nothing: unknown is not zero.
#[derive(Serialize, Default)]
struct Tokens {
    input: Option<u64>,
    cached: Option<u64>,
    cache_write: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<BesideLine>,
}

#[derive(Serialize)]
struct BesideLine {
    input: u64,
    cached: u64,
    cache_write: u64,
    output: u64,
}

impl<'r> From<&'r Record> for Line<'r> {
    fn from(record: &'r Record) -> Self {
        Self {
            time: rfc3339(record.at_ms),
            request_id: &record.request_id,
            policy: &record.policy,
            method: cut(&record.method, TEXT_BYTES_MAX),
            path: cut(&record.path, TEXT_BYTES_MAX),
            client: record.client.as_deref(),
            model: record
                .model
                .as_deref()
                .map(|model| cut(model, TEXT_BYTES_MAX)),
            streaming: record.streaming,
            arm: record.arm.as_deref(),
            class: record.class.as_deref(),
            target: record.target.as_deref(),
            attempts: record
                .attempts
                .iter()
                .take(ATTEMPTS_MAX)
                .map(AttemptLine::from)
                .collect(),
            status: record.status,
            code: record.code,
            outcome: record.outcome,
            tokens: record.usage.map(Tokens::from).unwrap_or_default(),
            tokens_estimated: record.usage_estimated,
            out_of_retries: record.out_of_retries,
            first_content_ms: record.first_content_us.map(millis),
            duration_ms: millis(record.duration_us),
        }
    }
}

impl<'r> From<&'r Attempt> for AttemptLine<'r> {
    fn from(attempt: &'r Attempt) -> Self {
        Self {
            target: &attempt.target,
            sent: attempt.sent,
            cause: attempt.cause.as_deref(),
            status: attempt.status,
            continued: attempt.continued,
            ms: millis(attempt.duration_us),
        }
    }
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self {
            input: Some(usage.input_total),
            cached: Some(usage.cache_read),
            cache_write: Some(usage.cache_write),
            output: Some(usage.output_total),
            reasoning: Some(usage.reasoning),
            beside: (usage.beside != Beside::default()).then(|| BesideLine::from(usage.beside)),
        }
    }
}

impl From<Beside> for BesideLine {
    fn from(beside: Beside) -> Self {
        let input = beside.input_uncached.saturating_add(beside.cache_read);
        Self {
            input: input.saturating_add(beside.cache_write),
            cached: beside.cache_read,
            cache_write: beside.cache_write,
            output: beside.output_total,
        }
    }
}

/// Milliseconds to the microsecond; above an hour whole ones, which is as exact as anyone reads.
fn millis(duration_us: u64) -> f64 {
    match u32::try_from(duration_us) {
        Ok(duration_us) => f64::from(duration_us) / 1000.0,
        Err(_) => f64::from(u32::try_from(duration_us / 1000).unwrap_or(u32::MAX)),
    }
}

#[cfg(test)]
mod tests;
