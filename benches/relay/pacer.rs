//! Writes events to every stream, in one of three rhythms.
//!
//! ```text
//!   128 streams   alone    . . . . . . . . .   each 20 ms: one event each 156 us, the proxy wakes for each
//!                 bursts   :      :      :     each 20 ms: six or seven events each ms, one wake-up for all
//! 5 000 streams   slow     .........           each 250 ms: what many streams hold is counted
//! ```
//!
//! Streams of many providers tick on their own, so a lightly loaded proxy meets the first rhythm and
//! pays mostly the kernel for waking up; a loaded one meets the second, where its own work shows.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpStream;

use crate::wire;

/// Between two events of one stream.
pub(crate) const PERIOD: Duration = Duration::from_millis(20);
/// The same, where there are thousands.
pub(crate) const SLOW_PERIOD: Duration = Duration::from_millis(250);
/// No slice comes near it: 200 s.
const EVENTS_MAX: usize = 10_000;

/// When the events of many streams leave.
#[derive(Clone, Copy)]
pub(crate) enum Rhythm {
    /// Evenly spread.
    Alone,
    /// Those of one millisecond at once.
    Bursts,
    /// Evenly spread, and slowly.
    Slow,
}

/// Takes over streams whose first event has been written.
#[derive(Clone)]
pub(crate) struct Pacer {
    alone: Rc<RefCell<Dial>>,
    bursts: Rc<RefCell<Dial>>,
    slow: Rc<RefCell<Dial>>,
}

impl Pacer {
    /// Starts every rhythm.
    pub(crate) fn start() -> Pacer {
        let start = |moments, period| {
            let dial = Rc::new(RefCell::new(Dial::new(moments, period)));
            tokio::task::spawn_local(pace(Rc::clone(&dial)));
            dial
        };
        Pacer {
            alone: start(128, PERIOD),
            bursts: start(20, PERIOD),
            slow: start(250, SLOW_PERIOD),
        }
    }

    /// Takes over one stream.
    pub(crate) fn take(&self, socket: TcpStream, rhythm: Rhythm) {
        let dial = match rhythm {
            Rhythm::Alone => &self.alone,
            Rhythm::Bursts => &self.bursts,
            Rhythm::Slow => &self.slow,
        };
        dial.borrow_mut().place(socket);
    }
}

/// Streams by the moment of the period at which their events leave.
struct Dial {
    moments: Vec<Vec<Paced>>,
    next: usize,
    due: Instant,
    /// From one moment to the next.
    step: Duration,
}

struct Paced {
    socket: TcpStream,
    left: usize,
}

async fn pace(dial: Rc<RefCell<Dial>>) {
    loop {
        if dial.borrow().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            dial.borrow_mut().due = Instant::now();
        } else {
            dial.borrow_mut().turn();
            // The peers are awake while a slice runs: this comes back at once.
            tokio::task::yield_now().await;
        }
    }
}

impl Dial {
    fn new(moments: usize, period: Duration) -> Dial {
        Dial {
            step: period / moments as u32,
            moments: (0..moments).map(|_| Vec::new()).collect(),
            next: 0,
            due: Instant::now(),
        }
    }

    fn is_empty(&self) -> bool {
        self.moments.iter().all(Vec::is_empty)
    }

    fn place(&mut self, socket: TcpStream) {
        if let Some(emptiest) = self.moments.iter_mut().min_by_key(|streams| streams.len()) {
            emptiest.push(Paced {
                socket,
                left: EVENTS_MAX,
            });
        }
    }

    /// Writes what is due, one moment at most.
    fn turn(&mut self) {
        if Instant::now() < self.due {
            return;
        }
        self.due += self.step;
        self.moments[self.next].retain_mut(tick);
        self.next = (self.next + 1) % self.moments.len();
    }
}

/// Writes one event. A stream ends when the proxy hung up, or does not take even one event more.
fn tick(stream: &mut Paced) -> bool {
    let event = wire::event(now_us());
    stream.left = stream.left.saturating_sub(1);
    stream.left > 0
        && stream
            .socket
            .try_write(event.as_bytes())
            .is_ok_and(|n| n == event.len())
}

/// Microseconds since 1970.
pub(crate) fn now_us() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
