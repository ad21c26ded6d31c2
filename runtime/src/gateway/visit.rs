//! The life of one request: head, body, facts, decision, plan, attempts, answer.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claw_table::policy::{Action, Policy};
use claw_table::{ArmId, ClassId, Unclear};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::clock::Clock;
use crate::dialect::Dialect;
use crate::fault::{Fault, Kind, Sent};
use crate::gateway::Worker;
use crate::gateway::body;
use crate::gateway::errand::{Errand, Means, unless_ending};
use crate::gateway::head::{self, Route};
use crate::gateway::lasting::{self, Lasting, Tried};
use crate::gateway::offered::{self, offered};
use crate::gateway::told::{X_CLAW_ATTEMPTS, stream_headers};
use crate::identity::origin::origin;
use crate::identity::roster::Caller;
use crate::plan::{Needs, Plan, plan};
use crate::policy::live::Snapshot;
use crate::relay::journal::Journal;
use crate::relay::socket::Meter;
use crate::relay::{Answer, Coming, Relay, Waiting};
use crate::request::endpoint::{Endpoint, api};
use crate::request::facts::Asked;
use crate::request::peek::{Peek, peek_for};
use crate::request::tokens::Size;
use crate::upstream::attempt::Opened;

/// One request on its way through the gateway.
pub(super) struct Visit<'w> {
    pub(super) worker: &'w Arc<Worker>,
    /// The policy in force when the head came; a request keeps it to its end.
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) journal: Box<Journal>,
    /// The protocol in which the client speaks.
    pub(super) dialect: Dialect,
}

impl<'w> Visit<'w> {
    /// Opens the record of a request whose head has just come.
    pub(super) fn open(worker: &'w Arc<Worker>, clock: Clock, meter: Arc<Meter>) -> Self {
        Self {
            worker,
            snapshot: worker.common.live.take(),
            journal: Box::new(Journal::open(
                (clock, worker.common.wall.ms()),
                Arc::clone(&worker.sink),
                meter,
            )),
            dialect: Dialect::Chat,
        }
    }

    /// The answer, whatever it is.
    pub(super) async fn answer(
        mut self,
        request: Request<Incoming>,
        from: SocketAddr,
    ) -> Response<Answer> {
        let (parts, incoming) = request.into_parts();
        let path = head::path(&parts);
        self.note_head(&parts, path);
        let meter = Arc::clone(self.journal.meter());
        let snapshot = Arc::clone(&self.snapshot);
        let led = self.lead(&snapshot, (&parts, path, incoming), from);
        let led = unless_ending(&meter, pin!(led)).await;
        let errand = match led {
            Ok(Led::Models(models)) => return self.models(models),
            Ok(Led::Hello) => return self.hello(),
            Ok(Led::Counted(tokens)) => return self.counted(tokens),
            Ok(Led::Errand(errand)) => errand,
            Err(fault) => return self.refuse(&fault),
        };
        if let Some(every) = errand.heartbeat(&self.worker.common.limits) {
            let lasting = self.lasting(errand, parts.headers);
            return Box::pin(self.patiently(lasting, every)).await;
        }
        let means = Means {
            worker: self.worker,
            snapshot: &snapshot,
            headers: &parts.headers,
            dialect: self.dialect,
        };
        let ran = unless_ending(&meter, pin!(errand.run(means, &mut self.journal))).await;
        let mut shown = match ran {
            Ok(shown) => shown,
            Err(fault) => return self.refuse(&fault),
        };
        // What was asked is needed only where another target may go on with the answer.
        if errand.may_continue(&snapshot.changes) {
            let lasting = self.lasting(errand, parts.headers);
            shown.after = lasting.after(&mut shown, &self.journal.record.request_id);
        } else {
            drop(errand);
        }
        self.show(shown)
    }

    /// An errand that the head of its answer may leave behind.
    fn lasting(&self, errand: Errand<'_>, headers: HeaderMap) -> Lasting {
        Lasting {
            parts: lasting::Parts {
                worker: Arc::clone(self.worker),
                snapshot: Arc::clone(&self.snapshot),
                headers,
                dialect: self.dialect,
                class: errand.class,
                lends: errand.lends,
                needs: errand.plan.needs,
                known: errand.known,
            },
            body: errand.body,
            peek: errand.peek,
        }
    }

