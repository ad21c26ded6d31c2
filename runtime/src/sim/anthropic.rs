//! Anthropic's Messages: how an answer is written, beside what a request asks and how it is refused.

use serde_json::{Value, json};

use super::answer::{Answer, Block, BlockKind, Tally};
use super::behaviour::UsagePlace;
use super::speech::{Event, Kind, event};

pub mod ask;
pub mod refusal;

/// Writes an answer as the events of a stream.
pub fn events(answer: &Answer, place: UsagePlace) -> Vec<Event> {
    let mut events = vec![event(Kind::Role, "message_start", start(answer, place))];
    let mut pinged = false;
    for (index, block) in answer.blocks().iter().enumerate() {
        let opening = json!({
            "type": "content_block_start", "index": index, "content_block": opening(block, answer),
        });
        events.push(event(
            Kind::Block,
            "content_block_start",
            type_first(&opening),
        ));
        if !pinged {
            events.push(event(Kind::Block, "ping", r#"{"type": "ping"}"#));
            pinged = true;
        }
        let delta = |kind, delta: Value| {
            let data = json!({"type": "content_block_delta", "index": index, "delta": delta});
            // As the real ones write it, `type` first: the map behind `json!` sorts its keys.
            event(kind, "content_block_delta", type_first(&data))
        };
        for piece in &block.pieces {
            events.push(delta(Kind::Content, delta_of(block, piece)));
        }
        if block.kind == BlockKind::Thinking {
            let signature = json!({"type": "signature_delta", "signature": SIGNATURE});
            events.push(delta(Kind::Block, signature));
        }
        let closing = json!({"type": "content_block_stop", "index": index});
        events.push(event(
            Kind::Block,
            "content_block_stop",
            type_first(&closing),
        ));
    }
    let mut last = json!({
        "type": "message_delta",
        "delta": {"stop_reason": stop_reason(answer), "stop_sequence": null},
    });
    put_usage(&mut last, place, answer.usage);
    events.push(event(Kind::Finish, "message_delta", type_first(&last)));
    events.push(super::speech::Speech::Anthropic.done());
    events
}

fn start(answer: &Answer, place: UsagePlace) -> String {
    let mut message = message(answer);
    // Real ones begin with a number that is none yet.
    put_usage(
        &mut message,
        place,
        Tally {
            output: 1,
            reasoning: 0,
            ..answer.usage
        },
    );
    type_first(&json!({"type": "message_start", "message": message}))
}

/// The parts that all shapes of a message have.
fn message(answer: &Answer) -> Value {
    json!({
        "id": format!("msg_sim{:06}", answer.number), "type": "message", "role": "assistant",
        "model": answer.model, "content": [], "stop_reason": null, "stop_sequence": null,
    })
}

/// Writes an answer in one piece.
pub fn plain(answer: &Answer, place: UsagePlace) -> String {
    let mut whole = message(answer);
    let content = answer
        .blocks()
        .iter()
        .map(|block| closed(block, answer))
        .collect();
    let members = [
        ("content", Value::Array(content)),
        ("stop_reason", stop_reason(answer).into()),
    ];
    for (key, value) in members {
        if let Some(place) = whole.get_mut(key) {
            *place = value;
        }
    }
    put_usage(&mut whole, place, answer.usage);
    whole.to_string()
}

/// An answer without content that does not say why it stops.
pub fn empty(answer: &Answer) -> String {
    message(answer).to_string()
}

/// How many tokens a request has.
pub fn count(input_tokens: u64) -> String {
    json!({"input_tokens": input_tokens}).to_string()
}

const SIGNATURE: &str = "c2ltdWxhdGVk";

/// The block before its first piece.
fn opening(block: &Block, answer: &Answer) -> Value {
    match &block.kind {
        BlockKind::Thinking => json!({"type": "thinking", "thinking": "", "signature": ""}),
        BlockKind::Text => json!({"type": "text", "text": ""}),
        BlockKind::Tool { place, name } => json!({
            "type": "tool_use", "id": call_id(answer, *place), "name": name, "input": {},
        }),
    }
}

fn delta_of(block: &Block, piece: &str) -> Value {
    match block.kind {
        BlockKind::Thinking => json!({"type": "thinking_delta", "thinking": piece}),
        BlockKind::Text => json!({"type": "text_delta", "text": piece}),
        BlockKind::Tool { .. } => json!({"type": "input_json_delta", "partial_json": piece}),
    }
}

fn closed(block: &Block, answer: &Answer) -> Value {
    let all = block.pieces.concat();
    match &block.kind {
        BlockKind::Thinking => {
            json!({"type": "thinking", "thinking": all, "signature": SIGNATURE})
        }
        BlockKind::Text => json!({"type": "text", "text": all}),
        BlockKind::Tool { place, name } => {
            let input: Value = serde_json::from_str(&all).unwrap_or_else(|_| json!({}));
            json!({
                "type": "tool_use", "id": call_id(answer, *place), "name": name, "input": input,
            })
        }
    }
}

fn call_id(answer: &Answer, place: usize) -> String {
    format!("toolu_sim{:06}_{place}", answer.number)
}

/// Why an answer ends, in this protocol's words.
fn stop_reason(answer: &Answer) -> &'static str {
    match answer.finish {
        "length" => "max_tokens",
        "tool_calls" => "tool_use",
        "content_filter" => "refusal",
        _ => "end_turn",
    }
}

fn put_usage(value: &mut Value, place: UsagePlace, tally: Tally) {
    // Here it is always in the same places; only that it is missing can be scripted.
    if place == UsagePlace::Absent {
        return;
    }
    let mut usage = json!({
        "input_tokens": tally.input - tally.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": tally.cached,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": tally.output,
        "service_tier": "standard",
    });
    if let Some(usage) = usage.as_object_mut().filter(|_| tally.reasoning > 0) {
        let details = json!({"thinking_tokens": tally.reasoning});
        usage.insert("output_tokens_details".to_owned(), details);
    }
    if let Some(members) = value.as_object_mut() {
        members.insert("usage".to_owned(), usage);
    }
}

/// The text of an object with its `type` in front, where the real ones have it.
fn type_first(value: &Value) -> String {
    let mut text = String::from("{");
    let members = value.as_object().into_iter().flatten();
    let (kinds, rest): (Vec<_>, Vec<_>) = members.partition(|(key, _)| *key == "type");
    for (at, (key, value)) in kinds.into_iter().chain(rest).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        text.extend([
            comma,
            &Value::from(key.as_str()).to_string(),
            ":",
            &value.to_string(),
        ]);
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::ask::{ask, tests::BODY};
    use super::{events, plain};
    use crate::sim::answer::Answer;
    use crate::sim::behaviour::{Instead, Says, UsagePlace};
    use serde_json::Value;

    fn answer(says: Says) -> Answer {
        Answer::new("primary", 1, &ask(BODY.as_bytes()).unwrap(), says).cached(2)
    }

    #[test]
    fn a_stream_is_written_as_anthropic_writes_it() {
        let says = Says {
            words: Some(2),
            reasoning: 1,
            ..Says::default()
        };
        let tools = Says {
            instead: Instead::ToolCalls(2),
            ..Says::default()
        };
        let told = [says, tools].map(|says| {
            let events = events(&answer(says), UsagePlace::IfAsked);
            let lines = events
                .iter()
                .map(|event| format!("{:?} {} {}", event.kind, event.name, event.data));
            lines.collect::<Vec<_>>().join("\n")
        });
        insta::assert_snapshot!("stream", told.join("\n\n"));
    }

    #[test]
    fn the_plain_answer_says_what_the_stream_says() {
        for instead in [Instead::Text, Instead::ToolCalls(2), Instead::Refusal] {
            let answer = answer(Says {
                instead,
                reasoning: 2,
                ..Says::default()
            });
            let plain: Value = serde_json::from_str(&plain(&answer, UsagePlace::IfAsked)).unwrap();
            assert_eq!(plain["usage"]["output_tokens"], answer.usage.output);
            assert_eq!(plain["usage"]["cache_read_input_tokens"], 2);
            let mut text = String::new();
            for event in events(&answer, UsagePlace::IfAsked) {
                let data: Value = serde_json::from_str(&event.data).unwrap();
                text += data["delta"]["text"].as_str().unwrap_or_default();
                text += data["delta"]["partial_json"].as_str().unwrap_or_default();
            }
            let whole =
                plain["content"].as_array().unwrap().iter().map(|block| {
                    match block["type"].as_str().unwrap() {
                        "text" => block["text"].as_str().unwrap().to_owned(),
                        "tool_use" => block["input"].to_string(),
                        _ => String::new(),
                    }
                });
            assert_eq!(text, whole.collect::<String>());
        }
    }
}
