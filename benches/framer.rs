//! What does it cost to find an event, and to read usage as events pass?
//!
//! Twins: a bare search for two line feeds, which is no framer (it knows neither CR nor comments)
//! but shows what the bytes alone cost, and two well-known crates. Figures are per event.

use std::convert::Infallible;
use std::fs;
use std::hint::black_box;
use std::path::PathBuf;

use bytes::Bytes;
use claw_runtime::dialect::Dialect;
use claw_runtime::dialect::openai::usage::Quirk;
use claw_runtime::dialect::reader::{Close, Expect, Reader, UsageChunk};
use claw_runtime::sse::field::{self, Kind};
use claw_runtime::sse::framer::Framer;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use eventsource_stream::Eventsource;

use futures_util::{FutureExt, StreamExt, stream};
use memchr::memmem::Finder;
use sse_stream::SseStream;

const PIECE: usize = 16 * 1024;
const EVENT_BYTES: usize = 187;
const EVENTS: usize = 512;

criterion_group!(benches, events_of_187_bytes, recordings);
criterion_main!(benches);

/// Events as OpenAI sends them, 187 bytes each, in pieces of 16 KiB.
fn events_of_187_bytes(criterion: &mut Criterion) {
    let pieces = pieces(&(0..EVENTS).flat_map(event).collect::<Vec<_>>());
    let mut group = criterion.benchmark_group("framer/187 bytes in 16 KiB pieces");
    group.throughput(Throughput::Elements(EVENTS as u64));

    group.bench_function("claw ranges", |bencher| {
        bencher.iter(|| {
            let mut framer = Framer::default();
            let mut found = 0;
            for piece in &pieces {
                let mut frames = framer.frames(piece);
                for frame in frames.by_ref() {
                    found += usize::from(black_box(frame.unwrap()).end > 0);
                }
                black_box(frames.finish().unwrap());
            }
            assert_eq!(found, EVENTS);
        });
    });
    group.bench_function("claw ranges and kinds", |bencher| {
        bencher.iter(|| {
            let mut framer = Framer::default();
            let mut found = 0;
            for piece in &pieces {
                let mut frames = framer.frames(piece);
                for frame in frames.by_ref() {
                    let frame = frame.unwrap();
                    let whole = !frame.begun_before;
                    found += usize::from(
                        whole && Kind::of(&piece[frame.start..frame.end]) == Kind::Data,
                    );
                }
                black_box(frames.finish().unwrap());
            }
            assert!(found > EVENTS * 9 / 10);
        });
    });
    group.bench_function("claw reader with usage", |bencher| {
        bencher.iter(|| assert!(read(&pieces).usage.is_none()));
    });
    group.bench_function("memmem of two line feeds", |bencher| {
        let finder = Finder::new(b"\n\n");
        bencher.iter(|| {
            let found: usize = pieces
                .iter()
                .map(|piece| finder.find_iter(piece).count())
                .sum();
            assert!(found > EVENTS * 9 / 10);
        });
    });
    group.bench_function("sse-stream", |bencher| {
        bencher.iter(|| {
            let body = stream::iter(pieces.clone().into_iter().map(Ok::<_, Infallible>));
            let events = SseStream::from_bytes_stream(body).count();
            assert_eq!(events.now_or_never().unwrap(), EVENTS);
        });
    });
    group.bench_function("eventsource-stream", |bencher| {
        bencher.iter(|| {
            let body = stream::iter(pieces.clone().into_iter().map(Ok::<_, Infallible>));
            let events = body.eventsource().count();
            assert_eq!(events.now_or_never().unwrap(), EVENTS);
        });
    });
    group.finish();
}

