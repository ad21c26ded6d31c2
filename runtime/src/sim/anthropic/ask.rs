//! What a request asks.

use serde_json::Value;

use crate::sim::answer::{Ask, Delivery, Tool, ends, input_tokens};
use crate::sim::openai::ask::{message_text, sample};
use crate::sim::speech::Speech;

/// Reads a request.
///
/// # Errors
/// A sentence for the client.
pub fn ask(body: &[u8]) -> Result<Ask, String> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| "The request body is not valid JSON.".to_owned())?;
    let Some(model) = body.get("model").and_then(Value::as_str) else {
        return Err("model: Field required".to_owned());
    };
    let Some(messages) = body.get("messages").and_then(Value::as_array) else {
        return Err("messages: Field required".to_owned());
    };
    let cap = body.get("max_tokens").and_then(Value::as_u64);
    let texts: Vec<String> = messages.iter().map(message_text).collect();
    // The instructions count as a message, as in the other protocols.
    let system = body.get("system").map(|system| {
        let message = serde_json::json!({ "content": system });
        message_text(&message)
    });
    let role = messages.last().and_then(|last| last.get("role")?.as_str());
    let (last_words, begun) = ends(&texts, role);
    Ok(Ask {
        speech: Speech::Anthropic,
        only: None,
        model: model.to_owned(),
        stream: match body.get("stream").and_then(Value::as_bool) {
            Some(true) => Delivery::StreamWithUsage,
            Some(false) | None => Delivery::Plain,
        },
        stream_options: false,
        input_tokens: texts
            .iter()
            .chain(&system)
            .map(|text| input_tokens(text) + 1)
            .sum(),
        last_words,
        begun,
        tools: tools(&body),
        output_tokens_max: cap.and_then(|cap| usize::try_from(cap).ok()),
    })
}

fn tools(body: &Value) -> Vec<Tool> {
    let tools = body.get("tools").and_then(Value::as_array);
    let tool = |tool: &Value| {
        let name = tool.get("name")?.as_str()?.to_owned();
        let properties = tool.pointer("/input_schema/properties");
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

#[cfg(test)]
pub(super) mod tests {
    use super::ask;

    pub(in crate::sim::anthropic) const BODY: &str = r#"{"model":"m","stream":true,"max_tokens":64,
        "system":[{"type":"text","text":"be brief"}],
        "messages":[{"role":"user","content":[{"type":"text","text":"say \"hi\""}]}],
        "tools":[{"name":"look","input_schema":{"type":"object",
        "properties":{"n":{"type":"integer"},"unit":{"enum":["C","F"]},"where":{"type":"string"}}}}]}"#;

    #[test]
    fn input_is_one_token_a_word_and_one_a_message() {
        let ask = ask(BODY.as_bytes()).unwrap();
        assert_eq!(ask.input_tokens, (2 + 1) + (2 + 1));
        assert_eq!(
            ask.tools[0].arguments,
            r#"{"n":7,"unit":"C","where":"simulated"}"#
        );
        assert_eq!(ask.output_tokens_max, Some(64));
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
