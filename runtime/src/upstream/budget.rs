//! How much may be asked again: repeats are paid for by first attempts, so that a gateway whose
//! providers fail does not ask them several times as much as its clients ask it.
//!
//! ```text
//! first attempt of a request      + a tenth of a repeat
//! a second that passes            + `retries_per_s_min` repeats, up to `retries_max`
//! any further attempt             − one repeat
//! ```
//!
//! Moving on to another target is paid for as well, but never refused: each target is asked once in
//! a round, and a client's answer may depend on it. What is refused while nothing is left is another
//! round, in which the same targets would be asked again.
//!
//! There is one for each worker, so nothing is shared and the ordinary request pays for one addition.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::{Clock, Instant};
use crate::limits::Limits;

/// What is left for repeats.
#[derive(Debug)]
pub(crate) struct Budget {
    /// In thousandths of a repeat.
    left: AtomicU64,
    /// Milliseconds from `began` for which seconds were paid.
    paid_ms: AtomicU64,
    began: Instant,
    max: u64,
    per_request: u64,
    per_s: u64,
}

/// One repeat.
const ONE: u64 = 1_000;

impl Budget {
    /// Full.
    pub(crate) fn new(limits: &Limits) -> Self {
        let max = limits.retries_max.saturating_mul(ONE);
        Self {
            left: AtomicU64::new(max),
            paid_ms: AtomicU64::new(0),
            began: Clock.now(),
            max,
            per_request: limits.retries_per_100_requests.saturating_mul(ONE) / 100,
            per_s: limits.retries_per_s_min.saturating_mul(ONE),
        }
    }

    /// A request is asked for the first time.
    pub(crate) fn earn(&self) {
        // More than `max` may gather here; what is too much is taken off before any of it is spent.
        self.left.fetch_add(self.per_request, Ordering::Relaxed);
    }

    /// Something is asked once more. It is paid for as far as there is something left.
    pub(crate) fn spend(&self) {
        self.settle(|left| left.saturating_sub(ONE));
    }

    /// Whether there is enough left to ask once more.
    pub(crate) fn allows(&self) -> bool {
        self.settle(|left| left) >= ONE
    }

    /// What is left, after what is due was paid in, and before `change`.
    fn settle(&self, change: impl Fn(u64) -> u64) -> u64 {
        let due = self.due();
        let held = |left: u64| left.saturating_add(due).min(self.max);
        let before = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some(change(held(left)))
            });
        before.map_or(0, held)
    }

    /// What the time since it was last asked for is worth.
    fn due(&self) -> u64 {
        let since = Clock.now().saturating_duration_since(self.began);
        let now_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let paid_ms = self.paid_ms.fetch_max(now_ms, Ordering::Relaxed);
        let due_ms = now_ms.saturating_sub(paid_ms);
        due_ms.saturating_mul(self.per_s) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Budget;
    use crate::limits::Limits;

    fn of(retries_max: u64, per_s: u64) -> Budget {
        Budget::new(&Limits {
            retries_max,
            retries_per_s_min: per_s,
            retries_per_100_requests: 10,
            ..Limits::default()
        })
    }

    #[tokio::test(start_paused = true)]
    async fn ten_requests_pay_for_one_repeat() {
        let budget = of(2, 0);
        budget.spend();
        budget.spend();
        assert!(!budget.allows());
        for _ in 0..9 {
            budget.earn();
        }
        assert!(!budget.allows());
        budget.earn();
        assert!(budget.allows());
        budget.spend();
        assert!(!budget.allows());
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_gateway_may_ask_again_after_a_while_and_saves_no_more_than_the_most() {
        let budget = of(3, 10);
        for _ in 0..20 {
            budget.spend();
        }
        assert!(!budget.allows());
        tokio::time::advance(Duration::from_millis(100)).await;
        assert!(budget.allows());
        for _ in 0..1_000 {
            budget.earn();
        }
        tokio::time::advance(Duration::from_hours(1)).await;
        for _ in 0..3 {
            assert!(budget.allows());
            budget.spend();
        }
        assert!(!budget.allows());
    }
}
