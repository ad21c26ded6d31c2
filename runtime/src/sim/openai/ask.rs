//! What a request asks.

use serde_json::Value;

use crate::sim::answer::{Ask, Delivery, Tool, ends, input_tokens};
use crate::sim::speech::Speech;

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
    let Some(messages) = body.get("messages").and_then(Value::as_array) else {
        return Err("Missing required parameter: 'messages'.".to_owned());
    };
    let texts: Vec<String> = messages.iter().map(message_text).collect();
    let role = messages.last().and_then(|last| last.get("role")?.as_str());
    let (last_words, begun) = ends(&texts, role);
    let cap = body
        .get("max_completion_tokens")
        .or_else(|| body.get("max_tokens"));
    Ok(Ask {
        speech: Speech::OpenAi,
        only: None,
        model: model.to_owned(),
        stream: delivery(&body),
        stream_options: body.get("stream_options").is_some_and(Value::is_object),
        input_tokens: texts.iter().map(|text| input_tokens(text) + 1).sum(),
        last_words,
        begun,
        tools: tools(&body),
        output_tokens_max: cap
            .and_then(Value::as_u64)
            .and_then(|cap| usize::try_from(cap).ok()),
    })
}

fn delivery(body: &Value) -> Delivery {
    let usage = body
        .pointer("/stream_options/include_usage")
        .and_then(Value::as_bool);
    match (body.get("stream").and_then(Value::as_bool), usage) {
        (Some(true), Some(true)) => Delivery::StreamWithUsage,
        (Some(true), _) => Delivery::Stream,
        _ => Delivery::Plain,
    }
}

/// The text of one message: a string, or its text parts.
pub(in crate::sim) fn message_text(message: &Value) -> String {
    let content = message.get("content").unwrap_or(&Value::Null);
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let parts = content.as_array().into_iter().flatten();
    parts
        .filter_map(|part| part.get("text")?.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn tools(body: &Value) -> Vec<Tool> {
    let tools = body
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    tools
        .filter_map(|tool| {
            let function = tool.get("function")?;
            let name = function.get("name")?.as_str()?.to_owned();
            let properties = function
                .pointer("/parameters/properties")
                .and_then(Value::as_object);
            let arguments = properties
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.clone(), sample(schema)))
                .collect::<serde_json::Map<_, _>>();
            Some(Tool {
                name,
                arguments: Value::Object(arguments).to_string(),
            })
        })
        .collect()
}

/// A value that fits a schema, as far as its first word goes.
pub(in crate::sim) fn sample(schema: &Value) -> Value {
    if let Some(first) = schema.pointer("/enum/0") {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number") => Value::from(7),
        Some("boolean") => Value::from(true),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => Value::Object(serde_json::Map::new()),
        _ => Value::from("simulated"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::ask;
    use crate::sim::answer::Delivery;

    pub(in crate::sim::openai) const BODY: &str = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},
        "messages":[{"role":"system","content":"be brief"},
        {"role":"user","content":[{"type":"text","text":"say \"hi\""}]}],
        "tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object",
        "properties":{"n":{"type":"integer"},"unit":{"enum":["C","F"]},"where":{"type":"string"}}}}}]}"#;

    #[test]
    fn input_is_one_token_a_word_and_one_a_message() {
        let ask = ask(BODY.as_bytes()).unwrap();
        assert_eq!(ask.input_tokens, (2 + 1) + (2 + 1));
        assert_eq!(
            ask.tools[0].arguments,
            r#"{"n":7,"unit":"C","where":"simulated"}"#
        );
        assert_eq!(ask.stream, Delivery::StreamWithUsage);
    }

    #[test]
    fn a_request_that_asks_nothing_is_told_what_is_missing() {
        for (body, told) in [
            ("{", "JSON"),
            ("{}", "model"),
            (r#"{"model":"m"}"#, "messages"),
        ] {
            assert!(ask(body.as_bytes()).unwrap_err().contains(told), "{body}");
        }
    }
}
