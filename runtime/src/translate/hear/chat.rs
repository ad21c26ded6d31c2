//! Chat completions, whole or in chunks: both have the same parts, under `message` or `delta`.

use std::borrow::Cow;

use crate::json::Tree;
use crate::translate::answer::{Piece, Reason};

/// The pieces of one chunk, or of a whole answer.
pub(super) fn chunk<'t>(data: &'t Tree<'t>, pieces: &mut Vec<Piece<'t>>) {
    let id = data.at("id").text().unwrap_or_default();
    let model = data.at("model").text().unwrap_or_default();
    // Azure's first chunk says who answers in none of its members.
    if !id.is_empty() || !model.is_empty() {
        pieces.push(Piece::Start { id, model });
    }
    // One answer was asked for.
    let first = |choice: &&Tree<'_>| choice.at("index").whole().unwrap_or(0) == 0;
    let Some(choice) = data.at("choices").list().iter().find(first) else {
        return;
    };
    let said = choice.get("delta").unwrap_or(choice.at("message"));
    let thought = said.get("reasoning_content").or(said.get("reasoning"));
    if let Some(thought) = thought.and_then(Tree::text) {
        pieces.push(Piece::Thinking(thought.into()));
    }
    content(said.at("content"), pieces);
    if let Some(refusal) = said.at("refusal").text() {
        pieces.push(Piece::Refusal(refusal.into()));
    }
    for (place, call) in (0..).zip(said.at("tool_calls").list()) {
        let key = call.at("index").whole().unwrap_or(place);
        let function = call.at("function");
        let full = |text: &&str| !text.is_empty();
        let id = call.at("id").text().filter(full);
        let name = function.at("name").text().filter(full);
        if id.is_some() || name.is_some() {
            pieces.push(Piece::Call {
                key,
                id: id.map(Cow::Borrowed),
                name,
                signature: None,
            });
        }
        let arguments = function.at("arguments");
        // Some servers write the object itself.
        let text = match arguments.text() {
            Some(text) => Cow::Borrowed(text),
            None if arguments.is_object() => Cow::Owned(arguments.json()),
            None => continue,
        };
        pieces.push(Piece::Arguments { key, text });
    }
    if let Some(reason) = choice.at("finish_reason").text() {
        pieces.push(Piece::Stop(of(reason), None));
    }
}

/// A text, or the parts in which some providers mix it with thinking.
fn content<'t>(content: &'t Tree<'t>, pieces: &mut Vec<Piece<'t>>) {
    if let Some(text) = content.text() {
        pieces.push(Piece::Text(text.into()));
    }
    for part in content.list() {
        for thought in part.at("thinking").list() {
            if let Some(text) = thought.at("text").text() {
                pieces.push(Piece::Thinking(text.into()));
            }
        }
        if let Some(text) = part.at("text").text() {
            pieces.push(Piece::Text(text.into()));
        }
    }
}

fn of(reason: &str) -> Reason {
    match reason {
        "length" | "model_length" => Reason::Length,
        "tool_calls" | "function_call" => Reason::Tools,
        "content_filter" => Reason::Filter,
        _ => Reason::End,
    }
}