    /// The answer to a client that is told after each `every` that it is being worked on.
    async fn patiently(self, lasting: Lasting, every: Duration) -> Response<Answer> {
        let mut head = self.head(StatusCode::OK);
        stream_headers(head.headers_mut());
        // Who serves, and after how many attempts, is known only at the end.
        head.headers_mut().remove(X_CLAW_ATTEMPTS);
        let meter = Arc::clone(self.journal.meter());
        let Self {
            worker,
            snapshot,
            journal,
            dialect,
        } = self;
        let mut running = Box::pin(lasting.run(journal));
        let first = tokio::time::timeout_at(Clock.now() + every, &mut running);
        let Ok(Tried {
            journal, result, ..
        }) = first.await
        else {
            let coming: Coming = Box::pin(async move { Box::new(relayed(running.await)) });
            let waiting = Waiting::new(coming, every, meter);
            return head.map(|()| Answer::Waiting(Box::new(waiting)));
        };
        let visit = Self {
            worker,
            snapshot,
            journal,
            dialect,
        };
        match result {
            Ok(shown) => visit.show(shown),
            Err(fault) => visit.refuse(&fault),
        }
    }

    fn note_head(&mut self, parts: &Parts, path: Option<&str>) {
        let (worker, limits) = (self.worker, &self.worker.common.limits);
        let base = self.snapshot.table.policy().gateway.base.as_deref();
        self.dialect = head::dialect(parts, path, base);
        let record = &mut self.journal.record;
        record.request_id = head::request_id(&parts.headers, &worker.dice, limits);
        record
            .policy
            .push_str(self.snapshot.digest.to_str().unwrap_or_default());
        record.method.push_str(parts.method.as_str());
    }

