//! An answer that breaks off: who goes on with it, from where, and what it used in all; or how its
//! client is told.

use super::{Relay, Stage};
use crate::fault::{Fault, Kind, Sent};
use crate::meter::usage::Usage;
use crate::relay::after::Rest;
use crate::relay::journal::Journal;
use crate::relay::waiting::Coming;
use crate::respond::{Circumstances, event, reply};
use crate::translate::Translator;

impl Relay {
    /// Whether it waits for another target.
    pub(in crate::relay) fn is_broken(&self) -> bool {
        self.stage == Stage::Broken && self.ready.is_empty()
    }

    /// Whether another target may go on after this fault; notes what was used until then.
    pub(super) fn is_followed(&mut self, fault: &Fault) -> bool {
        let in_text = self.said().is_some();
        let bytes = self.teller().map_or(0, Translator::said_bytes);
        let Some(after) = &mut self.after else {
            return false;
        };
        let successor = after.successor.as_ref().filter(|_| in_text);
        if !successor.is_some_and(|successor| successor.follows(fault)) {
            return false;
        }
        let (used, is_guess) = after.used(after.told, bytes);
        after.said_bytes = bytes;
        after.broken = Some(fault.clone());
        after.spent = Some(after.spent.map_or(used, |spent| spent.plus(used)));
        let record = &mut self.journal.record;
        record.usage = after.spent;
        record.usage_estimated |= is_guess;
        if let Some(last) = self.journal.trail.attempts.last_mut() {
            last.usage = Some(used);
        }
        true
    }

    /// Whoever goes on with it, with it.
    pub(in crate::relay) fn go_on(mut self: Box<Self>) -> Coming {
        let successor = self.after.as_mut().and_then(|after| after.successor.take());
        if let Some(successor) = successor {
            return successor.go_on(self);
        }
        self.give_up();
        Box::pin(std::future::ready(self))
    }

    /// The text that the client has, if the answer is in the middle of it.
    pub(crate) fn said(&self) -> Option<&str> {
        self.teller().and_then(Translator::said)
    }

    /// The request's record.
    pub(crate) fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// Goes on with the rest of the answer.
    pub(crate) fn resume(&mut self, rest: Rest) {
        let stream = rest.stream;
        let shadow = self.after.as_mut().and_then(|after| after.shadow.take());
        self.translator = self.translator.take().or(shadow);
        if let Some(teller) = &mut self.translator {
            teller.go_on(stream.translator.map(|next| *next), rest.dialect);
        }
        if let Some(after) = &mut self.after {
            after.broken = None;
            after.successor = Some(rest.successor);
        }
        self.origin.pool_key = rest.pool_key;
        self.origin.idle = rest.idle;
        self.flow = Some(stream.flow);
        self.reader = Some(stream.reader);
        self.deadline = stream.deadline;
        self.waiting_since = None;
        self.tail_seen = false;
        self.stage = Stage::Live;
        let last = self.journal.trail.attempts.last();
        self.journal.record.target = last.map(|last| last.target.clone());
        self.take(stream.held);
        self.settle(stream.stop);
    }

    /// Nobody goes on with it: the client is told what broke it off.
    pub(crate) fn give_up(&mut self) {
        let broken = self.after.as_mut().and_then(|after| after.broken.take());
        let fault = broken.unwrap_or_else(|| Fault::of(Kind::Cut, Sent::Content));
        self.end(&fault);
    }

    /// Ends it for this reason.
    pub(crate) fn end(&mut self, fault: &Fault) {
        self.after = None;
        self.tell(fault, "cut");
    }

    /// Puts the error event behind what is on its way.
    pub(super) fn tell(&mut self, fault: &Fault, outcome: &'static str) {
        let reply = reply(
            fault,
            &Circumstances {
                policy: self.origin.snapshot.table.policy(),
                limits: &self.origin.limits,
                attempts: &self.journal.trail.attempts,
                arm: None,
                class: None,
                dialect: self.origin.dialect,
            },
        );
        self.journal.record.code = Some(reply.code);
        self.journal.end(outcome);
        self.ready
            .push_back(event(&reply, self.origin.dialect, self.heard));
        self.stage = Stage::LastWords;
    }

    /// What all attempts used, if the last one used this.
    pub(super) fn in_all(&mut self, told: Option<Usage>) -> Option<Usage> {
        let bytes = self.teller().map_or(0, Translator::said_bytes);
        let Some(after) = &mut self.after else {
            return told;
        };
        after.told = told;
        let Some(spent) = after.spent else {
            return told;
        };
        let (used, is_guess) = after.used(told, bytes);
        self.journal.record.usage_estimated |= is_guess;
        Some(spent.plus(used))
    }

    fn teller(&self) -> Option<&Translator> {
        let shadow = || {
            self.after
                .as_ref()
                .and_then(|after| after.shadow.as_deref())
        };
        self.translator.as_deref().or_else(shadow)
    }
}
