//! Every sequence of failures that a small class can meet, walked through one by one.

use claw_lang::worst::Shape;
use claw_table::policy::{Cause, Causes, Charge, Price, Retry, When};

use super::{Like, TIERS};

/// The most that any sequence came to, each figure for itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) attempts: u32,
    pub(super) ms: u64,
    pub(super) pico: u128,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Free,
    From(u64),
    Out,
}

#[derive(Debug, Clone)]
struct At {
    round: u32,
    turn: usize,
    now: u64,
    sent: u32,
    pico: u128,
    turns: Vec<Turn>,
}

/// Tries everything that can happen, turn by turn, as the gateway goes from target to target.
struct Simulation<'a> {
    likes: Vec<&'a Like>,
    /// What an attempt to each of them is billed.
    dear: &'a [u128],
    retry: &'a Retry,
    total: u64,
    shape: Shape,
    seen: Seen,
}

impl Simulation<'_> {
    fn step(&mut self, at: &At) {
        self.seen.attempts = self.seen.attempts.max(at.sent);
        self.seen.ms = self.seen.ms.max(at.now.min(self.total));
        self.seen.pico = self.seen.pico.max(at.pico);
        if at.now >= self.total {
            return;
        }
        let Some(like) = self.likes.get(at.turn).copied() else {
            return self.round(at);
        };
        let due = match at.turns[at.turn] {
            Turn::Free => true,
            Turn::From(then) => then <= at.now,
            Turn::Out => false,
        };
        let mut next = at.clone();
        next.turn += 1;
        if !due {
            return self.step(&next);
        }
        if at.sent >= self.retry.attempts {
            return;
        }
        // Nobody is reached, at once or after the longest wait.
        for ms in [0, like.connect_ms] {
            let mut next = next.clone();
            next.now += ms;
            next.turns[at.turn] = Turn::Free;
            if self.retry.on.names(Cause::Connect) || self.retry.on.names(Cause::Timeout) {
                self.step(&next);
            } else {
                self.end(&next);
            }
        }
        next.sent += 1;
        next.pico += self.dear[at.turn];
        // It serves, as slowly as it may.
        let mut served = next.clone();
        served.now += like.connect_ms + like.attempt_ms;
        self.end(&served);
        // It fails, at once or as late as it may, and says nothing, a wait, or a wait too long.
        let late = match self.shape {
            Shape::Stream => like.first_ms.min(like.attempt_ms),
            Shape::Plain => like.attempt_ms,
        };
        let lists = |on: &Causes| !on.statuses.is_empty() || on.named & !Cause::Connect.bit() != 0;
        for ms in [0, like.connect_ms + late] {
            let honor = self.retry.honor_retry_after_ms;
            for turn in [Turn::Free, Turn::From(at.now + ms + honor), Turn::Out] {
                let mut failed = next.clone();
                failed.now += ms;
                failed.turns[at.turn] = turn;
                if lists(&self.retry.on) {
                    self.step(&failed);
                } else {
                    self.end(&failed);
                }
            }
        }
    }

    fn end(&mut self, at: &At) {
        self.seen.attempts = self.seen.attempts.max(at.sent);
        self.seen.ms = self.seen.ms.max(at.now.min(self.total));
        self.seen.pico = self.seen.pico.max(at.pico);
    }

    fn round(&mut self, at: &At) {
        let rounds = self.retry.attempts;
        if at.round + 1 == rounds || at.sent >= rounds {
            return;
        }
        let low = self.retry.backoff_min_ms;
        let high = (low << (at.round + 1)).min(self.retry.backoff_max_ms);
        for backoff in [low, high] {
            let waits = at.turns.iter().filter_map(|turn| match turn {
                Turn::Free => Some(backoff),
                Turn::From(then) => Some(then.saturating_sub(at.now)),
                Turn::Out => None,
            });
            let Some(wait) = waits.min() else { return };
            // A wait that ends behind the deadline is not begun.
            if at.now + wait < self.total {
                let mut next = at.clone();
                next.round += 1;
                next.turn = 0;
                next.now += wait;
                self.step(&next);
            }
        }
    }
}

/// Every way to fill the window, in every tier, on every day, at every hour.
fn dearest(like: &Like) -> u128 {
    let out_max = like.output.unwrap_or(like.context).min(like.context);
    let mut most = 0;
    for input in 0..=like.context {
        let output = out_max.min(like.context - input);
        for (tier, day) in TIERS
            .iter()
            .flat_map(|tier| (0..3).map(move |day| (*tier, day)))
        {
            for (is_hour, is_above) in [(false, false), (false, true), (true, false), (true, true)]
            {
                let holds = |when: &When| {
                    // Providers differ in whether `above` is more, or as much.
                    let beyond = |tokens| input > tokens || is_above && input == tokens;
                    when.above_tokens.is_none_or(beyond)
                        && when.tier.as_deref().is_none_or(|due| tier == Some(due))
                        && when.from_day.is_none_or(|from| day >= from)
                        && (is_hour || when.during.is_none())
                };
                most = most.max(billed(&like.prices, holds, (input, output)));
            }
        }
    }
    most
}

/// The dearest bill for so much input and output under the prices that hold, read literally.
fn billed(prices: &[Price], holds: impl Fn(&When) -> bool, (input, output): (u64, u64)) -> u128 {
    let rate = |charge: Charge| {
        let said = || {
            prices
                .iter()
                .filter(|p| holds(&p.when) && p.rates.pico(charge).is_some())
        };
        let counts = said().filter(|p| !said().any(|other| other.when.overrides(&p.when)));
        counts
            .filter_map(|p| p.rates.pico(charge))
            .max()
            .unwrap_or(0)
    };
    let inputs = [
        Charge::In,
        Charge::Cached,
        Charge::CacheWrite,
        Charge::CacheWrite1h,
        Charge::AudioIn,
    ];
    let input_rate = inputs.into_iter().map(rate).max().unwrap();
    let output_rate = rate(Charge::Out).max(rate(Charge::AudioOut));
    u128::from(input * input_rate + output * output_rate + rate(Charge::Call))
}

/// Any of the targets may be out of the question for a request.
pub(super) fn simulate(likes: &[Like], retry: &Retry, (total, shape): (u64, Shape)) -> Seen {
    let mut seen = Seen::default();
    let bills: Vec<u128> = likes.iter().map(dearest).collect();
    for kept in 1..1_u32 << likes.len() {
        let likes: Vec<&Like> = likes
            .iter()
            .enumerate()
            .filter(|(at, _)| kept & (1 << at) != 0)
            .map(|(_, like)| like)
            .collect();
        let turns = vec![Turn::Free; likes.len()];
        let kept_of = |(at, bill): (usize, &u128)| (kept & (1 << at) != 0).then_some(*bill);
        let dear: Vec<u128> = bills.iter().enumerate().filter_map(kept_of).collect();
        let mut simulation = Simulation {
            likes,
            dear: &dear,
            retry,
            total,
            shape,
            seen,
        };
        simulation.step(&At {
            round: 0,
            turn: 0,
            now: 0,
            sent: 0,
            pico: 0,
            turns,
        });
        seen = simulation.seen;
    }
    seen
}
