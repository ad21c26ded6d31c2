//! An errand that goes on when the head of its answer has left: while a client waits for a whole
//! answer, and where another target takes over from one that broke off.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use claw_table::policy::{AfterCut, Commit};
use claw_table::{Can, ClassId};
use http::HeaderMap;

use crate::dialect::Dialect;
use crate::fault::{Fault, Kind};
use crate::gateway::Worker;
use crate::gateway::body::Held;
use crate::gateway::errand::{Errand, Means, Shown, about, ask, changed, key, unless_ending};
use crate::gateway::head;
use crate::gateway::outgoing::Leaving;
use crate::plan::{Needs, Plan, Step, plan};
use crate::policy::live::Snapshot;
use crate::relay::journal::Journal;
use crate::relay::{After, Coming, Origin, Relay, Rest, Successor};
use crate::request::changes::{Change, Changes};
use crate::request::continued::continued;
use crate::request::facts::Lends;
use crate::request::peek::{Peek, peek};
use crate::request::tokens::{Known, Size};
use crate::translate::{End, Translator};
use crate::upstream::attempt::Opened;
use crate::upstream::fallback::Round;

/// An errand that outlives the visit it came from: it owns what it is run with.
pub(super) struct Lasting {
    pub(super) parts: Parts,
    pub(super) body: Held,
    pub(super) peek: Peek,
}

/// What it is run with.
pub(super) struct Parts {
    pub(super) worker: Arc<Worker>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) headers: HeaderMap,
    pub(super) dialect: Dialect,
    pub(super) class: ClassId,
    pub(super) lends: Lends,
    pub(super) needs: Needs,
    pub(super) known: Known,
}

impl Parts {
    fn means(&self) -> Means<'_> {
        Means {
            worker: &self.worker,
            snapshot: &self.snapshot,
            headers: &self.headers,
            dialect: self.dialect,
        }
    }

    /// The plan for what the client asked, however much of the answer it has.
    fn plan(&self, (body, peek): (&Bytes, &Peek)) -> Option<Plan<'_>> {
        let policy = self.snapshot.table.policy();
        let asked = (self.class, head::named(peek));
        let size = Size::again((body, peek), self.known);
        let needs = (self.needs, &size);
        plan(policy, asked, needs, &self.worker.common.limits)
    }
}

/// What came of a lasting errand.
pub(super) struct Tried {
    pub(super) journal: Box<Journal>,
    pub(super) result: Result<Shown, Fault>,
    /// For an answer that comes of a fault.
    pub(super) origin: Origin,
}

impl Lasting {
    /// Asks target after target until there is an answer that may be shown, or the gateway stops.
    pub(super) async fn run(self, mut journal: Box<Journal>) -> Tried {
        let meter = Arc::clone(journal.meter());
        let means = self.parts.means();
        let origin = means.origin();
        let result = match self.parts.plan((&self.body.bytes, &self.peek)) {
            None => Err(Fault::early(Kind::Internal)),
            Some(plan) => {
                let errand = Errand {
                    class: self.parts.class,
                    lends: self.parts.lends,
                    plan,
                    body: self.body,
                    peek: self.peek,
                    known: self.parts.known,
                };
                unless_ending(&meter, pin!(errand.run(means, &mut journal))).await
            }
        };
        Tried {
            journal,
            result,
            origin,
        }
    }
}

/// Whether an answer is asked for as JSON: that is no plain text, and is not gone on with.
fn is_shaped(can: u16) -> bool {
    can & (Can::Json.bit() | Can::JsonSchema.bit()) != 0
}

impl Errand<'_> {
    /// Whether another target may go on with its answer where one breaks off.
    pub(super) fn may_continue(&self, changes: &Changes) -> bool {
        let Plan {
            class,
            needs,
            steps,
            ..
        } = &self.plan;
        class.after_cut == AfterCut::Continue
            && class.commit == Commit::FirstContent
            && needs.streaming
            && !is_shaped(needs.can)
            && self.peek.choices == 1
            // What the policy itself asks for is not in the client's body.
            && !changes.class(self.class).is_some_and(Change::shapes_the_answer)
            && !steps.iter().any(|step| {
                let change = changes.provider(step.target.provider);
                change.is_some_and(Change::shapes_the_answer)
            })
            && steps.iter().any(goes_on)
    }
}

