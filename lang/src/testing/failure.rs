//! How one attempt fails in a test, as the gateway would see it.

use claw_table::policy::{Cause, Causes, Target};

use super::course::Waits;
use crate::model::{Failing, How, Part};

/// An attempt that gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    /// The cause that a retry may name.
    pub cause: Option<Cause>,
    /// The status that the provider answered with.
    pub status: Option<u16>,
    /// How long it asks to wait, in milliseconds.
    pub wait_ms: Option<u64>,
    /// How long it took to fail, in milliseconds.
    pub took_ms: u64,
    /// What the client has of it.
    pub seen: Seen,
}

/// How far a failed attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing was put on the wire.
    Unsent,
    /// The request was, and the provider refused it.
    Refused,
    /// The provider may have worked on it, and the client has seen nothing.
    Hidden,
    /// The client has seen the beginning of the answer.
    Begun,
}

/// Where an attempt goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    pub target: Target,
    /// Which of the provider's keys.
    pub key: usize,
    /// Which of its addresses.
    pub url: usize,
}

/// What may come before the first content, and how the answer is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    pub waits: Waits,
    /// The events of a stream up to its first content, that one included; nothing if an answer is
    /// shown only when it is whole.
    pub opening: Option<u64>,
}

/// What an attempt meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// An answer, that begins after so many milliseconds.
    Answer(u64),
    /// None.
    Failure(Failure),
}

/// What an attempt meets: the fault that is said of the smallest part, and of equals the first.
pub(super) fn met(faults: &[Failing], seat: Seat, watched: Watched) -> Met {
    let hits = |fault: &&Failing| {
        fault.provider == seat.target.provider
            && fault.target.is_none_or(|target| target == seat.target)
            && match fault.part {
                Part::Whole => true,
                Part::Key(key) => key == seat.key,
                Part::Url(url) => url == seat.url,
            }
    };
    let weight = |fault: &Failing| (fault.target.is_some(), fault.part != Part::Whole);
    let said = faults.iter().filter(hits);
    let fault = said.reduce(|most, next| {
        if weight(next) > weight(most) {
            next
        } else {
            most
        }
    });
    fault.map_or(Met::Answer(0), |fault| of(fault, watched))
}

fn of(fault: &Failing, Watched { waits, opening }: Watched) -> Met {
    let failure = |cause, status, seen| Failure {
        cause,
        status,
        wait_ms: fault.retry_after_ms,
        took_ms: 0,
        seen,
    };
    let late = |took_ms| Failure {
        took_ms,
        ..failure(Some(Cause::Timeout), None, Seen::Hidden)
    };
    let refused = |cause, status| failure(Some(cause), Some(status), Seen::Refused);
    Met::Failure(match fault.how {
        How::Down | How::Cause(Cause::Connect) => failure(Some(Cause::Connect), None, Seen::Unsent),
        How::Cause(Cause::Timeout) => late(waits.timeout_ms),
        How::Slow(ms) if ms >= waits.begin_ms() => late(waits.begin_ms()),
        How::Slow(ms) => return Met::Answer(ms),
        How::Cause(cause @ (Cause::Cut | Cause::Malformed)) => {
            failure(Some(cause), None, Seen::Hidden)
        }
        How::Cause(Cause::Overloaded) => refused(Cause::Overloaded, 503),
        How::Cause(Cause::Quota) => refused(Cause::Quota, 429),
        How::Cause(Cause::BadKey) => refused(Cause::BadKey, 401),
        How::Cause(cause @ (Cause::ContextTooLong | Cause::ContentFilter)) => refused(cause, 400),
        How::Status(status) => failure(says(status), Some(status), Seen::Refused),
        How::CutAfter(events) => {
            let is_begun = opening.is_some_and(|opening| events >= opening);
            let seen = if is_begun { Seen::Begun } else { Seen::Hidden };
            failure(Some(Cause::Cut), None, seen)
        }
    })
}

/// The cause that a bare status stands for.
fn says(status: u16) -> Option<Cause> {
    match status {
        401 | 403 => Some(Cause::BadKey),
        402 => Some(Cause::Quota),
        408 | 504 => Some(Cause::Timeout),
        498 | 503 | 529 => Some(Cause::Overloaded),
        _ => None,
    }
}

impl Failure {
    /// Whether a retry with these causes moves on from it. What the client has seen cannot be taken
    /// back.
    pub(super) fn moves_on(&self, on: &Causes) -> bool {
        self.is_listed(on) && self.seen != Seen::Begun
    }

    /// Whether a retry with these causes names it.
    pub(super) fn is_listed(&self, on: &Causes) -> bool {
        let named = self.cause.is_some_and(|cause| on.names(cause));
        named || self.status.is_some_and(|status| on.has_status(status))
    }

    /// Whether another key of the same provider may help.
    pub(super) fn is_of_key(&self) -> bool {
        self.status == Some(429) || matches!(self.cause, Some(Cause::Quota | Cause::BadKey))
    }

    /// In the words of the log.
    pub(super) fn word(&self) -> String {
        match (self.cause, self.status) {
            (Some(cause), _) => cause.word().to_owned(),
            (None, status) => status.unwrap_or(0).to_string(),
        }
    }

    /// How much it tells a client about what to do: a limit names a wait, lack of capacity passes
    /// by itself, time ran out, something broke; that our own key is at fault helps least.
    fn rank(&self) -> u8 {
        match self.cause {
            None if self.status == Some(429) => 5,
            Some(Cause::Quota) if self.wait_ms.is_some() => 5,
            Some(Cause::Overloaded) => 4,
            Some(Cause::Timeout) => 3,
            Some(
                Cause::Connect
                | Cause::Cut
                | Cause::Malformed
                | Cause::ContextTooLong
                | Cause::ContentFilter,
            )
            | None => 2,
            Some(Cause::BadKey | Cause::Quota) => 1,
        }
    }

    /// Of two failures the one that tells more; of equals the later.
    pub(super) fn clearer(before: Option<Self>, after: Self) -> Self {
        before
            .filter(|before| before.rank() > after.rank())
            .unwrap_or(after)
    }

    /// The status that the client sees if this ends the request.
    pub(super) fn shown(&self, endpoint: &str) -> u16 {
        let overloaded = match endpoint {
            // There it has a status of its own.
            "messages" | "count-tokens" => 529,
            _ => 503,
        };
        match (self.cause, self.status) {
            (Some(Cause::Quota), _) if self.wait_ms.is_some() => 429,
            (Some(Cause::Quota | Cause::BadKey), _) => 503,
            (Some(Cause::Overloaded), _) => overloaded,
            (Some(Cause::Timeout), _) => 504,
            // A conflict or a too early request is the provider's own trouble.
            (Some(Cause::Connect | Cause::Cut | Cause::Malformed), _)
            | (None, None | Some(409 | 424 | 425 | 500..)) => 502,
            (Some(Cause::ContextTooLong | Cause::ContentFilter), None) => 400,
            (Some(Cause::ContextTooLong | Cause::ContentFilter) | None, Some(status)) => status,
        }
    }
}
