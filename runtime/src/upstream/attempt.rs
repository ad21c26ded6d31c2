//! One request put on the wire, up to the point where its answer may be shown.
//!
//! ```text
//! connect ─┬─ send ─── head ──┬─ stream: events held back … first content → Opened::Stream
//!  (pool)  │                  └─ plain: the whole body, checked           → Opened::Plain
//!          └ the clock of first-token and attempt starts here
//! ```

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use smallvec::SmallVec;

use crate::clock::{Clock, Instant};
use crate::dialect::classify::{Answer, classify, in_stream};
use crate::dialect::failure::FailureKind;
use crate::dialect::openai::option;
use crate::dialect::openai::usage::Quirk;
use crate::dialect::plain::{NoAnswer, plain};
use crate::dialect::reader::{Close, Ending, Expect, Reader, Stop, UsageChunk};
use crate::fault::{Fault, Kind, Sent, Side};
use crate::limits::Limits;
use crate::meter::usage::Usage;
use crate::plan::Step;
use crate::request::endpoint::Endpoint;
use crate::translate::{Pair, Translator, refusal};
use crate::upstream::asking::Asking;
use crate::upstream::chain::Chain;
use crate::upstream::connect::{Dial, connect};
use crate::upstream::link::{Broken, Flow, Link, Unanswered};
use crate::upstream::outbound::request;
use crate::upstream::pool::Pool;
use crate::upstream::{Credential, Upstream};

/// What every attempt of one worker uses.
#[derive(Debug)]
pub(crate) struct Wires {
    /// Connections to be used again.
    pub(crate) pool: Pool,
    /// The way out.
    pub(crate) dial: Arc<dyn Dial>,
}

/// What is the same for every attempt of one request.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    /// What is asked for.
    pub(crate) endpoint: Endpoint,
    /// The client's own headers; few of them go on.
    pub(crate) headers: &'a HeaderMap,
    /// Whether the answer is to be a stream.
    pub(crate) streaming: bool,
    /// How many choices were asked for.
    pub(crate) choices: u32,
    /// What becomes of the chunk that says nothing but what was used.
    pub(crate) usage: UsageChunk,
    /// When the whole request must be over.
    pub(crate) total: Instant,
    /// The bounds.
    pub(crate) limits: &'a Limits,
}

/// An answer that may be shown.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A stream up to its first content.
    Stream(Box<Stream>),
    /// A whole answer.
    Plain {
        /// Its bytes.
        body: Bytes,
        /// What it reports as used.
        usage: Option<Usage>,
    },
}

/// A stream that has shown content, or ended properly without any.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Whole events that have come so far.
    pub(crate) held: SmallVec<[Bytes; 4]>,
    /// Where the rest comes from.
    pub(crate) flow: Flow,
    /// What reads it.
    pub(crate) reader: Reader,
    /// What was wrong behind the first content already.
    pub(crate) stop: Option<Stop>,
    /// When this attempt must be over.
    pub(crate) deadline: Deadline,
    /// What brings it into the client's protocol, where that is another one.
    pub(crate) translator: Option<Box<Translator>>,
}

/// Where an attempt goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The target and its deadlines.
    pub(crate) step: &'a Step<'a>,
    /// The provider, ready to be dialled.
    pub(crate) upstream: &'a Upstream,
    /// The worker's connections.
    pub(crate) wires: &'a Wires,
    /// What the gateway added to the request.
    pub(crate) asking: Asking,
}

/// A moment, and what has happened if it passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) kind: Kind,
}

impl Ask<'_> {
    /// The two protocols, where the target speaks another one than the client.
    pub(crate) fn pair(&self, step: &Step<'_>) -> Option<Pair> {
        (self.endpoint != step.asked).then(|| Pair {
            client: self.endpoint.dialect(),
            target: step.asked.dialect(),
        })
    }

    fn deadline(&self) -> Deadline {
        Deadline {
            at: self.total,
            kind: Kind::TotalTimeout,
        }
    }
}

impl Deadline {
    /// The one that comes first.
    pub(crate) fn or(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }

    /// What `future` gives in time.
    async fn bound<T>(self, future: impl Future<Output = T>) -> Result<T, Fault> {
        let result = tokio::time::timeout_at(self.at, future).await;
        result.map_err(|_| Fault::of(self.kind, Sent::Request))
    }
}

/// Sends the request to one target and waits until its answer may be shown.
pub(crate) async fn attempt(ask: &Ask<'_>, place: Place<'_>, body: Chain) -> Result<Opened, Fault> {
    let request = request(ask, place, body)?;
    let answered = send(ask, place, request).await?;
    let (head, incoming) = answered.response.into_parts();
    let reading = Reading {
        flow: Flow::new(incoming, answered.link),
        first: answered.first,
        rest: answered.rest,
        idle: place.step.waits.idle,
        limits: ask.limits,
    };
    match head.status {
        StatusCode::OK if is_encoded(&head.headers) => Err(unfit(Kind::Malformed)),
        StatusCode::OK if ask.streaming && !is_json(&head.headers) => {
            reading.stream(expect(ask, place)).await
        }
        StatusCode::OK => reading.plain(ask, place).await,
        status if status.is_redirection() => Err(Fault {
            status: Some(status.as_u16()),
            ..unfit(Kind::Redirect)
        }),
        status if status.is_client_error() || status.is_server_error() => {
            Err(reading.refused(&head, ask, place).await)
        }
        _ => Err(unfit(Kind::Malformed)),
    }
}

/// A fault of an answer of which the client has seen nothing.
fn unfit(kind: Kind) -> Fault {
    Fault::of(kind, Sent::Request)
}

fn expect(ask: &Ask<'_>, place: Place<'_>) -> Expect {
    let url = place.step.provider.first_url();
    let host = url.map_or("", |url| url.host.as_str());
    // Who translates reads all that comes, and tells the client what it asked for.
    let usage = match ask.pair(place.step) {
        Some(_) => UsageChunk::Relayed,
        None => ask.usage,
    };
    Expect {
        dialect: place.step.asked.dialect(),
        choices: ask.choices,
        quirk: Quirk::of_host(host),
        usage,
    }
}

struct Answered {
    response: Response<Incoming>,
    link: Link,
    /// When the first content must be there.
    first: Deadline,
    /// When everything must be.
    rest: Deadline,
}

/// Puts the request on the wire and waits for the head of the answer. A kept connection that
/// turns out to be dead before a byte was written is replaced: that was no attempt.
async fn send(
    ask: &Ask<'_>,
    place: Place<'_>,
    mut request: Request<Chain>,
) -> Result<Answered, Fault> {
    let mut redials = 0;
    loop {
        let now = Clock.now();
        let kept = place.wires.pool.take(place.upstream.pool_key, now);
        let (mut link, was_kept) = match kept {
            Some(link) => (link, true),
            None => (dialled(ask, place, now).await?, false),
        };
        let begun = if was_kept { now } else { Clock.now() };
        let (first, rest) = deadlines(ask, place, begun);
        let unanswered = match first.bound(link.send(request)).await? {
            Ok(response) => {
                return Ok(Answered {
                    response,
                    link,
                    first,
                    rest,
                });
            }
            Err(unanswered) => unanswered,
        };
        request = match unanswered {
            Unanswered::Unsent(request) if was_kept && redials < ask.limits.redials_max => *request,
            Unanswered::Unsent(_) => return Err(Fault::of(Kind::Connect, Sent::Nothing)),
            Unanswered::Cut => return Err(unfit(Kind::Cut)),
            Unanswered::Malformed => return Err(unfit(Kind::Malformed)),
        };
        redials += 1;
    }
}

fn deadlines(ask: &Ask<'_>, place: Place<'_>, begun: Instant) -> (Deadline, Deadline) {
    let waits = &place.step.waits;
    let rest = ask.deadline().or(Deadline {
        at: begun + waits.attempt,
        kind: Kind::AttemptTimeout,
    });
    let first = rest.or(Deadline {
        at: begun + waits.first_token,
        kind: Kind::FirstTokenTimeout,
    });
    (first, rest)
}

