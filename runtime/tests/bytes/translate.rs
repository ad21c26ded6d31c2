//! From one protocol into another: requests row by row, and answers whatever way they come.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;

use bytes::Bytes;
use claw_runtime::dialect::Dialect;
use claw_runtime::dialect::openai::usage::Quirk;
use claw_runtime::dialect::reader::{Close, End, Ending, Expect, Reader, UsageChunk};
use claw_runtime::meter::usage::Usage;
use claw_runtime::translate::{About, Names, Pair, Target, Translator, plain, request};
use claw_table::Can;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::{fixtures, recordings, splits};

const MODEL: Target<'_> = Target {
    model: "the-model",
    host: "provider.test",
    can: None,
    output_tokens_max: None,
    streaming: false,
    asks_usage: false,
    end: claw_runtime::translate::End::Asks,
};

fn pair(client: Dialect, target: Dialect) -> Pair {
    Pair { client, target }
}

/// Every request of a folder, as the target gets it.
fn told(folder: &str, pair: Pair, there: Target<'_>) -> String {
    let folder = fixtures().join("translate").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut shown = String::new();
    for file in files {
        let body = fs::read(&file).unwrap();
        let asked: Value = serde_json::from_slice(&body).unwrap();
        let there = Target {
            streaming: asked["stream"] == true,
            asks_usage: true,
            ..there
        };
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        match request(&body, pair, there) {
            Ok(told) => {
                let body = str::from_utf8(&told.body).unwrap();
                serde_json::from_str::<Value>(body).unwrap();
                writeln!(shown, "{name}\n  {body}").unwrap();
                if let Some(dropped) = told.dropped.told() {
                    writeln!(shown, "  without {dropped}").unwrap();
                }
            }
            Err(uncarried) => writeln!(shown, "{name}\n  refused: {uncarried}").unwrap(),
        }
    }
    shown
}

#[test]
fn chat_completions_for_anthropic() {
    insta::assert_snapshot!(told(
        "chat",
        pair(Dialect::Chat, Dialect::Messages),
        Target {
            output_tokens_max: Some(8192),
            ..MODEL
        },
    ));
}

#[test]
fn messages_for_a_provider_of_chat_completions() {
    let pair = pair(Dialect::Messages, Dialect::Chat);
    insta::assert_snapshot!(told("messages", pair, MODEL));
}

#[test]
fn chat_completions_for_gemini() {
    let pair = pair(Dialect::Chat, Dialect::Gemini);
    insta::assert_snapshot!(told("chat", pair, MODEL));
}

#[test]
fn messages_for_gemini() {
    let there = Target {
        model: "gemini-2.5-pro",
        ..MODEL
    };
    let pair = pair(Dialect::Messages, Dialect::Gemini);
    insta::assert_snapshot!(told("messages", pair, there));
}

#[test]
fn what_the_policy_says_of_the_model_decides_which_hints_it_gets() {
    let body = br#"{"messages":[{"role":"user","content":"hi"}],"temperature":0.5,
        "reasoning_effort":"high","max_tokens":9000}"#;
    let mut shown = String::new();
    for can in [
        None,
        Some(0),
        Some(Can::Thinking.bit()),
        Some(Can::Sampling.bit()),
        Some(Can::Thinking.bit() | Can::Sampling.bit()),
    ] {
        for output_tokens_max in [None, Some(8000)] {
            let there = Target {
                can,
                output_tokens_max,
                ..MODEL
            };
            let told = request(body, pair(Dialect::Chat, Dialect::Messages), there).unwrap();
            let body = str::from_utf8(&told.body).unwrap();
            let dropped = told.dropped.told();
            writeln!(
                shown,
                "{can:?} {output_tokens_max:?}\n  {body}\n  {dropped:?}"
            )
            .unwrap();
        }
    }
    let chat = pair(Dialect::Messages, Dialect::Chat);
    for (model, host) in [
        ("gpt-5.5", "x"),
        ("large", "api.openai.com"),
        ("large", "x"),
    ] {
        let there = Target {
            model,
            host,
            ..MODEL
        };
        let body = br#"{"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
        let told = request(body, chat, there).unwrap();
        writeln!(shown, "{host} {}", str::from_utf8(&told.body).unwrap()).unwrap();
    }
    insta::assert_snapshot!(shown);
}

