//! From a behaviour to what is done on the wire: a list of acts that a test can read.

use std::time::{Duration, SystemTime};

use super::answer::{Answer, Ask, Delivery};
use super::behaviour::{
    Before, Behaviour, Comments, Framing, Head, How, Keep, Lines, Odd, Reply, RetryAfter, Stop,
    Tail, Writes,
};
use super::gzip;
use super::http::{self, LAST_CHUNK};
use super::openai::{self, Event, Kind};

/// One thing done on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Bytes in one write, and how many events end in them.
    Send(Vec<u8>, usize),
    /// A pause.
    Wait(Duration),
    /// The same bytes after each pause, until the client leaves.
    Repeat(Duration, Vec<u8>),
    /// Silence until the client leaves.
    Hang,
    /// The connection is closed without a word.
    Close,
    /// The connection is reset.
    Reset,
}

/// What is done for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acts {
    /// In this order.
    pub list: Vec<Act>,
    /// Whether the connection can carry another request after them.
    pub keep: Keep,
}

/// What an exchange is made from, beside the behaviour.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The simulator's name.
    pub name: &'a str,
    /// The number of the request, from 1.
    pub number: usize,
    /// What is asked.
    pub ask: &'a Ask,
    /// The key that came with it.
    pub key: &'a str,
    /// For `retry-after` as a date.
    pub now: SystemTime,
}

/// What is done for one request.
pub fn acts(scene: Scene<'_>, behaviour: &Behaviour) -> Acts {
    let mut list = Vec::new();
    if before(behaviour.before_head, &mut list, Vec::new) {
        return Acts {
            list,
            keep: Keep::Close,
        };
    }
    for _ in 0..behaviour.head.interim {
        let link = ("link", "</v1/models>; rel=preload".to_owned());
        list.push(Act::Send(http::head(103, &[link]), 0));
    }
    let body = body(scene, behaviour);
    let keep = framed(scene, behaviour, body, &mut list);
    Acts {
        list: grouped(list, behaviour.writes),
        keep,
    }
}

/// Adds what happens before something else; whether nothing can follow it.
fn before(before: Before, list: &mut Vec<Act>, comment: impl Fn() -> Vec<u8>) -> bool {
    let act = match before {
        Before::Nothing => return false,
        Before::Wait(time) => {
            list.push(Act::Wait(time));
            return false;
        }
        Before::Hang => Act::Hang,
        Before::Comments(every) => Act::Repeat(every, comment()),
        Before::Close => Act::Close,
        Before::Reset => Act::Reset,
    };
    list.push(act);
    true
}

/// A body before it is framed.
struct Body {
    status: u16,
    kind: &'static str,
    headers: Vec<(&'static str, String)>,
    pieces: Vec<Piece>,
    /// Bytes that a length announces and that are never sent.
    unsent_bytes: usize,
    end: End,
}

struct Piece {
    before: Before,
    bytes: Vec<u8>,
    /// Events that end in it.
    events: usize,
    /// Whether it is written as it is, outside the transfer coding.
    raw: bool,
}

/// How a body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    NoLastChunk,
    Close,
    Reset,
    Hang,
}

fn body(scene: Scene<'_>, behaviour: &Behaviour) -> Body {
    let Scene {
        name,
        number,
        ask,
        key,
        ..
    } = scene;
    let answer = Answer::new(name, number, ask, behaviour.says).cached(behaviour.usage.cached);
    let streams = ask.stream != Delivery::Plain;
    let place = behaviour.usage.place;
    match behaviour.reply {
        Reply::Answer if streams => streamed(openai::events(&answer, ask.stream, place), behaviour),
        Reply::Answer | Reply::Plain => whole(200, openai::plain(&answer, place), behaviour),
        Reply::Refusal(refusal) => {
            let (status, text) = openai::refusal(refusal, &ask.model, key);
            whole(status, text, behaviour)
        }
        Reply::Html(status) => {
            let text = format!(
                "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n\
                 <center><h1>{status}</h1></center>\r\n<hr><center>cloudflare</center>\r\n\
                 </body>\r\n</html>\r\n"
            );
            Body {
                kind: "text/html",
                ..whole(status, text, behaviour)
            }
        }
        Reply::Redirect => {
            let to = ("location", "/v1/redirected".to_owned());
            let body = whole(302, openai::plain(&answer, place), behaviour);
            Body {
                headers: vec![to],
                ..body
            }
        }
        Reply::Empty if streams => {
            let done = Event {
                kind: Kind::Done,
                data: "[DONE]".to_owned(),
            };
            streamed(vec![done], behaviour)
        }
        Reply::Empty => whole(200, openai::empty(&answer), behaviour),
        Reply::NotJson if streams => {
            let mut events = openai::events(&answer, ask.stream, place);
            for event in events.iter_mut().filter(|event| event.kind != Kind::Done) {
                event.data = halved(&event.data);
            }
            streamed(events, behaviour)
        }
        Reply::NotJson => whole(200, halved(&openai::plain(&answer, place)), behaviour),
    }
}

