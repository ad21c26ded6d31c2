//! The worst case of a class as arithmetic: attempts, milliseconds, pico-dollars, with every term.
//!
//! ```text
//! round 1: a ─unsent→ b ─unsent─┐          a turn that reaches nobody costs its connect, no attempt
//!          ┌──── longest wait ──┘          between rounds: backoff, or a retry-after that is honoured
//! round 2: a ─attempt→ b ─attempt─┐        all attempts but the last fail as late as they may
//! round 3: a ─unsent→ b ═ answer ═         the last one takes all the time it has
//! ```
//!
//! Each term is at its own worst. Together they are never below what one request can meet; where
//! two terms exclude each other they can be above it.

mod asks;
mod cost;
mod time;

use claw_table::policy::{AfterCut, Cause, Class, Commit, Model, Policy, Provider, Retry, Target};

pub use asks::Asks;
pub use cost::{Cost, Dear, Gap, TargetCost};
pub(crate) use cost::{asked, asked_at};
pub(crate) use time::backoff;
pub use time::{Fail, Last, Time};

/// What the runtime does where a policy says nothing, in milliseconds. A test of the whole holds
/// these against the runtime's own limits.
pub mod silent {
    /// `connect`
    pub const CONNECT_MS: u64 = 5_000;
    /// `first-token` of a stream.
    pub const FIRST_TOKEN_MS: u64 = 60_000;
    /// `total`
    pub const TOTAL_MS: u64 = 600_000;
}

/// The request whose worst case is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// What it asks for: a target that has no words for it is passed over.
    pub asks: Asks,
    /// The capabilities that it uses, as bits of [`claw_table::Can`]: a target that is known to
    /// lack one of them is passed over.
    pub has: u16,
    /// How long a failure can still be replaced.
    pub shape: Shape,
}

/// How long a failure can still be replaced by another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Until the first content: a stream.
    Stream,
    /// Until the end of the attempt: an answer that is shown whole.
    Plain,
}

/// The worst case of one class for one load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worst {
    /// Requests on the wire.
    pub attempts: Attempts,
    /// From the arrival of the head to the end of the answer.
    pub time: Time,
    /// What the attempts may be billed.
    pub cost: Cost,
}

/// How many requests are put on the wire at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// The bound.
    pub most: u32,
    /// Rounds through the targets, at most.
    pub rounds: u32,
    /// Whether a failure after sending moves on. Where none does, the first attempt is the last.
    pub sent_moves_on: bool,
    /// Whether a target that is not reached is passed, at the cost of its connect alone.
    pub unsent_moves_on: bool,
}

/// One target that can carry the load, with what is known of it.
#[derive(Debug, Clone, Copy)]
struct Carrier<'p> {
    target: Target,
    provider: &'p Provider,
    model: &'p Model,
}

/// The worst case of a class; nothing if no target can carry the load, for then nothing is sent.
pub fn worst(policy: &Policy, class: &Class, load: Load) -> Option<Worst> {
    let carriers = carriers(policy, class, load);
    let attempts = attempts(&class.retry);
    Some(Worst {
        attempts,
        time: time::time(class, &carriers, (attempts, load.shape))?,
        cost: cost::cost(&carriers, attempts.most)?,
    })
}

/// The worst case of a class for a stream and for a plain answer; nothing if no target can carry
/// any request.
pub(crate) fn of_class(policy: &Policy, class: &Class) -> Option<(Worst, Worst)> {
    let of = |shape| {
        // A class whose models make embeddings carries nothing else.
        let load = |asks| Load {
            asks,
            has: 0,
            shape,
        };
        let mut all = Asks::ALL.into_iter();
        all.find_map(|asks| worst(policy, class, load(asks)))
    };
    // What is shown whole fails as late as a plain answer.
    let fails_late = class.commit == Commit::Whole || class.after_cut == AfterCut::Continue;
    let streamed = if fails_late {
        Shape::Plain
    } else {
        Shape::Stream
    };
    Some((of(streamed)?, of(Shape::Plain)?))
}

fn carriers<'p>(policy: &'p Policy, class: &Class, load: Load) -> Vec<Carrier<'p>> {
    let known = class.targets.iter().filter_map(|target| {
        let provider = policy.providers.get(target.provider.index())?;
        let model = provider.models.get(target.model.index())?;
        Some(Carrier {
            target: *target,
            provider,
            model,
        })
    });
    let carries = |it: &Carrier<'_>| load.asks.carries((it.provider.api, it.model), load.has);
    known.filter(carries).collect()
}

fn attempts(retry: &Retry) -> Attempts {
    let named = |cause: Cause| retry.on.names(cause);
    let sent_moves_on = !retry.on.statuses.is_empty()
        || Cause::ALL
            .into_iter()
            .any(|cause| cause != Cause::Connect && named(cause));
    // A connection that is not ready in time counts as a timeout.
    let unsent_moves_on = named(Cause::Connect) || named(Cause::Timeout);
    let asked = retry.attempts.max(1);
    Attempts {
        most: if sent_moves_on { asked } else { 1 },
        rounds: if sent_moves_on || unsent_moves_on {
            asked
        } else {
            1
        },
        sent_moves_on,
        unsent_moves_on,
    }
}
