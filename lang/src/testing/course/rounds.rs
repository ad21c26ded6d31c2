//! From key to key, target to target and round to round.

use claw_table::policy::{Class, Target};

use super::{Billed, Course, End, Stop, Turn};
use crate::model::Test;
use crate::oracle::Request;
use crate::testing::failure::{Failure, Met, Seat, Seen, met};
use crate::worst::{self, silent};

/// Where a key of a target stands within one request.
#[derive(Debug, Clone, Copy)]
enum Due {
    /// It may be tried in the next round.
    Free,
    /// It may be tried from then on: it said so itself.
    From(u64),
    /// It asked for more patience than the policy has.
    Out,
}

/// Why the rounds are over.
enum Over {
    /// There is an answer, or the client has seen the beginning of one.
    Shown,
    /// This is what the client is told.
    Failed(u16),
}

/// Runs the course of a request of a class through the targets that can carry it.
pub(super) fn run(
    course: &mut Course,
    (class, stops): (&Class, &[Stop<'_>]),
    (request, test): (&Request, &Test),
) {
    let due = stops
        .iter()
        .map(|stop| vec![Due::Free; stop.provider.keys.len().max(1)]);
    let mut work = Rounds {
        due: due.collect(),
        course,
        class,
        stops,
        request,
        test,
        total_ms: class.total_ms.unwrap_or(silent::TOTAL_MS),
        clearest: None,
        begun: false,
    };
    // Who has seen a beginning sees it break off, and no status.
    if let Over::Failed(status) = work.all()
        && !work.begun
    {
        work.course.failed = Some(status);
    }
}

struct Rounds<'a, 'p> {
    course: &'a mut Course,
    class: &'a Class,
    stops: &'a [Stop<'p>],
    request: &'a Request,
    test: &'a Test,
    total_ms: u64,
    /// For each target and each of its keys.
    due: Vec<Vec<Due>>,
    clearest: Option<Failure>,
    /// Whether the client has the beginning of an answer, and its rest is asked for.
    begun: bool,
}

impl Rounds<'_, '_> {
    fn all(&mut self) -> Over {
        if self.stops.is_empty() {
            return Over::Failed(400);
        }
        // Rounds are bounded too: a connection that is refused costs time and no attempt.
        let rounds = self.class.retry.attempts.max(1);
        for round in 0..rounds {
            for at in 0..self.stops.len() {
                if let Some(over) = self.target(round, at) {
                    return over;
                }
            }
            let wait = self.wait(round);
            let spent = round + 1 == rounds || self.is_spent();
            let Some(wait) = wait.filter(|_| !spent) else {
                break;
            };
            // A wait that ends behind the deadline is not begun.
            let then = self.course.took_ms.saturating_add(wait);
            if then >= self.total_ms {
                break;
            }
            self.course.took_ms = then;
        }
        self.given_up()
    }

    /// One target's turn in a round: key by key, as long as the key is what fails.
    fn target(&mut self, round: u32, at: usize) -> Option<Over> {
        let stop = *self.stops.get(at)?;
        for key in 0..stop.provider.keys.len().max(1) {
            let is_due = match self.due.get(at)?.get(key)? {
                Due::Free => true,
                Due::From(then) => *then <= self.course.took_ms,
                Due::Out => false,
            };
            if !is_due {
                continue;
            }
            if self.is_spent() {
                return Some(self.given_up());
            }
            let failure = match self.addresses((stop, key), round) {
                Ok(over) => return Some(over),
                Err(failure) => failure,
            };
            if failure.seen == Seen::Begun {
                if !self.is_gone_on_with(&failure) {
                    return Some(Over::Shown);
                }
            } else if !self.begun && !failure.moves_on(&self.class.retry.on) {
                return Some(Over::Failed(self.shown(&failure)));
            }
            if !self.begun || stop.goes_on() {
                self.put_off(at, key, &failure);
            }
            self.clearest = Some(Failure::clearer(self.clearest, failure));
            if !failure.is_of_key() {
                break;
            }
        }
        None
    }

    /// Whether a target goes on where an answer broke off; then only such are asked any more.
    fn is_gone_on_with(&mut self, failure: &Failure) -> bool {
        let any = self.stops.iter().any(Stop::goes_on);
        if !any || !failure.is_listed(&self.class.retry.on) {
            return false;
        }
        self.begun = true;
        for (stop, keys) in self.stops.iter().zip(&mut self.due) {
            if !stop.goes_on() {
                keys.fill(Due::Out);
            }
        }
        true
    }

    /// Notes when a target may be asked again: with this key, or if something else failed at all.
    fn put_off(&mut self, at: usize, key: usize, failure: &Failure) {
        let honored_ms = self.class.retry.honor_retry_after_ms;
        let due = match failure.wait_ms {
            None => Due::Free,
            Some(wait) if wait <= honored_ms => Due::From(self.course.took_ms.saturating_add(wait)),
            Some(_) => Due::Out,
        };
        let keys = self.due.get_mut(at).into_iter().flatten().enumerate();
        for (own, slot) in keys {
            if own == key || !failure.is_of_key() {
                *slot = due;
            }
        }
    }

    /// One attempt. The addresses of a provider take turns; one that is not reached is passed for
    /// the next, since nothing was sent.
    fn addresses(&mut self, (stop, key): (Stop<'_>, usize), round: u32) -> Result<Over, Failure> {
        let count = stop.provider.urls.len().max(1);
        let first = usize::try_from(round).unwrap_or(0) % count;
        let mut last = None;
        for turn in 0..count {
            let url = (first + turn) % count;
            let failure = match self.attempt((stop, key, url)) {
                Ok(over) => return Ok(over),
                Err(failure) => failure,
            };
            last = Some(failure);
            if failure.seen != Seen::Unsent || !failure.moves_on(&self.class.retry.on) {
                break;
            }
        }
        last.map_or_else(|| Ok(Over::Failed(500)), Err)
    }

    fn attempt(&mut self, (stop, key, url): (Stop<'_>, usize, usize)) -> Result<Over, Failure> {
        let target = stop.target;
        let seat = Seat { target, key, url };
        let met = met(&self.test.faults, seat, stop.watched);
        let begins_ms = self.course.took_ms;
        let took_ms = match met {
            Met::Answer(ms) => ms,
            Met::Failure(failure) => failure.took_ms,
        };
        let left_ms = self.total_ms.saturating_sub(self.course.took_ms);
        let is_late = took_ms >= left_ms;
        self.course.took_ms = self.course.took_ms.saturating_add(took_ms.min(left_ms));
        let end = match met {
            _ if is_late => End::Failed("total".to_owned()),
            Met::Answer(_) => End::Served,
            Met::Failure(failure) if failure.seen == Seen::Unsent => End::Unsent(failure.word()),
            Met::Failure(failure) => End::Failed(failure.word()),
        };
        let is_billed = match met {
            Met::Answer(_) => true,
            Met::Failure(failure) => matches!(failure.seen, Seen::Hidden | Seen::Begun),
        };
        if is_billed {
            self.bill(stop, begins_ms);
        }
        self.course.tried.push(Turn {
            target,
            key,
            url,
            end,
        });
        match met {
            _ if is_late => Ok(Over::Failed(504)),
            Met::Answer(_) => {
                self.course.served = Some(target);
                Ok(Over::Shown)
            }
            Met::Failure(failure) => Err(failure),
        }
    }

    /// What an attempt may be billed that begins then: by the prices of that minute, where the test
    /// says when its request comes.
    fn bill(&mut self, stop: Stop<'_>, begins_ms: u64) {
        let later = i64::try_from(begins_ms / 60_000).unwrap_or(i64::MAX);
        let at = self.test.at.as_ref();
        let minute = at.map(|at| at.minute.saturating_add(later));
        let size = (self.request.tokens, self.request.max_output);
        let cost = worst::asked_at(stop.model, size, minute);
        let target: Target = stop.target;
        self.course.billed = match (self.course.billed, cost) {
            (Billed::AtMost(sum), Ok(cost)) => Billed::AtMost(sum.saturating_add(cost)),
            (Billed::AtMost(_), Err(gap)) => Billed::Unknown(target, gap),
            (unknown @ Billed::Unknown(..), _) => unknown,
        };
    }

    /// How long to wait before the next round; nothing if no target is left for it.
    fn wait(&self, round: u32) -> Option<u64> {
        let backoff = worst::backoff(&self.class.retry, round);
        let waits = self.due.iter().flatten().filter_map(|due| match due {
            Due::Free => Some(backoff),
            Due::From(then) => Some(then.saturating_sub(self.course.took_ms)),
            Due::Out => None,
        });
        waits.min()
    }

    fn is_spent(&self) -> bool {
        self.course.attempts() >= self.class.retry.attempts as usize
    }

    fn given_up(&self) -> Over {
        let clearest = self.clearest.as_ref();
        Over::Failed(clearest.map_or(500, |failure| self.shown(failure)))
    }

    fn shown(&self, failure: &Failure) -> u16 {
        failure.shown(self.request.endpoint.as_deref().unwrap_or_default())
    }
}
