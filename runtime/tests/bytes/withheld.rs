//! The chunk that says nothing but what was used, for a client that did not ask for it.

use std::fs;
use std::ops::Range;

use bytes::Bytes;
use claw_runtime::dialect::Dialect;
use claw_runtime::dialect::openai::usage::Quirk;
use claw_runtime::dialect::reader::{Close, End, Expect, Reader, UsageChunk};
use claw_runtime::sse::field;
use claw_runtime::sse::framer::Framer;
use serde_json::Value;

use crate::splits;

fn expect(usage: UsageChunk) -> Expect {
    Expect {
        dialect: Dialect::Chat,
        choices: 1,
        quirk: Quirk::None,
        usage,
    }
}

fn read(stream: &Bytes, pieces: &[Range<usize>], usage: UsageChunk) -> (Vec<u8>, End) {
    let mut reader = Reader::new(expect(usage));
    let mut relayed = Vec::new();
    for piece in pieces {
        let ready = reader.push(&stream.slice(piece.clone())).ready;
        assert!(
            ready.len() <= 2,
            "one piece for the chunk, and one event that straddled"
        );
        for bytes in ready {
            assert!(!bytes.is_empty());
            relayed.extend_from_slice(&bytes);
        }
    }
    let mut end = reader.finish(Close::Clean);
    relayed.extend_from_slice(&std::mem::take(&mut end.rest));
    (relayed, end)
}

/// The stream without each event whose JSON has no choice in `choices` and an object as `usage`,
/// by a tree of every event. And how many there were.
fn without(stream: &Bytes) -> (Vec<u8>, usize) {
    let (mut kept, mut dropped) = (Vec::new(), 0);
    let mut last = 0;
    for frame in Framer::default().frames(stream) {
        let frame = frame.unwrap();
        last = frame.end;
        let event = &stream[frame.start..frame.end];
        let data = field::data(event).unwrap_or_default();
        let json: Value = serde_json::from_slice(&data).unwrap_or_default();
        let none = json["choices"].as_array().is_some_and(Vec::is_empty);
        if none && json["usage"].is_object() {
            dropped += 1;
        } else {
            kept.extend_from_slice(event);
        }
    }
    kept.extend_from_slice(&stream[last..]);
    (kept, dropped)
}

fn check(name: &str, stream: &Bytes) -> usize {
    let whole = [0..stream.len()];
    let (_, seen) = read(stream, &whole, UsageChunk::Relayed);
    let (wanted, dropped) = without(stream);
    let check = |pieces: &[Range<usize>], how: &str| {
        let (relayed, end) = read(stream, pieces, UsageChunk::Withheld);
        assert!(
            relayed == wanted,
            "{name}: {how}: bytes\n{}\n{}",
            relayed.escape_ascii(),
            wanted.escape_ascii()
        );
        assert_eq!(end, seen, "{name}: {how}: what it says");
    };
    check(&whole, "whole");
    check(&splits::bytewise(stream.len()), "bytewise");
    for seed in 0..splits::PARTITIONS {
        check(
            &splits::random(stream.len(), seed),
            &format!("partition {seed}"),
        );
    }
    if stream.len() <= 8 * 1024 {
        for split in 0..=stream.len() {
            check(
                &[0..split, split..stream.len()],
                &format!("split at {split}"),
            );
        }
    }
    dropped
}

const ROLE: &str =
    r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}],"usage":null}"#;
const TEXT: &str = r#"{"choices":[{"index":0,"delta":{"content":"said \"usage\":{\"a_tokens\":1}"},"finish_reason":null}],"usage":null}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
const USED: &str =
    r#"{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#;

