//! Request bodies: what is found and what is refused.

use std::fmt::Write as _;

use claw_runtime::request::peek::{Found, Pointers, Reason, peek, peek_for};
use claw_table::Can;
use claw_table::decimal;
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde::de::IgnoredAny;
use serde_json::Value;

#[test]
fn every_refusal_says_what_where_and_what_instead() {
    let text = std::fs::read_to_string(crate::fixtures().join("bodies/refused.txt")).unwrap();
    let mut shown = String::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (code, body) = line.split_once(' ').unwrap();
        let body = unescape(body);
        let refusal = peek(&body).expect_err(line);
        assert_eq!(refusal.code(), code, "{line}");
        let (row, column) = refusal.place(&body);
        writeln!(shown, "{line}\n  {row}:{column} {refusal}").unwrap();
    }
    insta::assert_snapshot!("refused", shown);
}

#[test]
fn every_taken_body_shows_its_facts() {
    let text = std::fs::read_to_string(crate::fixtures().join("bodies/taken.txt")).unwrap();
    let mut shown = String::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let peek = peek(&unescape(line)).unwrap_or_else(|refusal| panic!("{line}: {refusal}"));
        let can: Vec<_> = Can::ALL
            .into_iter()
            .filter(|can| peek.can & can.bit() != 0)
            .map(Can::word)
            .collect();
        writeln!(
            shown,
            "{line}\n  model {:?} stream {} include_usage {} output {:?} n {} messages {} can {can:?}",
            peek.model.map(|model| model.name),
            peek.stream,
            peek.include_usage,
            peek.output_tokens_max,
            peek.choices,
            peek.messages,
        )
        .unwrap();
    }
    insta::assert_snapshot!("taken", shown);
}

/// `\xNN` for bytes that a line of text cannot hold; `{text}*N` anywhere repeats.
fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("<<") {
        bytes.extend(hex(before));
        let (body, tail) = after.split_once(">>").unwrap();
        let (body, times) = body.rsplit_once('*').unwrap();
        bytes.extend(hex(body).repeat(times.parse().unwrap()));
        rest = tail;
    }
    bytes.extend(hex(rest));
    bytes
}

