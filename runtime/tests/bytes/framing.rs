//! Framing vectors: the project's own, and the well-known suites' where they lie beside it.

use std::fmt::Write as _;
use std::ops::Range;

use claw_runtime::sse::field::{self, Kind};
use claw_runtime::sse::framer::Framer;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::sample::select;

use crate::splits;

/// What a stream must come to.
struct Vector {
    name: String,
    chunks: Vec<Vec<u8>>,
    frames: String,
    events: Vec<Event>,
    retry: Option<u64>,
    tail: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    kind: String,
    data: String,
    id: String,
}

/// What a stream came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Found {
    /// The bytes of all frames and of the tail.
    bytes: Vec<u8>,
    /// Where each frame ends in them.
    ends: Vec<usize>,
    /// LFs that came after their event had left at its CR, and where.
    late: Vec<usize>,
}

/// Frames a stream that comes in these pieces.
fn frame(stream: &[u8], pieces: &[Range<usize>]) -> Found {
    let mut framer = Framer::default();
    let mut found = Found::default();
    let mut held: Vec<u8> = Vec::new();
    for piece in pieces {
        let chunk = &stream[piece.clone()];
        let mut frames = framer.frames(chunk);
        let opening = frames.opening();
        if opening.drops_held {
            held.clear();
        } else if opening.start > 0 {
            assert_eq!(&chunk[..opening.start], b"\n", "only a late LF is nobody's");
            found.late.push(found.bytes.len());
        }
        let mut at = opening.start;
        for frame in frames.by_ref() {
            let frame = frame.unwrap();
            assert_eq!(frame.start, at, "frames leave no gap");
            assert_eq!(
                frame.begun_before,
                !held.is_empty(),
                "what began before was held"
            );
            held.extend_from_slice(&chunk[frame.start..frame.end]);
            found.bytes.append(&mut held);
            found.ends.push(found.bytes.len());
            at = frame.end;
        }
        assert_eq!(
            frames.finish().unwrap(),
            at,
            "the cut is the last frame's end"
        );
        held.extend_from_slice(&chunk[at..]);
        assert_eq!(framer.open_bytes(), held.len());
    }
    found.bytes.append(&mut held);
    found
}

impl Found {
    fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.bytes[start..*end])
    }

    fn tail(&self) -> &[u8] {
        &self.bytes[self.ends.last().copied().unwrap_or(0)..]
    }

    fn kinds(&self) -> String {
        self.frames().map(|frame| letter(Kind::of(frame))).collect()
    }

    /// The same with every late LF put back where it stood.
    fn whole(&self) -> Self {
        let mut whole = Self::default();
        let mut from = 0;
        let mut late = self.late.iter().peekable();
        for end in &self.ends {
            whole.bytes.extend_from_slice(&self.bytes[from..*end]);
            if late.next_if_eq(&end).is_some() {
                whole.bytes.push(b'\n');
            }
            whole.ends.push(whole.bytes.len());
            from = *end;
        }
        whole.bytes.extend_from_slice(&self.bytes[from..]);
        assert_eq!(late.next(), None, "an LF can only be late at a frame's end");
        whole
    }
}

fn letter(kind: Kind) -> char {
    match kind {
        Kind::Data => 'E',
        Kind::Fields => 'F',
        Kind::Comments => 'C',
        Kind::Unknown => 'X',
        Kind::Blank => 'B',
    }
}

/// What a parser of the standard dispatches for these frames, and the last `retry`.
fn events(found: &Found) -> (Vec<Event>, Option<u64>) {
    let mut events = Vec::new();
    let mut id = String::new();
    let mut retry = None;
    for frame in found.frames() {
        let mut kind = String::new();
        for field in field::fields(frame) {
            let value = String::from_utf8_lossy(field.value).into_owned();
            match field.name {
                b"event" => kind = value,
                b"id" if !value.contains('\0') => id = value,
                b"retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                    retry = value.parse().ok();
                }
                _ => {}
            }
        }
        if let Some(data) = field::data(frame) {
            if kind.is_empty() {
                kind.push_str("message");
            }
            let data = String::from_utf8_lossy(&data).into_owned();
            events.push(Event {
                kind,
                data,
                id: id.clone(),
            });
        }
    }
    (events, retry)
}

