//! The life of one request: head, body, facts, decision, plan, attempts, answer.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use claw_table::policy::{Action, Policy};
use claw_table::{ArmId, ClassId, Unclear};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;

use crate::clock::Clock;
use crate::dialect::Dialect;
use crate::dialect::reader::UsageChunk;
use crate::fault::{Fault, Kind};
use crate::gateway::Worker;
use crate::gateway::body::{self, Held};
use crate::gateway::head::{self, Route};
use crate::gateway::outgoing::{outgoing, translated};
use crate::identity::origin::origin;
use crate::plan::{Needs, Plan, Step, plan};
use crate::policy::live::Snapshot;
use crate::relay::journal::Journal;
use crate::relay::socket::Meter;
use crate::relay::{Answer, Origin, Relay};
use crate::request::endpoint::Endpoint;
use crate::request::facts::Asked;
use crate::request::peek::{Peek, peek_for};
use crate::request::tokens::estimate;
use crate::respond::{self, Circumstances};
use crate::translate::{About, Dropped};
use crate::upstream::attempt::{Ask, Opened};
use crate::upstream::chain::Chain;
use crate::upstream::fallback::{Carried, Round, Sent};

/// One request on its way through the gateway.
pub(super) struct Visit<'w> {
    worker: &'w Worker,
    /// The policy in force when the head came; a request keeps it to its end.
    snapshot: Arc<Snapshot>,
    journal: Journal,
    /// The protocol in which the client speaks.
    dialect: Dialect,
}

/// An answer that may be shown, and by which target.
struct Shown {
    opened: Opened,
    origin: Origin,
    /// What was left out of the request on its way into another protocol.
    dropped: Dropped,
}

impl<'w> Visit<'w> {
    /// Opens the record of a request whose head has just come.
    pub(super) fn open(worker: &'w Worker, clock: Clock, meter: Arc<Meter>) -> Self {
        Self {
            worker,
            snapshot: worker.common.live.take(),
            journal: Journal::open(clock, Arc::clone(&worker.sink), meter),
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
        self.note_head(&parts);
        let meter = Arc::clone(self.journal.meter());
        let served = unless_ending(&meter, self.serve(&parts, incoming, from)).await;
        match served {
            Ok(Served::Models) => self.models(),
            Ok(Served::Hello) => self.hello(),
            Ok(Served::Counted(tokens)) => self.counted(tokens),
            Ok(Served::Shown(shown)) => self.show(*shown),
            Err(fault) => self.refuse(&fault),
        }
    }

    fn note_head(&mut self, parts: &Parts) {
        let (worker, limits) = (self.worker, &self.worker.common.limits);
        self.dialect = head::dialect(parts);
        let record = &mut self.journal.record;
        record.request_id = head::request_id(&parts.headers, &worker.dice, limits);
        record
            .policy
            .push_str(self.snapshot.digest.to_str().unwrap_or_default());
        record.method.push_str(parts.method.as_str());
    }

    async fn serve(
        &mut self,
        parts: &Parts,
        incoming: Incoming,
        from: SocketAddr,
    ) -> Result<Served, Fault> {
        let snapshot = Arc::clone(&self.snapshot);
        let path = head::path(parts)?;
        self.journal.record.path = head::cut(path, self.worker.common.limits.model_bytes_max);
        let host = head::host(parts)?;
        let route = head::route(parts, path);
        if let Ok(Route::Hello) = route {
            return Ok(Served::Hello);
        }
        // Who is nobody's client does not learn what is served here.
        let trust = &snapshot.table.policy().gateway.trust;
        let ip = origin(from.ip(), &parts.headers, trust)?;
        let client = head::caller(parts, &snapshot.roster, ip)?.name();
        self.journal.record.client = client.map(str::to_owned);
        let endpoint = match route? {
            Route::Models => return Ok(Served::Models),
            Route::Hello => return Ok(Served::Hello),
            Route::Ask(endpoint) => endpoint,
        };
        head::check_body_headers(&parts.headers)?;
        let common = &self.worker.common;
        let body = body::read(incoming, &common.bodies, &common.limits).await?;
        let peek = peek_for(&body.bytes, &snapshot.pointers)
            .map_err(|refusal| Fault::early(Kind::Body(refusal)))?;
        self.note_body(&peek);
        let class = self.decide(
            &snapshot,
            &Asked {
                method: &parts.method,
                path,
                query: parts.uri.query(),
                host: host.as_deref(),
                ip,
                client,
                headers: &parts.headers,
                body: &body.bytes,
                pointers: &snapshot.pointers,
                peek: &peek,
            },
        )?;
        let needs = Needs {
            endpoint,
            can: peek.can,
            streaming: peek.stream && endpoint.streams(),
        };
        let plan = match self.plan(snapshot.table.policy(), class, needs) {
            Err(fault) if fault.kind == Kind::NoSpeakingTarget(Endpoint::CountTokens) => {
                return Ok(Served::Counted(estimate(&body.bytes)));
            }
            plan => plan?,
        };
        let shown = self.attempts(&plan, &parts.headers, (&body, &peek)).await?;
        Ok(Served::Shown(Box::new(shown)))
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
        class: ClassId,
        needs: Needs,
    ) -> Result<Plan<'p>, Fault> {
        self.journal.record.class = head::label(policy, class).map(str::to_owned);
        let plan = plan(policy, class, needs, &self.worker.common.limits);
        let plan = plan.ok_or(Fault::early(Kind::Internal))?;
        if plan.steps.is_empty() {
            return Err(Fault::early(match plan.lacking {
                0 => Kind::NoSpeakingTarget(needs.endpoint),
                lacking => Kind::NoCapableTarget(lacking),
            }));
        }
        Ok(plan)
    }