    /// Leads a request to the targets of its class, or to an answer that needs none.
    async fn lead<'p>(
        &mut self,
        snapshot: &'p Snapshot,
        (parts, path, incoming): (&Parts, Option<&str>, Incoming),
        from: SocketAddr,
    ) -> Result<Led<'p>, Fault> {
        head::check_size(parts, &self.worker.common.limits)?;
        let path = path.ok_or(Fault::early(Kind::AmbiguousPath))?;
        self.journal.record.path = head::cut(path, self.worker.common.limits.model_bytes_max);
        let host = head::host(parts)?;
        let settings = &snapshot.table.policy().gateway;
        let route = head::route(parts, path, settings.base.as_deref());
        if let Ok(Route::Hello) = route {
            return Ok(Led::Hello);
        }
        // Who is nobody's client does not learn what is served here.
        let ip = origin(from.ip(), &parts.headers, &settings.trust)?;
        let caller = head::caller(parts, &snapshot.roster, ip)?;
        let (client, lends) = (caller.name(), caller.lends());
        self.journal.record.client = client.map(str::to_owned);
        let endpoint = match route? {
            Route::Hello => return Ok(Led::Hello),
            Route::Ask(endpoint) => endpoint,
            listed @ (Route::Models | Route::Model) => {
                let models = self.listed(snapshot, (parts, path, listed), (ip, &caller));
                return models.map(Led::Models);
            }
        };
        head::check_body_headers(&parts.headers)?;
        let common = &self.worker.common;
        let incoming = (incoming, self.journal.started);
        let body = body::read(incoming, &common.bodies, &common.limits).await?;
        let peek = peek_for(&body.bytes, &snapshot.pointers)
            .map_err(|refusal| Fault::early(Kind::Body(refusal)))?;
        self.note_body(&peek);
        let size = Size::of(&body.bytes, &peek);
        let class = self.decide(
            snapshot,
            &Asked {
                method: &parts.method,
                path,
                query: parts.uri.query(),
                host: host.as_deref(),
                ip,
                at_ms: self.journal.record.at_ms,
                zones: &snapshot.zones,
                client,
                lends,
                endpoint: Some(endpoint),
                headers: &parts.headers,
                body: &body.bytes,
                pointers: &snapshot.pointers,
                peek: &peek,
                size: &size,
            },
        )?;
        let asked = (class, head::named(&peek));
        let needs = (Needs::of(endpoint, &peek), &size);
        let plan = match self.plan(snapshot.table.policy(), asked, needs) {
            Err(fault) if fault.kind == Kind::NoSpeakingTarget(Endpoint::CountTokens) => {
                return Ok(Led::Counted(size.tokens()));
            }
            plan => plan?,
        };
        Ok(Led::Errand(Errand {
            class,
            lends,
            plan,
            known: size.known(),
            body,
            peek,
        }))
    }

    /// The models that are offered to a caller, or the one that its path names.
    fn listed(
        &self,
        snapshot: &Snapshot,
        (parts, path, route): (&Parts, &str, Route),
        (ip, caller): (IpAddr, &Caller<'_>),
    ) -> Result<Bytes, Fault> {
        let peek = Peek::default();
        let asked = Asked {
            method: &parts.method,
            path,
            query: None,
            host: None,
            ip,
            at_ms: self.journal.record.at_ms,
            zones: &snapshot.zones,
            client: caller.name(),
            lends: caller.lends(),
            endpoint: None,
            headers: &parts.headers,
            body: b"",
            pointers: &snapshot.pointers,
            peek: &peek,
            size: &Size::of(b"", &peek),
        };
        let steps = self.worker.common.limits.offer_steps_max;
        let offered = offered(&snapshot.table, asked, steps);
        let base = snapshot.table.policy().gateway.base.as_deref();
        let name = head::model(api(path, base)).filter(|_| route == Route::Model);
        offered::told(snapshot, offered, name)
    }

    fn note_body(&mut self, peek: &Peek) {
        let record = &mut self.journal.record;
        let bytes_max = self.worker.common.limits.model_bytes_max;
        record.model = peek
            .model
            .as_ref()
            .map(|model| head::cut(&model.name, bytes_max));
        record.streaming = peek.stream;
    }

    /// Walks the table to the class that serves, or to the refusal the policy writes.
    fn decide(&mut self, snapshot: &Snapshot, asked: &Asked<'_>) -> Result<ClassId, Fault> {
        let arm: ArmId = snapshot.table.decide(asked).map_err(|unclear| {
            Fault::early(match unclear {
                Unclear::Ambiguous { .. } => Kind::AmbiguousHeader,
                Unclear::Broken => Kind::Internal,
            })
        })?;
        let arm = snapshot.table.policy().arms.get(arm.index());
        let arm = arm.ok_or(Fault::early(Kind::Internal))?;
        self.journal.record.arm = Some(arm.label.clone());
        match arm.to {
            Action::Class(class) => Ok(class),
            Action::Deny(deny) => Err(Fault::early(Kind::Denied(deny))),
            // Verification proves that a leaf is never an arm that leads on.
            Action::Route => Err(Fault::early(Kind::Internal)),
        }
    }

    fn plan<'p>(
        &mut self,
        policy: &'p Policy,
        asked: (ClassId, Option<&str>),
        (needs, size): (Needs, &Size<'_>),
    ) -> Result<Plan<'p>, Fault> {
        self.journal.record.class = head::label(policy, asked.0).map(str::to_owned);
        let plan = plan(policy, asked, (needs, size), &self.worker.common.limits);
        let plan = plan.ok_or(Fault::early(Kind::Internal))?;
        if plan.steps.is_empty() {
            // One that less input would bring to a target helps its client most to hear just that:
            // the other targets would not be needed then, whatever they lack.
            return Err(Fault::early(match (plan.window_max, plan.lacking) {
                (Some(window), _) => Kind::InputTooLong {
                    tokens: size.tokens(),
                    window,
                },
                (None, 0) if plan.is_unoffered => Kind::NotOffered,
                (None, 0) => Kind::NoSpeakingTarget(needs.endpoint),
                (None, lacking) => Kind::NoCapableTarget(lacking),
            }));
        }
        Ok(plan)
    }
}

/// To what a request was led.
#[expect(
    clippy::large_enum_variant,
    reason = "it is moved once, and a box would be an allocation for every request"
)]
enum Led<'p> {
    Models(Bytes),
    Hello,
    /// Tokens of a request that nobody of its class can count.
    Counted(u64),
    Errand(Errand<'p>),
}

/// What came of an errand, for a client that has the head of its answer.
fn relayed(tried: Tried) -> Relay {
    let Tried {
        mut journal,
        result,
        origin,
    } = tried;
    let shown = match result {
        Ok(shown) => shown,
        Err(fault) => return Relay::failed(&fault, journal, origin),
    };
    journal.record.status = StatusCode::OK.as_u16();
    let last = journal.trail.attempts.last();
    journal.record.target = last.map(|last| last.target.clone());
    match shown.opened {
        Opened::Whole(whole) => Relay::whole(whole, journal, shown.origin),
        Opened::Stream(stream) => Relay::new(*stream, journal, shown.origin, shown.after),
        // Who asked for a stream is never shown anything else.
        Opened::Plain { .. } => {
            let fault = Fault::of(Kind::Malformed, Sent::Request);
            Relay::failed(&fault, journal, origin)
        }
    }
}
