//! What a request asks. Its model and how the answer is wanted stand in the path.

use serde_json::Value;

use crate::sim::answer::{Ask, Delivery, Tool, ends, input_tokens};
use crate::sim::openai::ask::sample;
use crate::sim::speech::Speech;

/// The model and the way of delivery that a path asks for, if it is one of this protocol's.
pub fn place(path: &str) -> Option<(&str, Delivery)> {
    let (front, method) = path.rsplit_once(':')?;
    let (_, model) = front.rsplit_once("/models/")?;
    match method {
        "generateContent" => Some((model, Delivery::Plain)),
        "streamGenerateContent" => Some((model, Delivery::StreamWithUsage)),
        _ => None,
    }
}

/// Reads a request.
///
/// # Errors
/// A sentence for the client.
pub fn ask(model: &str, stream: Delivery, body: &[u8]) -> Result<Ask, String> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| "Invalid JSON payload received.".to_owned())?;
    let Some(contents) = body.get("contents").and_then(Value::as_array) else {
        return Err("* GenerateContentRequest.contents: contents is not specified".to_owned());
    };
    let texts: Vec<String> = contents.iter().map(text).collect();
    // The instructions count as a message, as in the other protocols.
    let system = body.get("systemInstruction").map(text);
    let role = contents.last().and_then(|last| last.get("role")?.as_str());
    let (last_words, begun) = ends(&texts, role);
    let cap = body.pointer("/generationConfig/maxOutputTokens");
    Ok(Ask {
        speech: Speech::Gemini,
        only: None,
        model: model.to_owned(),
        stream,
        stream_options: false,
        input_tokens: texts
            .iter()
            .chain(&system)
            .map(|text| input_tokens(text) + 1)
            .sum(),
        last_words,
        begun,
        tools: tools(&body),
        output_tokens_max: cap
            .and_then(Value::as_u64)
            .and_then(|cap| usize::try_from(cap).ok()),
    })
}

fn text(content: &Value) -> String {
    let parts = content.get("parts").and_then(Value::as_array);
    let texts = parts.into_iter().flatten();
    texts
        .filter_map(|part| part.get("text")?.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

fn tools(body: &Value) -> Vec<Tool> {
    let tools = body.get("tools").and_then(Value::as_array);
    let declared = |tool: &Value| tool.get("functionDeclarations")?.as_array().cloned();
    let tool = |function: Value| {
        let name = function.get("name")?.as_str()?.to_owned();
        let schema = function
            .get("parametersJsonSchema")
            .or(function.get("parameters"));
        let properties = schema.and_then(|schema| schema.get("properties")?.as_object());
        let arguments = properties.into_iter().flatten();
        let arguments = arguments
            .map(|(name, schema)| (name.clone(), sample(schema)))
            .collect::<serde_json::Map<_, _>>();
        Some(Tool {
            name,
            arguments: Value::Object(arguments).to_string(),
        })
    };
    let tools = tools.into_iter().flatten().filter_map(declared).flatten();
    tools.filter_map(tool).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::{ask, place};
    use crate::sim::answer::Delivery;

    pub(in crate::sim::gemini) const BODY: &str = r#"{
        "systemInstruction":{"parts":[{"text":"be brief"}]},
        "contents":[{"role":"user","parts":[{"text":"say \"hi\""}]}],
        "generationConfig":{"maxOutputTokens":64},
        "tools":[{"functionDeclarations":[{"name":"look","parametersJsonSchema":{"type":"object",
        "properties":{"n":{"type":"integer"},"unit":{"enum":["C","F"]},"where":{"type":"string"}}}}]}]}"#;

    #[test]
    fn input_is_one_token_a_word_and_one_a_message() {
        let ask = ask("m", Delivery::Plain, BODY.as_bytes()).unwrap();
        assert_eq!(ask.input_tokens, (2 + 1) + (2 + 1));
        assert_eq!(
            ask.tools[0].arguments,
            r#"{"n":7,"unit":"C","where":"simulated"}"#
        );
        assert_eq!(ask.output_tokens_max, Some(64));
    }

    #[test]
    fn the_path_says_which_model_and_whether_it_streams() {
        let plain = Some(("gemini-x", Delivery::Plain));
        assert_eq!(place("/v1beta/models/gemini-x:generateContent"), plain);
        let stream = Some(("a/b", Delivery::StreamWithUsage));
        assert_eq!(place("/v1/models/a/b:streamGenerateContent"), stream);
        for path in [
            "/v1/models",
            "/v1/models/x:countTokens",
            "/x:generateContent",
        ] {
            assert_eq!(place(path), None);
        }
    }

    #[test]
    fn a_request_that_asks_nothing_is_told_what_is_missing() {
        for (body, told) in [("{", "JSON"), ("{}", "contents")] {
            let refused = ask("m", Delivery::Plain, body.as_bytes()).unwrap_err();
            assert!(refused.contains(told), "{body}");
        }
    }
}