fn hex(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

#[test]
fn depth_is_bounded_at_its_exact_limit() {
    let nested = |depth: usize| {
        let inner = depth - 1;
        format!("{{\"x\":{}1{}}}", "[".repeat(inner), "]".repeat(inner)).into_bytes()
    };
    assert!(peek(&nested(64)).is_ok());
    assert_eq!(peek(&nested(65)).unwrap_err().code(), "too_deep");
    let hostile = [b"{\"x\":".as_slice(), &b"[".repeat(100_000)].concat();
    assert_eq!(peek(&hostile).unwrap_err().code(), "too_deep");
}

proptest! {
    #[test]
    fn what_is_taken_is_json_and_what_is_not_json_is_refused(body in body(), wounds in wounds()) {
        compare(body.as_bytes());
        compare(&wounded(body.into_bytes(), &wounds));
    }
}

/// We and serde agree on what is JSON; where we refuse more, it is for one of our reasons.
fn compare(body: &[u8]) {
    let json = str::from_utf8(body).is_ok() && serde_json::from_slice::<IgnoredAny>(body).is_ok();
    match peek(body) {
        Ok(found) => {
            assert!(json, "taken, but no JSON: {}", body.escape_ascii());
            // Values are checked where a tree can be made of the body.
            if let Ok(Value::Object(object)) = serde_json::from_slice(body) {
                let model = object.get("model").and_then(Value::as_str);
                assert_eq!(found.model.as_ref().map(|model| &*model.name), model);
                if let Some(model) = &found.model {
                    let value: String = serde_json::from_slice(&body[model.range.clone()]).unwrap();
                    assert_eq!(value, *model.name);
                }
                finds_every_member(body, &Value::Object(object.clone()));
                assert_eq!(
                    found.stream,
                    object.get("stream").is_some_and(|stream| stream == true)
                );
            }
        }
        Err(refusal) => {
            assert!(refusal.at <= body.len());
            match refusal.reason {
                Reason::Json(claw_runtime::json::Wrong::TooDeep)
                | Reason::DuplicateKey(_)
                | Reason::AmbiguousKey(_)
                | Reason::InvalidType { .. }
                | Reason::DuplicateMember
                | Reason::AmbiguousMember
                | Reason::ConflictingLimits => {}
                Reason::NoMembers => panic!("only an edit finds that"),
                Reason::Json(_) => assert!(!json, "refused, but JSON: {}", body.escape_ascii()),
                Reason::NotAnObject => {
                    assert!(
                        !body.trim_ascii_start().starts_with(b"{"),
                        "{}",
                        body.escape_ascii()
                    );
                }
            }
        }
    }
}

/// Asks for every member at once, and for one that is not there, and finds what a tree has there;
/// or refuses for what is ambiguous.
fn finds_every_member(body: &[u8], tree: &Value) {
    let mut wanted = vec!["/no/such/member".to_owned()];
    let mut open = vec![(String::new(), tree)];
    while let Some((at, value)) = open.pop() {
        let mut step = |key: &str, value| {
            let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            wanted.push(at.clone());
            open.push((at, value));
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(key, value)| step(key, value)),
            Value::Array(list) => {
                for (at, value) in list.iter().enumerate() {
                    step(&at.to_string(), value);
                }
            }
            _ => {}
        }
    }
    let pointers = Pointers::new(wanted.clone());
    let found = match peek_for(body, &pointers) {
        Ok(peek) => peek.found,
        Err(refusal) => {
            let ambiguous = [Reason::DuplicateMember, Reason::AmbiguousMember];
            assert!(ambiguous.contains(&refusal.reason), "{refusal}");
            return;
        }
    };
    for pointer in &wanted {
        let found = found[pointers.number(pointer).unwrap()].as_ref();
        let fits = match (tree.pointer(pointer), found) {
            (None, None)
            | (Some(Value::Null), Some(Found::Null))
            | (Some(Value::Array(_) | Value::Object(_)), Some(Found::Nested)) => true,
            (Some(Value::Bool(flag)), Some(Found::Flag(own))) => flag == own,
            (Some(Value::Number(number)), Some(Found::Number(rank))) => number
                .as_u64()
                .is_none_or(|n| decimal::rank(n.to_string().as_bytes()) == Some(*rank)),
            (Some(Value::String(text)), Some(Found::Text(range, _))) => {
                let quoted = &body[range.start - 1..=range.end];
                serde_json::from_slice::<String>(quoted).unwrap() == *text
            }
            _ => false,
        };
        assert!(fits, "{pointer}: {found:?} in {}", body.escape_ascii());
    }
}

/// JSON as clients write it and as nobody should.
fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => object().prop_map(|object| Value::Object(object).to_string()),
        2 => object().prop_map(|object| serde_json::to_string_pretty(&Value::Object(object)).unwrap()),
        1 => value().prop_map(|value| value.to_string()),
    ]
}

fn object() -> impl Strategy<Value = serde_json::Map<String, Value>> {
    let key = prop_oneof![
        Just("model".to_string()),
        Just("messages".into()),
        Just("stream".into()),
        Just("tools".into()),
        Just("thinking".into()),
        Just("input".into()),
        "[a-zA-Z_\"\\\\é]{0,6}",
    ];
    proptest::collection::btree_map(key, value(), 0..6).prop_map(|map| map.into_iter().collect())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,24}".prop_map(Value::from),
        Just(Value::from("image_url")),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop_oneof![
            Just("content".to_string()),
            Just("type".into()),
            "[a-z]{0,4}"
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Where to strike, and with what.
fn wounds() -> impl Strategy<Value = Vec<(usize, u8)>> {
    let byte = prop_oneof![
        any::<u8>(),
        proptest::sample::select(b"\"\\{}[]:,0eE+-.u \n\x1F/tfn".to_vec()),
    ];
    proptest::collection::vec((any::<usize>(), byte), 1..4)
}

fn wounded(mut body: Vec<u8>, wounds: &[(usize, u8)]) -> Vec<u8> {
    for (at, byte) in wounds {
        let at = at % (body.len() + 1);
        match at % 3 {
            0 => body.insert(at, *byte),
            1 if at < body.len() => body[at] = *byte,
            _ => body.truncate(at.max(1)),
        }
    }
    body
}
