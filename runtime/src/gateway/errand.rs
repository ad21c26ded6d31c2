//! A request that was decided: what is left is to ask its class's targets.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use claw_table::ClassId;
use claw_table::policy::{Class, Commit, Heartbeat, Keys};
use http::HeaderMap;

use crate::clock::{Clock, Instant};
use crate::dialect::Dialect;
use crate::dialect::reader::UsageChunk;
use crate::fault::{Fault, Kind};
use crate::gateway::Worker;
use crate::gateway::body::Held;
use crate::gateway::head;
use crate::gateway::outgoing::{Changed, Leaving};
use crate::limits::Limits;
use crate::plan::{Plan, Step};
use crate::policy::live::Snapshot;
use crate::relay::journal::Journal;
use crate::relay::socket::Meter;
use crate::relay::{After, Origin};
use crate::request::facts::Lends;
use crate::request::peek::Peek;
use crate::request::tokens::{Known, Size};
use crate::translate::{About, Dropped, End};
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
    /// What is known of how long its input is.
    pub(super) known: Known,
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
    /// Who goes on with it where it breaks off.
    pub(super) after: Option<Box<After>>,
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

    /// Asks target after target until there is an answer that may be shown.
    pub(super) async fn run(
        &self,
        means: Means<'_>,
        journal: &mut Journal,
    ) -> Result<Shown, Fault> {
        if self.peek.model.is_none() {
            return Err(Fault::early(Kind::NoModel));
        }
        let worker = means.worker;
        let found = (&self.body.bytes, &self.peek);
        let key = key(self.plan.class, self.lends, means.headers)?;
        let ask = ask(
            (self.class, &self.plan, &self.peek),
            means,
            journal.started,
            key,
        );
        let round = Round {
            ask: &ask,
            plan: &self.plan,
            upstreams: &means.snapshot.upstreams,
            wires: &worker.wires,
            dice: &worker.dice,
            reluctant: &means.snapshot.reluctant,
            budget: &worker.budget,
        };
        let leaving = Leaving {
            request: found,
            known: self.known,
            end: End::Asks,
            request_id: &journal.record.request_id,
            changed: changed(&ask, means),
        };
        let body = |step: &Step<'_>, asking| leaving.to(step, ask.pair(step), asking);
        let served = round.serve(&mut journal.trail, body).await?;
        journal.content(match &served.opened {
            Opened::Plain { at, .. } => *at,
            Opened::Stream(_) | Opened::Whole(_) => Clock.now(),
        });
        Ok(Shown {
            origin: Origin {
                pool_key: means.pool_key(&served.step),
                idle: served.step.waits.idle,
                ..means.origin()
            },
            opened: served.opened,
            dropped: served.dropped,
            after: None,
        })
    }
}

/// With whose key a request is sent.
pub(super) fn key<'h>(
    class: &Class,
    lends: Lends,
    headers: &'h HeaderMap,
) -> Result<Whose<'h>, Fault> {
    match (class.keys, lends) {
        (Keys::Provider, _) => Ok(Whose::Ours),
        (Keys::Caller, Lends::Key) => head::callers_key(headers).map(Whose::Callers),
        // A key that opens this gateway is none of a provider's, and is never sent to one.
        (Keys::Caller, Lends::Nothing) => Err(Fault::early(Kind::NoCallerKey)),
    }
}

/// What is the same for every attempt.
pub(super) fn ask<'a>(
    (class, plan, peek): (ClassId, &Plan<'_>, &Peek),
    means: Means<'a>,
    started: Instant,
    key: Whose<'a>,
) -> Ask<'a> {
    Ask {
        endpoint: plan.needs.endpoint,
        headers: means.headers,
        streaming: plan.needs.streaming,
        changes: &means.snapshot.changes,
        class: means.snapshot.changes.class(class),
        key,
        // Without the wish a client's loop may index `choices[0]` of every chunk. That the other
        // chunks then say `"usage":null` is left as it is: to every client null is as good as
        // absent, and their bytes stay the provider's.
        usage: if peek.include_usage {
            UsageChunk::Relayed
        } else {
            UsageChunk::Withheld
        },
        commit: plan.class.commit,
        total: started + plan.total,
        bodies: &means.worker.common.bodies,
        limits: &means.worker.common.limits,
    }
}

/// What the policy changes in the request.
pub(super) fn changed<'a>(ask: &Ask<'a>, means: Means<'a>) -> Changed<'a> {
    Changed {
        changes: ask.changes,
        class: ask.class,
        pointers: &means.snapshot.pointers,
        endpoint: ask.endpoint,
    }
}

/// What is told with an answer that is not told in the target's own words.
pub(super) fn about((body, peek): (&Bytes, &Peek), known: Known, request_id: &str) -> About {
    About {
        request_id: request_id.to_owned(),
        created_s: Clock.wall_ms() / 1000,
        tells_usage: peek.include_usage,
        input_tokens: Size::again((body, peek), known).tokens(),
    }
}

impl Means<'_> {
    /// Whose connections lead to a target.
    pub(super) fn pool_key(self, step: &Step<'_>) -> u64 {
        let upstream = self.snapshot.upstreams.get(step.target.provider.index());
        upstream.map_or(0, |upstream| upstream.pool_key)
    }

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
