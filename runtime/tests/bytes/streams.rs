//! Answer streams: what is relayed, when content begins, how they end, what they used.

use std::fs;
use std::ops::Range;

use bytes::Bytes;
use claw_runtime::dialect::Dialect;
use claw_runtime::dialect::openai::usage::Quirk;
use claw_runtime::dialect::reader::{Close, End, Ending, Expect, Reader, Stop, UsageChunk};
use claw_runtime::meter::usage::{Beside, Usage};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::Value;

use crate::{splits, twin};

/// What must come of one stream.
struct Case {
    name: String,
    stream: Bytes,
    expect: Expect,
    ending: String,
    usage: Option<Usage>,
    /// An event that is not relayed.
    skipped: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    relayed: Vec<u8>,
    /// How much had been relayed when content was first told.
    stop: Option<Stop>,
    end: End,
}

fn run(case: &Case, pieces: &[Range<usize>]) -> Outcome {
    let mut reader = Reader::new(case.expect);
    let mut relayed = Vec::new();
    let mut stop = None;
    for piece in pieces {
        let pushed = reader.push(&case.stream.slice(piece.clone()));
        assert!(
            pushed.ready.len() <= 2,
            "one slice, and one event that straddled"
        );
        pushed
            .ready
            .iter()
            .for_each(|bytes| relayed.extend_from_slice(bytes));
        stop = pushed.stop;
    }
    let end = reader.finish(Close::Clean);
    relayed.extend_from_slice(&end.rest);
    Outcome { relayed, stop, end }
}

fn check(case: &Case) {
    let Case {
        name,
        stream,
        ending,
        ..
    } = case;
    let one = run(case, &[0..stream.len()]);
    assert_eq!(word(&one.end.ending), ending, "{name}: ending");
    assert_eq!(one.end.usage, case.usage, "{name}: usage");
    let unmarked = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let skipped = case.skipped.as_bytes();
    let at = memchr::memmem::find(unmarked, skipped).unwrap_or_else(|| panic!("{name}: skipped"));
    let unmarked = [&unmarked[..at], &unmarked[at + skipped.len()..]].concat();
    if one.stop.is_none() && one.end.rest.is_empty() && ending == "complete" {
        assert_eq!(one.relayed, unmarked, "{name}: every byte is relayed");
    } else if one.end.rest.is_empty() {
        assert!(
            unmarked.starts_with(&one.relayed),
            "{name}: nothing else is relayed"
        );
    }
    let bytewise = splits::bytewise(stream.len());
    check_pieces(case, &one, &bytewise, "bytewise");
    for seed in 0..splits::PARTITIONS {
        let pieces = splits::random(stream.len(), seed);
        check_pieces(case, &one, &pieces, &format!("partition {seed}"));
    }
    if stream.len() <= 8 * 1024 {
        for split in 0..=stream.len() {
            let pieces = [0..split, split..stream.len()];
            check_pieces(case, &one, &pieces, &format!("split at {split}"));
        }
    } else {
        check_two_way_by_state(case);
    }
}

fn check_pieces(case: &Case, one: &Outcome, pieces: &[Range<usize>], how: &str) {
    let split = run(case, pieces);
    let name = &case.name;
    assert_eq!(split.relayed, one.relayed, "{name}: {how}: bytes");
    assert_eq!(split.stop, one.stop, "{name}: {how}: stop");
    assert_eq!(split.end, one.end, "{name}: {how}: end");
}

/// Every two-way split of a large stream, without reading all of it each time.
///
/// Between two events a reader is in one of few states, and from there on it knows nothing of how
/// it came there. So it is enough that around each split, from the last event's end before it to
/// the second after it, the same bytes leave and the reader ends up equal to one that was not
/// split: what follows is then the same computation on the same bytes.
fn check_two_way_by_state(case: &Case) {
    let ends = ends_of_events(case);
    let mut marks: Vec<(usize, Reader)> = vec![(0, Reader::new(case.expect))];
    for end in &ends {
        let (start, reader) = marks.last().unwrap();
        let mut reader = reader.clone();
        reader.push(&case.stream.slice(start..end));
        marks.push((*end, reader));
    }
    for (number, (start, before)) in marks.iter().enumerate() {
        let next = marks
            .get(number + 1)
            .map_or(case.stream.len(), |(end, _)| *end);
        let (end, after) = match marks.get(number + 2) {
            Some((end, after)) => (*end, Some(after)),
            None => (case.stream.len(), None),
        };
        let expected = relayed_by(before, &case.stream, &[*start..end]);
        for split in *start..next {
            let found = relayed_by(before, &case.stream, &[*start..split, split..end]);
            let name = &case.name;
            assert_eq!(found.0, expected.0, "{name}: split at {split}: bytes");
            assert!(found.1 == expected.1, "{name}: split at {split}: state");
            if let Some(after) = after {
                assert!(
                    &found.1 == after,
                    "{name}: split at {split}: state is a whole reader's"
                );
            }
        }
    }
}

