//! `OpenAI`'s Responses: what a request asks, and how an answer is written. Refusals are those of
//! chat completions.

use serde_json::{Value, json};

use super::answer::{Answer, Ask, Block, BlockKind, Delivery, Tool, ends, input_tokens};
use super::behaviour::UsagePlace;
use super::openai::ask::{message_text, sample};
use super::speech::{Event, Kind, Speech, event};

/// The data of an event that says that the stream failed.
pub const STREAM_ERROR: &str = "{\"type\":\"error\",\"sequence_number\":9,\"error\":{\"type\":\
    \"server_error\",\"code\":\"server_error\",\"message\":\"The server had an error while \
    processing your request. Sorry about that!\",\"param\":null}}";

/// The data of an event that opens an answer.
pub const BEGUN: &str = r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_sim","object":"response","status":"in_progress","output":[],"usage":null}}"#;

/// Reads a request.
///
/// # Errors
/// A sentence for the client.
pub fn ask(body: &[u8]) -> Result<Ask, String> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| "We could not parse the JSON body of your request.".to_owned())?;
    let Some(model) = body.get("model").and_then(Value::as_str) else {
        return Err("you must provide a model parameter".to_owned());
    };
    let texts: Vec<String> = match body.get("input") {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().map(message_text).collect(),
        _ => return Err("Missing required parameter: 'input'.".to_owned()),
    };
    let instructions = body.get("instructions").and_then(Value::as_str);
    let (last_words, _) = ends(&texts, None);
    let inputs = texts.iter().map(String::as_str).chain(instructions);
    let cap = body.get("max_output_tokens").and_then(Value::as_u64);
    Ok(Ask {
        speech: Speech::Responses,
        model: model.to_owned(),
        stream: match body.get("stream").and_then(Value::as_bool) {
            Some(true) => Delivery::StreamWithUsage,
            Some(false) | None => Delivery::Plain,
        },
        input_tokens: inputs.map(|text| input_tokens(text) + 1).sum(),
        last_words,
        tools: tools(&body),
        output_tokens_max: cap.and_then(|cap| usize::try_from(cap).ok()),
        ..Ask::default()
    })
}

fn tools(body: &Value) -> Vec<Tool> {
    let tools = body.get("tools").and_then(Value::as_array);
    let tool = |tool: &Value| {
        let name = tool.get("name")?.as_str()?.to_owned();
        let properties = tool.pointer("/parameters/properties");
        let arguments = properties.and_then(Value::as_object).into_iter().flatten();
        let arguments = arguments
            .map(|(name, schema)| (name.clone(), sample(schema)))
            .collect::<serde_json::Map<_, _>>();
        Some(Tool {
            name,
            arguments: Value::Object(arguments).to_string(),
        })
    };
    tools.into_iter().flatten().filter_map(tool).collect()
}

/// Writes an answer as the events of a stream.
pub fn events(answer: &Answer, place: UsagePlace) -> Vec<Event> {
    let mut stream = Stream::default();
    let begun = json!({"response": response(answer, "in_progress")});
    stream.add(Kind::Role, "response.created", begun.clone());
    stream.add(Kind::Block, "response.in_progress", begun);
    for (index, block) in answer.blocks().iter().enumerate() {
        let mut opened = item(answer, block);
        for member in ["content", "summary", "arguments"] {
            if let Some(value) = opened.get_mut(member) {
                *value = if value.is_string() {
                    json!("")
                } else {
                    json!([])
                };
            }
        }
        let of = |item: Value| json!({"output_index": index, "item": item});
        stream.add(Kind::Block, "response.output_item.added", of(opened));
        let names = names(block);
        let all = block.pieces.concat();
        if let Some((opened, _)) = names.part {
            stream.add(Kind::Block, opened, part(index, block, ""));
        }
        for piece in &block.pieces {
            let data = json!({
                "output_index": index, "content_index": 0, "summary_index": 0, "delta": piece,
            });
            stream.add(Kind::Content, names.delta, data);
        }
        let key = if names.part.is_some() {
            "text"
        } else {
            "arguments"
        };
        let data = json!({
            "output_index": index, "content_index": 0, "summary_index": 0, key: all,
        });
        stream.add(Kind::Block, names.done, data);
        if let Some((_, closed)) = names.part {
            stream.add(Kind::Block, closed, part(index, block, &all));
        }
        stream.add(
            Kind::Block,
            "response.output_item.done",
            of(item(answer, block)),
        );
    }
    let (name, last) = last(answer, place);
    stream.add(Kind::Done, name, json!({"response": last}));
    stream.events
}

/// Numbered events.
#[derive(Default)]
struct Stream {
    events: Vec<Event>,
}

impl Stream {
    fn add(&mut self, kind: Kind, name: &'static str, mut data: Value) {
        if let Some(members) = data.as_object_mut() {
            members.insert("sequence_number".to_owned(), self.events.len().into());
        }
        // The real ones begin with the type.
        let rest = data.to_string();
        let rest = rest.strip_prefix('{').unwrap_or_default();
        self.events
            .push(event(kind, name, format!("{{\"type\":\"{name}\",{rest}")));
    }
}

/// What the events of a block are called.
struct Names {
    /// Those that open and close the part of an item, where it has parts.
    part: Option<(&'static str, &'static str)>,
    delta: &'static str,
    done: &'static str,
}

