//! `clawc explain request` tells what the gateway will do only if both read a request alike.
//!
//! The gateway reads bytes as they come, the compiler builds a tree; here both read the same
//! made-up bodies and paths.

use claw_lang::model::Member;
use claw_lang::request;
use claw_runtime::request::{facts, path, peek, prompt, tokens};
use claw_table::{Fact, Said};
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_body_has_the_same_facts_for_the_compiler_and_the_gateway(body in body()) {
        let written = format!("{{\"body\": {body}}}");
        let pointers = peek::Pointers::new(POINTERS.map(str::to_owned));
        let asked = POINTERS.map(|pointer| Fact::Body(pointer.to_owned()));
        let asked: Vec<&Fact> = asked.iter().collect();
        match (peek::peek_for(body.as_bytes(), &pointers), request::read_for(&written, &asked)) {
            (Ok(peeked), Ok(read)) => {
                let model = peeked.model.as_ref().map(|model| &*model.name);
                prop_assert_eq!(model, read.model.as_deref());
                prop_assert_eq!(peeked.stream, read.streaming);
                prop_assert_eq!(peeked.can, read.has);
                prop_assert_eq!(Some(u64::from(peeked.messages)), read.messages);
                prop_assert_eq!(peeked.output_tokens_max, read.max_output);
                prop_assert_eq!(peeked.temperature, read.temperature);
                for pointer in POINTERS {
                    let number = pointers.number(pointer).unwrap();
                    let found = peeked.found[number].as_ref().map(|found| member(found, &body));
                    let known = read.known(&Fact::Body(pointer.to_owned()));
                    prop_assert_eq!(found.as_ref(), known, "{} {}", pointer, body);
                }
                let (mut parts, mut part) = (Vec::new(), Vec::new());
                prompt::prompt(body.as_bytes(), |said| match said {
                    Said::Bytes(bytes) => part.extend_from_slice(bytes),
                    Said::End => parts.push(String::from_utf8(std::mem::take(&mut part)).unwrap()),
                });
                prop_assert_eq!(&parts, &read.prompt, "{}", body);
                prop_assert_eq!(Some(tokens::estimate(body.as_bytes())), read.tokens, "{}", body);
            }
            (Err(_), Err(_)) => {}
            (peeked, read) => prop_assert!(false, "{peeked:?}\n{read:?}\n{body}"),
        }
    }

    #[test]
    fn a_path_has_the_same_form_for_the_compiler_and_the_gateway(parts in prop::collection::vec(
        prop::sample::select(vec![
            "/", "v1", "chat", "completions", "embeddings", ".", "..", "%2F", "%C3%A9", "%c3", "%41",
            ";", "\\", " ", "models", "messages", "count_tokens", "é", "openai", "/v1/openai",
            "/chat/completions",
        ]), 0..7), base in prop::sample::select(vec![None, Some("/v1"), Some("/v1/openai"), Some("/chat")]))
    {
        let written = format!("/{}", parts.concat());
        let read = request::read_below(&json!({ "path": written }).to_string(), &[], base).ok();
        let normal = path::normal(&written);
        prop_assert_eq!(normal, read.as_ref().and_then(|read| read.path.as_deref()));
        let endpoint = read.as_ref().and_then(|read| read.endpoint.as_deref());
        prop_assert_eq!(normal.map(|path| facts::endpoint(path, base)), endpoint);
    }
}

/// Members that the made-up bodies have now and then.
const POINTERS: [&str; 9] = [
    "/user",
    "/title",
    "/title/id",
    "/tools/0/function/parameters/type",
    "/response_format/json_schema/schema",
    "/messages/0",
    "/messages/1/content/0/type",
    "/messages/0/content/detail",
    "/messages/0/mode",
];

fn member(found: &peek::Found, body: &str) -> Member {
    match found {
        peek::Found::Null => Member::Null,
        peek::Found::Flag(flag) => Member::Flag(*flag),
        peek::Found::Number(rank) => Member::Number(*rank),
        peek::Found::Nested => Member::Nested,
        peek::Found::Text(range, _) => {
            let quoted = &body[range.start - 1..=range.end];
            Member::Text(serde_json::from_str(quoted).unwrap())
        }
    }
}

/// A chat body: sound for the most part, now and then with a member that is not.
fn body() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        10 => messages().prop_map(|list| ("messages".to_owned(), list)),
        3 => tools().prop_map(|list| ("tools".to_owned(), list)),
        3 => text().prop_map(|text| ("model".to_owned(), json!(text))),
        2 => any::<bool>().prop_map(|flag| ("stream".to_owned(), json!(flag))),
        2 => thinking(),
        2 => format(),
        2 => text().prop_map(|text| ("system".to_owned(), json!(text))),
        2 => (key(), value()),
        2 => limit(),
    ];
    prop::collection::vec(member, 0..6).prop_map(|members| {
        // Written by hand: a map would drop what stands twice.
        let members: Vec<String> = members
            .iter()
            .map(|(key, value)| format!("{}: {value}", json!(key)))
            .collect();
        format!("{{{}}}", members.join(", "))
    })
}

fn messages() -> impl Strategy<Value = Value> {
    let content = prop_oneof![
        text().prop_map(|text| json!(text)),
        prop::collection::vec(part(), 0..3).prop_map(Value::from),
        part(),
        value(),
    ];
    let message = (text(), content, key(), value()).prop_map(|(name, content, key, value)| {
        let mut message = json!({ "role": "user", "name": name, "content": content });
        message[key] = value;
        message
    });
    prop::collection::vec(prop_oneof![9 => message, 1 => value()], 0..4).prop_map(Value::from)
}

