//! A request that was decided: what is left is to ask its class's targets.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use claw_table::ClassId;
use claw_table::policy::{Commit, Heartbeat, Keys};
use http::HeaderMap;

use crate::dialect::Dialect;
use crate::dialect::reader::UsageChunk;
use crate::fault::{Fault, Kind};
use crate::gateway::Worker;
use crate::gateway::body::Held;
use crate::gateway::head;
use crate::gateway::outgoing::{Changed, Leaving};
use crate::limits::Limits;
use crate::plan::{Needs, Plan, Step, plan};
use crate::policy::live::Snapshot;
use crate::relay::Origin;
use crate::relay::journal::Journal;
use crate::relay::socket::Meter;
use crate::request::facts::Lends;
use crate::request::peek::Peek;
use crate::translate::Dropped;
use crate::upstream::Whose;
use crate::upstream::attempt::{Ask, Opened};
use crate::upstream::fallback::Round;

/// What is asked, and of whom.
pub(super) struct Errand<'p> {
    pub(super) class: ClassId,
    /// Whether the key that is shown is the caller's own for a provider.
    pub(super) lends: Lends,
    pub(super) plan: Plan<'p>,
    pub(super) body: Held,
    pub(super) peek: Peek,
}

/// What it is run with.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    pub(super) worker: &'a Worker,
    pub(super) snapshot: &'a Arc<Snapshot>,
    pub(super) headers: &'a HeaderMap,
    /// The protocol in which the client speaks.
    pub(super) dialect: Dialect,
}

/// An answer that may be shown, and by which target.
pub(super) struct Shown {
    pub(super) opened: Opened,
    pub(super) origin: Origin,
    /// What was left out of the request on its way into another protocol.
    pub(super) dropped: Dropped,
}

impl Errand<'_> {
    /// How often its client is told that it is being worked on, while there is nothing to show.
    /// Only a stream has room for that.
    pub(super) fn heartbeat(&self, limits: &Limits) -> Option<Duration> {
        let class = self.plan.class;
        if class.commit != Commit::Whole || !self.plan.needs.streaming {
            return None;
        }
        match class.heartbeat {
            Heartbeat::Usual => Some(limits.heartbeat),
            Heartbeat::Off => None,
            Heartbeat::Every(ms) => Some(Duration::from_millis(ms)),
        }
    }

    /// With whose key it is sent.
    fn key<'h>(&self, headers: &'h HeaderMap) -> Result<Whose<'h>, Fault> {
        match (self.plan.class.keys, self.lends) {
            (Keys::Provider, _) => Ok(Whose::Ours),
            (Keys::Caller, Lends::Key) => head::callers_key(headers).map(Whose::Callers),
            // A key that opens this gateway is none of a provider's, and is never sent to one.
            (Keys::Caller, Lends::Nothing) => Err(Fault::early(Kind::NoCallerKey)),
        }
    }

    /// Asks target after target until there is an answer that may be shown.
    pub(super) async fn run(
        &self,
        means: Means<'_>,
        journal: &mut Journal,
    ) -> Result<Shown, Fault> {
        let Self { plan, peek, .. } = self;
        if peek.model.is_none() {
            return Err(Fault::early(Kind::NoModel));
        }
        let worker = means.worker;
        let limits = &worker.common.limits;
        let needs = plan.needs;
        let ask = Ask {
            endpoint: needs.endpoint,
            headers: means.headers,
            streaming: needs.streaming,
            changes: &means.snapshot.changes,
            class: means.snapshot.changes.class(self.class),
            key: self.key(means.headers)?,
            // Without the wish a client's loop may index `choices[0]` of every chunk. That the
            // other chunks then say `"usage":null` is left as it is: to every client null is as
            // good as absent, and their bytes stay the provider's.
            usage: if peek.include_usage {
                UsageChunk::Relayed
            } else {
                UsageChunk::Withheld
            },
            commit: plan.class.commit,
            total: journal.started + plan.total,
            bodies: &worker.common.bodies,
            limits,
        };
        let round = Round {
            ask: &ask,
            plan,
            upstreams: &means.snapshot.upstreams,
            wires: &worker.wires,
            dice: &worker.dice,
            reluctant: &means.snapshot.reluctant,
            budget: &worker.budget,
        };
        let request_id = journal.record.request_id.clone();
        let leaving = Leaving {
            request: (&self.body.bytes, peek),
            request_id: &request_id,
            changed: Changed {
                changes: ask.changes,
                class: ask.class,
                pointers: &means.snapshot.pointers,
                endpoint: needs.endpoint,
            },
        };
        let body = |step: &Step<'_>, asking| leaving.to(step, ask.pair(step), asking);
        let served = round.serve(&mut journal.trail, body).await?;
        let step = served.step;
        journal.content();
        let upstream = means.snapshot.upstreams.get(step.target.provider.index());
        Ok(Shown {
            opened: served.opened,
            dropped: served.dropped,
            origin: Origin {
                pool_key: upstream.map_or(0, |upstream| upstream.pool_key),
                idle: step.waits.idle,
                ..means.origin()
            },
        })
    }
}

impl Means<'_> {
    /// What the end of an answer needs, wherever it comes from.
    pub(super) fn origin(self) -> Origin {
        Origin {
            snapshot: Arc::clone(self.snapshot),
            limits: Arc::clone(&self.worker.common.limits),
            wires: Arc::clone(&self.worker.wires),
            pool_key: 0,
            dialect: self.dialect,
            idle: Duration::ZERO,
        }
    }
}

/// An errand that outlives the visit it came from: it owns what it is run with.
pub(super) struct Lasting {
    pub(super) worker: Arc<Worker>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) headers: HeaderMap,
    pub(super) dialect: Dialect,
    pub(super) class: ClassId,
    pub(super) lends: Lends,
    pub(super) needs: Needs,
    pub(super) body: Held,
    pub(super) peek: Peek,
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
        let means = Means {
            worker: &self.worker,
            snapshot: &self.snapshot,
            headers: &self.headers,
            dialect: self.dialect,
        };
        let origin = means.origin();
        let policy = self.snapshot.table.policy();
        let asked = (self.class, head::named(&self.peek));
        let plan = plan(policy, asked, self.needs, &origin.limits);
        let result = match plan {
            None => Err(Fault::early(Kind::Internal)),
            Some(plan) => {
                let errand = Errand {
                    class: self.class,
                    lends: self.lends,
                    plan,
                    body: self.body,
                    peek: self.peek,
                };
                let meter = Arc::clone(journal.meter());
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

/// What comes of serving, unless the gateway stops before: then nothing more is waited for.
pub(super) async fn unless_ending<T>(
    meter: &Meter,
    mut serving: Pin<&mut impl Future<Output = Result<T, Fault>>>,
) -> Result<T, Fault> {
    poll_fn(|cx| match serving.as_mut().poll(cx) {
        Poll::Pending if meter.is_ending() => Poll::Ready(Err(Fault::early(Kind::Stopping))),
        Poll::Pending => Poll::Pending,
        Poll::Ready(served) => Poll::Ready(served),
    })
    .await
}