async fn dialled(ask: &Ask<'_>, place: Place<'_>, now: Instant) -> Result<Link, Fault> {
    let until = ask.deadline().or(Deadline {
        at: now + place.step.waits.connect,
        kind: Kind::ConnectTimeout,
    });
    let nothing = |kind| Fault::of(kind, Sent::Nothing);
    let dial = connect(place.upstream, &*place.wires.dial, until.at);
    let wire = dial.await.map_err(|kind| {
        // Whose deadline it was is known here only.
        let ours = kind == Kind::ConnectTimeout && Clock.now() >= until.at;
        nothing(if ours { until.kind } else { kind })
    })?;
    let link = Link::over(wire, ask.limits).await;
    link.map_err(|_| nothing(Kind::Connect))
}

fn media_type(headers: &HeaderMap) -> &[u8] {
    let value = headers.get(header::CONTENT_TYPE);
    value.map_or(b"", HeaderValue::as_bytes)
}

fn is_json(headers: &HeaderMap) -> bool {
    let json = b"application/json";
    let front = media_type(headers).get(..json.len());
    front.is_some_and(|front| front.eq_ignore_ascii_case(json))
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let encoding = headers.get(header::CONTENT_ENCODING);
    encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// An answer whose head has come.
struct Reading<'a> {
    flow: Flow,
    first: Deadline,
    rest: Deadline,
    idle: Duration,
    limits: &'a Limits,
}

/// A body, and whether that was all of it.
struct Gathered {
    bytes: Bytes,
    whole: bool,
}