/// What is lossless both ways is the same after both.
#[test]
fn what_the_table_calls_lossless_comes_back_as_it_was() {
    let tool = json!({"type": "function", "function": {
        "name": "look-up", "description": "looks",
        "parameters": {"type": "object", "properties": {"z": {}, "a": {}}},
    }});
    let image = "data:image/png;base64,aGk=";
    let original = json!({
        "model": "the-model",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [
                {"type": "text", "text": "see \u{1F600}\n\"this\""},
                {"type": "image_url", "image_url": {"url": image}},
            ]},
            {"role": "assistant", "content": "so", "tool_calls": [
                {"id": "call_1", "type": "function",
                 "function": {"name": "look-up", "arguments": "{\"z\":1.50,\"a\":[]}"}},
                {"id": "call_2", "type": "function",
                 "function": {"name": "look-up", "arguments": "{}"}},
            ]},
            {"role": "tool", "tool_call_id": "call_1", "content": "one"},
            {"role": "tool", "tool_call_id": "call_2", "content": "two"},
            {"role": "user", "content": "go on"},
        ],
        "tools": [tool],
        "tool_choice": {"type": "function", "function": {"name": "look-up"}},
        "parallel_tool_calls": false,
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "response", "schema": {"type": "object"}, "strict": true}},
        "max_tokens": 77,
        "stop": ["END"],
        "temperature": 0.25,
        "user": "u-1",
    });
    let there = pair(Dialect::Chat, Dialect::Messages);
    let back = pair(Dialect::Messages, Dialect::Chat);
    let body = original.to_string();
    let middle = request(body.as_bytes(), there, MODEL).unwrap();
    assert_eq!(middle.dropped.told(), None);
    let round = request(&middle.body, back, MODEL).unwrap();
    assert_eq!(round.dropped.told(), None);
    let round_value: Value = serde_json::from_slice(&round.body).unwrap();
    assert_eq!(round_value, original);
    assert!(
        str::from_utf8(&round.body)
            .unwrap()
            .contains(r#"{\"z\":1.50,\"a\":[]}"#),
        "digits and order of arguments stay"
    );
    // And the other way around, once more.
    let again = request(&round.body, there, MODEL).unwrap();
    assert_eq!(again.body, middle.body);
}

/// A block of an answer.
#[derive(Debug, Clone)]
enum Block {
    Thinking(Vec<String>),
    Text(Vec<String>),
    Call(String, Vec<String>),
}

fn pieces() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[a-zé\"\\\\\n😀 ]{1,6}", 1..4)
}

fn answer() -> impl Strategy<Value = Vec<Block>> {
    let call = ("[a-z]{1,8}", any::<[u8; 2]>()).prop_map(|(name, bytes)| {
        let json = json!({"n": bytes[0], "z": "é\"", "deep": {"a": [bytes[1]]}}).to_string();
        let middle = (0..json.len() / 2)
            .rev()
            .find(|at| json.is_char_boundary(*at));
        let (front, back) = json.split_at(middle.unwrap_or(0));
        Block::Call(name, vec![front.to_owned(), back.to_owned()])
    });
    let block = prop_oneof![
        pieces().prop_map(Block::Text),
        call,
        Just(Block::Call("none".to_owned(), Vec::new())),
    ];
    let thinking = proptest::option::of(pieces().prop_map(Block::Thinking));
    (thinking, proptest::collection::vec(block, 0..4)).prop_map(|(thinking, blocks)| {
        let mut all: Vec<Block> = thinking.into_iter().collect();
        all.extend(blocks);
        // Neighbours of one kind are one block, in both protocols.
        all.dedup_by(|a, b| matches!((a, b), (Block::Text(_), Block::Text(_))));
        all
    })
}

