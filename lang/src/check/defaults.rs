//! What holds where a policy does not say: the one place of every default.

use claw_table::policy::{Cause, Causes, Retry};

/// Attempts of a class without `retry`, and of a `retry` without `attempts`.
pub(super) const ATTEMPTS: u32 = 3;
/// Bounds of the wait before a new round, in milliseconds.
pub(super) const BACKOFF_MS: (u64, u64) = (200, 5_000);
/// The longest `retry-after` that is waited for, in milliseconds.
pub(super) const HONOR_RETRY_AFTER_MS: u64 = 10_000;

/// What moves on where the policy does not say: what passes by itself, and answers that are none.
pub(super) fn causes() -> Causes {
    let named = Cause::ALL
        .into_iter()
        .filter(|cause| !cause.is_callers())
        .map(Cause::bit)
        .fold(0, |all, bit| all | bit);
    Causes {
        named,
        statuses: vec![(429, 429), (500, 599)],
    }
}

/// The retry of a class that names none.
pub(super) fn retry() -> Retry {
    Retry {
        on: causes(),
        attempts: ATTEMPTS,
        backoff_min_ms: BACKOFF_MS.0,
        backoff_max_ms: BACKOFF_MS.1,
        honor_retry_after_ms: HONOR_RETRY_AFTER_MS,
    }
}
