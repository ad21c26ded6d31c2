//! One request put on the wire, up to the point where its answer may be shown.
//!
//! ```text
//! connect ─┬─ send ─── head ──┬─ stream: events held back … first content → Opened::Stream
//!          │                  ├─ or … its end, where it is shown whole     → Opened::Whole
//!  (pool)  │                  └─ plain: the whole body, checked           → Opened::Plain
//!          └ the clock of first-token and attempt starts here
//! ```

mod reading;

use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use claw_table::policy::Commit;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use smallvec::SmallVec;

use crate::clock::{Clock, Instant};
use crate::dialect::openai::usage::Quirk;
use crate::dialect::reader::{Expect, Reader, Skipped, Stop, UsageChunk};
use crate::fault::{Fault, Kind, Sent};
use crate::limits::Limits;
use crate::meter::usage::Usage;
use crate::plan::Step;
use crate::request::changes::{Change, Changes};
use crate::request::endpoint::Endpoint;
use crate::request::room::{self, Room};
use crate::translate::{Pair, Translator};
use crate::upstream::asking::Asking;
use crate::upstream::chain::Chain;
use crate::upstream::connect::{Dial, connect};
use crate::upstream::link::{Flow, Link, Unanswered};
use crate::upstream::outbound::request;
use crate::upstream::pool::Pool;
use crate::upstream::{Upstream, Whose};
use reading::Reading;

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
    /// What the policy changes.
    pub(crate) changes: &'a Changes,
    /// What the request's class changes.
    pub(crate) class: Option<&'a Change>,
    /// With whose key it is sent.
    pub(crate) key: Whose<'a>,
    /// What becomes of the chunk that says nothing but what was used.
    pub(crate) usage: UsageChunk,
    /// When a stream may be shown.
    pub(crate) commit: Commit,
    /// When the whole request must be over.
    pub(crate) total: Instant,
    /// What all bodies hold.
    pub(crate) bodies: &'a room::Held,
    /// The bounds.
    pub(crate) limits: &'a Limits,
}

/// An answer that may be shown.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A stream up to its first content.
    Stream(Box<Stream>),
    /// A stream to its end.
    Whole(Whole),
    /// A whole answer.
    Plain {
        /// Its bytes.
        body: Bytes,
        /// What it reports as used.
        usage: Option<Usage>,
        /// When the last of it came.
        at: Instant,
    },
}

/// A stream that is over, and whole.
#[derive(Debug)]
pub(crate) struct Whole {
    /// All its events.
    pub(crate) events: Bytes,
    /// The memory they were granted.
    pub(crate) room: Room,
    /// What it reports as used.
    pub(crate) usage: Option<Usage>,
    /// Whether an event is missing from it that nobody could read.
    pub(crate) skipped: Skipped,
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
    /// How many choices it is asked for.
    pub(crate) choices: u32,
    /// Since when.
    pub(crate) begun: Instant,
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

    /// What `future` gives in time. It is pinned where it is made: handed over by value it would
    /// stand in the task twice.
    async fn bound<T>(self, future: Pin<&mut impl Future<Output = T>>) -> Result<T, Fault> {
        let result = tokio::time::timeout_at(self.at, future).await;
        result.map_err(|_| Fault::of(self.kind, Sent::Request))
    }
}

/// Sends the request to one target and waits until its answer may be shown.
pub(crate) async fn attempt(ask: &Ask<'_>, place: Place<'_>, body: Chain) -> Result<Opened, Fault> {
    let opened = tried(ask, place, body).await;
    match ask.key {
        Whose::Ours => opened,
        Whose::Callers(_) => opened.map_err(Fault::of_callers_key),
    }
}

async fn tried(ask: &Ask<'_>, place: Place<'_>, body: Chain) -> Result<Opened, Fault> {
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
        StatusCode::OK if ask.streaming && !is_json(&head.headers) => match ask.commit {
            // Boxed like all that a plain answer does not need.
            Commit::FirstContent => Box::pin(reading.stream(expect(ask, place))).await,
            Commit::Whole => Box::pin(reading.whole(ask, place)).await,
        },
        StatusCode::OK => reading.plain(ask, place).await,
        status if status.is_redirection() => Err(Fault {
            status: Some(status.as_u16()),
            ..unfit(Kind::Redirect)
        }),
        status if status.is_client_error() || status.is_server_error() => {
            Err(Box::pin(reading.refused(&head, ask, place)).await)
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
        choices: place.choices,
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
    let mut begun = place.begun;
    loop {
        let kept = place.wires.pool.take(place.upstream.pool_key, begun);
        let was_kept = kept.is_some();
        let mut link = if let Some(link) = kept {
            link
        } else {
            // Rare, and large: it has no place in the task of a request that needs no dialling.
            let link = Box::pin(dialled(ask, place)).await?;
            begun = Clock.now();
            link
        };
        let (first, rest) = deadlines(ask, place, begun);
        let answered = first.bound(pin!(link.send(request))).await?;
        let unanswered = match answered {
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
        begun = Clock.now();
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

async fn dialled(ask: &Ask<'_>, place: Place<'_>) -> Result<Link, Fault> {
    let until = ask.deadline().or(Deadline {
        at: Clock.now() + place.step.waits.connect,
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