fn sse(events: &[Value], named: bool) -> Bytes {
    let mut text = String::new();
    for event in events {
        if named {
            writeln!(text, "event: {}", event["type"].as_str().unwrap()).unwrap();
        }
        write!(text, "data: {event}\n\n").unwrap();
    }
    if !named {
        text += "data: [DONE]\n\n";
    }
    Bytes::from(text)
}

/// An answer as Anthropic writes it: streamed and whole.
fn messages(blocks: &[Block]) -> (Bytes, String) {
    let usage = json!({"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 9});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": [], "stop_reason": null, "usage": usage});
    let mut events = vec![json!({"type": "message_start", "message": message})];
    let mut content = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let (opening, whole, deltas): (Value, Value, Vec<Value>) = match block {
            Block::Thinking(pieces) => (
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                json!({"type": "thinking", "thinking": pieces.concat(), "signature": "sig"}),
                pieces
                    .iter()
                    .map(|piece| json!({"type": "thinking_delta", "thinking": piece}))
                    .chain([json!({"type": "signature_delta", "signature": "sig"})])
                    .collect(),
            ),
            Block::Text(pieces) => (
                json!({"type": "text", "text": ""}),
                json!({"type": "text", "text": pieces.concat()}),
                pieces
                    .iter()
                    .map(|piece| json!({"type": "text_delta", "text": piece}))
                    .collect(),
            ),
            Block::Call(name, pieces) => {
                let id = format!("toolu_{index}");
                let input: Value = serde_json::from_str(&pieces.concat()).unwrap_or(json!({}));
                (
                    json!({"type": "tool_use", "id": id, "name": name, "input": {}}),
                    json!({"type": "tool_use", "id": id, "name": name, "input": input}),
                    pieces
                        .iter()
                        .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}))
                        .collect(),
                )
            }
        };
        content.push(whole);
        events
            .push(json!({"type": "content_block_start", "index": index, "content_block": opening}));
        for delta in deltas {
            events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    let reason = if blocks.iter().any(|block| matches!(block, Block::Call(..))) {
        "tool_use"
    } else {
        "end_turn"
    };
    events.push(json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}));
    events.push(json!({"type": "message_stop"}));
    let mut whole = message;
    whole["content"] = json!(content);
    whole["stop_reason"] = json!(reason);
    (sse(&events, true), whole.to_string())
}

/// The same as a provider of chat completions writes it. It has no place for text after a call.
fn chat(blocks: &[Block]) -> (Bytes, String) {
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 2}});
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "c1", "object": "chat.completion.chunk", "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
    };
    let mut events = vec![chunk(
        json!({"role": "assistant", "content": ""}),
        Value::Null,
    )];
    let (mut thinking, mut text, mut calls) = (String::new(), String::new(), Vec::new());
    let mut ordered: Vec<&Block> = blocks.iter().collect();
    ordered.sort_by_key(|block| matches!(block, Block::Call(..)));
    for block in ordered {
        match block {
            Block::Thinking(pieces) => {
                thinking += &pieces.concat();
                for piece in pieces {
                    events.push(chunk(json!({"reasoning_content": piece}), Value::Null));
                }
            }
            Block::Text(pieces) => {
                text += &pieces.concat();
                for piece in pieces {
                    events.push(chunk(json!({"content": piece}), Value::Null));
                }
            }
            Block::Call(name, pieces) => {
                let (index, id) = (calls.len(), format!("call_{}", calls.len()));
                let function = json!({"name": name, "arguments": ""});
                let head =
                    json!({"index": index, "id": id, "type": "function", "function": function});
                events.push(chunk(json!({"tool_calls": [head]}), Value::Null));
                for piece in pieces {
                    let more = json!({"index": index, "function": {"arguments": piece}});
                    events.push(chunk(json!({"tool_calls": [more]}), Value::Null));
                }
                calls.push(json!({"id": id, "type": "function",
                    "function": {"name": name, "arguments": pieces.concat()}}));
            }
        }
    }
    let reason = if calls.is_empty() {
        "stop"
    } else {
        "tool_calls"
    };
    events.push(chunk(json!({}), json!(reason)));
    events.push(json!({"id": "c1", "model": "m", "choices": [], "usage": usage}));
    let message = json!({"role": "assistant", "content": text, "reasoning_content": thinking,
        "tool_calls": calls});
    let whole = json!({"id": "c1", "object": "chat.completion", "model": "m", "usage": usage,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}]});
    (sse(&events, false), whole.to_string())
}