fn check(vector: &Vector) {
    let stream = vector.chunks.concat();
    let mut pieces = Vec::new();
    let mut at = 0;
    for chunk in &vector.chunks {
        pieces.push(at..at + chunk.len());
        at += chunk.len();
    }
    let found = frame(&stream, &pieces);
    let name = &vector.name;
    assert_eq!(found.kinds(), vector.frames, "{name}: frames");
    assert_eq!(
        !found.tail().is_empty(),
        vector.tail,
        "{name}: tail {:?}",
        found.tail()
    );
    let (events, mut retry) = events(&found);
    for field in field::fields(found.tail()).filter(|field| field.name == b"retry") {
        retry = str::from_utf8(field.value).unwrap().parse().ok().or(retry);
    }
    assert_eq!(events, vector.events, "{name}: events");
    assert_eq!(retry, vector.retry, "{name}: retry");
    check_splits(name, &stream, &found);
}

/// R1 and R2: no byte is lost, and no way to cut the stream gives other frames.
fn check_splits(name: &str, stream: &[u8], own: &Found) {
    let one = frame(stream, &[0..stream.len()]);
    let unmarked = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    assert_eq!(one.bytes, unmarked, "{name}: lossless");
    assert!(one.late.is_empty(), "{name}: nothing is late in one chunk");
    assert_eq!(own.whole(), one, "{name}: its own chunks");
    assert_eq!(
        frame(stream, &splits::bytewise(stream.len())).whole(),
        one,
        "{name}: bytewise"
    );
    for seed in 0..splits::PARTITIONS {
        let pieces = splits::random(stream.len(), seed);
        assert_eq!(
            frame(stream, &pieces).whole(),
            one,
            "{name}: partition {seed}"
        );
    }
    if stream.len() > 32 * 1024 {
        check_two_way_by_state(name, stream);
        return;
    }
    for split in 0..=stream.len() {
        let found = frame(stream, &[0..split, split..stream.len()]);
        assert_eq!(found.whole(), one, "{name}: split at {split}");
    }
}

/// Every two-way split of a large stream, without framing all of it each time.
///
/// A framer is a few flags. If after the bytes up to `split`, come as one chunk, they are what they
/// are when the same bytes come one by one, then what follows cannot differ either. The state after
/// one chunk is that of the last event's end before the split, carried on over the rest of it; so
/// only the open event is framed anew.
fn check_two_way_by_state(name: &str, stream: &[u8]) {
    let mut bytewise = Framer::default();
    let mut at_boundary = Framer::default();
    let mut boundary = 0;
    for split in 1..=stream.len() {
        let ended = advance(&mut bytewise, &stream[split - 1..split]);
        // Lines without an empty one grow quadratically here, too; a few thousand splits of each
        // event are enough, and all of its first and last ones.
        let open = split - boundary;
        if ended > 0 || open < 2048 || open.is_multiple_of(997) || split + 2048 > stream.len() {
            let mut chunkwise = at_boundary.clone();
            advance(&mut chunkwise, &stream[boundary..split]);
            assert_eq!(chunkwise, bytewise, "{name}: split at {split}");
        }
        if ended > 0 {
            at_boundary = bytewise.clone();
            boundary = split;
        }
    }
}

fn advance(framer: &mut Framer, chunk: &[u8]) -> usize {
    let mut frames = framer.frames(chunk);
    let ended = frames.by_ref().map(Result::unwrap).count();
    frames.finish().unwrap();
    ended
}

#[test]
fn every_own_vector_frames_alike_at_every_split() {
    let text = std::fs::read_to_string(crate::fixtures().join("framing/vectors.txt")).unwrap();
    let vectors: Vec<Vector> = text
        .split("\n\n")
        .filter(|block| block.contains("in "))
        .map(read)
        .collect();
    assert!(
        vectors.len() >= 40,
        "only {} vectors were read",
        vectors.len()
    );
    for rule in 1..=10 {
        let named = format!("R{rule} ");
        assert!(
            vectors.iter().any(|vector| vector.name.starts_with(&named)),
            "none shows R{rule}"
        );
    }
    vectors.iter().for_each(check);
}

