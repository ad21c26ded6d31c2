//! A request as JSON.

use claw_table::{Can, decimal};
use serde_json::json;

use crate::model::Member;
use crate::moment::Moment;
use crate::oracle::Request;

/// Writes a request as [`read`](super::read) reads it. What is absent is left out.
pub fn write(request: &Request) -> serde_json::Value {
    let listed = |values: &[(String, Vec<u8>)]| {
        let mut members = serde_json::Map::new();
        for (name, value) in values {
            let value = String::from_utf8_lossy(value).into_owned();
            let list = members.entry(name).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(value.into());
            }
        }
        serde_json::Value::Object(members)
    };
    let has = Can::ASKED.into_iter().filter(|can| request.uses(*can));
    let has: Vec<&str> = has.map(Can::word).collect();
    let at = request.at.as_ref().filter(|at| **at != Moment::ordinary());
    let at = at.map(|at| {
        let (date, clock, zone) = at.told();
        format!("{date} {clock} {zone}")
    });
    let whole = [
        ("method", json!(request.method)),
        ("path", json!(request.path)),
        ("host", json!(request.host)),
        ("ip", json!(request.ip)),
        ("client", json!(request.client)),
        ("caller-key", json!(request.caller_key.then_some(true))),
        ("headers", listed(&request.headers)),
        ("query", listed(&request.query)),
        ("model", json!(request.model)),
        ("streaming", json!(request.streaming)),
        ("has", json!(has)),
        ("session", json!(request.session)),
        ("tokens", json!(request.tokens)),
        ("messages", json!(request.messages)),
        ("max-output", json!(request.max_output)),
        ("temperature", number(request.temperature)),
        ("pointers", members(&request.body)),
        ("prompt", json!(request.prompt)),
        ("at", json!(at)),
    ];
    let said = whole.into_iter().filter(|(_, value)| {
        !value.is_null()
            && value.as_object().is_none_or(|members| !members.is_empty())
            && value.as_array().is_none_or(|list| !list.is_empty())
    });
    said.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn members(body: &[(String, Member)]) -> serde_json::Value {
    let written = body.iter().map(|(pointer, member)| {
        let value = match member {
            Member::Null => serde_json::Value::Null,
            Member::Flag(flag) => json!(flag),
            Member::Number(rank) => number(Some(*rank)),
            Member::Text(text) => json!(text),
            Member::Nested => json!({}),
        };
        (pointer.clone(), value)
    });
    serde_json::Value::Object(written.collect())
}

/// A number of this rank.
fn number(rank: Option<u64>) -> serde_json::Value {
    let written = rank.map(decimal::written);
    written
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}
