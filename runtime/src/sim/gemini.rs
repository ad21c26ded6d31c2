//! Gemini's `generateContent`: how an answer is written, beside what a request asks and how it is
//! refused.

use serde_json::{Value, json};

use super::answer::{Answer, Block, BlockKind, Tally};
use super::behaviour::UsagePlace;
use super::speech::{Event, Kind, event};

pub mod ask;
pub mod refusal;

/// Writes an answer as the events of a stream. Each is an answer of its own, with what is new.
pub fn events(answer: &Answer, place: UsagePlace) -> Vec<Event> {
    let mut sent = Tally {
        output: 0,
        reasoning: 0,
        ..answer.usage
    };
    let mut events = Vec::new();
    let nothing = json!({"text": ""});
    let opening = chunk(
        answer,
        (std::slice::from_ref(&nothing), None),
        (place, sent),
    );
    events.push(event(Kind::Role, "", opening.to_string()));
    for block in answer.blocks() {
        for part in parts(&block, answer, Pieces::Each) {
            sent.output += 1;
            sent.reasoning += u64::from(block.kind == BlockKind::Thinking);
            let chunk = chunk(answer, (&[part], None), (place, sent));
            events.push(event(Kind::Content, "", chunk.to_string()));
        }
    }
    let reason = Some(finish_reason(answer));
    let last = chunk(answer, (&[nothing], reason), (place, answer.usage));
    events.push(event(Kind::Finish, "", last.to_string()));
    events
}

/// Writes an answer in one piece.
pub fn plain(answer: &Answer, place: UsagePlace) -> String {
    let blocks = answer.blocks();
    let parts = blocks
        .iter()
        .flat_map(|block| parts(block, answer, Pieces::Joined));
    let parts: Vec<Value> = parts.collect();
    let reason = Some(finish_reason(answer));
    chunk(answer, (&parts, reason), (place, answer.usage)).to_string()
}

/// An answer that neither says anything nor why it ends.
pub fn empty(answer: &Answer) -> String {
    json!({"modelVersion": answer.model, "responseId": id(answer)}).to_string()
}

/// How the pieces of a block become parts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pieces {
    Each,
    Joined,
}

/// A call is one part always: here its arguments come whole.
fn parts(block: &Block, answer: &Answer, pieces: Pieces) -> Vec<Value> {
    if let BlockKind::Tool { place, name } = &block.kind {
        let args: Value =
            serde_json::from_str(&block.pieces.concat()).unwrap_or_else(|_| json!({}));
        let id = format!("call_{}_{place}", id(answer));
        return vec![json!({
            "functionCall": {"id": id, "name": name, "args": args},
            "thoughtSignature": SIGNATURE,
        })];
    }
    let texts = match pieces {
        Pieces::Each => block.pieces.clone(),
        Pieces::Joined => vec![block.pieces.concat()],
    };
    let part = |text: String| match block.kind {
        BlockKind::Thinking => json!({"text": text, "thought": true}),
        BlockKind::Text | BlockKind::Tool { .. } => json!({"text": text}),
    };
    texts.into_iter().map(part).collect()
}

const SIGNATURE: &str = "c2ltdWxhdGVk";

fn id(answer: &Answer) -> String {
    format!("sim{:06}", answer.number)
}

fn chunk(
    answer: &Answer,
    (parts, reason): (&[Value], Option<&str>),
    (place, tally): (UsagePlace, Tally),
) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    let mut whole = json!({"modelVersion": answer.model, "responseId": id(answer)});
    put(&mut candidate, "finishReason", reason.map(Value::from));
    put(&mut whole, "candidates", Some(json!([candidate])));
    // Here it is always in the same place; only that it is missing can be scripted.
    let usage = (place != UsagePlace::Absent).then(|| usage(tally));
    put(&mut whole, "usageMetadata", usage);
    whole
}

fn put(value: &mut Value, key: &str, member: Option<Value>) {
    if let (Some(members), Some(member)) = (value.as_object_mut(), member) {
        members.insert(key.to_owned(), member);
    }
}

fn usage(tally: Tally) -> Value {
    let mut usage = json!({
        "promptTokenCount": tally.input,
        "candidatesTokenCount": tally.output - tally.reasoning,
        "totalTokenCount": tally.input + tally.output,
    });
    let some = |tokens: u64| (tokens > 0).then(|| Value::from(tokens));
    put(&mut usage, "cachedContentTokenCount", some(tally.cached));
    put(&mut usage, "thoughtsTokenCount", some(tally.reasoning));
    usage
}

/// Why an answer ends, in this protocol's words: that tools are called is none of them.
fn finish_reason(answer: &Answer) -> &'static str {
    match answer.finish {
        "length" => "MAX_TOKENS",
        "content_filter" => "SAFETY",
        _ => "STOP",
    }
}

#[cfg(test)]
mod tests {
    use super::ask::{ask, tests::BODY};
    use super::{events, plain};
    use crate::sim::answer::{Answer, Delivery};
    use crate::sim::behaviour::{Instead, Says, UsagePlace};
    use serde_json::Value;

    fn answer(says: Says) -> Answer {
        let ask = ask("m", Delivery::StreamWithUsage, BODY.as_bytes()).unwrap();
        Answer::new("primary", 1, &ask, says).cached(2)
    }

    #[test]
    fn a_stream_is_written_as_gemini_writes_it() {
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
                .map(|event| format!("{:?} {}", event.kind, event.data));
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
            let said = |data: &str| {
                let data: Value = serde_json::from_str(data).unwrap();
                let parts = data["candidates"][0]["content"]["parts"].clone();
                let parts = parts.as_array().unwrap().iter().map(|part| {
                    let text = part["text"].as_str().unwrap_or_default();
                    format!("{text}{}", part["functionCall"])
                });
                parts.collect::<String>().replace("null", "")
            };
            let events = events(&answer, UsagePlace::IfAsked);
            let streamed: String = events.iter().map(|event| said(&event.data)).collect();
            let plain = plain(&answer, UsagePlace::IfAsked);
            assert_eq!(streamed, said(&plain));
            let last: Value = serde_json::from_str(&events.last().unwrap().data).unwrap();
            let plain: Value = serde_json::from_str(&plain).unwrap();
            assert_eq!(last["usageMetadata"], plain["usageMetadata"]);
        }
    }
}