#[test]
fn every_known_vector_frames_alike_at_every_split() {
    let Some(folder) = crate::recordings() else {
        return;
    };
    let text = std::fs::read(folder.join("sse-vectors.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let vectors = json["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 88);
    for vector in vectors {
        known::check_digests(vector);
        check(&known::read(vector));
    }
}

#[test]
fn an_event_is_bounded_whether_it_ends_or_not() {
    let bound = 64;
    let fits = [b"data: ".as_slice(), &[b'x'; 56], b"\n\n"].concat();
    let long = [b"data: ".as_slice(), &[b'x'; 57], b"\n\n"].concat();
    let endless = b":x\n".repeat(200);
    for pieces in [1, 7, 64, 65, 4096] {
        let fails = |stream: &[u8]| {
            let mut framer = Framer::new(bound);
            stream.chunks(pieces).any(|chunk| {
                let mut frames = framer.frames(chunk);
                frames.by_ref().any(|frame| frame.is_err()) || frames.finish().is_err()
            })
        };
        assert!(
            !fails(&fits.repeat(20)),
            "many short events in pieces of {pieces}"
        );
        assert!(
            fails(&[&fits[..], &long].concat()),
            "one long event in pieces of {pieces}"
        );
        assert!(
            fails(&endless),
            "comments without end in pieces of {pieces}"
        );
    }
}

proptest! {
    #[test]
    fn every_split_gives_the_same_frames(words in proptest::collection::vec(word(), 0..24), seed in any::<u64>()) {
        let stream = words.concat();
        let one = frame(&stream, &[0..stream.len()]);
        for split in 0..=stream.len() {
            let found = frame(&stream, &[0..split, split..stream.len()]);
            assert_eq!(found.whole(), one, "split at {split}");
        }
        assert_eq!(frame(&stream, &splits::bytewise(stream.len())).whole(), one);
        assert_eq!(frame(&stream, &splits::random(stream.len(), seed)).whole(), one);
        assert_eq!(one.ends, slow_ends(&stream), "the slow reading of the standard");
    }
}

fn word() -> impl Strategy<Value = Vec<u8>> {
    const ENDS: &[&[u8]] = &[b"\n", b"\r", b"\r\n"];
    const WORDS: &[&[u8]] = &[
        b"data",
        b"data:",
        b"data: x",
        b":",
        b"event: e",
        b"\xEF\xBB\xBF",
        b"\xEF",
        b"\xBB",
        b" ",
    ];
    prop_oneof![
        6 => select(ENDS).prop_map(<[u8]>::to_vec),
        4 => select(WORDS).prop_map(<[u8]>::to_vec),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ]
}

/// The standard read slowly: all bytes at hand, one line after another.
fn slow_ends(stream: &[u8]) -> Vec<usize> {
    let marked = stream.starts_with(b"\xEF\xBB\xBF");
    let stream = if marked { &stream[3..] } else { stream };
    let mut ends = Vec::new();
    let mut line_start = 0;
    let mut at = 0;
    while at < stream.len() {
        let length = match (stream[at], stream.get(at + 1)) {
            (b'\r', Some(b'\n')) => 2,
            (b'\r' | b'\n', _) => 1,
            _ => {
                at += 1;
                continue;
            }
        };
        if line_start == at {
            ends.push(at + length);
        }
        at += length;
        line_start = at;
    }
    ends
}

/// Reads one vector of the own file:
///
/// ```text
/// R3 name of the case
/// in data: a\r\n\r | \n
/// frames E
/// events a, ping:b, c id=7
/// tail
/// ```
fn read(block: &str) -> Vector {
    let mut vector = Vector {
        name: String::new(),
        chunks: Vec::new(),
        frames: String::new(),
        events: Vec::new(),
        retry: None,
        tail: false,
    };
    for line in block.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("in", rest) => vector.chunks = rest.split(" | ").map(unescape).collect(),
            ("frames", rest) => vector.frames = rest.replace(' ', ""),
            ("event", rest) => vector.events.push(event(rest)),
            ("retry", rest) => vector.retry = Some(rest.parse().unwrap()),
            ("tail", _) => vector.tail = true,
            _ => write!(vector.name, "{line}").unwrap(),
        }
    }
    vector
}