#[test]
fn only_an_event_without_a_choice_and_with_usage_is_withheld() {
    let text = TEXT.replace("said", "other words");
    let unreadable = r#"{"choices":[],"usage":{"prompt_tokens":3,,"completion_tokens":2}}"#;
    assert_eq!(
        check_after_content(unreadable),
        0,
        "what is not read in full there is left as it is"
    );
    for (odd, withheld) in [
        (USED, 1),
        (
            r#"{"choices" : [ ] , "usage" : { "prompt_tokens" : 3 } }"#,
            1,
        ),
        (r#"{"usage":{},"choices":[]}"#, 1),
        // Azure's first chunk, and a chunk that is null because we asked.
        (
            r#"{"choices":[],"prompt_filter_results":[{"prompt_index":0}]}"#,
            0,
        ),
        (r#"{"choices":[],"usage":null}"#, 0),
        // Usage beside a choice: Mistral, DeepSeek, OpenRouter, running values of vLLM.
        (
            r#"{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#,
            0,
        ),
        (
            r#"{"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
            0,
        ),
        (
            r#"{"choices":[null],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#,
            0,
        ),
        (
            r#"{"choices":[],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":1}}}"#,
            0,
        ),
        (r#"{"usage":{"prompt_tokens":3,"completion_tokens":1}}"#, 0),
        (r#"{"choices":[],"notes":{"usage":{"sum_tokens":1}}}"#, 0),
    ] {
        for (name, lines) in [
            ("first", vec![odd, ROLE, TEXT, STOP, "[DONE]"]),
            ("within", vec![ROLE, TEXT, &text, odd, TEXT, STOP, "[DONE]"]),
            ("last", vec![ROLE, TEXT, STOP, odd, "[DONE]"]),
            ("twice", vec![ROLE, TEXT, odd, STOP, odd, "[DONE]"]),
            ("after the end", vec![ROLE, TEXT, STOP, "[DONE]", odd]),
        ] {
            let times = if name == "twice" { 2 } else { 1 };
            for (event_end, comment) in
                [("\n\n", ""), ("\r\n\r\n", ": hi\r\n"), ("\r\r", "id: 7\r")]
            {
                let written = |data: &&str| format!("{comment}data: {data}{event_end}");
                let stream = lines.iter().map(written).collect::<Vec<_>>().concat();
                let dropped = check(&format!("{odd} {name}"), &Bytes::from(stream));
                assert_eq!(dropped, withheld * times, "{odd} {name}");
            }
        }
    }
}

/// How often this is withheld once content was seen.
fn check_after_content(odd: &str) -> usize {
    let lines = [ROLE, TEXT, odd, STOP, "[DONE]"];
    let written = |data: &&str| format!("data: {data}\n\n");
    let stream = lines.iter().map(written).collect::<Vec<_>>().concat();
    check(odd, &Bytes::from(stream))
}

#[test]
fn an_error_is_never_withheld_and_half_a_chunk_is_none() {
    let error = r#"{"choices":[],"error":{"message":"no"},"usage":{"prompt_tokens":3}}"#;
    let stream = Bytes::from(format!("data: {TEXT}\n\ndata: {error}\n\n"));
    let mut reader = Reader::new(expect(UsageChunk::Withheld));
    assert!(reader.push(&stream).stop.is_some());
    // The last line lacks its end: what is for the client is completed, what is not stays away.
    for (tail, rest) in [(USED, ""), (STOP, "\n\n")] {
        let mut reader = Reader::new(expect(UsageChunk::Withheld));
        reader.push(&Bytes::from(format!(
            "data: {TEXT}\n\ndata: {STOP}\n\ndata: {tail}"
        )));
        let end = reader.finish(Close::Clean);
        assert!(end.rest.ends_with(rest.as_bytes()));
        assert_eq!(end.rest.is_empty(), rest.is_empty());
        assert_eq!(end.usage.is_some(), rest.is_empty());
        assert_eq!(end.ending, claw_runtime::dialect::reader::Ending::Complete);
    }
}

#[test]
fn a_chunk_leaves_as_one_piece_with_and_without_a_gap() {
    let stream = Bytes::from(format!("data: {TEXT}\n\ndata: {USED}\n\ndata: [DONE]\n\n"));
    let mut reader = Reader::new(expect(UsageChunk::Withheld));
    let pushed = reader.push(&stream);
    assert_eq!(pushed.ready.len(), 1);
    assert_eq!(pushed.ready[0], format!("data: {TEXT}\n\ndata: [DONE]\n\n"));
    // Where nothing stands behind the gap, or before it, nothing is copied.
    for (before, after) in [(TEXT, ""), ("", TEXT)] {
        let event = |data: &str| match data {
            "" => String::new(),
            data => format!("data: {data}\n\n"),
        };
        let stream = Bytes::from(event(before) + &event(USED) + &event(after));
        let mut reader = Reader::new(expect(UsageChunk::Withheld));
        let ready = reader.push(&stream).ready;
        assert_eq!(ready[0], event(TEXT));
        let from = if before.is_empty() {
            event(USED).len()
        } else {
            0
        };
        assert_eq!(ready[0].as_ptr(), stream[from..].as_ptr());
    }
}

#[test]
fn every_recording_is_relayed_but_for_exactly_that_event() {
    let Some(folder) = crate::recordings() else {
        return;
    };
    let folder = folder.join("streams");
    let manifest = fs::read(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let files = manifest["files"].as_array().unwrap().iter();
    let chats = files.filter(|file| {
        let api = file["api"].as_str().unwrap();
        let whole = matches!(
            file["terminal"].as_str(),
            Some("complete" | "done-without-finish")
        );
        api.starts_with("openai-c") && whole
    });
    let mut with_chunk = 0;
    for file in chats {
        let name = file["file"].as_str().unwrap();
        let stream = Bytes::from(fs::read(folder.join(name)).unwrap());
        with_chunk += check(name, &stream);
    }
    assert_eq!(with_chunk, 21, "recordings with such a chunk, one each");
}
