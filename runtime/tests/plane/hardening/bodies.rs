//! Bodies.

use std::fmt::Write as _;

use super::{Case, case, sized};

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = small()
        .into_iter()
        .map(|(id, body, due)| case(id, body, sized(body), due))
        .collect();
    let deep = format!(r#"{{"model":"m","x":{}}}"#, "[".repeat(100_000));
    cases.push(case(
        "J10",
        "100 000 brackets",
        sized(&deep),
        "400 too_deep",
    ));
    let deep = format!(
        r#"{{"model":"m","x":{}{}}}"#,
        "[".repeat(130),
        "]".repeat(130)
    );
    cases.push(case("J10", "130 brackets", sized(&deep), "400 too_deep"));
    let mut keys = String::from(r#"{"model":"m","messages":[{"role":"user","content":"hi"}]"#);
    for number in 0..100_000 {
        write!(keys, r#","k{number}":0"#).unwrap();
    }
    keys.push('}');
    cases.push(case("J11", "100 000 keys", sized(&keys), "200"));
    let empty = format!(
        r#"{{"model":"m","messages":[{}{{}}]}}"#,
        "{},".repeat(100_000)
    );
    cases.push(case("J11", "100 000 messages", sized(&empty), "200"));
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(10_240));
    cases.push(case(
        "J13",
        "a model of 10 KiB",
        sized(&long),
        "400 invalid_type",
    ));
    let mut bytes = sized(r#"{"model":"m?"}"#).into_bytes();
    for byte in &mut bytes {
        if *byte == b'?' {
            *byte = 0xff;
        }
    }
    cases.push(case("J9", "no UTF-8", bytes, "400 invalid_json"));
    cases
}

const TWICE: &str = "400 duplicate_key";
const ALIKE: &str = "400 ambiguous_key";
const TYPE: &str = "400 invalid_type";
const JSON: &str = "400 invalid_json";

#[expect(clippy::too_many_lines, reason = "a table")]
fn small() -> Vec<(&'static str, &'static str, &'static str)> {
    vec![
        ("J1", r#"{"model":"a","model":"b"}"#, TWICE),
        (
            "J1",
            r#"{"model":"a","messages":[],"x":1,"model":"a"}"#,
            TWICE,
        ),
        (
            "J1",
            r#"{"model":"a","stream_options":{"include_usage":true,"include_usage":false}}"#,
            TWICE,
        ),
        (
            "J1",
            r#"{"model":"a","messages":[{"content":"x","content":[]}]}"#,
            TWICE,
        ),
        ("J2", "{\"model\":\"a\",\"\\u006dodel\":\"b\"}", TWICE),
        ("J2", "{\"\\u006dodel\":\"b\"}", ALIKE),
        ("J3", r#"{"model":"a","Model":"b"}"#, ALIKE),
        ("J3", r#"{"MODEL":"b"}"#, ALIKE),
        ("J3", "{\"model\":\"a\",\"me\u{17f}\u{17f}ages\":[]}", ALIKE),
        ("J3", "{\"model\":\"a\",\"top_\u{212a}\":1}", ALIKE),
        (
            "J4",
            r#"{"model":"a","max_tokens":1,"max_tokens":9}"#,
            TWICE,
        ),
        ("J4", r#"{"model":"a","Max_Tokens":1}"#, ALIKE),
        ("J4", r#"{"model":"a","n":1,"n":2}"#, TWICE),
        ("J4", r#"{"model":"a","N":2}"#, ALIKE),
        ("J4", r#"{"model":"a","stream":true,"stream":false}"#, TWICE),
        (
            "J4",
            r#"{"model":"a","service_tier":"flex","Service_Tier":"priority"}"#,
            ALIKE,
        ),
        (
            "J5",
            r#"{"model":"a","max_tokens":1,"max_completion_tokens":2}"#,
            "400 conflicting_limits",
        ),
        (
            "J5",
            r#"{"model":"a","max_tokens":1,"max_completion_tokens":1,"messages":[{"role":"user","content":"hi"}]}"#,
            "200",
        ),
        ("J7", "\u{feff}{\"model\":\"a\"}", JSON),
        ("J7", r#"{"model":"a"} x"#, JSON),
        ("J7", r#"{"model":"a"}{}"#, JSON),
        ("J7", r#"{"model":"a"/* */}"#, JSON),
        ("J7", r#"{"model":"a",}"#, JSON),
        ("J7", "{'model':'a'}", JSON),
        ("J7", r#"{"model":"a","x":01}"#, JSON),
        ("J8", r#"{"model":"a","x":NaN}"#, JSON),
        ("J8", r#"{"model":"a","x":Infinity}"#, JSON),
        ("J8", r#"{"model":"a","max_tokens":1e400}"#, TYPE),
        (
            "J8",
            r#"{"model":"a","max_tokens":123456789012345678901234567890}"#,
            TYPE,
        ),
        (
            "J8",
            r#"{"model":"a","x":123456789012345678901234567890,"messages":[{"role":"user","content":"hi"}]}"#,
            "200",
        ),
        ("J9", r#"{"model":"\ud800"}"#, TYPE),
        ("J9", r#"{"model":"a\u0000"}"#, TYPE),
        ("J12", "", JSON),
        ("J12", "[]", TYPE),
        ("J12", r#""model""#, TYPE),
        ("J12", "{}", "400 missing_model"),
        ("J13", r#"{"model":"a","stream":"true"}"#, TYPE),
        ("J13", r#"{"model":"a","n":1.5}"#, TYPE),
        ("J13", r#"{"model":"a","n":0}"#, TYPE),
        ("J13", r#"{"model":["a"]}"#, TYPE),
        ("J13", r#"{"model":""}"#, TYPE),
        ("J13", r#"{"model":"a","max_tokens":"5"}"#, TYPE),
        ("J13", r#"{"model":"a","max_tokens":-1}"#, TYPE),
        ("J13", r#"{"model":"a","messages":{}}"#, TYPE),
    ]
}
