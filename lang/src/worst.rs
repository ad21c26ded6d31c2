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

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use claw_table::RequestedId;
use claw_table::policy::{
    AfterCut, Cause, Class, Commit, Leg, Model, Policy, Provider, Retry, Target,
};

pub use asks::Asks;
use cost::asked_for;
pub use cost::{Cost, Dear, Gap, TargetCost};
pub(crate) use cost::{asked, asked_at, unknown};
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
    /// The capabilities that it does not use, so that what is charged for them is not.
    pub without: u16,
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
    let attempts = attempts(&class.retry);
    let all = carriers(policy, &class.targets, (load.asks, load.has));
    // One request names one model, so what it takes is the most of all that it may name, and never
    // their sum.
    let times = ways(policy, class).into_iter().filter_map(|targets| {
        let carriers = carriers(policy, &targets, (load.asks, load.has));
        time::time(class, &carriers, (attempts, load.shape))
    });
    let time = times.reduce(|most, next| {
        if next.sum_ms > most.sum_ms {
            next
        } else {
            most
        }
    });
    Some(Worst {
        attempts,
        time: time?,
        cost: cost::cost(&all, (attempts.most, load.without))?,
    })
}

/// The targets that one request may be tried at, for each model that makes a difference to name.
fn ways<'p>(policy: &'p Policy, class: &'p Class) -> Vec<Cow<'p, [Target]>> {
    // A catalog has hundreds of names, so each list is read once and not for every name.
    let mut offers: BTreeMap<RequestedId, BTreeMap<&str, Target>> = BTreeMap::new();
    for leg in &class.legs {
        if let Leg::Requested(list) = leg {
            let offered = policy.offered_by(*list);
            let named = offered.map(|target| (name_of(policy, target), target));
            offers.insert(*list, named.collect());
        }
    }
    let names: BTreeSet<&str> = offers.values().flat_map(|of| of.keys().copied()).collect();
    if names.is_empty() {
        return vec![Cow::Borrowed(&*class.targets)];
    }
    let way = |name: &str| {
        let legs = class.legs.iter().filter_map(|leg| match leg {
            Leg::Requested(list) => offers.get(list)?.get(name).copied().map(Leg::Target),
            Leg::Target(_) | Leg::Pool(_) => Some(*leg),
        });
        Cow::Owned(policy.reached(&legs.collect::<Vec<_>>()))
    };
    names.into_iter().map(way).collect()
}

fn name_of(policy: &Policy, target: Target) -> &str {
    let provider = policy.providers.get(target.provider.index());
    let model = provider.and_then(|provider| provider.models.get(target.model.index()));
    model.map_or("", |model| &model.name)
}

/// The targets that a request may be tried at which names this model, in the order of the text:
/// `requested` leads it to one of all that it offers, or to none.
pub(crate) fn tried(policy: &Policy, class: &Class, named: Option<&str>) -> Vec<Target> {
    let legs = class.legs.iter().filter_map(|leg| match leg {
        Leg::Requested(list) => policy.offer(*list, named?).map(Leg::Target),
        Leg::Target(_) | Leg::Pool(_) => Some(*leg),
    });
    policy.reached(&legs.collect::<Vec<_>>())
}

/// What this very request may be billed, and in which minute since 1970 where that is known;
/// nothing if no target can carry it.
pub(crate) fn billed(policy: &Policy, class: &Class, size: Size<'_>) -> Option<Cost> {
    let targets = tried(policy, class, size.named);
    let mut carriers = carriers(policy, &targets, (size.asks, size.has));
    carriers.retain(|it| size.asks.fits(it.model, size.in_tokens));
    let tokens = (size.in_tokens, size.out_tokens_max);
    cost::billed(&carriers, attempts(&class.retry).most, |model| {
        asked_for(model, tokens, (size.minute, !size.has))
    })
}

/// What of a request decides its cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size<'r> {
    /// The model that it names.
    pub(crate) named: Option<&'r str>,
    pub(crate) asks: Asks,
    /// The capabilities that it uses, as bits of [`claw_table::Can`].
    pub(crate) has: u16,
    pub(crate) in_tokens: Option<u64>,
    pub(crate) out_tokens_max: Option<u64>,
    pub(crate) minute: Option<i64>,
}

/// The worst case of a class for a stream and for a plain answer; nothing if no target can carry
/// any request.
pub(crate) fn of_class(policy: &Policy, class: &Class) -> Option<(Worst, Worst)> {
    let of = |shape| {
        // A class whose models make embeddings carries nothing else.
        let load = |asks| Load {
            asks,
            has: 0,
            without: 0,
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

fn carriers<'p>(
    policy: &'p Policy,
    targets: &[Target],
    (asks, has): (Asks, u16),
) -> Vec<Carrier<'p>> {
    let known = targets.iter().filter_map(|target| {
        let provider = policy.providers.get(target.provider.index())?;
        let model = provider.models.get(target.model.index())?;
        Some(Carrier {
            target: *target,
            provider,
            model,
        })
    });
    let carries = |it: &Carrier<'_>| asks.carries((it.provider.api, it.model), has);
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
