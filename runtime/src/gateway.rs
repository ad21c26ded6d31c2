//! One worker's half of the gateway, and the life of a request in it.

mod body;
mod errand;
mod head;
mod lasting;
mod offered;
mod outgoing;
mod told;
mod visit;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use claw_table::policy::Via;
use hyper::body::Incoming;
use hyper::{Request, Response};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::clock::{Clock, Dice, Wall};
use crate::identity::origin::way;
use crate::limits::Limits;
use crate::observe::record::Sink;
use crate::policy::live::Live;
use crate::relay::Answer;
use crate::relay::socket::Meter;
use crate::upstream::attempt::Wires;
use crate::upstream::budget::Budget;
use crate::upstream::connect::{Dial, Tcp};
use crate::upstream::pool::Pool;

/// What all workers share.
#[derive(Debug)]
pub struct Common {
    /// The policy in force.
    pub live: Arc<Live>,
    /// The bounds.
    pub limits: Arc<Limits>,
    /// When requests are taken to come.
    pub wall: Wall,
    bodies: Arc<AtomicUsize>,
    connections: Arc<Semaphore>,
}

impl Common {
    /// A gateway that serves by `live` within `limits`.
    pub fn new(live: Arc<Live>, limits: Limits) -> Arc<Self> {
        Self::dated(live, limits, Wall::System)
    }

    /// The same, by another time of day than the system's.
    pub fn dated(live: Arc<Live>, limits: Limits, wall: Wall) -> Arc<Self> {
        Arc::new(Self {
            live,
            wall,
            connections: Arc::new(Semaphore::new(limits.connections_max)),
            limits: Arc::new(limits),
            bodies: Arc::default(),
        })
    }

    /// Client connections open now.
    pub fn connections(&self) -> usize {
        let free = self.connections.available_permits();
        self.limits.connections_max.saturating_sub(free)
    }

    /// Bytes of request bodies held now.
    pub fn body_bytes(&self) -> usize {
        self.bodies.load(Ordering::Relaxed)
    }
}

/// One worker's gateway: a cheap handle.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Worker>,
}

struct Worker {
    common: Arc<Common>,
    sink: Arc<dyn Sink>,
    dice: Dice,
    wires: Arc<Wires>,
    budget: Budget,
    /// Connections of this worker.
    open: AtomicUsize,
    emptied: Notify,
}

impl Gateway {
    /// A worker's gateway. `sink` may be the worker's own, so that metrics need no shared line.
    pub fn new(common: Arc<Common>, sink: Arc<dyn Sink>, dice: Dice) -> Self {
        Self::dialling(common, sink, dice, Arc::new(Tcp))
    }

    /// A worker's gateway that reaches providers in another way than TCP.
    pub fn dialling(
        common: Arc<Common>,
        sink: Arc<dyn Sink>,
        dice: Dice,
        dial: Arc<dyn Dial>,
    ) -> Self {
        let pool = Pool::new(Arc::clone(&common.limits));
        let budget = Budget::new(&common.limits);
        Self {
            inner: Arc::new(Worker {
                common,
                sink,
                dice,
                wires: Arc::new(Wires { pool, dial }),
                budget,
                open: AtomicUsize::new(0),
                emptied: Notify::new(),
            }),
        }
    }

    /// The bounds.
    pub fn limits(&self) -> Arc<Limits> {
        Arc::clone(&self.inner.common.limits)
    }

    /// Answers one request that came over the connection of `meter` from `peer`.
    pub(crate) async fn answer(
        self,
        request: Request<Incoming>,
        peer: SocketAddr,
        meter: Arc<Meter>,
    ) -> Result<Response<Answer>, std::convert::Infallible> {
        let visit = visit::Visit::open(&self.inner, Clock, meter);
        Ok(visit.answer(request, peer).await)
    }

    /// Whether connections from `peer` begin by saying for whom they are, before any HTTP.
    pub(crate) fn awaits_announcement(&self, peer: SocketAddr) -> bool {
        let live = self.inner.common.live.peek();
        let trust = &live.table.policy().gateway.trust;
        way(peer.ip(), trust) == Some(Via::ProxyProtocol)
    }

    /// Room for one more client connection; waits until there is some.
    pub(crate) async fn room(&self) -> Option<OwnedSemaphorePermit> {
        let connections = Arc::clone(&self.inner.common.connections);
        connections.acquire_owned().await.ok()
    }

    /// Counts a connection of this worker for as long as the guard lives.
    pub(crate) fn enter(&self) -> Open {
        self.inner.open.fetch_add(1, Ordering::Relaxed);
        Open {
            worker: Arc::clone(&self.inner),
        }
    }

    /// Waits until this worker has no connection.
    pub(crate) async fn quiet(&self) {
        while self.inner.open.load(Ordering::Relaxed) > 0 {
            self.inner.emptied.notified().await;
        }
    }

    /// Closes upstream connections that have been idle for too long.
    pub(crate) fn sweep(&self) {
        let worker = &*self.inner;
        worker.wires.pool.sweep(Clock.now());
    }
}

/// One open connection of a worker.
pub(crate) struct Open {
    worker: Arc<Worker>,
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.worker.open.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.worker.emptied.notify_one();
        }
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gateway").finish_non_exhaustive()
    }
}