fn event(text: &str) -> Event {
    let mut parts = text.split(" ~ ");
    let data = String::from_utf8_lossy(&unescape(parts.next().unwrap())).into_owned();
    let mut event = Event {
        kind: "message".into(),
        data,
        id: String::new(),
    };
    for part in parts {
        match part.split_once('=').unwrap() {
            ("type", kind) => event.kind = kind.into(),
            ("id", id) => event.id = id.into(),
            (other, _) => panic!("an event has no {other}"),
        }
    }
    event
}

/// `\n \r \t \0 \s \\ \xNN`, `\e` for nothing, and `{text}*N` for a repetition.
fn unescape(text: &str) -> Vec<u8> {
    if let Some((body, times)) = text
        .strip_prefix('{')
        .and_then(|rest| rest.rsplit_once("}*"))
    {
        return unescape(body).repeat(times.parse().unwrap());
    }
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().unwrap() {
            b'e' => continue,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'0' => 0,
            b's' => b' ',
            b'x' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    bytes
}

/// Vectors in the form they have beside the checkout.
mod known {
    use serde_json::Value;

    use super::{Event, Vector};

    pub(super) fn read(json: &Value) -> Vector {
        let generated = json["generated_chunk"]
            .as_array()
            .map(|parts| vec![generate(parts)]);
        let given = || {
            let chunks = json["chunks_b64"].as_array().unwrap();
            chunks
                .iter()
                .map(|chunk| base64(chunk.as_str().unwrap()))
                .collect()
        };
        Vector {
            name: json["id"].as_str().unwrap().into(),
            chunks: generated.unwrap_or_else(given),
            frames: json["frames"]
                .as_array()
                .unwrap()
                .iter()
                .map(frames)
                .collect(),
            events: events(json),
            retry: json["retry"].as_u64(),
            tail: json["tail"].as_bool().unwrap(),
        }
    }

    fn generate(parts: &[Value]) -> Vec<u8> {
        let part = |part: &Value| {
            let times = usize::try_from(part[1].as_u64().unwrap()).unwrap();
            part[0].as_str().unwrap().repeat(times).into_bytes()
        };
        parts.iter().flat_map(part).collect()
    }

    fn frames(frame: &Value) -> String {
        match frame {
            Value::String(letter) => letter.clone(),
            repeated => {
                let times = usize::try_from(repeated[1].as_u64().unwrap()).unwrap();
                repeated[0].as_str().unwrap().repeat(times)
            }
        }
    }

    fn events(json: &Value) -> Vec<Event> {
        if let Some(repeat) = json.get("events_repeat") {
            let times = usize::try_from(repeat["count"].as_u64().unwrap()).unwrap();
            return vec![event(&repeat["event"]); times];
        }
        if let Some(digests) = json.get("events_digest") {
            // Their text is in the generated chunk; only length and type stand in the file.
            let text: String = match json["id"].as_str().unwrap() {
                "G2" => "x\n".repeat(10_000).trim_end().into(),
                _ => "x".repeat(1 << 20),
            };
            assert_eq!(digests[0]["length"].as_u64(), Some(text.len() as u64));
            return vec![Event {
                kind: "message".into(),
                data: text,
                id: String::new(),
            }];
        }
        json["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(event)
            .collect()
    }

    fn event(json: &Value) -> Event {
        let text = |key: &str| json[key].as_str().unwrap().to_string();
        Event {
            kind: text("type"),
            data: text("data"),
            id: text("id"),
        }
    }

    /// Every vector must say in some way what its events are.
    pub(super) fn check_digests(json: &Value) {
        let said = ["events", "events_repeat", "events_digest"];
        assert_eq!(said.iter().filter(|key| json.get(key).is_some()).count(), 1);
    }

    fn base64(text: &str) -> Vec<u8> {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut bytes = Vec::new();
        for group in text.trim_end_matches('=').as_bytes().chunks(4) {
            let mut bits = 0_u32;
            for digit in group {
                let value = ALPHABET.iter().position(|letter| letter == digit).unwrap();
                bits = bits << 6 | u32::try_from(value).unwrap();
            }
            bits <<= 6 * (4 - u32::try_from(group.len()).unwrap());
            bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
        }
        bytes
    }
}
