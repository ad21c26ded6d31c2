//! `OpenAI` chat completions: how an answer is written, beside what a request asks and how it is refused.

use serde_json::Value;

use super::answer::{Answer, Delivery, Part, Tally};
use super::behaviour::UsagePlace;
use super::speech::{Event, Kind, Speech, event};

pub mod ask;
pub mod embeddings;
pub mod refusal;

/// Every answer was made at this second, so that equal requests get equal bytes.
const CREATED: u64 = 1_795_255_200;

/// Writes an answer as the events of a stream.
pub fn events(answer: &Answer, delivery: Delivery, place: UsagePlace) -> Vec<Event> {
    let asked = delivery == Delivery::StreamWithUsage;
    let mut sent = Tally {
        output: 0,
        reasoning: 0,
        ..answer.usage
    };
    // With include_usage every chunk but the last carries `"usage":null`.
    let usage = |sent: Tally| match place {
        UsagePlace::EveryChunk => format!(",\"usage\":{}", usage(sent)),
        UsagePlace::IfAsked if asked => ",\"usage\":null".to_owned(),
        UsagePlace::IfAsked
        | UsagePlace::Absent
        | UsagePlace::OnFinish
        | UsagePlace::Twice
        | UsagePlace::Refused => String::new(),
    };
    let mut events = Vec::new();
    let mut push = |kind, data| events.push(event(kind, "", data));
    let role = r#"{"role":"assistant","content":"","refusal":null}"#;
    push(
        Kind::Role,
        chunk(answer, &choice(role, "null"), &usage(sent)),
    );
    for part in &answer.parts {
        sent.output += 1;
        sent.reasoning += u64::from(matches!(part, Part::Reasoning(_)));
        push(
            Kind::Content,
            chunk(answer, &choice(&delta(answer, part), "null"), &usage(sent)),
        );
    }
    let reason = format!("\"{}\"", answer.finish);
    let on_finish = match place {
        UsagePlace::OnFinish => format!(",\"usage\":{}", self::usage(answer.usage)),
        UsagePlace::Twice => {
            let used = self::usage(answer.usage);
            let again = if asked {
                format!(",\"usage\":{used}")
            } else {
                String::new()
            };
            format!(",\"x_groq\":{{\"usage\":{used}}}{again}")
        }
        UsagePlace::IfAsked | UsagePlace::Absent | UsagePlace::EveryChunk | UsagePlace::Refused => {
            usage(sent)
        }
    };
    push(
        Kind::Finish,
        chunk(answer, &choice("{}", &reason), &on_finish),
    );
    let extra = match place {
        UsagePlace::IfAsked | UsagePlace::Twice => asked,
        UsagePlace::EveryChunk => true,
        UsagePlace::Absent | UsagePlace::OnFinish | UsagePlace::Refused => false,
    };
    if extra {
        let last = format!(",\"usage\":{}", self::usage(answer.usage));
        push(Kind::Usage, chunk(answer, "", &last));
    }
    events.push(Speech::OpenAi.done());
    events
}

fn chunk(answer: &Answer, choices: &str, usage: &str) -> String {
    let (id, model) = (id(answer), quoted(&answer.model));
    format!(
        "{{\"id\":\"{id}\",\"object\":\"chat.completion.chunk\",\"created\":{CREATED},\
         \"model\":{model},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_simulated\",\
         \"choices\":[{choices}]{usage}}}"
    )
}

fn choice(delta: &str, reason: &str) -> String {
    format!("{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{reason}}}")
}

fn delta(answer: &Answer, part: &Part) -> String {
    match part {
        Part::Text(text) => format!("{{\"content\":{}}}", quoted(text)),
        Part::Reasoning(text) => format!("{{\"reasoning_content\":{}}}", quoted(text)),
        Part::Refusal(text) => format!("{{\"refusal\":{}}}", quoted(text)),
        Part::ToolCall(index, name) => format!(
            "{{\"tool_calls\":[{{\"index\":{index},\"id\":\"{}\",\"type\":\"function\",\
             \"function\":{{\"name\":{},\"arguments\":\"\"}}}}]}}",
            call_id(answer, *index),
            quoted(name)
        ),
        Part::ToolArguments(index, text) => format!(
            "{{\"tool_calls\":[{{\"index\":{index},\"function\":{{\"arguments\":{}}}}}]}}",
            quoted(text)
        ),
    }
}

/// Writes an answer in one piece.
pub fn plain(answer: &Answer, place: UsagePlace) -> String {
    let joined = |pick: fn(&Part) -> Option<&str>| answer.parts.iter().filter_map(pick).collect();
    let text = answer.text();
    let reasoning: String = joined(|part| {
        if let Part::Reasoning(text) = part {
            Some(text)
        } else {
            None
        }
    });
    let refusal: String = joined(|part| {
        if let Part::Refusal(text) = part {
            Some(text)
        } else {
            None
        }
    });
    let or_null = |text: &str| {
        if text.is_empty() {
            "null".to_owned()
        } else {
            quoted(text)
        }
    };
    let mut message = format!(
        "{{\"role\":\"assistant\",\"content\":{},\"refusal\":{},\"annotations\":[]",
        or_null(&text),
        or_null(&refusal)
    );
    if !reasoning.is_empty() {
        message.extend([",\"reasoning_content\":", &quoted(&reasoning)]);
    }
    let calls = tool_calls(answer);
    if !calls.is_empty() {
        message.extend([",\"tool_calls\":[", &calls.join(","), "]"]);
    }
    let usage = match place {
        UsagePlace::Absent => String::new(),
        UsagePlace::IfAsked
        | UsagePlace::EveryChunk
        | UsagePlace::OnFinish
        | UsagePlace::Twice
        | UsagePlace::Refused => format!(",\"usage\":{}", usage(answer.usage)),
    };
    format!(
        "{{\"id\":\"{}\",\"object\":\"chat.completion\",\"created\":{CREATED},\"model\":{},\
         \"choices\":[{{\"index\":0,\"message\":{message}}},\"logprobs\":null,\
         \"finish_reason\":\"{}\"}}]{usage},\"service_tier\":\"default\",\
         \"system_fingerprint\":\"fp_simulated\"}}",
        id(answer),
        quoted(&answer.model),
        answer.finish
    )
}