/// The first half of a text.
fn halved(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}

/// A body in one piece. Wherever a stream would break off, it breaks off in its middle.
fn whole(status: u16, text: String, behaviour: &Behaviour) -> Body {
    let mut bytes = text.into_bytes();
    let mut end = End::Whole;
    if let Some(Stop { how, .. }) = behaviour.stop {
        match how {
            How::Error => bytes = openai::STREAM_ERROR.as_bytes().to_vec(),
            How::Cut | How::CutInside | How::CleanEnd => end = End::Close,
            How::Reset => end = End::Reset,
            How::Stall => end = End::Hang,
        }
    }
    let whole_bytes = bytes.len();
    if end != End::Whole {
        bytes.truncate(whole_bytes / 2);
    }
    let unsent_bytes = whole_bytes - bytes.len();
    let pieces = vec![Piece {
        before: behaviour.before_content,
        bytes,
        events: 0,
        raw: false,
    }];
    let headers = Vec::new();
    Body {
        status,
        kind: "application/json",
        headers,
        pieces,
        unsent_bytes,
        end,
    }
}

fn streamed(mut events: Vec<Event>, behaviour: &Behaviour) -> Body {
    match behaviour.tail {
        Tail::Whole | Tail::NoLastChunk => {}
        Tail::NoFinish => events.retain(|e| matches!(e.kind, Kind::Role | Kind::Content)),
        Tail::NoDone => events.retain(|e| e.kind != Kind::Done),
    }
    let mut odd_at = None;
    match behaviour.odd {
        Some((after, Odd::BadEvent)) => {
            let data = "{\"id\":\"chatcmpl-sim\",\"choices\":[{".to_owned();
            events.insert(
                after.min(events.len()),
                Event {
                    kind: Kind::Content,
                    data,
                },
            );
        }
        Some((after, Odd::BadChunk)) => odd_at = Some(after.min(events.len())),
        Some((_, Odd::HugeEvent(bytes))) => enlarge(&mut events, bytes),
        None => {}
    }
    let mut pieces = Vec::new();
    let mut said = false;
    for (at, event) in events.iter().enumerate() {
        let first_content = event.kind == Kind::Content && !said;
        said |= first_content;
        let pause = match behaviour.drip {
            Some(time) if at > 0 => Before::Wait(time),
            _ => Before::Nothing,
        };
        let before = if first_content {
            behaviour.before_content
        } else {
            Before::Nothing
        };
        let before = if before == Before::Nothing {
            pause
        } else {
            before
        };
        pieces.push(Piece {
            before,
            bytes: written(at, &event.data, behaviour),
            events: 1,
            raw: false,
        });
    }
    let mut end = if behaviour.tail == Tail::NoLastChunk {
        End::NoLastChunk
    } else {
        End::Whole
    };
    if let Some(stop) = behaviour.stop {
        end = stopped(&mut pieces, stop, behaviour);
    }
    if let Some(at) = odd_at.filter(|at| *at <= pieces.len()) {
        pieces.truncate(at);
        let bytes = b"zz\r\nnot a chunk\r\n".to_vec();
        pieces.push(Piece {
            before: Before::Nothing,
            bytes,
            events: 0,
            raw: true,
        });
        end = End::Close;
    }
    let kind = "text/event-stream; charset=utf-8";
    Body {
        status: 200,
        kind,
        headers: Vec::new(),
        pieces,
        unsent_bytes: 0,
        end,
    }
}