/// The same as Gemini writes it: a call is one part always.
fn gemini(blocks: &[Block]) -> (Bytes, String) {
    let usage = json!({"promptTokenCount": 7, "cachedContentTokenCount": 2,
        "candidatesTokenCount": 9, "totalTokenCount": 16});
    let chunk = |parts: &[Value], reason: Value| {
        json!({"responseId": "r1", "modelVersion": "m", "usageMetadata": usage, "candidates": [
            {"index": 0, "finishReason": reason, "content": {"role": "model", "parts": parts}}]})
    };
    let (mut events, mut whole) = (Vec::new(), Vec::new());
    for block in blocks {
        let parts: Vec<Value> = match block {
            Block::Thinking(pieces) => pieces
                .iter()
                .map(|piece| json!({"text": piece, "thought": true}))
                .collect(),
            Block::Text(pieces) => pieces.iter().map(|piece| json!({"text": piece})).collect(),
            Block::Call(name, pieces) => {
                let args: Value = serde_json::from_str(&pieces.concat()).unwrap_or(json!({}));
                vec![json!({"functionCall": {"name": name, "args": args}})]
            }
        };
        events.extend(
            parts
                .iter()
                .map(|part| chunk(std::slice::from_ref(part), Value::Null)),
        );
        whole.extend(parts);
    }
    events.push(chunk(&[json!({"text": ""})], json!("STOP")));
    let mut stream = String::new();
    for event in &events {
        write!(stream, "data: {event}\r\n\r\n").unwrap();
    }
    (
        Bytes::from(stream),
        chunk(&whole, json!("STOP")).to_string(),
    )
}

fn about() -> About {
    About {
        request_id: "req_1".to_owned(),
        created_s: 1,
        tells_usage: true,
        input_tokens: 3,
    }
}

fn expect(dialect: Dialect) -> Expect {
    Expect {
        dialect,
        choices: 1,
        quirk: Quirk::None,
        usage: UsageChunk::Relayed,
    }
}

/// A stream as its client gets it, cut into these pieces on its way here.
fn streamed(stream: &Bytes, pieces: &[Range<usize>], pair: Pair) -> (Bytes, End) {
    let mut reader = Reader::new(expect(pair.target));
    let mut translator = Translator::new(pair, Names::default(), about());
    let mut told = Vec::new();
    for piece in pieces {
        for events in reader.push(&stream.slice(piece.clone())).ready {
            told.extend_from_slice(&translator.push(&events).unwrap());
        }
    }
    let end = reader.finish(Close::Clean);
    if end.ending == Ending::Complete {
        told.extend_from_slice(&translator.push(&end.rest).unwrap());
        told.extend_from_slice(&translator.finish(end.usage));
        assert_eq!(
            translator.finish(end.usage),
            Bytes::new(),
            "an answer ends once"
        );
    }
    (Bytes::from(told), end)
}