    async fn attempts(
        &mut self,
        plan: &Plan<'_>,
        headers: &HeaderMap,
        (held, peek): (&Held, &Peek),
    ) -> Result<Shown, Fault> {
        if peek.model.is_none() {
            return Err(Fault::early(Kind::NoModel));
        }
        let worker = self.worker;
        let limits = &worker.common.limits;
        let needs = plan.needs;
        let ask = Ask {
            endpoint: needs.endpoint,
            headers,
            streaming: needs.streaming,
            choices: peek.choices,
            // Without the wish a client's loop may index `choices[0]` of every chunk. That the
            // other chunks then say `"usage":null` is left as it is: to every client null is as
            // good as absent, and their bytes stay the provider's.
            usage: if peek.include_usage {
                UsageChunk::Relayed
            } else {
                UsageChunk::Withheld
            },
            total: self.journal.started + plan.total,
            limits,
        };
        let round = Round {
            ask: &ask,
            plan,
            upstreams: &self.snapshot.upstreams,
            wires: &worker.wires,
            dice: &worker.dice,
            reluctant: &self.snapshot.reluctant,
        };
        let request_id = self.journal.record.request_id.clone();
        let body = |step: &Step<'_>, asking| {
            let Some(pair) = ask.pair(step) else {
                let sent = outgoing((&held.bytes, peek), &step.model.wire, asking)?;
                return Ok(Sent {
                    body: Chain::new([sent]),
                    carried: None,
                });
            };
            let told = translated((&held.bytes, peek), pair, step, asking)?;
            Ok(Sent {
                body: Chain::new([told.body]),
                carried: Some(Carried {
                    dropped: told.dropped,
                    names: told.names,
                    about: About {
                        request_id: request_id.clone(),
                        created_s: Clock.wall_ms() / 1000,
                        tells_usage: peek.include_usage,
                        input_tokens: estimate(&held.bytes),
                    },
                }),
            })
        };
        let served = round.serve(&mut self.journal.trail, body).await?;
        let step = served.step;
        self.journal.content();
        let upstream = self.snapshot.upstreams.get(step.target.provider.index());
        Ok(Shown {
            opened: served.opened,
            dropped: served.dropped,
            origin: Origin {
                snapshot: Arc::clone(&self.snapshot),
                limits: Arc::clone(limits),
                wires: Arc::clone(&worker.wires),
                pool_key: upstream.map_or(0, |upstream| upstream.pool_key),
                dialect: self.dialect,
                idle: step.waits.idle,
            },
        })
    }

    /// The head that every answer has.
    fn head(&self, status: StatusCode) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.reserve(10);
        let record = &self.journal.record;
        insert(headers, "x-request-id", &record.request_id);
        if matches!(self.dialect, Dialect::Messages | Dialect::CountTokens) {
            // Under this name its clients show it to their users.
            insert(headers, "request-id", &record.request_id);
        }
        headers.insert("x-claw-policy", self.snapshot.digest.clone());
        if let Some(class) = &record.class {
            insert(headers, "x-claw-class", class);
            headers.insert(
                "x-claw-attempts",
                HeaderValue::from(self.journal.trail.sent()),
            );
        }
        if let Some(target) = &record.target {
            insert(headers, "x-claw-target", target);
        }
        response
    }

    fn whole(mut self, response: Response<()>, bytes: Bytes) -> Response<Answer> {
        self.journal.record.status = response.status().as_u16();
        let journal = self.journal;
        response.map(|()| Answer::Whole {
            bytes: Some(bytes),
            journal: Box::new(journal),
        })
    }

    fn models(mut self) -> Response<Answer> {
        let mut response = self.head(StatusCode::OK);
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        self.journal.end("complete");
        let models = self.snapshot.models.clone();
        self.whole(response, models)
    }

    /// Claude Code looks whether anybody is there before it asks.
    fn hello(mut self) -> Response<Answer> {
        let response = self.head(StatusCode::OK);
        self.journal.end("complete");
        self.whole(response, Bytes::new())
    }

    /// An estimate that leans upwards: its clients make room by it before they have none left.
    fn counted(mut self, tokens: u64) -> Response<Answer> {
        let mut response = self.head(StatusCode::OK);
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        insert(headers, "x-claw-estimated", "input_tokens");
        self.journal.end("complete");
        let tokens = tokens.saturating_add(tokens / 4);
        let body = format!("{{\"input_tokens\":{tokens}}}");
        self.whole(response, Bytes::from(body))
    }

    /// The committed answer of a target.
    fn show(mut self, shown: Shown) -> Response<Answer> {
        let last = self.journal.trail.attempts.last();
        self.journal.record.target = last.map(|last| last.target.clone());
        let mut response = self.head(StatusCode::OK);
        let headers = response.headers_mut();
        if let Some(dropped) = shown.dropped.told() {
            insert(headers, "x-claw-dropped", &dropped);
        }
        match shown.opened {
            Opened::Plain { body, usage } => {
                let json = HeaderValue::from_static("application/json");
                headers.insert(header::CONTENT_TYPE, json);
                self.journal.trail.end();
                self.journal.record.usage = usage;
                self.journal.end("complete");
                self.whole(response, body)
            }
            Opened::Stream(stream) => {
                for (name, value) in STREAM_HEADERS {
                    headers.insert(name, HeaderValue::from_static(value));
                }
                self.journal.record.status = response.status().as_u16();
                let relay = Relay::new(*stream, self.journal, shown.origin);
                response.map(|()| Answer::Stream(Box::new(relay)))
            }
        }
    }

    /// The answer to a fault before anything was shown.
    fn refuse(mut self, fault: &Fault) -> Response<Answer> {
        let record = &self.journal.record;
        let reply = respond::reply(
            fault,
            &Circumstances {
                policy: self.snapshot.table.policy(),
                limits: &self.worker.common.limits,
                attempts: &self.journal.trail.attempts,
                arm: record.arm.as_deref(),
                class: record.class.as_deref(),
                dialect: self.dialect,
            },
        );
        let mut response = self.head(reply.status);
        respond::headers(&reply, response.headers_mut());
        self.journal.record.code = Some(reply.code);
        let asked = self.journal.trail.attempts.is_empty();
        let refused = asked || fault.is_uncarried();
        self.journal.end(if refused { "refused" } else { "failed" });
        let body = respond::passed_on(fault).unwrap_or_else(|| respond::body(&reply, self.dialect));
        self.whole(response, body)
    }
}

/// What comes of serving, unless the gateway stops before: then nothing more is waited for.
async fn unless_ending(
    meter: &Meter,
    serving: impl Future<Output = Result<Served, Fault>>,
) -> Result<Served, Fault> {
    let mut serving = pin!(serving);
    poll_fn(|cx| match serving.as_mut().poll(cx) {
        Poll::Pending if meter.is_ending() => Poll::Ready(Err(Fault::early(Kind::Stopping))),
        Poll::Pending => Poll::Pending,
        Poll::Ready(served) => Poll::Ready(served),
    })
    .await
}

/// What serving a request came to.
enum Served {
    Models,
    Hello,
    /// Tokens of a request that nobody of its class can count.
    Counted(u64),
    Shown(Box<Shown>),
}

/// A proxy in between must neither hold events back nor change them.
const STREAM_HEADERS: [(&str, &str); 3] = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
];

fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    // Names come from the policy; one that cannot stand in a header stands in the log only.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
