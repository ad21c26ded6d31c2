//! Goes from target to target and from round to round until an answer may be shown.
//!
//! ```text
//! round 1: a ─fault→ b ─fault→ c ─fault┐   moving on never waits, and only a listed fault moves on
//!          ┌── backoff or retry-after ─┘   never the same target twice in a round
//! round 2: a ─fault→ …                     bounded by attempts, by the request's total and by what
//! ```                                        all requests together may ask again

use std::sync::Arc;
use std::time::Duration;

use claw_table::policy::{Cause, Retry};
use smallvec::SmallVec;

use crate::clock::{Clock, Dice, Instant};
use crate::dialect::Dialect;
use crate::dialect::failure::FailureKind;
use crate::fault::{self, Fault, Kind, Side};
use crate::plan::{Plan, Step};
use crate::translate::{About, Dropped, Names, Translator, plain};
use crate::upstream::Upstream;
use crate::upstream::asking::{Asking, Reluctant};
use crate::upstream::attempt::{Ask, Opened, Place, Wires, attempt};
use crate::upstream::budget::Budget;
use crate::upstream::chain::Chain;
use crate::upstream::trail::{Trail, Turn};

/// What a request's attempts work with.
pub(crate) struct Round<'a, 'p> {
    /// What is the same for all.
    pub(crate) ask: &'a Ask<'a>,
    /// What is tried.
    pub(crate) plan: &'a Plan<'p>,
    /// One for each provider of the policy.
    pub(crate) upstreams: &'a [Arc<Upstream>],
    /// The worker's connections.
    pub(crate) wires: &'a Wires,
    /// Where the jitter comes from.
    pub(crate) dice: &'a Dice,
    /// Who is not asked for usage any more.
    pub(crate) reluctant: &'a Reluctant,
    /// What may be asked again.
    pub(crate) budget: &'a Budget,
}

/// A request as one target gets it.
#[derive(Debug)]
pub(crate) struct Sent {
    /// Its body.
    pub(crate) body: Chain,
    /// How many choices it asks for.
    pub(crate) choices: u32,
    /// What its answer needs to be brought back, where the target speaks another protocol.
    pub(crate) carried: Option<Carried>,
}

/// What is known of a request that was translated.
#[derive(Debug)]
pub(crate) struct Carried {
    /// What was left out.
    pub(crate) dropped: Dropped,
    /// Which tools have another name there.
    pub(crate) names: Names,
    /// What is told with the answer.
    pub(crate) about: About,
}

/// An answer that may be shown, and who gave it.
#[derive(Debug)]
pub(crate) struct Served<'p> {
    /// The target.
    pub(crate) step: Step<'p>,
    /// The answer, in the client's protocol.
    pub(crate) opened: Opened,
    /// What was left out of the request.
    pub(crate) dropped: Dropped,
}

/// Where the first round begins.
#[derive(Debug, Clone, Copy)]
enum Start {
    /// With the first target.
    Afresh,
    /// With the rest of an answer, behind so many of them.
    Behind(usize),
}

impl Start {
    fn turned(self) -> usize {
        match self {
            Self::Behind(turned) => turned,
            Self::Afresh => 0,
        }
    }

    fn moves_on(self, fault: &Fault, retry: &Retry) -> bool {
        match self {
            Self::Afresh => fault.moves_on(&retry.on),
            // Time and memory are the gateway's, and gone for all targets.
            Self::Behind(_) => fault.is_uncarried() || fault.side != Side::Gateway,
        }
    }
}