fn relayed_by(before: &Reader, stream: &Bytes, pieces: &[Range<usize>]) -> (Vec<u8>, Reader) {
    let mut reader = before.clone();
    let mut relayed = Vec::new();
    for piece in pieces {
        let pushed = reader.push(&stream.slice(piece.clone()));
        pushed
            .ready
            .iter()
            .for_each(|bytes| relayed.extend_from_slice(bytes));
    }
    (relayed, reader)
}

fn ends_of_events(case: &Case) -> Vec<usize> {
    let mut framer = claw_runtime::sse::framer::Framer::default();
    framer
        .frames(&case.stream)
        .map(|frame| frame.unwrap().end)
        .collect()
}

fn word(ending: &Ending) -> &'static str {
    match ending {
        Ending::Complete => "complete",
        Ending::DoneWithoutFinish => "done-without-finish",
        Ending::Error(_) => "error",
        Ending::Cut => "truncated",
        Ending::Malformed => "malformed",
    }
}

fn usage(json: &Value) -> Option<Usage> {
    json.is_object().then(|| {
        let number = |key: &str| json[key].as_u64().unwrap();
        Usage {
            input_total: number("input_total"),
            input_uncached: number("input_uncached"),
            cache_read: number("cache_read"),
            cache_write: number("cache_write"),
            cache_write_1h: json["cache_write_1h"].as_u64().unwrap_or(0),
            output_total: number("output_total"),
            reasoning: number("reasoning"),
            ..Usage::default()
        }
    })
}

/// What a recording used beside its answer.
fn beside(file: &Value) -> Beside {
    let mut beside = Beside::default();
    let entries = file["usage_iterations"].as_object().into_iter().flatten();
    for (_, entry) in entries.filter(|(kind, _)| *kind != "message") {
        let number = |key: &str| entry[key].as_u64().unwrap();
        beside.input_uncached += number("input_uncached");
        beside.cache_read += number("cache_read");
        beside.cache_write += number("cache_write");
        beside.output_total += number("output_total");
    }
    beside
}

/// The project's own streams: each line of `expected.jsonl` names one and says what comes of it.
fn own() -> Vec<Case> {
    let folder = crate::fixtures().join("streams");
    let lines = fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| {
            let json: Value = serde_json::from_str(line).unwrap();
            let name = json["file"].as_str().unwrap();
            Case {
                name: name.into(),
                stream: fs::read(folder.join(name)).unwrap().into(),
                expect: Expect {
                    dialect: match json["dialect"].as_str() {
                        Some("messages") => Dialect::Messages,
                        Some("responses") => Dialect::Responses,
                        Some("gemini") => Dialect::Gemini,
                        Some(other) => panic!("{other}"),
                        None => Dialect::Chat,
                    },
                    choices: u32::try_from(json["n"].as_u64().unwrap_or(1)).unwrap(),
                    quirk: Quirk::of_host(json["host"].as_str().unwrap_or_default()),
                    usage: UsageChunk::Relayed,
                },
                ending: json["ending"].as_str().unwrap().into(),
                usage: usage(&json["usage"]),
                skipped: json["skipped"].as_str().unwrap_or_default().into(),
            }
        })
        .collect()
}

