//! Writes one event each 20 ms to every stream, in one of two rhythms.
//!
//! ```text
//! 128 streams   alone     . . . . . . . . .   one event each 156 us: the proxy wakes for each
//!               bursts    :      :      :     six or seven events each ms: one wake-up for all
//! ```
//!
//! Streams of many providers tick on their own, so a lightly loaded proxy meets the first rhythm and
//! pays mostly the kernel for waking it; a loaded one meets the second, where its own work shows.

use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use crate::wire;

/// Between two events of one stream.
pub(crate) const PERIOD: Duration = Duration::from_millis(20);
/// Moments within a period at which events leave.
const ALONE: u32 = 128;
const BURSTS: u32 = 20;
/// No slice comes near it: 200 s.
const EVENTS_MAX: usize = 10_000;

/// Two threads that take over streams whose first event has been written.
#[derive(Clone)]
pub(crate) struct Pacers {
    /// Writes to one stream at a time.
    pub(crate) alone: Sender<TcpStream>,
    /// Writes to all streams of a millisecond at once.
    pub(crate) bursts: Sender<TcpStream>,
}

impl Pacers {
    /// Starts both; each sleeps while it has no stream.
    pub(crate) fn start() -> Pacers {
        let start = |slots| {
            let (sender, receiver) = channel();
            std::thread::spawn(move || pace(&receiver, slots));
            sender
        };
        Pacers {
            alone: start(ALONE),
            bursts: start(BURSTS),
        }
    }
}

struct Paced {
    socket: TcpStream,
    left: usize,
}

fn pace(arriving: &Receiver<TcpStream>, moments: u32) {
    let mut slots: Vec<Vec<Paced>> = (0..moments).map(|_| Vec::new()).collect();
    let mut due = Instant::now();
    for slot in (0..slots.len()).cycle() {
        if slots.iter().all(Vec::is_empty) {
            let Ok(first) = arriving.recv() else { return };
            place(&mut slots, first);
            due = Instant::now();
        }
        while let Ok(next) = arriving.try_recv() {
            place(&mut slots, next);
        }
        due += PERIOD / moments;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        slots[slot].retain_mut(tick);
    }
}

fn place(slots: &mut [Vec<Paced>], socket: TcpStream) {
    if let Some(emptiest) = slots.iter_mut().min_by_key(|slot| slot.len()) {
        emptiest.push(Paced {
            socket,
            left: EVENTS_MAX,
        });
    }
}

/// Writes one event. A stream ends when the proxy hung up, or does not take even one event more.
fn tick(stream: &mut Paced) -> bool {
    let event = wire::event(now_us());
    stream.left = stream.left.saturating_sub(1);
    stream.left > 0
        && stream
            .socket
            .write(event.as_bytes())
            .is_ok_and(|n| n == event.len())
}

/// Microseconds since 1970: the one clock that two processes of safe Rust share.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