/// Breaks a stream off; how it then ends.
fn stopped(pieces: &mut Vec<Piece>, stop: Stop, behaviour: &Behaviour) -> End {
    let mut rest = pieces.split_off(stop.after.min(pieces.len()));
    match stop.how {
        How::Cut => End::Close,
        How::Reset => End::Reset,
        How::Stall => End::Hang,
        How::CleanEnd => End::Whole,
        How::CutInside => {
            if let Some(mut next) = (!rest.is_empty()).then(|| rest.swap_remove(0)) {
                next.bytes.truncate(next.bytes.len() / 2);
                next.events = 0;
                pieces.push(next);
            }
            End::Close
        }
        How::Error => {
            let bytes = written(pieces.len(), openai::STREAM_ERROR, behaviour);
            pieces.push(Piece {
                before: Before::Nothing,
                bytes,
                events: 1,
                raw: false,
            });
            End::Whole
        }
    }
}

/// Fills the first piece of text until its event has at least `bytes` bytes.
fn enlarge(events: &mut [Event], bytes: usize) {
    let mark = "\"content\":\"";
    let content = |event: &&mut Event| event.kind == Kind::Content && event.data.contains(mark);
    if let Some(event) = events.iter_mut().find(content) {
        let filler = "x".repeat(bytes.saturating_sub(event.data.len()));
        event.data = event.data.replacen(mark, &format!("{mark}{filler}"), 1);
    }
}

/// One event as the stream's lines have it.
fn written(at: usize, data: &str, behaviour: &Behaviour) -> Vec<u8> {
    let line_end = match behaviour.lines {
        Lines::Lf | Lines::Bom => "\n",
        Lines::CrLf => "\r\n",
        Lines::Cr => "\r",
    };
    let bom = if behaviour.lines == Lines::Bom && at == 0 {
        "\u{feff}"
    } else {
        ""
    };
    let comment = match behaviour.comments {
        Comments::None => String::new(),
        Comments::Each => format!(": keep-alive{line_end}{line_end}"),
    };
    format!("{bom}{comment}data: {data}{line_end}{line_end}").into_bytes()
}

/// Frames a body, head first; whether the connection can be kept.
fn framed(scene: Scene<'_>, behaviour: &Behaviour, body: Body, list: &mut Vec<Act>) -> Keep {
    let Body {
        status,
        kind,
        headers: extra,
        mut pieces,
        unsent_bytes,
        mut end,
    } = body;
    let stream = kind.starts_with("text/event-stream");
    if behaviour.framing == Framing::Gzip {
        let bytes = gzip::stored(
            &pieces
                .iter()
                .flat_map(|p| p.bytes.clone())
                .collect::<Vec<_>>(),
        );
        let events = pieces.iter().map(|piece| piece.events).sum();
        pieces = vec![Piece {
            before: Before::Nothing,
            bytes,
            events,
            raw: false,
        }];
    }
    let total = pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>() + unsent_bytes;
    let repeats = matches!(behaviour.before_body, Before::Comments(_));
    let length = match behaviour.framing {
        Framing::Usual | Framing::Gzip if stream || repeats => None,
        Framing::Usual | Framing::Gzip | Framing::EarlyEnd => Some(total),
        Framing::LengthShort => Some(total.saturating_sub(7)),
        Framing::LengthLong => Some(total + 64),
        Framing::UntilClose | Framing::Chunked => None,
    };
    let chunked = length.is_none() && behaviour.framing != Framing::UntilClose;
    match behaviour.framing {
        Framing::LengthShort | Framing::LengthLong => end = End::Close,
        Framing::EarlyEnd => {
            shorten(&mut pieces, total / 2);
            end = End::Close;
        }
        Framing::Usual | Framing::UntilClose | Framing::Chunked | Framing::Gzip => {}
    }
    let mut headers = vec![("content-type", kind.to_owned())];
    headers.extend(extra);
    headers.extend(length.map(|length| ("content-length", length.to_string())));
    headers.extend(chunked.then(|| ("transfer-encoding", "chunked".to_owned())));
    headers.extend(more_headers(scene, behaviour));
    list.push(Act::Send(http::head(status, &headers), 0));
    let comment = if stream {
        &b": keep-alive\n\n"[..]
    } else {
        b"\n"
    };
    let coded = |bytes: &[u8]| {
        if chunked {
            http::chunk(bytes)
        } else {
            bytes.to_vec()
        }
    };
    if before(behaviour.before_body, list, || coded(comment)) {
        return Keep::Close;
    }
    for piece in pieces {
        before(piece.before, list, Vec::new);
        let bytes = if piece.raw {
            piece.bytes
        } else {
            coded(&piece.bytes)
        };
        list.push(Act::Send(bytes, piece.events));
    }
    let until_close = behaviour.framing == Framing::UntilClose;
    if end == End::Whole && chunked {
        list.push(Act::Send(LAST_CHUNK.to_vec(), 0));
    }
    ended(end, list).unwrap_or(if until_close {
        Keep::Close
    } else {
        behaviour.head.keep
    })
}

