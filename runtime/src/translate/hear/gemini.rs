//! Gemini's `generateContent`: every chunk is an answer of its own that holds what is new.

use std::borrow::Cow;

use crate::json::Tree;
use crate::translate::answer::{Piece, Reason};

/// The pieces of one chunk, or of a whole answer. `calls` counts the calls of all chunks.
pub(super) fn chunk<'t>(data: &'t Tree<'t>, calls: &mut u64, pieces: &mut Vec<Piece<'t>>) {
    let answer = data.at("responseId").text().unwrap_or_default();
    pieces.push(Piece::Start {
        id: answer,
        model: data.at("modelVersion").text().unwrap_or_default(),
    });
    if data.at("promptFeedback").get("blockReason").is_some() {
        pieces.push(Piece::Stop(Reason::Filter, None));
    }
    let first = |candidate: &&Tree<'_>| candidate.at("index").whole().unwrap_or(0) == 0;
    let Some(candidate) = data.at("candidates").list().iter().find(first) else {
        return;
    };
    for part in candidate.at("content").at("parts").list() {
        let signature = part.at("thoughtSignature").text();
        if let Some(text) = part.at("text").text() {
            pieces.push(if part.at("thought").flag() == Some(true) {
                Piece::Thinking(text.into())
            } else {
                Piece::Text(text.into())
            });
        }
        // A call without a name is the mark that ends one whose arguments came in parts.
        let call = part.at("functionCall");
        if let Some(name) = call.at("name").text() {
            let key = *calls;
            *calls += 1;
            // Older ones give no id, and every client needs one.
            let id = match call.at("id").text() {
                Some(id) => Cow::Borrowed(id),
                None => Cow::Owned(format!("call_{answer}_{key}")),
            };
            pieces.push(Piece::Call {
                key,
                id: Some(id),
                name: Some(name),
                signature,
            });
            let text = match call.get("args") {
                Some(args) => Cow::Owned(args.json()),
                None => Cow::Borrowed("{}"),
            };
            pieces.push(Piece::Arguments { key, text });
            pieces.push(Piece::Called(key));
        }
    }
    if let Some(reason) = candidate.at("finishReason").text() {
        pieces.push(Piece::Stop(of(reason), None));
    }
}

fn of(reason: &str) -> Reason {
    match reason {
        "MAX_TOKENS" => Reason::Length,
        "SAFETY"
        | "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Reason::Filter,
        // That tools are called is said by the calls alone.
        _ => Reason::End,
    }
}
