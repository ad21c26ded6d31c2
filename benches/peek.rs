//! What does it cost to find in a body the few keys a policy reads, without a tree?
//!
//! Twins: `serde_json` passing over the body, reading a struct of those keys, and making a tree.
//! None of them refuses double keys, so they do less. Figures are bytes per second.

use std::hint::black_box;

use bytes::Bytes;
use claw_runtime::request::edit::{Edit, Path, edited};
use claw_runtime::request::peek::peek;
use claw_runtime::request::tokens::{Size, estimate};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

criterion_group!(benches, bodies);
criterion_main!(benches);

#[derive(Deserialize)]
struct Keys<'a> {
    #[serde(borrow)]
    model: Option<&'a str>,
    stream: Option<bool>,
    max_tokens: Option<u64>,
    n: Option<u32>,
    messages: Option<Vec<IgnoredAny>>,
    tools: Option<Vec<IgnoredAny>>,
}

fn bodies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("peek");
    for (size, body) in [
        ("1 KB", body(1_000)),
        ("50 KB", body(50_000)),
        ("50 KB of tools", tools(50_000)),
        ("5 MB", body(5_000_000)),
    ] {
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(
            BenchmarkId::new("claw peek", size),
            &body,
            |bencher, body| {
                bencher.iter(|| assert!(peek(body).unwrap().stream));
            },
        );
        group.bench_with_input(
            BenchmarkId::new("serde_json passing over", size),
            &body,
            |bencher, body| {
                bencher.iter(|| serde_json::from_slice::<IgnoredAny>(body).unwrap());
            },
        );
        group.bench_with_input(
            BenchmarkId::new("serde_json struct of the keys", size),
            &body,
            |bencher, body| {
                bencher.iter(|| {
                    let keys: Keys<'_> = serde_json::from_slice(body).unwrap();
                    black_box((
                        keys.model,
                        keys.max_tokens,
                        keys.n,
                        keys.messages,
                        keys.tools,
                    ));
                    assert_eq!(keys.stream, Some(true));
                });
            },
        );
        group.bench_with_input(
            BenchmarkId::new("serde_json tree", size),
            &body,
            |bencher, body| {
                bencher.iter(|| serde_json::from_slice::<Value>(body).unwrap());
            },
        );
        group.bench_with_input(
            BenchmarkId::new("claw edit", size),
            &body,
            |bencher, body| {
                let model = peek(body).unwrap().model.unwrap();
                let edits = [
                    Edit::Replace(model.range, r#""house/other-model""#.into()),
                    Edit::Insert("stream_options", r#"{"include_usage":true}"#.into()),
                ];
                bencher.iter(|| edited(body, &edits).unwrap().len());
            },
        );
        group.bench_with_input(
            BenchmarkId::new("claw edit by name", size),
            &body,
            |bencher, body| {
                let edits = [Edit::Set(
                    Path::Member("model"),
                    r#""house/other-model""#.into(),
                )];
                bencher.iter(|| edited(body, &edits).unwrap().len());
            },
        );
        group.bench_with_input(
            BenchmarkId::new("claw token estimate", size),
            &body,
            |bencher, body| {
                bencher.iter(|| estimate(body));
            },
        );
        group.bench_with_input(
            BenchmarkId::new("claw token bound", size),
            &body,
            |bencher, body| {
                let found = peek(body).unwrap();
                bencher.iter(|| Size::of(body, &found).most());
            },
        );
    }
    group.finish();
}

/// A conversation, the model's name last, as the Python client writes it.
fn body(bytes: usize) -> Bytes {
    let said = "The quay is empty by nine.\nOnly \"the harbour master\" stays, and counts the boats \
                that came back; w\u{f3}wczas gasi lamp\u{119}. ";
    let mut messages = Vec::new();
    let mut length = 0;
    for turn in 0.. {
        let text = said.repeat(1 + turn % 30);
        length += text.len() + 40;
        messages.push(
            json!({"role": if turn % 2 == 0 { "user" } else { "assistant" }, "content": text}),
        );
        if length >= bytes {
            break;
        }
    }
    json!({"messages": messages, "model": "gpt-5.5", "stream": true, "max_tokens": 1024, "n": 1})
        .to_string()
        .into()
}

/// A request that is mostly schemas: many short strings, much structure.
fn tools(bytes: usize) -> Bytes {
    let mut tools = Vec::new();
    for number in 0.. {
        let properties: serde_json::Map<String, Value> = (0..8)
            .map(|at| {
                (
                    format!("field_{at}"),
                    json!({"type": "string", "enum": ["a", "b"], "minLength": at}),
                )
            })
            .collect();
        tools.push(
            json!({"type": "function", "function": {"name": format!("tool_{number}"),
            "parameters": {"type": "object", "properties": properties, "required": ["field_1"]}}}),
        );
        if tools.len() * 520 >= bytes {
            break;
        }
    }
    json!({"model": "gpt-5.5", "stream": true, "messages": [{"role": "user", "content": "hi"}], "tools": tools})
        .to_string()
        .into()
}