impl Reading<'_> {
    /// The next bytes before `until`, and no later than the idle deadline allows.
    async fn next(&mut self, until: Deadline) -> Result<Option<Bytes>, Fault> {
        let idle = Deadline {
            at: Clock.now() + self.idle,
            kind: Kind::IdleTimeout,
        };
        match until.or(idle).bound(self.flow.next()).await? {
            None => Ok(None),
            Some(Ok(bytes)) => Ok(Some(bytes)),
            Some(Err(Broken)) => Err(unfit(Kind::Cut)),
        }
    }

    /// The body up to `bytes_max`; one that comes in one piece is not copied.
    async fn gather(&mut self, bytes_max: usize, until: Deadline) -> Result<Gathered, Fault> {
        let whole = |bytes| Gathered { bytes, whole: true };
        let Some(first) = self.next(until).await? else {
            return Ok(whole(Bytes::new()));
        };
        let Some(second) = self.next(until).await? else {
            return Ok(whole(first));
        };
        let mut gathered = BytesMut::from(first);
        let mut more = Some(second);
        while let Some(bytes) = more {
            if gathered.len() + bytes.len() > bytes_max {
                return Ok(Gathered {
                    bytes: gathered.freeze(),
                    whole: false,
                });
            }
            gathered.extend_from_slice(&bytes);
            more = self.next(until).await?;
        }
        Ok(whole(gathered.freeze()))
    }

    /// A whole answer: it is shown only if it is one, so a cut one fails over.
    async fn plain(mut self, ask: &Ask<'_>, place: Place<'_>) -> Result<Opened, Fault> {
        let gathered = self.gather(self.limits.answer_bytes_max, self.rest).await?;
        if !gathered.whole {
            return Err(unfit(Kind::Malformed));
        }
        self.keep(place);
        match plain(&gathered.bytes, expect(ask, place)) {
            // A stream was asked for, and this is none.
            Ok(_) if ask.streaming => Err(unfit(Kind::Malformed)),
            Ok(usage) => Ok(Opened::Plain {
                body: gathered.bytes,
                usage,
            }),
            Err(NoAnswer::Error) => Err(Fault::provider(&in_stream(&gathered.bytes))),
            Err(NoAnswer::Malformed) => Err(unfit(Kind::Malformed)),
        }
    }

    /// A refusal. Its status alone says enough where its body cannot be read.
    async fn refused(mut self, head: &Parts, ask: &Ask<'_>, place: Place<'_>) -> Fault {
        let gathered = self.gather(self.limits.error_bytes_max, self.first).await;
        let (bytes, whole) = match gathered {
            Ok(Gathered { bytes, whole }) => (bytes, whole),
            Err(_) => (Bytes::new(), false),
        };
        if whole {
            self.keep(place);
        }
        let status = head.status.as_u16();
        let mut failure = classify(
            Answer {
                status,
                headers: &head.headers,
                body: &bytes,
            },
            Clock.wall(),
        );
        // Only where the option is ours: what a client asked for himself is his to hear of.
        let pair = ask.pair(place.step);
        let ours = ask.usage == UsageChunk::Withheld || pair.is_some();
        let ours = ours && place.asking == Asking::ForUsage;
        if ask.streaming && ours && option::is_refused(status, &bytes) {
            failure.kind = FailureKind::UsageOption;
        }
        let mut fault = Fault::provider(&failure);
        // The model's name is the policy's choice: what a provider says of it is not the caller's.
        let callers = fault.side == Side::Client && failure.kind != FailureKind::ModelNotFound;
        if callers && whole && bytes.len() <= self.limits.error_pass_bytes_max {
            fault.answer = match pair {
                None => passable(bytes, place.upstream),
                Some(pair) => passable(bytes, place.upstream)
                    .and_then(|error| refusal(&error, failure.kind, pair.client)),
            };
        }
        fault
    }

    /// Keeps the connection of an answer that was read to its end.
    fn keep(&mut self, place: Place<'_>) {
        let now = Clock.now();
        if let Some(link) = self.flow.take_link() {
            place.wires.pool.put(place.upstream.pool_key, link, now);
        }
    }

    /// A stream up to its first content.
    async fn stream(mut self, expect: Expect) -> Result<Opened, Fault> {
        let mut reader = Reader::new(expect);
        let mut held: SmallVec<[Bytes; 4]> = SmallVec::new();
        let mut held_bytes = 0;
        loop {
            let Some(chunk) = self.next(self.first).await? else {
                return self.ended(reader, held);
            };
            let pushed = reader.push(&chunk);
            held_bytes += pushed.ready.iter().map(Bytes::len).sum::<usize>();
            held.extend(pushed.ready);
            match pushed.stop {
                // What was seen first counts, however the bytes were cut into chunks.
                stop if pushed.content => return Ok(self.opened(reader, held, stop)),
                Some(Stop::Error(body)) => return Err(Fault::provider(&in_stream(&body))),
                Some(Stop::Malformed | Stop::TooLong) => return Err(unfit(Kind::Malformed)),
                None if reader.is_done() => return self.ended(reader, held),
                None if held_bytes + reader.held_bytes() > self.limits.held_bytes_max => {
                    return Err(unfit(Kind::Malformed));
                }
                None => {}
            }
        }
    }

    fn opened(self, reader: Reader, held: SmallVec<[Bytes; 4]>, stop: Option<Stop>) -> Opened {
        Opened::Stream(Box::new(Stream {
            held,
            flow: self.flow,
            reader,
            stop,
            deadline: self.rest,
            translator: None,
        }))
    }

    /// A stream that is over without content: a whole answer that says nothing is still one.
    fn ended(self, reader: Reader, held: SmallVec<[Bytes; 4]>) -> Result<Opened, Fault> {
        match reader.clone().finish(Close::Clean).ending {
            Ending::Complete => Ok(self.opened(reader, held, None)),
            Ending::Error(body) => Err(Fault::provider(&in_stream(&body))),
            Ending::Cut => Err(unfit(Kind::Cut)),
            Ending::DoneWithoutFinish | Ending::Malformed => Err(unfit(Kind::Malformed)),
        }
    }
}

/// The provider's own error object, if it is one and does not repeat our key.
fn passable(body: Bytes, upstream: &Upstream) -> Option<Bytes> {
    let error: serde_json::Value = serde_json::from_slice(&body).ok()?;
    error.get("error")?.as_object()?;
    let secret = upstream.credential.as_ref().map(Credential::key);
    match secret {
        Some(key) if !key.is_empty() && memchr::memmem::find(&body, key).is_some() => None,
        Some(_) | None => Some(body),
    }
}