fn tool_calls(answer: &Answer) -> Vec<String> {
    let mut calls: Vec<(&str, String)> = Vec::new();
    for part in &answer.parts {
        match part {
            Part::ToolCall(_, name) => calls.push((name, String::new())),
            Part::ToolArguments(index, text) => {
                if let Some((_, arguments)) = calls.get_mut(*index) {
                    *arguments += text;
                }
            }
            Part::Text(_) | Part::Reasoning(_) | Part::Refusal(_) => {}
        }
    }
    let written = calls.iter().enumerate().map(|(index, (name, arguments))| {
        format!(
            "{{\"id\":\"{}\",\"type\":\"function\",\"function\":{{\"name\":{},\"arguments\":{}}}}}",
            call_id(answer, index),
            quoted(name),
            quoted(arguments)
        )
    });
    written.collect()
}

/// An answer without choices, in one piece.
pub fn empty(answer: &Answer) -> String {
    format!(
        "{{\"id\":\"{}\",\"object\":\"chat.completion\",\"created\":{CREATED},\"model\":{},\
         \"choices\":[]}}",
        id(answer),
        quoted(&answer.model)
    )
}

fn usage(tally: Tally) -> String {
    let Tally {
        input,
        cached,
        output,
        reasoning,
    } = tally;
    let total = input + output;
    format!(
        "{{\"prompt_tokens\":{input},\"completion_tokens\":{output},\"total_tokens\":{total},\
         \"prompt_tokens_details\":{{\"cached_tokens\":{cached},\"audio_tokens\":0}},\
         \"completion_tokens_details\":{{\"reasoning_tokens\":{reasoning},\"audio_tokens\":0,\
         \"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}}}"
    )
}

fn id(answer: &Answer) -> String {
    format!("chatcmpl-sim{:06}", answer.number)
}

fn call_id(answer: &Answer, index: usize) -> String {
    format!("call_sim{:06}_{index}", answer.number)
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// One model, as the models endpoint lists it.
pub fn model(name: &str) -> String {
    let name = quoted(name);
    format!("{{\"id\":{name},\"object\":\"model\",\"created\":{CREATED},\"owned_by\":\"sim\"}}")
}

/// The list of models.
pub fn models(names: &[String]) -> String {
    let listed: Vec<String> = names.iter().map(|name| model(name)).collect();
    format!("{{\"object\":\"list\",\"data\":[{}]}}", listed.join(","))
}

#[cfg(test)]
mod tests {
    use super::ask::{ask, tests::BODY};
    use super::{events, plain};
    use crate::sim::answer::{Answer, Delivery};
    use crate::sim::behaviour::{Instead, Says, UsagePlace};
    use serde_json::Value;

    fn answer(says: Says) -> Answer {
        Answer::new("primary", 1, &ask(BODY.as_bytes()).unwrap(), says).cached(2)
    }

    fn stream(says: Says, place: UsagePlace) -> String {
        let events = events(&answer(says), Delivery::StreamWithUsage, place);
        let lines = events
            .iter()
            .map(|event| format!("{:?} {}", event.kind, event.data));
        lines.collect::<Vec<_>>().join(
            "
",
        )
    }

    #[test]
    fn a_stream_is_written_as_openai_writes_it() {
        let says = Says {
            words: Some(2),
            reasoning: 1,
            ..Says::default()
        };
        insta::assert_snapshot!("stream", stream(says, UsagePlace::IfAsked));
        let says = Says {
            instead: Instead::ToolCalls(1),
            ..Says::default()
        };
        insta::assert_snapshot!("stream_tools", stream(says, UsagePlace::OnFinish));
    }

    #[test]
    fn the_plain_answer_is_json_and_says_the_same() {
        for instead in [Instead::Text, Instead::ToolCalls(2), Instead::Refusal] {
            let answer = answer(Says {
                instead,
                reasoning: 2,
                ..Says::default()
            });
            let value: Value = serde_json::from_str(&plain(&answer, UsagePlace::IfAsked)).unwrap();
            assert_eq!(value["usage"]["completion_tokens"], answer.usage.output);
            assert_eq!(value["usage"]["prompt_tokens_details"]["cached_tokens"], 2);
            assert_eq!(value["choices"][0]["finish_reason"], answer.finish);
            let message = &value["choices"][0]["message"];
            assert_eq!(
                message["content"].as_str().unwrap_or_default(),
                answer.text()
            );
            let calls = message["tool_calls"].as_array().map_or(0, Vec::len);
            assert_eq!(
                calls,
                if instead == Instead::ToolCalls(2) {
                    2
                } else {
                    0
                }
            );
        }
    }
}
