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
            take(value, (Keys::Frame, Stands::Text), &mut parts);
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

/// Where a string stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Where texts do.
    Text,
    /// Where pictures, sounds and files do.
    Media,
    /// In a member called `source`.
    Source,
}

fn take(value: &Json, (keys, stands): (Keys, Stands), parts: &mut Vec<String>) {
    match value {
        Json::Text(text) => {
            if stands != Stands::Media || !is_encoded(text) {
                parts.push(text.clone());
            }
        }
        Json::List(values) => {
            let stands = if stands == Stands::Source {
                Stands::Text
            } else {
                stands
            };
            for value in values {
                take(value, (keys, stands), parts);
            }
        }
        Json::Object(members) => {
            let written = stands == Stands::Source && says_text(members);
            for (key, value) in members {
                let stands = match key.as_str() {
                    "data" | "url" | "image_url" | "file_data" | "file_url" | "result"
                        if !written =>
                    {
                        Stands::Media
                    }
                    "source" => Stands::Source,
                    _ => Stands::Text,
                };
                match key.as_str() {
                    "arguments" | "input" | "output" => take(value, (Keys::Free, stands), parts),
                    "role" | "type" | "id" | "call_id" | "tool_call_id" | "tool_use_id"
                    | "detail" | "format" | "media_type" | "cache_control" | "signature"
                    | "encrypted_content"
                        if keys == Keys::Frame => {}
                    _ => take(value, (keys, stands), parts),
                }
            }
        }
        Json::Null | Json::Flag(_) | Json::Whole(_) | Json::Number(_) => {}
    }
}

/// Whether a source says that it is text.
fn says_text(members: &[(String, Json)]) -> bool {
    let text = Json::Text("text".to_owned());
    members
        .iter()
        .any(|(key, value)| key == "type" && *value == text)
}

/// A picture or a sound, not a text: a `data:` URL, or long, of base64's letters alone.
fn is_encoded(text: &str) -> bool {
    let front: Vec<u8> = text.bytes().take(128).collect();
    let mark = front.windows(8).position(|part| part == b";base64,");
    let marked = mark.filter(|_| text.starts_with("data:"));
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    match marked {
        Some(at) => text.bytes().skip(at + 8).all(is_letter),
        None => text.len() >= 512 && text.bytes().all(is_letter),
    }
}
