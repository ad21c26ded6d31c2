//! What is sent as the body of an answer, before it is framed.

use super::acts::Scene;
use super::answer::{Answer, Ask, Delivery, Only};
use super::behaviour::{
    Before, Begun, Behaviour, Comments, How, Lines, Odd, Refusal, Reply, Stop, Tail, UsagePlace,
};
use super::speech::{Event, Kind, Speech, event};
use super::{anthropic, openai};

/// A body before it is framed.
pub(super) struct Body {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) pieces: Vec<Piece>,
    /// Bytes that a length announces and that are never sent.
    pub(super) unsent_bytes: usize,
    pub(super) end: End,
}

impl Body {
    pub(super) fn streams(&self) -> bool {
        self.kind.starts_with("text/event-stream")
    }
}

/// A part of a body that goes out in one write.
pub(super) struct Piece {
    pub(super) before: Before,
    pub(super) bytes: Vec<u8>,
    /// Events that end in it.
    pub(super) events: usize,
    /// Whether it is written as it is, outside the transfer coding.
    pub(super) raw: bool,
}

/// How a body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    NoLastChunk,
    Close,
    Reset,
    Hang,
}

/// What the provider does not take of a request that it would answer.
fn refused(ask: &Ask, behaviour: &Behaviour) -> Option<Reply> {
    let refusal = if behaviour.usage.place == UsagePlace::Refused && ask.stream_options {
        Refusal::StreamOptions
    } else if behaviour.begun == Begun::Refused && ask.begun.is_some() {
        Refusal::Begun
    } else {
        return None;
    };
    Some(Reply::Refusal(refusal))
}

/// The body that is due.
pub(super) fn body(scene: Scene<'_>, behaviour: &Behaviour) -> Body {
    let Scene {
        name,
        number,
        ask,
        key,
        ..
    } = scene;
    let speech = ask.speech;
    let answer = Answer::new(name, number, ask, behaviour.says).cached(behaviour.usage.cached);
    let streams = ask.stream != Delivery::Plain && ask.only.is_none();
    let place = behaviour.usage.place;
    let refused = refused(ask, behaviour).filter(|_| behaviour.reply == Reply::Answer);
    match *refused.as_ref().unwrap_or(&behaviour.reply) {
        Reply::Answer if streams => {
            let events = speech.events(&answer, ask.stream, place);
            streamed(events, (speech, behaviour))
        }
        Reply::Answer | Reply::Plain => {
            let text = match ask.only {
                Some(only) => only_that(only, ask),
                None => speech.plain(&answer, place),
            };
            whole(200, text, (speech, behaviour))
        }
        Reply::Refusal(kind) => {
            let (status, text) = speech.refusal(kind, &ask.model, key);
            if streams && status == 200 {
                // A prompt that is blocked is answered, with nothing.
                return streamed(vec![event(Kind::Finish, "", text)], (speech, behaviour));
            }
            whole(status, text, (speech, behaviour))
        }
        Reply::Html(status) => {
            let text = format!(
                "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n\
                 <center><h1>{status}</h1></center>\r\n<hr><center>cloudflare</center>\r\n\
                 </body>\r\n</html>\r\n"
            );
            Body {
                kind: "text/html",
                ..whole(status, text, (speech, behaviour))
            }
        }
        Reply::Redirect => {
            let to = ("location", "/v1/redirected".to_owned());
            let body = whole(302, speech.plain(&answer, place), (speech, behaviour));
            Body {
                headers: vec![to],
                ..body
            }
        }
        Reply::Empty if streams => streamed(vec![speech.done()], (speech, behaviour)),
        Reply::Empty => whole(200, speech.empty(&answer), (speech, behaviour)),
        Reply::NotJson if streams => {
            let mut events = speech.events(&answer, ask.stream, place);
            for event in events.iter_mut().filter(|event| event.kind != Kind::Done) {
                event.data = halved(&event.data);
            }
            streamed(events, (speech, behaviour))
        }
        Reply::NotJson => {
            let text = halved(&speech.plain(&answer, place));
            whole(200, text, (speech, behaviour))
        }
    }
}

/// What comes whole and is no answer in words.
fn only_that(only: Only, ask: &Ask) -> String {
    match only {
        Only::Tokens => anthropic::count(ask.input_tokens),
        Only::Embeddings(count) => openai::embeddings::plain(ask, count),
    }
}

/// The first half of a text.
fn halved(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}

/// A body in one piece. Wherever a stream would break off, it breaks off in its middle.
fn whole(status: u16, text: String, (speech, behaviour): (Speech, &Behaviour)) -> Body {
    let mut bytes = text.into_bytes();
    let mut end = End::Whole;
    if let Some(Stop { how, .. }) = behaviour.stop {
        match how {
            How::Error => bytes = speech.failed().data.into_bytes(),
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

fn streamed(mut events: Vec<Event>, (speech, behaviour): (Speech, &Behaviour)) -> Body {
    match behaviour.tail {
        Tail::Whole | Tail::NoLastChunk => {}
        Tail::NoFinish => {
            events.retain(|e| matches!(e.kind, Kind::Role | Kind::Block | Kind::Content));
        }
        Tail::NoDone => events.retain(|e| e.kind != Kind::Done),
    }
    let mut odd_at = None;
    match behaviour.odd {
        Some((after, Odd::BadEvent)) => {
            events.insert(after.min(events.len()), speech.broken());
        }
        Some((after, Odd::BadChunk)) => odd_at = Some(after.min(events.len())),
        Some((_, Odd::HugeEvent(bytes))) => enlarge(&mut events, bytes, speech.text_mark()),
        None => {}
    }
    let mut pieces = written_all(&events, behaviour);
    let mut end = if behaviour.tail == Tail::NoLastChunk {
        End::NoLastChunk
    } else {
        End::Whole
    };
    if let Some(stop) = behaviour.stop {
        end = stopped(&mut pieces, stop, (speech, behaviour));
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

/// Each event as a piece, with the pauses that stand before it.
fn written_all(events: &[Event], behaviour: &Behaviour) -> Vec<Piece> {
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
            bytes: written(at, event, behaviour),
            events: 1,
            raw: false,
        });
    }
    pieces
}

/// Breaks a stream off; how it then ends.
fn stopped(pieces: &mut Vec<Piece>, stop: Stop, (speech, behaviour): (Speech, &Behaviour)) -> End {
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
            let bytes = written(pieces.len(), &speech.failed(), behaviour);
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
fn enlarge(events: &mut [Event], bytes: usize, mark: &str) {
    let content = |event: &&mut Event| event.kind == Kind::Content && event.data.contains(mark);
    if let Some(event) = events.iter_mut().find(content) {
        let filler = "x".repeat(bytes.saturating_sub(event.data.len()));
        event.data = event.data.replacen(mark, &format!("{mark}{filler}"), 1);
    }
}

/// One event as the stream's lines have it.
fn written(at: usize, event: &Event, behaviour: &Behaviour) -> Vec<u8> {
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
    let name = match event.name {
        "" => String::new(),
        name => format!("event: {name}{line_end}"),
    };
    let data = &event.data;
    format!("{bom}{comment}{name}data: {data}{line_end}{line_end}").into_bytes()
}
