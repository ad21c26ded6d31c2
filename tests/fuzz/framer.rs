//! Any bytes, cut anywhere, frame and read alike.
//!
//! The first two bytes of the input say how to cut the rest.

use bytes::Bytes;
use claw_runtime::dialect::Dialect;
use claw_runtime::dialect::openai::usage::Quirk;
use claw_runtime::dialect::reader::{Close, End, Expect, Reader, UsageChunk};
use claw_runtime::sse::field::{self, Kind};
use claw_runtime::sse::framer::Framer;

/// Small, so that the bound is met.
const EVENT_BYTES_MAX: usize = 512;

pub fn framer(bytes: &[u8]) {
    let Some((cuts, stream)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let piece = usize::from(cuts[0]) + 1;
    let split = usize::from(cuts[1]).min(stream.len());
    let (front, back) = stream.split_at(split);
    let one = frames(&[stream]);
    assert_eq!(one, frames(&[front, back]), "two pieces");
    assert_eq!(
        one,
        frames(&stream.chunks(piece).collect::<Vec<_>>()),
        "pieces of {piece}"
    );
    assert_eq!(
        one,
        frames(&stream.chunks(1).collect::<Vec<_>>()),
        "single bytes"
    );

    let stream = Bytes::copy_from_slice(stream);
    let (relayed, end) = read_alike(&stream, piece, UsageChunk::Relayed);
    let (fewer, withheld) = read_alike(&stream, piece, UsageChunk::Withheld);
    assert_eq!(
        (&end.ending, end.usage, end.content),
        (&withheld.ending, withheld.usage, withheld.content),
        "what is withheld is read"
    );
    assert!(fewer.len() <= relayed.len());
    let unmarked = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&stream);
    assert!(
        is_what_came(unmarked, &relayed),
        "what is relayed is what came"
    );
}

/// Whether this is the beginning of a stream, or one from which a single event was left out: one that
/// could not be read, behind the first content.
fn is_what_came(stream: &[u8], relayed: &[u8]) -> bool {
    let same = stream.iter().zip(relayed).take_while(|(a, b)| a == b);
    let same = same.count();
    let begins_line = |at: &usize| *at == 0 || matches!(relayed[*at - 1], b'\n' | b'\r');
    same == relayed.len()
        || (0..=same)
            .rev()
            .filter(begins_line)
            .any(|at| memchr::memmem::find(&stream[at..], &relayed[at..]).is_some())
}

/// Where each frame ends, late LFs counted to their frame; and whether an event was too long.
fn frames(pieces: &[&[u8]]) -> (Vec<usize>, bool) {
    let mut framer = Framer::new(EVENT_BYTES_MAX);
    let mut ends: Vec<usize> = Vec::new();
    let mut held: Vec<u8> = Vec::new();
    let mut before = 0;
    for piece in pieces {
        let mut frames = framer.frames(piece);
        let opening = frames.opening();
        if opening.drops_held {
            held.clear();
        } else if opening.start > 0 {
            *ends.last_mut().expect("an LF is late only after a frame") += 1;
        }
        let mut at = opening.start;
        for frame in frames.by_ref() {
            let Ok(frame) = frame else {
                return (ends, true);
            };
            assert_eq!(frame.start, at);
            assert_eq!(frame.begun_before, !held.is_empty());
            held.extend_from_slice(&piece[frame.start..frame.end]);
            assert_eq!(Kind::of(&held) == Kind::Data, field::data(&held).is_some());
            held.clear();
            at = frame.end;
            ends.push(before + at);
        }
        match frames.finish() {
            Ok(cut) => assert_eq!(cut, at),
            Err(_) => return (ends, true),
        }
        held.extend_from_slice(&piece[at..]);
        assert!(held.len() <= EVENT_BYTES_MAX);
        before += piece.len();
    }
    (ends, false)
}

/// What one reading gives, which every cut of the stream gives too.
fn read_alike(stream: &Bytes, piece: usize, usage: UsageChunk) -> (Vec<u8>, End) {
    let whole = read(stream, stream.len().max(1), usage);
    assert_eq!(whole, read(stream, piece, usage), "pieces of {piece}");
    assert_eq!(whole, read(stream, 1, usage), "single bytes");
    whole
}

fn read(stream: &Bytes, piece: usize, usage: UsageChunk) -> (Vec<u8>, End) {
    let mut reader = Reader::new(Expect {
        dialect: Dialect::Chat,
        choices: 1,
        quirk: Quirk::None,
        usage,
    });
    let mut relayed = Vec::new();
    let mut at = 0;
    while at < stream.len() {
        let end = (at + piece).min(stream.len());
        for bytes in reader.push(&stream.slice(at..end)).ready {
            relayed.extend_from_slice(&bytes);
        }
        at = end;
    }
    (relayed, reader.finish(Close::Clean))
}
