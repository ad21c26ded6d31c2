//! Anthropic's Messages.

use std::borrow::Cow;

use crate::json::Tree;
use crate::translate::answer::{Piece, Reason};

/// The pieces of one event. What a provider's own tools did is no part of an answer that nobody
/// asked them for: `hosted` is the block of such a one while it is open.
pub(super) fn event<'t>(data: &'t Tree<'t>, hosted: &mut Option<u64>, pieces: &mut Vec<Piece<'t>>) {
    let key = data.at("index").whole().unwrap_or(0);
    match data.at("type").text() {
        Some("message_start") => start(data.at("message"), pieces),
        Some("content_block_start") => {
            let opened = data.at("content_block");
            *hosted = (!is_known(opened)).then_some(key);
            block(key, opened, pieces);
        }
        Some("content_block_delta") if *hosted == Some(key) => {}
        Some("content_block_delta") => delta(key, data.at("delta"), pieces),
        Some("content_block_stop") => pieces.push(Piece::Called(key)),
        Some("message_delta") => stop(data.at("delta"), pieces),
        Some(_) | None => {}
    }
}

/// The pieces of a whole message.
pub(super) fn whole<'t>(message: &'t Tree<'t>, pieces: &mut Vec<Piece<'t>>) {
    start(message, pieces);
    for (key, content) in (0..).zip(message.at("content").list()) {
        block(key, content, pieces);
        pieces.push(Piece::Called(key));
    }
    stop(message, pieces);
}

fn start<'t>(message: &'t Tree<'t>, pieces: &mut Vec<Piece<'t>>) {
    pieces.push(Piece::Start {
        id: message.at("id").text().unwrap_or_default(),
        model: message.at("model").text().unwrap_or_default(),
    });
}

fn is_known(block: &Tree<'_>) -> bool {
    let kind = block.at("type").text();
    matches!(
        kind,
        Some("text" | "thinking" | "redacted_thinking" | "tool_use")
    )
}

/// A block as far as its opening says it; in a whole message that is all.
fn block<'t>(key: u64, block: &'t Tree<'t>, pieces: &mut Vec<Piece<'t>>) {
    let text = |member: &str| block.at(member).text().filter(|text| !text.is_empty());
    match block.at("type").text() {
        Some("text") => pieces.extend(text("text").map(|text| Piece::Text(text.into()))),
        Some("thinking") => {
            pieces.extend(text("thinking").map(|text| Piece::Thinking(text.into())));
            pieces.extend(text("signature").map(|text| Piece::Signature(text.into())));
        }
        Some("redacted_thinking") => pieces.extend(text("data").map(Piece::Redacted)),
        Some("tool_use") => {
            pieces.push(Piece::Call {
                key,
                id: text("id").map(Cow::Borrowed),
                name: text("name"),
                signature: None,
            });
            // A stream opens with an empty object, and the arguments follow.
            let input = block.at("input");
            if !input.members().is_empty() {
                let text = Cow::Owned(input.json());
                pieces.push(Piece::Arguments { key, text });
            }
        }
        Some(_) | None => {}
    }
}

fn delta<'t>(key: u64, delta: &'t Tree<'t>, pieces: &mut Vec<Piece<'t>>) {
    let text = |member: &str| delta.at(member).text().map(Cow::Borrowed);
    let piece = match delta.at("type").text() {
        Some("text_delta") => text("text").map(Piece::Text),
        Some("thinking_delta") => text("thinking").map(Piece::Thinking),
        Some("signature_delta") => text("signature").map(Piece::Signature),
        Some("input_json_delta") => text("partial_json").map(|text| Piece::Arguments { key, text }),
        Some(_) | None => None,
    };
    pieces.extend(piece);
}

fn stop<'t>(told: &'t Tree<'t>, pieces: &mut Vec<Piece<'t>>) {
    let Some(reason) = told.at("stop_reason").text() else {
        return;
    };
    let reason = match reason {
        "stop_sequence" => Reason::Sequence,
        "max_tokens" | "model_context_window_exceeded" => Reason::Length,
        "tool_use" => Reason::Tools,
        "refusal" => Reason::Filter,
        _ => Reason::End,
    };
    pieces.push(Piece::Stop(reason, told.at("stop_sequence").text()));
}