/// The recordings of every protocol that is read here.
fn recorded() -> Vec<Case> {
    let Some(folder) = crate::recordings() else {
        return Vec::new();
    };
    let folder = folder.join("streams");
    let manifest: Value =
        serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
    let cases: Vec<Case> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let dialect = match file["api"].as_str().unwrap() {
                "openai-chat" | "openai-completions" => Dialect::Chat,
                "openai-responses" => Dialect::Responses,
                "gemini-generate-content" => Dialect::Gemini,
                "anthropic-messages" | "anthropic-complete-legacy" => Dialect::Messages,
                other => panic!("{other}"),
            };
            (file, dialect)
        })
        .map(|(file, dialect)| {
            let name = file["file"].as_str().unwrap();
            let host = match file["provider"].as_str().unwrap() {
                "xai" => "api.x.ai",
                "vercel-gateway" => "ai-gateway.vercel.sh",
                _ => "provider.example",
            };
            let choices = match name {
                "openai/chat-n3.sse" => 3,
                "litellm/proxy-n2.sse" => 2,
                _ => 1,
            };
            let ending = match name {
                // It lacks nothing but the end of its last line, which is added on the way.
                "anthropic/truncated-tool-json.sse" => "complete",
                // The protocol before Messages, which nobody serves: its end is not known here.
                "anthropic/legacy-completion-crlf.sse" => "truncated",
                _ => file["terminal"].as_str().unwrap(),
            };
            Case {
                name: name.into(),
                stream: fs::read(folder.join(name)).unwrap().into(),
                expect: Expect {
                    dialect,
                    choices,
                    quirk: Quirk::of_host(host),
                    usage: UsageChunk::Relayed,
                },
                ending: ending.into(),
                usage: usage(&file["usage"]).map(|usage| Usage {
                    beside: beside(file),
                    ..usage
                }),
                skipped: String::new(),
            }
        })
        .collect();
    assert_eq!(cases.len(), 112);
    cases
}

#[test]
fn every_own_stream_is_read_alike_at_every_split() {
    let cases = own();
    assert!(cases.len() >= 20);
    cases.iter().for_each(check);
}

#[test]
fn every_recording_is_read_alike_at_every_split() {
    recorded().iter().for_each(check);
}

#[test]
fn every_recording_is_read_as_the_slow_twin_reads_it() {
    let chats = |case: &&Case| case.expect.dialect == Dialect::Chat;
    for case in recorded().iter().chain(&own()).filter(chats) {
        let Ok(text) = str::from_utf8(&case.stream) else {
            continue;
        };
        if text.contains('\r') || text.starts_with('\u{FEFF}') || !text.ends_with("\n\n") {
            continue;
        }
        compare(text, case.expect, &case.name);
    }
}

fn compare(text: &str, expect: Expect, name: &str) {
    let said = twin::read(text, expect.quirk);
    let mut reader = Reader::new(expect);
    let mut at = 0;
    let mut relayed = 0;
    let mut content = None;
    let mut stop = None;
    let stream = Bytes::copy_from_slice(text.as_bytes());
    for event in text.split_inclusive("\n\n") {
        let pushed = reader.push(&stream.slice(at..at + event.len()));
        at += event.len();
        relayed += pushed.ready.iter().map(Bytes::len).sum::<usize>();
        if pushed.content && content.is_none() {
            content = Some(relayed);
        }
        stop = stop.or(pushed.stop);
    }
    let end = reader.finish(Close::Clean);
    assert_eq!(relayed, said.relayed, "{name}: relayed\n{text}");
    assert_eq!(content, said.content, "{name}: first content\n{text}");
    assert_eq!(end.usage, said.usage, "{name}: usage\n{text}");
    let stop = stop.map(|stop| match stop {
        Stop::Error(_) => twin::Stop::Error,
        Stop::Malformed => twin::Stop::Malformed,
        Stop::TooLong => panic!("{name}: too long"),
    });
    assert_eq!(stop, said.stop, "{name}: stop\n{text}");
    if stop.is_none() {
        let ending = match (said.done, said.finished.is_empty()) {
            (true, true) => "done-without-finish",
            (true, false) => "complete",
            (false, _) if (0..expect.choices.into()).all(|n| said.finished.contains(&n)) => {
                "complete"
            }
            (false, _) => "truncated",
        };
        assert_eq!(word(&end.ending), ending, "{name}: ending\n{text}");
    }
}

pub(crate) const ONE: Expect = Expect {
    dialect: Dialect::Chat,
    choices: 1,
    quirk: Quirk::None,
    usage: UsageChunk::Relayed,
};

proptest! {
    #[test]
    fn made_up_streams_are_read_as_the_slow_twin_reads_them(events in proptest::collection::vec(event(), 0..40)) {
        compare(&events.concat(), ONE, "made up");
    }
}

