//! The text of a prompt: what the gateway looks for keywords in.
//!
//! The gateway reads it off the bytes; this is the same rule said slowly over a tree, and a test
//! holds the two together.

use super::json::Json;

/// Every part of the prompt, in order.
pub(super) fn parts(body: &[(String, Json)]) -> Vec<String> {
    let mut parts = Vec::new();
    for (key, value) in body {
        if matches!(
            key.as_str(),
            "messages" | "input" | "system" | "prompt" | "instructions"
        ) {
            take(value, Keys::Frame, &mut parts);
        }
    }
    parts
}

/// Whose the keys of an object are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// The protocol's: some of them only label.
    Frame,
    /// The caller's, as in the arguments of a tool: none of them does.
    Free,
}

fn take(value: &Json, keys: Keys, parts: &mut Vec<String>) {
    match value {
        Json::Text(text) => {
            if !is_encoded(text) {
                parts.push(text.clone());
            }
        }
        Json::List(values) => values.iter().for_each(|value| take(value, keys, parts)),
        Json::Object(members) => {
            for (key, value) in members {
                match key.as_str() {
                    "arguments" | "input" | "output" => take(value, Keys::Free, parts),
                    "role" | "type" | "id" | "call_id" | "tool_call_id" | "tool_use_id"
                    | "detail" | "format" | "media_type" | "cache_control" | "signature"
                    | "encrypted_content"
                        if keys == Keys::Frame => {}
                    _ => take(value, keys, parts),
                }
            }
        }
        Json::Null | Json::Flag(_) | Json::Whole(_) | Json::Number(_) => {}
    }
}

/// A picture or a sound, not a text: a `data:` URL in base64, or long and of base64's letters alone.
fn is_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let front = bytes.get(..128).unwrap_or(bytes);
    let is_url = bytes.starts_with(b"data:") && front.windows(8).any(|part| part == b";base64,");
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    is_url || bytes.len() >= 512 && bytes.iter().all(is_letter)
}
