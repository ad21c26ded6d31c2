//! The turns of one request to its targets, as the log has them and as the next round needs them.

use claw_table::policy::Target;

use crate::clock::{Clock, Instant, micros};
use crate::dialect::reader::Skipped;
use crate::fault::{self, Fault};
use crate::observe::record;
use crate::plan::Step;

/// The turns of one request to its targets so far. The last one may still run.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// All of them, in order.
    pub(crate) attempts: Vec<record::Attempt>,
    /// Whether another round was refused because too much was asked again lately.
    pub(crate) out_of_retries: bool,
    /// Whether what is asked for now is the rest of an answer that broke off.
    pub(crate) continues: bool,
    /// The round it is in.
    pub(super) round: u32,
    began: Option<Instant>,
    /// Targets that asked for time, and for how much.
    put_off: Vec<(Target, Turn)>,
}

impl Trail {
    /// Notes that a target has its turn, and says since when.
    pub(super) fn begin(&mut self, step: &Step<'_>) -> Instant {
        let now = Clock.now();
        self.began = Some(now);
        self.attempts.push(record::Attempt {
            target: step.label(),
            // Until it is known that it was not: nobody may hope that a lost request cost nothing.
            sent: true,
            continued: self.continues,
            ..record::Attempt::default()
        });
        now
    }

    /// Notes why the last attempt failed.
    pub(crate) fn fail(&mut self, fault: &Fault) {
        if let Some(last) = self.attempts.last_mut() {
            last.cause = Some(fault.word());
            last.status = fault.status;
            last.sent = fault.sent != fault::Sent::Nothing;
        }
        self.end();
    }

    /// Notes how many hints the last attempt was not told.
    pub(super) fn drop_hints(&mut self, count: u64) {
        if let Some(last) = self.attempts.last_mut() {
            last.hints_dropped = count;
        }
    }

    /// Notes how the last attempt's stream was read.
    pub(crate) fn heard(&mut self, skipped: Skipped) {
        if let Some(last) = self.attempts.last_mut() {
            last.skipped |= skipped == Skipped::One;
        }
    }

    /// Where a target stands.
    pub(super) fn turn(&self, target: Target) -> Turn {
        let mut said = self.put_off.iter().rev();
        let said = said.find(|(other, _)| *other == target);
        said.map_or(Turn::Free, |(_, turn)| *turn)
    }

    /// Notes where it stands from now on.
    pub(super) fn put_off(&mut self, target: Target, turn: Turn) {
        if !matches!((turn, self.turn(target)), (Turn::Free, Turn::Free)) {
            self.put_off.push((target, turn));
        }
    }

    /// How many requests were put on the wire.
    pub(crate) fn sent(&self) -> u32 {
        let sent = self.attempts.iter().filter(|attempt| attempt.sent);
        u32::try_from(sent.count()).unwrap_or(u32::MAX)
    }

    /// Notes that the last attempt is over; a second note changes nothing.
    pub(crate) fn end(&mut self) {
        if self.began.is_some() {
            self.end_at(Clock.now());
        }
    }

    /// The same where it is known since when it is.
    pub(crate) fn end_at(&mut self, now: Instant) {
        if let (Some(began), Some(last)) = (self.began.take(), self.attempts.last_mut()) {
            last.duration_us = micros(now.saturating_duration_since(began));
        }
    }
}

/// Where a target stands within one request.
#[derive(Debug, Clone, Copy)]
pub(super) enum Turn {
    /// It may be tried in the next round.
    Free,
    /// It may be tried from then on: it said so itself.
    From(Instant),
    /// It asked for more patience than the policy has.
    Out,
}