/// Recorded OpenAI-dialect streams, each read from its start to its end.
fn recordings(criterion: &mut Criterion) {
    let streams = recorded();
    let pieces: Vec<Vec<Bytes>> = streams.iter().map(|stream| pieces(stream)).collect();
    let events: usize = streams.iter().map(|stream| events_in(stream)).sum();
    let mut group = criterion.benchmark_group("framer/recordings");
    group.throughput(Throughput::Elements(events as u64));
    group.bench_function("claw ranges", |bencher| {
        bencher.iter(|| {
            for pieces in &pieces {
                let mut framer = Framer::default();
                for piece in pieces {
                    let mut frames = framer.frames(piece);
                    black_box(frames.by_ref().count());
                    black_box(frames.finish().unwrap());
                }
            }
        });
    });
    group.bench_function("claw reader with usage", |bencher| {
        bencher.iter(|| {
            for pieces in &pieces {
                black_box(read(pieces));
            }
        });
    });
    // No judge of content, errors or ends: what looking for events and usage alone would cost.
    group.bench_function(
        "memmem of two line feeds, and of usage in between",
        |bencher| {
            let (end, usage) = (Finder::new(b"\n\n"), Finder::new(b"\"usage\":{"));
            bencher.iter(|| {
                for piece in pieces.iter().flatten() {
                    let mut start = 0;
                    for at in end.find_iter(piece) {
                        black_box(usage.find(&piece[start..at]));
                        start = at + 2;
                    }
                }
            });
        },
    );
    // The target is about the steady state: from the first content to the end.
    let steady: Vec<(Reader, Vec<Bytes>)> =
        pieces.iter().map(|pieces| after_content(pieces)).collect();
    let events: usize = steady
        .iter()
        .flat_map(|(_, rest)| rest)
        .map(|piece| events_in(piece))
        .sum();
    group.throughput(Throughput::Elements(events as u64));
    group.bench_function("claw reader with usage, after first content", |bencher| {
        bencher.iter_batched(
            || {
                steady
                    .iter()
                    .map(|(reader, _)| reader.clone())
                    .collect::<Vec<_>>()
            },
            |mut readers| {
                for (reader, (_, rest)) in readers.iter_mut().zip(&steady) {
                    for piece in rest {
                        black_box(reader.push(piece));
                    }
                }
                readers
            },
            criterion::BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn read(pieces: &[Bytes]) -> claw_runtime::dialect::reader::End {
    let mut reader = Reader::new(Expect {
        dialect: Dialect::Chat,
        choices: 1,
        quirk: Quirk::None,
        usage: UsageChunk::Relayed,
    });
    for piece in pieces {
        black_box(reader.push(piece));
    }
    reader.finish(Close::Clean)
}

/// A reader that has just seen content, and the rest of its stream.
fn after_content(pieces: &[Bytes]) -> (Reader, Vec<Bytes>) {
    let whole = Bytes::from(pieces.concat());
    let mut reader = Reader::new(Expect {
        dialect: Dialect::Chat,
        choices: 1,
        quirk: Quirk::None,
        usage: UsageChunk::Relayed,
    });
    let mut at = 0;
    for frame in Framer::default().frames(&whole) {
        let frame = frame.unwrap();
        at = frame.end;
        if reader.push(&whole.slice(frame.start..frame.end)).content {
            break;
        }
    }
    (reader, self::pieces(&whole.slice(at..)))
}

fn pieces(stream: &[u8]) -> Vec<Bytes> {
    stream.chunks(PIECE).map(Bytes::copy_from_slice).collect()
}

fn events_in(stream: &[u8]) -> usize {
    let events = |frame: &claw_runtime::sse::framer::Frame| {
        field::data(&stream[frame.start..frame.end]).is_some()
    };
    Framer::default()
        .frames(stream)
        .map(Result::unwrap)
        .filter(events)
        .count()
}

fn event(number: usize) -> Vec<u8> {
    let mut event = format!(
        "data: {{\"id\":\"chatcmpl-7f3a9c\",\"object\":\"chat.completion.chunk\",\
         \"created\":1790000000,\"model\":\"gpt-5.5\",\"choices\":[{{\"index\":0,\
         \"delta\":{{\"content\":\" {number:06}"
    );
    let end = "\"},\"finish_reason\":null}]}\n\n";
    while event.len() + end.len() < EVENT_BYTES {
        event.push('x');
    }
    event.push_str(end);
    assert_eq!(event.len(), EVENT_BYTES);
    event.into_bytes()
}

/// The recordings beside the checkout, or the project's own streams where there are none.
fn recorded() -> Vec<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("../shared/fixtures/streams");
    if let Ok(manifest) = fs::read(folder.join("manifest.json")) {
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let files = manifest["files"].as_array().unwrap().iter();
        return files
            .filter(|file| {
                matches!(
                    file["api"].as_str(),
                    Some("openai-chat" | "openai-completions")
                )
            })
            .map(|file| fs::read(folder.join(file["file"].as_str().unwrap())).unwrap())
            .collect();
    }
    let own = fs::read_dir(root.join("runtime/tests/fixtures/streams")).unwrap();
    own.map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sse"))
        .map(|path| fs::read(path).unwrap())
        .collect()
}