/// What a client of Anthropic's puts together from a stream, checking the grammar of blocks.
fn folded_messages(stream: &[u8]) -> Value {
    let mut message = Value::Null;
    let mut open: Option<(usize, String)> = None;
    for event in events(stream) {
        match event["type"].as_str().unwrap() {
            "message_start" => {
                assert!(message.is_null(), "one message is begun");
                message = event["message"].clone();
            }
            "content_block_start" => {
                assert!(open.is_none(), "a block is open");
                let content = message["content"].as_array_mut().unwrap();
                assert_eq!(event["index"], content.len());
                open = Some((content.len(), String::new()));
                content.push(event["content_block"].clone());
            }
            "content_block_delta" => {
                let (index, arguments) = open.as_mut().unwrap();
                assert_eq!(event["index"], *index);
                let block = &mut message["content"][*index];
                let delta = &event["delta"];
                let (kind, member) = match delta["type"].as_str().unwrap() {
                    "text_delta" => ("text", "text"),
                    "thinking_delta" => ("thinking", "thinking"),
                    "signature_delta" => ("thinking", "signature"),
                    "input_json_delta" => ("tool_use", "partial_json"),
                    other => panic!("{other}"),
                };
                assert_eq!(block["type"], kind, "a delta fits its block");
                let more = delta[member].as_str().unwrap();
                if kind == "tool_use" {
                    arguments.push_str(more);
                } else {
                    let whole = format!("{}{more}", block[member].as_str().unwrap());
                    block[member] = json!(whole);
                }
            }
            "content_block_stop" => {
                let (index, arguments) = open.take().unwrap();
                if message["content"][index]["type"] == "tool_use" {
                    message["content"][index]["input"] = serde_json::from_str(&arguments).unwrap();
                }
            }
            "message_delta" => {
                assert!(open.is_none());
                message["stop_reason"] = event["delta"]["stop_reason"].clone();
                message["stop_sequence"] = event["delta"]["stop_sequence"].clone();
                message["usage"] = event["usage"].clone();
            }
            "message_stop" => {}
            other => panic!("{other}"),
        }
    }
    message
}

/// What a client of OpenAI's puts together from a stream.
fn folded_chat(stream: &[u8]) -> Value {
    let mut message = json!({"role": "assistant", "content": null, "refusal": null});
    let mut answer = Value::Null;
    let add = |place: &mut Value, more: &Value| {
        if let Some(more) = more.as_str() {
            *place = json!(format!("{}{more}", place.as_str().unwrap_or_default()));
        }
    };
    for event in events(stream) {
        if answer.is_null() {
            answer = json!({"id": event["id"], "object": "chat.completion",
                "created": event["created"], "model": event["model"]});
        }
        assert_eq!(
            (&event["id"], &event["model"]),
            (&answer["id"], &answer["model"])
        );
        if event["usage"].is_object() {
            answer["usage"] = event["usage"].clone();
        }
        let Some(choice) = event["choices"].as_array().unwrap().first() else {
            continue;
        };
        let delta = &choice["delta"];
        for member in ["content", "refusal", "reasoning_content"] {
            if delta[member].as_str().is_some_and(|more| !more.is_empty()) {
                add(&mut message[member], &delta[member]);
            }
        }
        for block in delta["thinking_blocks"].as_array().into_iter().flatten() {
            let mut block = block.clone();
            block.as_object_mut().unwrap().remove("index");
            match message["thinking_blocks"].as_array_mut() {
                Some(blocks) => blocks.push(block),
                None => message["thinking_blocks"] = json!([block]),
            }
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let mut call = call.clone();
            let index = call.as_object_mut().unwrap().remove("index").unwrap();
            let index = usize::try_from(index.as_u64().unwrap()).unwrap();
            if message["tool_calls"].is_null() {
                message["tool_calls"] = json!([]);
            }
            let calls = message["tool_calls"].as_array_mut().unwrap();
            if index == calls.len() {
                calls.push(call);
            } else {
                add(
                    &mut calls[index]["function"]["arguments"],
                    &call["function"]["arguments"],
                );
            }
        }
        if choice["finish_reason"].is_string() {
            answer["choices"] = json!([{"index": 0, "message": message, "logprobs": null,
                "finish_reason": choice["finish_reason"]}]);
        }
    }
    answer
}

