//! How long one request can take: the sum of what can come before the answer, cut by `total`.

use claw_table::policy::{Class, Deadlines, Retry, Target};

use super::{Attempts, Carrier, Shape, silent};

/// The longest that a request of a class can take, in milliseconds, term by term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    /// Connecting in vain to every target, in one round; it happens in every round but the last.
    pub connects_ms: u64,
    /// How many rounds that are.
    pub connects_rounds: u32,
    /// The wait before each new round: the longest backoff, or the longest `retry-after` that is
    /// honoured, if that is more.
    pub waits_ms: Vec<u64>,
    /// The failure that takes longest.
    pub fail: Fail,
    /// How many attempts fail before the last one.
    pub fails: u32,
    /// The last attempt.
    pub last: Last,
    /// All of it together.
    pub sum_ms: u64,
    /// The class's `total`, which ends everything.
    pub total_ms: u64,
    /// The bound: the smaller of the two.
    pub most_ms: u64,
}

/// An attempt that fails as late as it may and is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fail {
    /// Where it goes.
    pub target: Target,
    /// Its connect, where every attempt pays its own: if an unreached target moved on, this is
    /// counted among the connects already.
    pub connect_ms: u64,
    /// From its first byte to its failure.
    pub ms: u64,
}

/// The attempt that ends the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    /// Where it goes.
    pub target: Target,
    /// Connecting to it, and before it in vain to the targets above it.
    pub connects_ms: u64,
    /// From its first byte to its end.
    pub ms: u64,
}

/// What one target can take.
#[derive(Debug, Clone, Copy)]
struct Turn {
    target: Target,
    connect_ms: u64,
    fail_ms: u64,
    full_ms: u64,
}

/// Sums saturate: a bound that is too large to be written is still not too small.
pub(super) fn time(
    class: &Class,
    carriers: &[Carrier<'_>],
    (attempts, shape): (Attempts, Shape),
) -> Option<Time> {
    let total_ms = class.total_ms.unwrap_or(silent::TOTAL_MS);
    let turns: Vec<Turn> = carriers
        .iter()
        .map(|carrier| turn(class, carrier, (total_ms, shape)))
        .collect();
    let again = attempts.rounds.saturating_sub(1);
    let (connects_ms, connects_rounds) = if attempts.unsent_moves_on {
        let all = turns.iter().map(|turn| turn.connect_ms);
        (all.fold(0, u64::saturating_add), again)
    } else {
        (0, 0)
    };
    let fails = attempts.most.saturating_sub(1);
    let fail = fail(&turns, attempts)?;
    let last = last(&turns, attempts)?;
    // Who is not reached says nothing of when to come back.
    let honoured_ms = if attempts.sent_moves_on {
        class.retry.honor_retry_after_ms
    } else {
        0
    };
    let waits_ms: Vec<u64> = (0..again)
        .map(|round| backoff(&class.retry, round).max(honoured_ms))
        .collect();
    let sum_ms = [
        connects_ms.saturating_mul(connects_rounds.into()),
        fail.connect_ms
            .saturating_add(fail.ms)
            .saturating_mul(fails.into()),
        last.connects_ms,
        last.ms,
    ]
    .into_iter()
    .chain(waits_ms.iter().copied())
    .fold(0, u64::saturating_add);
    Some(Time {
        connects_ms,
        connects_rounds,
        waits_ms,
        fail,
        fails,
        last,
        sum_ms,
        total_ms,
        most_ms: sum_ms.min(total_ms),
    })
}

fn turn(class: &Class, carrier: &Carrier<'_>, (total_ms, shape): (u64, Shape)) -> Turn {
    let (ours, theirs) = (&class.deadlines, &carrier.provider.deadlines);
    let smaller =
        |of: fn(&Deadlines) -> Option<u64>| [of(ours), of(theirs)].into_iter().flatten().min();
    let full_ms = carrier.provider.attempt_ms.unwrap_or(total_ms);
    let first = smaller(|deadlines| deadlines.first_token_ms).unwrap_or(silent::FIRST_TOKEN_MS);
    Turn {
        target: carrier.target,
        connect_ms: smaller(|deadlines| deadlines.connect_ms).unwrap_or(silent::CONNECT_MS),
        fail_ms: match shape {
            Shape::Stream => first.min(full_ms),
            // It can break off at its last byte.
            Shape::Plain => full_ms,
        },
        full_ms,
    }
}

fn fail(turns: &[Turn], attempts: Attempts) -> Option<Fail> {
    let fails = turns.iter().map(|turn| Fail {
        target: turn.target,
        connect_ms: if attempts.unsent_moves_on {
            0
        } else {
            turn.connect_ms
        },
        ms: turn.fail_ms,
    });
    first_max(fails, |fail| fail.connect_ms.saturating_add(fail.ms))
}

fn last(turns: &[Turn], attempts: Attempts) -> Option<Last> {
    let mut before = 0_u64;
    let lasts = turns.iter().map(|turn| {
        let connects_ms = before.saturating_add(turn.connect_ms);
        if attempts.unsent_moves_on {
            before = connects_ms;
        }
        Last {
            target: turn.target,
            connects_ms,
            ms: turn.full_ms,
        }
    });
    first_max(lasts, |last| last.connects_ms.saturating_add(last.ms))
}

/// The largest, and of equals the first: that is the one the policy names first.
fn first_max<T>(list: impl Iterator<Item = T>, size: impl Fn(&T) -> u64) -> Option<T> {
    list.reduce(|most, next| {
        if size(&next) > size(&most) {
            next
        } else {
            most
        }
    })
}

/// The longest backoff after a round: it doubles with each, up to its bound.
pub(crate) fn backoff(retry: &Retry, round: u32) -> u64 {
    let doubled = retry
        .backoff_min_ms
        .saturating_mul(2_u64.saturating_pow(round.saturating_add(1)));
    doubled.min(retry.backoff_max_ms).max(retry.backoff_min_ms)
}
