//! The only door to time and chance: everything else is told what time it is.

use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Context;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use tokio::time::Instant;
use tokio::time::Sleep;

/// The time of day and the time that only goes forward.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    /// The monotonic now; it stands still where a test has paused the runtime's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(self) -> Instant {
        Instant::now()
    }

    /// The time of day.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn wall(self) -> SystemTime {
        SystemTime::now()
    }

    /// Milliseconds since 1970, UTC.
    pub fn wall_ms(self) -> u64 {
        let since = self.wall().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| micros(since) / 1000)
    }
}

/// The time of day at which requests are taken to come: the system's, or one that is set.
#[derive(Debug, Clone, Default)]
pub enum Wall {
    /// The system's.
    #[default]
    System,
    /// Milliseconds since 1970, UTC, that stand still until they are set anew.
    Set(Arc<AtomicU64>),
}

impl Wall {
    /// Milliseconds since 1970, UTC.
    pub fn ms(&self) -> u64 {
        match self {
            Self::System => Clock.wall_ms(),
            Self::Set(at_ms) => at_ms.load(Ordering::Relaxed),
        }
    }
}

/// A timer for deadlines that move: it is set again only when it fires too early or a deadline
/// comes closer, so what is busy does not touch the timer wheel.
#[derive(Debug, Default)]
pub struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Whether `deadline` has passed; if not, the task is woken then.
    pub fn passed(&mut self, deadline: Instant, cx: &mut Context<'_>) -> bool {
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if deadline < sleep.deadline() {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if Clock.now() >= deadline {
                return true;
            }
            sleep.as_mut().reset(deadline);
        }
        false
    }
}

/// Whole microseconds, at most `u64::MAX`.
pub fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// A seeded source of chance (splitmix64): the same seed gives the same run.
#[derive(Debug)]
pub struct Dice {
    state: AtomicU64,
}

impl Dice {
    /// A source that always gives the same numbers.
    pub fn seeded(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(seed),
        }
    }

    /// A source that no other process shares: the standard library keys its hash maps from the
    /// operating system's randomness.
    pub fn from_system() -> Self {
        let mut hasher = std::hash::RandomState::new().build_hasher();
        hasher.write_u64(Clock.wall_ms());
        Self::seeded(hasher.finish())
    }

    /// The next number.
    pub fn roll(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self
            .state
            .fetch_add(STEP, Ordering::Relaxed)
            .wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from zero to `max`, both included.
    pub fn up_to(&self, max: u64) -> u64 {
        max.checked_add(1)
            .map_or_else(|| self.roll(), |n| self.roll() % n)
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let (a, b) = (Dice::seeded(7), Dice::seeded(7));
        let first: Vec<u64> = (0..8).map(|_| a.roll()).collect();
        assert_eq!(first, (0..8).map(|_| b.roll()).collect::<Vec<_>>());
        assert_ne!(first[0], first[1]);
    }

    #[test]
    fn a_bounded_roll_reaches_both_ends_and_no_further() {
        let dice = Dice::seeded(1);
        let rolls: Vec<u64> = (0..200).map(|_| dice.up_to(3)).collect();
        assert_eq!(rolls.iter().max(), Some(&3));
        assert_eq!(rolls.iter().min(), Some(&0));
        dice.up_to(u64::MAX);
    }
}
