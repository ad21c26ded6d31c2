//! How a body goes on the wire: its head, its coding, its writes.

use super::acts::{Act, Scene, before};
use super::behaviour::{Before, Behaviour, Framing, Head, Keep, RetryAfter, Writes};
use super::body::{Body, End, Piece};
use super::gzip;
use super::http::{self, LAST_CHUNK};

/// Frames a body, head first; whether the connection can be kept.
pub(super) fn framed(
    scene: Scene<'_>,
    behaviour: &Behaviour,
    mut body: Body,
    list: &mut Vec<Act>,
) -> Keep {
    if behaviour.framing == Framing::Gzip {
        compress(&mut body);
    }
    let coding = coding(behaviour, &mut body);
    let mut headers = vec![("content-type", body.kind.to_owned())];
    headers.append(&mut body.headers);
    match coding {
        Coding::Length(length) => headers.push(("content-length", length.to_string())),
        Coding::Chunked => headers.push(("transfer-encoding", "chunked".to_owned())),
        Coding::UntilClose => headers.push(("connection", "close".to_owned())),
    }
    headers.extend(more_headers(scene, behaviour));
    list.push(Act::Send(http::head(body.status, &headers), 0));
    let comment: &[u8] = if body.streams() {
        b": keep-alive\n\n"
    } else {
        b"\n"
    };
    if before(behaviour.before_body, list, || coding.of(comment.to_vec())) {
        return Keep::Close;
    }
    for piece in body.pieces {
        before(piece.before, list, Vec::new);
        let bytes = if piece.raw {
            piece.bytes
        } else {
            coding.of(piece.bytes)
        };
        list.push(Act::Send(bytes, piece.events));
    }
    match (body.end, coding) {
        (End::Whole, Coding::Chunked) => list.push(Act::Send(LAST_CHUNK.to_vec(), 0)),
        (End::Whole, Coding::Length(_)) => {}
        (End::Whole, Coding::UntilClose) => return Keep::Close,
        (End::NoLastChunk | End::Close, _) => list.push(Act::Close),
        (End::Reset, _) => list.push(Act::Reset),
        (End::Hang, _) => list.push(Act::Hang),
    }
    if body.end == End::Whole {
        behaviour.head.keep
    } else {
        Keep::Close
    }
}

/// How the end of a body is told.
#[derive(Clone, Copy)]
enum Coding {
    Length(usize),
    Chunked,
    UntilClose,
}

impl Coding {
    fn of(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Chunked => http::chunk(&bytes),
            Self::Length(_) | Self::UntilClose => bytes,
        }
    }
}

/// Chooses the coding, and spoils the body where the coding is to lie about it.
fn coding(behaviour: &Behaviour, body: &mut Body) -> Coding {
    let sent: usize = body.pieces.iter().map(|piece| piece.bytes.len()).sum();
    let total = sent + body.unsent_bytes;
    // Comments before a body are part of it: no length could be told.
    let endless = matches!(behaviour.before_body, Before::Comments(_));
    match behaviour.framing {
        Framing::Usual | Framing::Gzip if body.streams() || endless => Coding::Chunked,
        Framing::Usual | Framing::Gzip => Coding::Length(total),
        Framing::Chunked => Coding::Chunked,
        Framing::UntilClose => Coding::UntilClose,
        Framing::LengthShort => {
            body.end = End::Close;
            Coding::Length(total.saturating_sub(7))
        }
        Framing::LengthLong => {
            body.end = End::Close;
            Coding::Length(total + 64)
        }
        Framing::EarlyEnd => {
            shorten(&mut body.pieces, total / 2);
            body.end = End::Close;
            Coding::Length(total)
        }
    }
}

/// Makes one compressed piece of all.
fn compress(body: &mut Body) {
    let events = body.pieces.iter().map(|piece| piece.events).sum();
    let all: Vec<u8> = body
        .pieces
        .drain(..)
        .flat_map(|piece| piece.bytes)
        .collect();
    let bytes = gzip::stored(&all);
    body.pieces.push(Piece {
        before: Before::Nothing,
        bytes,
        events,
        raw: false,
    });
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
    if keep == Keep::Close {
        headers.push(("connection", "close".to_owned()));
    }
    headers
}

/// Splits or joins the writes. What a pause or an end stands between stays apart.
pub(super) fn grouped(list: Vec<Act>, writes: Writes) -> Vec<Act> {
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

#[cfg(test)]
mod tests {
    use super::Act;
    use crate::sim::acts::{Scene, acts};
    use crate::sim::openai;
    use crate::sim::script::behaviour;
    use std::time::{Duration, SystemTime};

    const BODY: &[u8] = br#"{"model":"m","stream":true,"messages":[]}"#;

    fn sends(script: &str) -> Vec<(Vec<u8>, usize)> {
        let ask = openai::ask::ask(BODY).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_772);
        let scene = Scene {
            name: "p",
            number: 1,
            ask: &ask,
            key: "",
            now,
        };
        let list = acts(scene, &behaviour(script).unwrap()).list;
        let sends = list.into_iter().filter_map(|act| match act {
            Act::Send(bytes, events) => Some((bytes, events)),
            Act::Wait(_) | Act::Repeat(..) | Act::Hang | Act::Close | Act::Reset => None,
        });
        sends.collect()
    }

    #[test]
    fn splitting_and_joining_writes_changes_no_byte_and_no_event() {
        let whole = |sends: &[(Vec<u8>, usize)]| {
            let bytes: Vec<u8> = sends.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            (bytes, sends.iter().map(|(_, events)| events).sum::<usize>())
        };
        let (usual, split, once) = (sends("ok"), sends("split"), sends("coalesce"));
        assert!(split.iter().all(|(bytes, _)| bytes.len() == 1));
        assert_eq!(once.len(), 1);
        assert_eq!(whole(&split), whole(&usual));
        assert_eq!(whole(&once), whole(&usual));
        assert_eq!(
            sends("coalesce, slow first 1ms").len(),
            2,
            "a pause keeps writes apart"
        );
    }

    #[test]
    fn a_date_lies_as_far_ahead_as_it_says() {
        let (head, _) = sends("429, retry-after-date 5s").swap_remove(0);
        let head = String::from_utf8(head).unwrap();
        assert!(
            head.contains("retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
            "{head}"
        );
        let (head, _) = sends("429, retry-after 1500ms").swap_remove(0);
        assert!(
            String::from_utf8(head)
                .unwrap()
                .contains("retry-after: 1.5\r\n")
        );
    }
}