fn names(block: &Block) -> Names {
    match block.kind {
        BlockKind::Thinking => Names {
            part: Some((
                "response.reasoning_summary_part.added",
                "response.reasoning_summary_part.done",
            )),
            delta: "response.reasoning_summary_text.delta",
            done: "response.reasoning_summary_text.done",
        },
        BlockKind::Text => Names {
            part: Some(("response.content_part.added", "response.content_part.done")),
            delta: "response.output_text.delta",
            done: "response.output_text.done",
        },
        BlockKind::Tool { .. } => Names {
            part: None,
            delta: "response.function_call_arguments.delta",
            done: "response.function_call_arguments.done",
        },
    }
}

fn part(index: usize, block: &Block, text: &str) -> Value {
    let part = match block.kind {
        BlockKind::Thinking => json!({"type": "summary_text", "text": text}),
        BlockKind::Text | BlockKind::Tool { .. } => {
            json!({"type": "output_text", "text": text, "annotations": []})
        }
    };
    json!({"output_index": index, "content_index": 0, "summary_index": 0, "part": part})
}

fn item(answer: &Answer, block: &Block) -> Value {
    let (number, all) = (answer.number, block.pieces.concat());
    match &block.kind {
        BlockKind::Thinking => json!({
            "type": "reasoning", "id": format!("rs_sim{number:06}"),
            "summary": [{"type": "summary_text", "text": all}],
        }),
        BlockKind::Text => json!({
            "type": "message", "id": format!("msg_sim{number:06}"), "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": all, "annotations": []}],
        }),
        BlockKind::Tool { place, name } => json!({
            "type": "function_call", "id": format!("fc_sim{number:06}_{place}"),
            "call_id": format!("call_sim{number:06}_{place}"), "name": name, "arguments": all,
            "status": "completed",
        }),
    }
}

fn response(answer: &Answer, status: &str) -> Value {
    json!({
        "id": format!("resp_sim{:06}", answer.number), "object": "response",
        "created_at": 1_795_255_200, "status": status, "error": null, "incomplete_details": null,
        "instructions": null, "model": answer.model, "output": [], "parallel_tool_calls": true,
        "tool_choice": "auto", "tools": [], "usage": null, "metadata": {},
    })
}

/// The whole response, and the event that brings it.
fn last(answer: &Answer, place: UsagePlace) -> (&'static str, Value) {
    let reason = match answer.finish {
        "length" => Some("max_output_tokens"),
        "content_filter" => Some("content_filter"),
        _ => None,
    };
    let status = reason.map_or("completed", |_| "incomplete");
    let mut whole = response(answer, status);
    let items = answer.blocks();
    let items = items.iter().map(|block| item(answer, block)).collect();
    let tally = answer.usage;
    let usage = json!({
        "input_tokens": tally.input,
        "input_tokens_details": {"cached_tokens": tally.cached},
        "output_tokens": tally.output,
        "output_tokens_details": {"reasoning_tokens": tally.reasoning},
        "total_tokens": tally.input + tally.output,
    });
    let mut put = |key: &str, value: Value| {
        if let Some(place) = whole.get_mut(key) {
            *place = value;
        }
    };
    put("output", Value::Array(items));
    if let Some(reason) = reason {
        put("incomplete_details", json!({"reason": reason}));
    }
    if place != UsagePlace::Absent {
        put("usage", usage);
    }
    let name = reason.map_or("response.completed", |_| "response.incomplete");
    (name, whole)
}

/// Writes an answer in one piece.
pub fn plain(answer: &Answer, place: UsagePlace) -> String {
    last(answer, place).1.to_string()
}

/// An answer that has no output, in one piece.
pub fn empty(answer: &Answer) -> String {
    let mut nothing = response(answer, "completed");
    if let Some(members) = nothing.as_object_mut() {
        members.remove("output");
    }
    nothing.to_string()
}

#[cfg(test)]
mod tests {
    use super::{ask, events};
    use crate::sim::answer::Answer;
    use crate::sim::behaviour::{Instead, Says, UsagePlace};

    const BODY: &str = r#"{"model":"m","stream":true,"instructions":"be brief","input":[{"role":"user","content":[{"type":"input_text","text":"say \"hi\""}]}],
        "tools":[{"type":"function","name":"look","parameters":{"properties":{"n":{"type":"integer"}}}}]}"#;

    #[test]
    fn a_stream_is_written_as_openai_writes_responses() {
        let ask = ask(BODY.as_bytes()).unwrap();
        assert_eq!(ask.input_tokens, (2 + 1) + (2 + 1));
        let words = Says {
            words: Some(2),
            reasoning: 1,
            ..Says::default()
        };
        let tools = Says {
            instead: Instead::ToolCalls(1),
            ..Says::default()
        };
        let told = [words, tools].map(|says| {
            let answer = Answer::new("primary", 1, &ask, says).cached(2);
            let events = events(&answer, UsagePlace::IfAsked);
            let lines = events
                .iter()
                .map(|event| format!("{:?} {}", event.kind, event.data));
            lines.collect::<Vec<_>>().join("\n")
        });
        insta::assert_snapshot!("stream", told.join("\n\n"));
    }
}