/// Events as providers write them, most of them alike, some with something to say.
fn event() -> impl Strategy<Value = String> {
    let delta = |key: &'static str| {
        (text(), any::<bool>()).prop_map(move |(text, spaced)| {
            let json = format!(
                "{{\"id\":\"c\",\"created\":1790000000,\"choices\":[{{\"index\":0,\"delta\":{{\"{key}\":{text}}},\
                 \"finish_reason\":null}}],\"usage\":null}}"
            );
            spread(&json, spaced)
        })
    };
    let finish = prop_oneof![Just("stop"), Just("length"), Just("error"), Just("odd")];
    prop_oneof![
        12 => delta("content"),
        4 => delta("reasoning_content"),
        1 => (finish, any::<bool>()).prop_map(|(reason, spaced)| spread(&format!(
            "{{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"{reason}\"}}]}}"), spaced)),
        2 => (0..50_u64, any::<bool>()).prop_map(|(n, spaced)| spread(&format!(
            "{{\"choices\":[],\"usage\":{{\"prompt_tokens\":{n},\"completion_tokens\":2,\"total_tokens\":{}}}}}", n + 2), spaced)),
        1 => Just("data: {\"choices\":[],\"usage\":{}}\n\n".to_string()),
        1 => Just("data: {\"x_groq\":{\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}},\"choices\":[]}\n\n".to_string()),
        1 => Just("data: {\"choices\":[],\"notes\":{\"usage\":{\"sum\":\"9\"}},\"usage\":null}\n\n".to_string()),
        1 => Just("data: {\"error\":{\"message\":\"no\"}}\n\n".to_string()),
        1 => Just("data: {\"error\":null,\"choices\":[]}\n\n".to_string()),
        1 => Just("event: error\ndata: {}\n\n".to_string()),
        2 => Just(": ping\n\n".to_string()),
        1 => Just("data: \n\n".to_string()),
        1 => Just("event: x\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two\"}}]}\n\n".to_string()),
        1 => Just("data: {\"choices\":\ndata: []}\n\n".to_string()),
        1 => Just("data: [DONE]\n\n".to_string()),
        1 => Just("data: {\"choices\":[{\n\n".to_string()),
    ]
}

/// JSON strings that try to look like something else.
fn text() -> impl Strategy<Value = String> {
    let said = prop_oneof![
        6 => "[a-z ]{0,12}",
        1 => Just("\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}".to_string()),
        1 => Just("\"finish_reason\":\"stop\"".to_string()),
        1 => Just("\"error\"".to_string()),
        1 => Just("a\n\ndata: [DONE]\n\n".to_string()),
        1 => Just("back\\slash \u{1F600} and a longer text than sixteen".to_string()),
        1 => Just("\\".to_string()),
    ];
    said.prop_map(|said| Value::String(said).to_string())
}

fn spread(json: &str, spaced: bool) -> String {
    if !spaced {
        return format!("data: {json}\n\n");
    }
    // As Python writes it.
    let json: Value = serde_json::from_str(json).unwrap();
    let mut spaced = Vec::new();
    let formatter = Spaced;
    let mut serializer = serde_json::Serializer::with_formatter(&mut spaced, formatter);
    serde::Serialize::serialize(&json, &mut serializer).unwrap();
    format!("data: {}\n\n", String::from_utf8(spaced).unwrap())
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }
}