fn events(stream: &[u8]) -> Vec<Value> {
    let text = str::from_utf8(stream).unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let data = data.filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

/// One answer, whole and streamed, whatever way the stream was cut: the client's final message is
/// the same.
fn check(pair: Pair, (stream, whole): (&Bytes, &str), seed: u64) {
    let uncut = [0..stream.len()];
    let (told, end) = streamed(stream, &uncut, pair);
    assert_eq!(end.ending, Ending::Complete);
    let plain = plain(
        whole.as_bytes(),
        pair,
        Names::default(),
        (&about(), end.usage),
    )
    .unwrap();
    let plain: Value = serde_json::from_slice(&plain).unwrap();
    let folded = match pair.client {
        Dialect::Messages => folded_messages(&told),
        _ => folded_chat(&told),
    };
    assert_eq!(folded, plain, "{}", str::from_utf8(&told).unwrap());
    for pieces in [
        splits::bytewise(stream.len()),
        splits::random(stream.len(), seed),
    ] {
        let (cut, _) = streamed(stream, &pieces, pair);
        assert_eq!(cut, told, "however the stream is cut");
    }
    read_again(pair, &told, end.usage);
}

/// Who reads the client's protocol finds the translated stream whole, with the same usage.
fn read_again(pair: Pair, told: &Bytes, usage: Option<Usage>) {
    let mut reader = Reader::new(expect(pair.client));
    let stop = reader.push(told).stop;
    assert_eq!(stop, None, "{}", str::from_utf8(told).unwrap());
    let end = reader.finish(Close::Clean);
    assert_eq!(
        end.ending,
        Ending::Complete,
        "{}",
        str::from_utf8(told).unwrap()
    );
    // One provider has reported more tokens from the cache than there were.
    if let Some(usage) = usage.filter(|usage| usage.cache_read <= usage.input_total) {
        let again = end.usage.unwrap();
        assert_eq!(
            (again.input_total, again.cache_read, again.output_total),
            (usage.input_total, usage.cache_read, usage.output_total)
        );
    }
}

proptest! {
    #[test]
    fn a_stream_and_a_plain_answer_end_in_the_same_message(blocks in answer(), seed in any::<u64>()) {
        let (stream, whole) = messages(&blocks);
        check(pair(Dialect::Chat, Dialect::Messages), (&stream, &whole), seed);
        let (stream, whole) = chat(&blocks);
        check(pair(Dialect::Messages, Dialect::Chat), (&stream, &whole), seed);
        let (stream, whole) = gemini(&blocks);
        for client in [Dialect::Chat, Dialect::Messages] {
            check(pair(client, Dialect::Gemini), (&stream, &whole), seed);
        }
    }
}

/// Whatever real providers have sent: the client's stream is sound, ends where theirs does, and
/// tells the same usage.
#[test]
fn every_recorded_stream_can_be_told_in_the_other_protocol() {
    let Some(folder) = recordings() else {
        return;
    };
    let manifest = fs::read(folder.join("streams/manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let mut told = 0;
    for file in manifest["files"].as_array().unwrap() {
        let name = file["file"].as_str().unwrap();
        let pairs = match file["api"].as_str().unwrap() {
            "openai-chat" => vec![pair(Dialect::Messages, Dialect::Chat)],
            "anthropic-messages" => vec![pair(Dialect::Chat, Dialect::Messages)],
            "gemini-generate-content" => [Dialect::Chat, Dialect::Messages]
                .map(|client| pair(client, Dialect::Gemini))
                .to_vec(),
            _ => continue,
        };
        let stream = Bytes::from(fs::read(folder.join("streams").join(name)).unwrap());
        told += pairs
            .iter()
            .filter(|pair| told_whole(**pair, &stream))
            .count();
    }
    assert!(told > 50, "{told}");
}

/// Whether a recorded stream is whole; what its client gets then is, too.
fn told_whole(pair: Pair, stream: &Bytes) -> bool {
    let (client, end) = streamed(stream, &[0..stream.len()], pair);
    if end.ending != Ending::Complete {
        return false;
    }
    read_again(pair, &client, end.usage);
    if pair.client == Dialect::Messages {
        folded_messages(&client);
    } else {
        folded_chat(&client);
    }
    true
}