fn part() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec![
        "text",
        "image_url",
        "input_image",
        "image",
        "input_audio",
        "file",
        "input_file",
        "document",
        "tool_result",
    ]);
    let inner = prop_oneof![
        4 => Just(Value::Null),
        1 => (prop::sample::select(vec!["text", "image", "input_file"]), value())
            .prop_map(|(kind, value)| json!([{ "type": kind, "content": value }, "x"])),
        1 => (prop::sample::select(vec!["text", "base64"]), encoded())
            .prop_map(|(kind, data)| json!({ "type": kind, "data": data, "url": [data] })),
    ];
    let place = prop::sample::select(vec!["content", "output", "source", "whatever"]);
    (kind, (key(), value()), (place, inner)).prop_map(|(kind, (key, value), (place, inner))| {
        let mut part = json!({ "type": kind });
        part[key] = value;
        part[place] = inner;
        part
    })
}

/// Base64, or what could be taken for it.
fn encoded() -> impl Strategy<Value = String> {
    let front = prop::sample::select(vec!["", "data:image/png;base64,", "data:x,"]);
    let letters = prop::sample::select(vec![3, 511, 512, 600]);
    let last = prop::sample::select(vec!["", "=", " ", "\"", "/_-"]);
    (front, letters, last).prop_map(|(front, letters, last)| {
        front.to_owned() + &"aZ9+".repeat(letters / 4 + 1)[..letters] + last
    })
}

fn limit() -> impl Strategy<Value = (String, Value)> {
    let key = prop::sample::select(vec!["max_tokens", "max_completion_tokens", "temperature"]);
    let value = prop::sample::select(vec![
        json!(0),
        json!(5),
        json!(5),
        json!(0.7),
        json!(-1),
        json!(null),
        json!("5"),
    ]);
    (key.prop_map(str::to_owned), value)
}

fn tools() -> impl Strategy<Value = Value> {
    let tool = (text(), key(), value()).prop_map(|(name, key, value)| {
        json!({ "type": "function", "function": { "name": name, "parameters": { key: value } } })
    });
    prop::collection::vec(tool, 0..3).prop_map(Value::from)
}

fn thinking() -> impl Strategy<Value = (String, Value)> {
    let key = prop::sample::select(vec!["thinking", "reasoning", "reasoning_effort"]);
    let word = prop::sample::select(vec!["none", "disabled", "enabled", "high"]);
    let inner = prop::sample::select(vec!["type", "effort", "enabled", "budget"]);
    (key, word, inner, any::<bool>()).prop_flat_map(|(key, word, inner, flag)| {
        let values = vec![
            json!(word),
            json!(flag),
            json!(null),
            json!({ inner: word }),
            json!({ inner: flag }),
            json!({ inner: null }),
            json!({ inner: { inner: "none" } }),
            json!({}),
        ];
        prop::sample::select(values).prop_map(move |value| (key.to_owned(), value))
    })
}

fn format() -> impl Strategy<Value = (String, Value)> {
    let kind = prop::sample::select(vec!["text", "json_object", "json_schema"]);
    (kind, value())
        .prop_map(|(kind, schema)| {
            (
                "response_format".to_owned(),
                json!({ "type": kind, "json_schema": { "schema": schema } }),
            )
        })
        .prop_flat_map(|(chat, format)| {
            let messages = (
                "output_config".to_owned(),
                json!({ "effort": "low", "format": format }),
            );
            let responses = (
                "text".to_owned(),
                json!({ "verbosity": "low", "format": messages.1["format"] }),
            );
            prop::sample::select(vec![(chat, format), messages, responses])
        })
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "model",
        "Model",
        "MODEL",
        "stream",
        "messages",
        "tools",
        "type",
        "image_url",
        "input_audio",
        "file",
        "file_data",
        "data",
        "url",
        "source",
        "signature",
        "tool_use_id",
        "id",
        "detail",
        "content",
        "input",
        "arguments",
        "prompt",
        "instructions",
        "system",
        "user",
        "title",
        "stream_options",
        "User",
        "mode",
        "top_k",
        "temperature",
        "mode\u{17F}",
        "role",
        "arguments",
        "output",
    ])
    .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => text().prop_map(|text| json!(text)),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<u32>().prop_map(Value::from),
        1 => Just(json!(-1.5e3)),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Text of every kind that is counted differently.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{1,14}",
        "[A-Z][a-z]{2,5}[A-Z][a-z]{2,5}",
        "[0-9]{1,9}",
        "[ \\t\\n]{1,3}",
        "[-+=/_.,;(){}\"\\\\]{1,5}",
        "[äöüéß]{1,3}",
        "[漢字假名]{1,4}",
        "[😀🦀]{1,2}",
        "[a-zA-Z0-9+/]{60,90}",
        Just("data:image/png;base64,iVBORw0KGgo".to_owned()),
        Just("\u{7f}\u{1}".to_owned()),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// The worst case that the compiler tells counts on these where a policy says nothing.
#[test]
fn the_compiler_knows_the_deadlines_that_the_gateway_keeps_by_itself() {
    use claw_lang::worst::silent;

    let limits = claw_runtime::limits::Limits::default();
    assert_eq!(limits.connect.as_millis(), u128::from(silent::CONNECT_MS));
    assert_eq!(
        limits.first_token.as_millis(),
        u128::from(silent::FIRST_TOKEN_MS)
    );
    assert_eq!(limits.total.as_millis(), u128::from(silent::TOTAL_MS));
}