#[test]
fn a_role_an_empty_delta_and_a_comment_are_no_content() {
    let cases = [
        (
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
            false,
        ),
        (
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null,"refusal":null}}]}"#,
            false,
        ),
        (r#"{"choices":[{"index":0,"delta":{}}]}"#, false),
        (
            r#"{"choices":[],"prompt_filter_results":[{"content":"x"}]}"#,
            false,
        ),
        (r#"{"choices":[{"delta":{"reasoning_details":[]}}]}"#, false),
        (
            r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","text":""}]}}]}"#,
            false,
        ),
        (r#"{"choices":[{"delta":{"tool_calls":[]}}]}"#, false),
        (
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"","type":"function","function":{"arguments":""}}]}}]}"#,
            false,
        ),
        (
            r#"{"choices":[{"delta":{"content":[{"type":"text","text":""}]}}]}"#,
            false,
        ),
        (
            r#"{"choices":[{"delta":{"audio":{"id":"audio_1"}}}]}"#,
            false,
        ),
        (
            r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
            false,
        ),
        (r#"{"choices":[{"delta":{"content":" "}}]}"#, true),
        (r#"{"choices":[{"delta":{"reasoning_content":"x"}}]}"#, true),
        (r#"{"choices":[{"delta":{"reasoning":"x"}}]}"#, true),
        (
            r#"{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}}]}"#,
            true,
        ),
        (
            r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"x"}]}]}}]}"#,
            true,
        ),
        (r#"{"choices":[{"delta":{"refusal":"x"}}]}"#, true),
        (
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":""}}]}}]}"#,
            true,
        ),
        (
            r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}"#,
            true,
        ),
        (
            r#"{"choices":[{"delta":{"function_call":{"name":"f"}}}]}"#,
            true,
        ),
        (
            r#"{"choices":[{"delta":{"images":[{"type":"image_url","image_url":{"url":"data:"}}]}}]}"#,
            true,
        ),
        (r#"{"choices":[{"delta":{"audio":{"data":"UklG"}}}]}"#, true),
        (
            r#"{"choices":[{"delta":{"audio":{"transcript":"hi"}}}]}"#,
            true,
        ),
        (
            r#"{"choices":[{"index":0,"text":"x","finish_reason":null}]}"#,
            true,
        ),
    ];
    for (json, content) in cases {
        let mut reader = Reader::new(ONE);
        let pushed = reader.push(&Bytes::from(format!(": hi\n\ndata: {json}\n\n")));
        assert_eq!(pushed.content, content, "{json}");
        assert_eq!(pushed.stop, None, "{json}");
    }
}

#[test]
fn a_broken_transport_ends_nothing_well() {
    let text = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    for (body, close, ending) in [
        (text.to_string(), Close::Clean, Ending::Complete),
        (text.to_string(), Close::Broken, Ending::Cut),
        (
            format!("{text}data: [DONE]\n\n"),
            Close::Broken,
            Ending::Complete,
        ),
        (
            format!("{text}data: [DONE]"),
            Close::Clean,
            Ending::Complete,
        ),
        (format!("{text}data: [DONE]"), Close::Broken, Ending::Cut),
        (
            format!("{text}data: {{\"usage\":"),
            Close::Clean,
            Ending::Cut,
        ),
    ] {
        let mut reader = Reader::new(ONE);
        reader.push(&Bytes::from(body.clone()));
        let end = reader.finish(close);
        assert_eq!(end.ending, ending, "{close:?} after {body}");
        assert_eq!(
            !end.rest.is_empty(),
            body.ends_with("[DONE]") && close == Close::Clean
        );
    }
}

#[test]
fn a_tail_that_lacks_only_line_ends_is_completed() {
    for (tail, rest) in [
        ("data: [DONE]", "data: [DONE]\n\n"),
        ("data: [DONE]\n", "data: [DONE]\n\n"),
        ("data: [DONE]\r\n", "data: [DONE]\r\n\n"),
        ("data: [DONE]\r", "data: [DONE]\r\n\n"),
        ("data: {\"choices\":[]}", "data: {\"choices\":[]}\n\n"),
        ("data: {\"choices\":[", ""),
        (": a comment", ""),
        ("da", ""),
    ] {
        let mut reader = Reader::new(ONE);
        reader.push(&Bytes::from(format!("data: {{}}\n\n{tail}")));
        let end = reader.finish(Close::Clean);
        assert_eq!(end.rest, rest, "{tail:?}");
        // What was completed is a whole event to the standard.
        let mut framer = claw_runtime::sse::framer::Framer::default();
        assert_eq!(
            framer.frames(&end.rest).count(),
            usize::from(!rest.is_empty()),
            "{tail:?}"
        );
    }
}

#[test]
fn an_event_past_the_bound_stops_the_stream() {
    let mut reader = Reader::new(ONE);
    let line = Bytes::from(vec![b'x'; 1 << 20]);
    reader.push(&Bytes::from_static(b"data: {}\n\ndata: "));
    let stopped = (0..8)
        .map(|_| reader.push(&line).stop)
        .find(Option::is_some);
    assert_eq!(stopped, Some(Some(Stop::TooLong)));
    assert!(reader.held_bytes() <= claw_runtime::sse::EVENT_BYTES_MAX + line.len());
    assert!(
        reader
            .push(&Bytes::from_static(b"\n\ndata: {}\n\n"))
            .ready
            .is_empty()
    );
    assert_eq!(reader.finish(Close::Clean).ending, Ending::Malformed);
}