/// Whether the policy says that a model goes on with what another began.
fn goes_on(step: &Step<'_>) -> bool {
    let can = step.model.can;
    can.is_some_and(|can| can & Can::Continue.bit() != 0)
}

impl Lasting {
    /// What a stream of this errand needs to be gone on with where it breaks off; nothing where the
    /// client's protocol has no words for it.
    pub(super) fn after(self, shown: &mut Shown, request_id: &str) -> Option<Box<After>> {
        let Opened::Stream(stream) = &mut shown.opened else {
            return None;
        };
        let request = (&self.body.bytes, &self.peek);
        let about = about(request, self.parts.known, request_id);
        let input_tokens = about.input_tokens;
        let shadow = match &mut stream.translator {
            Some(translator) => {
                translator.remember();
                None
            }
            None => Some(Box::new(Translator::shadow(self.parts.dialect, about)?)),
        };
        Some(After::new(Box::new(self), shadow, input_tokens))
    }

    /// Asks the targets that go on for the rest of what the client has.
    async fn rest(&self, relay: &mut Relay) -> Result<(Opened, Where), Fault> {
        let internal = || Fault::early(Kind::Internal);
        let means = self.parts.means();
        let plan = self
            .parts
            .plan((&self.body.bytes, &self.peek))
            .ok_or_else(internal)?;
        let said = relay.said().unwrap_or_default();
        let body = continued(&self.body.bytes, said.trim_end()).ok_or_else(internal)?;
        let found = peek(&body).map_err(|_| internal())?;
        let journal = relay.journal();
        let last = journal.trail.attempts.last();
        let last = last.map_or("", |last| last.target.as_str());
        // Who broke off has had his turn in this round.
        let turned = plan.steps.iter().position(|step| step.label() == last);
        let turned = plan.steps.iter().take(turned.map_or(0, |at| at + 1));
        let turned = turned.filter(|step| goes_on(step)).count();
        let mut plan = plan;
        plan.steps.retain(|step| goes_on(step));
        let key = key(plan.class, self.parts.lends, means.headers)?;
        let found_by = (self.parts.class, &plan, &self.peek);
        let ask = ask(found_by, means, journal.started, key);
        let round = Round {
            ask: &ask,
            plan: &plan,
            upstreams: &means.snapshot.upstreams,
            wires: &means.worker.wires,
            dice: &means.worker.dice,
            reluctant: &means.snapshot.reluctant,
            budget: &means.worker.budget,
        };
        let leaving = Leaving {
            request: (&body, &found),
            // It is longer than what the client sent.
            known: Known::default(),
            end: End::Begun,
            request_id: &journal.record.request_id,
            changed: changed(&ask, means),
        };
        let body = |step: &Step<'_>, asking| leaving.to(step, ask.pair(step), asking);
        let served = round.go_on(&mut journal.trail, body, turned).await?;
        let place = Where {
            dialect: served.step.asked.dialect(),
            pool_key: means.pool_key(&served.step),
            idle: served.step.waits.idle,
        };
        Ok((served.opened, place))
    }

    async fn resumed(self: Box<Self>, mut relay: Box<Relay>) -> Box<Relay> {
        let meter = Arc::clone(relay.journal().meter());
        let rest = unless_ending(&meter, pin!(self.rest(&mut relay))).await;
        match rest {
            Ok((Opened::Stream(stream), place)) => relay.resume(Rest {
                stream: *stream,
                dialect: place.dialect,
                pool_key: place.pool_key,
                idle: place.idle,
                successor: self,
            }),
            Err(fault) if fault.kind == Kind::Stopping => relay.end(&fault),
            // What the first one failed of says more than that nobody goes on.
            Ok(_) | Err(_) => relay.give_up(),
        }
        relay
    }
}

/// Where the rest of an answer comes from.
struct Where {
    dialect: Dialect,
    pool_key: u64,
    idle: std::time::Duration,
}

impl Successor for Lasting {
    fn follows(&self, fault: &Fault) -> bool {
        let class = self.parts.plan((&self.body.bytes, &self.peek));
        class.is_some_and(|plan| fault.moves_on(&plan.retry().on))
    }

    fn go_on(self: Box<Self>, relay: Box<Relay>) -> Coming {
        Box::pin(self.resumed(relay))
    }
}