/// Adds what happens after a body; [`Keep::Close`] where nothing can follow.
fn ended(end: End, list: &mut Vec<Act>) -> Option<Keep> {
    match end {
        End::Whole => return None,
        End::NoLastChunk | End::Close => list.push(Act::Close),
        End::Reset => list.push(Act::Reset),
        End::Hang => list.push(Act::Hang),
    }
    Some(Keep::Close)
}

/// Keeps the first `most` bytes of a body.
fn shorten(pieces: &mut Vec<Piece>, most: usize) {
    let mut left = most;
    for piece in &mut *pieces {
        if piece.bytes.len() > left {
            piece.bytes.truncate(left);
            piece.events = 0;
        }
        left -= piece.bytes.len();
    }
    pieces.retain(|piece| !piece.bytes.is_empty());
}

fn more_headers(scene: Scene<'_>, behaviour: &Behaviour) -> Vec<(&'static str, String)> {
    let Head {
        retry_after,
        filler_bytes,
        keep,
        ..
    } = behaviour.head;
    let mut headers = vec![
        ("x-request-id", format!("req_sim{:06}", scene.number)),
        ("x-sim-name", scene.name.to_owned()),
    ];
    if behaviour.framing == Framing::Gzip {
        headers.push(("content-encoding", "gzip".to_owned()));
    }
    match retry_after {
        None => {}
        Some(RetryAfter::Seconds(time)) => {
            // A fraction is allowed by what clients read, and is what some providers send.
            headers.push(("retry-after", time.as_secs_f64().to_string()));
        }
        Some(RetryAfter::Date(time)) => {
            headers.push(("retry-after", httpdate::fmt_http_date(scene.now + time)));
        }
        Some(RetryAfter::Millis(time)) => {
            headers.push(("retry-after-ms", time.as_millis().to_string()));
        }
    }
    if filler_bytes > 0 {
        headers.push(("x-filler", "x".repeat(filler_bytes)));
    }
    if keep == Keep::Close || behaviour.framing == Framing::UntilClose {
        headers.push(("connection", "close".to_owned()));
    }
    headers
}

/// Splits or joins the writes. What a pause or an end stands between stays apart.
fn grouped(list: Vec<Act>, writes: Writes) -> Vec<Act> {
    let mut out: Vec<Act> = Vec::new();
    for act in list {
        match (writes, act) {
            (Writes::Bytes, Act::Send(bytes, events)) => {
                let end = bytes.len().saturating_sub(1);
                let parts = bytes.into_iter().enumerate();
                out.extend(
                    parts.map(|(at, byte)| {
                        Act::Send(vec![byte], if at == end { events } else { 0 })
                    }),
                );
            }
            (Writes::Once, Act::Send(bytes, events)) => match out.last_mut() {
                Some(Act::Send(have, had)) => {
                    have.extend(bytes);
                    *had += events;
                }
                _ => out.push(Act::Send(bytes, events)),
            },
            (_, act) => out.push(act),
        }
    }
    out
}