impl<'p> Round<'_, 'p> {
    /// The first answer that may be shown and its target, or the fault that tells best why there is none.
    pub(crate) async fn serve<B>(&self, trail: &mut Trail, body: B) -> Result<Served<'p>, Fault>
    where
        B: Fn(&Step<'_>, Asking) -> Result<Sent, Fault>,
    {
        self.rounds(trail, body, Start::Afresh).await
    }

    /// The same for the rest of an answer that broke off when so many of the targets had had their
    /// turn in this round. Who refuses to go on refuses no more than that, so the next one is asked
    /// whatever the reason.
    pub(crate) async fn go_on<B>(
        &self,
        trail: &mut Trail,
        body: B,
        turned: usize,
    ) -> Result<Served<'p>, Fault>
    where
        B: Fn(&Step<'_>, Asking) -> Result<Sent, Fault>,
    {
        trail.continues = true;
        self.rounds(trail, body, Start::Behind(turned)).await
    }

    async fn rounds<B>(&self, trail: &mut Trail, body: B, start: Start) -> Result<Served<'p>, Fault>
    where
        B: Fn(&Step<'_>, Asking) -> Result<Sent, Fault>,
    {
        let turn = |step: &Step<'_>| trail.turn(step.target);
        let mut turns: SmallVec<[Turn; 4]> = self.plan.steps.iter().map(turn).collect();
        let mut clearest: Option<Fault> = None;
        // Rounds are bounded too: a connection that is refused costs time and no attempt.
        let rounds = self.plan.attempts_max().max(1);
        let first = trail.round;
        for round in first..rounds {
            trail.round = round;
            let turned = if round == first { start.turned() } else { 0 };
            for (step, turn) in self.plan.steps.iter().zip(turns.iter_mut()).skip(turned) {
                let due = match *turn {
                    Turn::Free => true,
                    Turn::From(at) => at <= Clock.now(),
                    Turn::Out => false,
                };
                if !due {
                    continue;
                }
                if trail.sent() >= self.plan.attempts_max() {
                    return Err(given_up(clearest));
                }
                let fault = match self.turn(step, trail, &body).await {
                    Ok((opened, dropped)) => {
                        trail.drop_hints(dropped.count());
                        return Ok(Served {
                            step: *step,
                            opened,
                            dropped,
                        });
                    }
                    Err(fault) => fault,
                };
                trail.fail(&fault);
                if !start.moves_on(&fault, self.plan.retry()) {
                    return Err(fault);
                }
                *turn = turn_after(&fault, self.plan.retry());
                trail.put_off(step.target, *turn);
                clearest = Some(clearer(clearest, fault));
            }
            let Some(wait) = self.wait(round, &turns) else {
                return Err(given_up(clearest));
            };
            let spent = round + 1 == rounds || trail.sent() >= self.plan.attempts_max();
            // A wait that ends behind the deadline is not begun: the client learns it now.
            if spent || Clock.now() + wait >= self.ask.total {
                return Err(given_up(clearest));
            }
            if !self.budget.allows() {
                trail.out_of_retries = true;
                return Err(given_up(clearest));
            }
            tokio::time::sleep(wait).await;
        }
        Err(given_up(clearest))
    }

    /// One target's turn. A provider that refuses the option by which the gateway asks for usage
    /// is asked once more without it: the request is the client's, the option is not.
    ///
    /// Both are attempts like every request that is put on the wire, so a policy's `attempts` bound
    /// them too; where none is left, the client is told to come again, and is served then.
    async fn turn<B>(
        &self,
        step: &Step<'_>,
        trail: &mut Trail,
        body: &B,
    ) -> Result<(Opened, Dropped), Fault>
    where
        B: Fn(&Step<'_>, Asking) -> Result<Sent, Fault>,
    {
        let asking = match step.asked.dialect() {
            Dialect::Chat => self.reluctant.asking(step.target),
            // There it is reported unasked.
            Dialect::Responses
            | Dialect::Embeddings
            | Dialect::Messages
            | Dialect::CountTokens
            | Dialect::Gemini => Asking::Nothing,
        };
        self.pay(trail);
        let begun = trail.begin(step);
        let first = self.once((step, begun), asking, body).await;
        let refused = match first {
            Err(fault) if fault.kind == Kind::Provider(FailureKind::UsageOption) => fault,
            other => return other,
        };
        self.reluctant.note(step.target, Asking::Nothing);
        if trail.sent() >= self.plan.attempts_max() {
            return Err(refused);
        }
        trail.fail(&refused);
        self.pay(trail);
        let begun = trail.begin(step);
        let second = self.once((step, begun), Asking::Nothing, body).await;
        if second
            .as_ref()
            .is_err_and(|fault| fault.side == Side::Client)
        {
            // The request itself is wrong, and its refusal may only have looked like one of the
            // option: no client may bring it about that a target's usage is lost from sight.
            self.reluctant.note(step.target, Asking::ForUsage);
        }
        second
    }

    /// What an attempt costs: the first of a request pays for those of others.
    fn pay(&self, trail: &Trail) {
        if trail.attempts.is_empty() {
            self.budget.earn();
        } else {
            self.budget.spend();
        }
    }

    async fn once<B>(
        &self,
        (step, begun): (&Step<'_>, Instant),
        asking: Asking,
        body: &B,
    ) -> Result<(Opened, Dropped), Fault>
    where
        B: Fn(&Step<'_>, Asking) -> Result<Sent, Fault>,
    {
        let upstream = self.upstreams.get(step.target.provider.index());
        let Sent {
            body,
            choices,
            carried,
        } = body(step, asking)?;
        let place = Place {
            step,
            upstream: upstream.ok_or(Fault::early(Kind::Internal))?,
            wires: self.wires,
            asking,
            choices,
            begun,
        };
        let opened = attempt(self.ask, place, body).await?;
        match carried {
            None => Ok((opened, Dropped::default())),
            Some(carried) => self.brought_back(step, opened, carried),
        }
    }

    /// The answer in the client's protocol.
    fn brought_back(
        &self,
        step: &Step<'_>,
        opened: Opened,
        carried: Carried,
    ) -> Result<(Opened, Dropped), Fault> {
        let Some(pair) = self.ask.pair(step) else {
            return Ok((opened, carried.dropped));
        };
        let Carried {
            dropped,
            names,
            about,
        } = carried;
        let opened = match opened {
            Opened::Plain { body, usage, at } => {
                let told = plain(&body, pair, names, (&about, usage));
                let body = told.map_err(|_| Fault::of(Kind::Malformed, fault::Sent::Request))?;
                Opened::Plain { body, usage, at }
            }
            Opened::Whole(mut whole) => {
                let mut to = Translator::new(pair, names, about);
                let told = to.push(&whole.events);
                let told = told.map_err(|_| Fault::of(Kind::Malformed, fault::Sent::Request))?;
                whole.events = [told, to.finish(whole.usage)].concat().into();
                Opened::Whole(whole)
            }
            Opened::Stream(mut stream) => {
                stream.translator = Some(Box::new(Translator::new(pair, names, about)));
                Opened::Stream(stream)
            }
        };
        Ok((opened, dropped))
    }

    /// How long to wait before the next round; nothing if no target is left for it.
    fn wait(&self, round: u32, turns: &[Turn]) -> Option<Duration> {
        let now = Clock.now();
        let backoff = self.backoff(round);
        let waits = turns.iter().filter_map(|turn| match turn {
            Turn::Free => Some(backoff),
            Turn::From(at) => Some(at.saturating_duration_since(now)),
            Turn::Out => None,
        });
        waits.min()
    }

    /// Between the shortest wait and twice as much each round, up to the longest: with full
    /// jitter, so that clients that failed together do not come back together.
    fn backoff(&self, round: u32) -> Duration {
        let Retry {
            backoff_min_ms: low,
            backoff_max_ms: high,
            ..
        } = *self.plan.retry();
        let doubled = low.saturating_mul(2_u64.saturating_pow(round.saturating_add(1)));
        let room = doubled.min(high).saturating_sub(low);
        Duration::from_millis(low.saturating_add(self.dice.up_to(room)))
    }
}

fn turn_after(fault: &Fault, retry: &Retry) -> Turn {
    if fault.is_uncarried() {
        // It could not be told the request, and never can.
        return Turn::Out;
    }
    match fault.wait {
        None => Turn::Free,
        Some(wait) if wait <= Duration::from_millis(retry.honor_retry_after_ms) => {
            Turn::From(Clock.now() + wait)
        }
        Some(_) => Turn::Out,
    }
}

fn given_up(clearest: Option<Fault>) -> Fault {
    clearest.unwrap_or_else(|| Fault::of(Kind::Internal, fault::Sent::Nothing))
}

/// Of two faults the one that tells a client more about what to do; of two waits the shorter.
fn clearer(before: Option<Fault>, fault: Fault) -> Fault {
    let Some(before) = before else {
        return fault;
    };
    let wait = [before.wait, fault.wait].into_iter().flatten().min();
    let mut told = if rank(&before) > rank(&fault) {
        before
    } else {
        fault
    };
    if told.wait.is_some() {
        told.wait = wait;
    }
    told
}

/// A limit names a wait, lack of capacity passes by itself, time ran out, something broke; that
/// our own key or account is at fault helps a client
/// little, and that a target was passed over says something only where all were.
fn rank(fault: &Fault) -> u8 {
    if fault.is_uncarried() {
        return 0;
    }
    if fault.kind == Kind::Provider(FailureKind::RateLimit) {
        return 5;
    }
    match fault.kind.cause() {
        Some(Cause::Quota) if fault.wait.is_some() => 5,
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
