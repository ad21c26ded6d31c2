//! Anthropic's Messages.

use super::{all, number, text, texts};
use crate::json::Tree;
use crate::translate::request::{
    Call, Choice, Effort, Fields, Format, Media, Outcome, Part, Request, Thinking, Tool, Turn, Who,
};
use crate::translate::uncarried::Uncarried;

const FIELDS: Fields = Fields {
    stop: "stop_sequences",
    thinking: "thinking",
    format: "output_config",
};

/// Reads a request.
pub(in crate::translate) fn read<'t>(body: &'t Tree<'t>) -> Result<Request<'t>, Uncarried> {
    let mut request = Request {
        fields: FIELDS,
        ..Request::default()
    };
    for (key, value) in body.members() {
        if !value.is_null() {
            member(&mut request, key, value)?;
        }
    }
    if request.turns.is_empty() {
        return Err(Uncarried::new("messages", "there is no message to answer"));
    }
    Ok(request)
}

fn member<'t>(request: &mut Request<'t>, key: &str, value: &'t Tree<'t>) -> Result<(), Uncarried> {
    match key {
        // `cache_control` asks for nothing that could be seen in an answer.
        "model" | "stream" | "cache_control" => {}
        "system" => request.system = system(value)?,
        "messages" => {
            let turns = value.list().iter().map(turn);
            request.turns = turns.collect::<Result<_, _>>()?;
        }
        "tools" => {
            let tools = value.list().iter().map(tool);
            request.tools = tools.collect::<Result<_, _>>()?;
        }
        "tool_choice" => {
            request.choice = Some(choice(value)?);
            if value.at("disable_parallel_tool_use").flag() == Some(true) {
                request.parallel = Some(false);
            }
        }
        "max_tokens" => request.output_tokens_max = value.whole(),
        "stop_sequences" => request.stop = all(value, "stop_sequences")?,
        "temperature" => request.sampling.temperature = Some(number(value, "temperature")?),
        "top_p" => request.sampling.top_p = Some(number(value, "top_p")?),
        "top_k" => request.sampling.top_k = Some(number(value, "top_k")?),
        "metadata" => request.user = value.at("user_id").text(),
        "thinking" => thinking(request, value)?,
        "output_config" => output(request, value)?,
        "output_format" => request.format = format(value)?,
        "service_tier" if value.text() == Some("auto") => {}
        "container" | "mcp_servers" => {
            return Err(Uncarried::new(
                if key == "container" {
                    "container"
                } else {
                    "mcp_servers"
                },
                "what a provider runs itself is not there; do without it",
            ));
        }
        _ => request.dropped.note(key),
    }
    Ok(())
}

/// Instructions. A line that some clients send for their own vendor's billing may vary from
/// request to request, and would keep any other provider from using its cache.
fn system<'t>(value: &'t Tree<'t>) -> Result<Vec<std::borrow::Cow<'t, str>>, Uncarried> {
    let mut system = texts(value, "system")?;
    system.retain(|text| !text.starts_with("x-anthropic-billing-header:"));
    Ok(system)
}

fn thinking(request: &mut Request<'_>, value: &Tree<'_>) -> Result<(), Uncarried> {
    let said = match value.at("type").text() {
        Some("disabled") => Thinking::Off,
        Some("enabled") => match value.at("budget_tokens").whole() {
            Some(tokens) => Thinking::Budget(tokens),
            None => return Err(Uncarried::malformed("thinking")),
        },
        Some("adaptive" | "between_tools") => Thinking::Adaptive,
        Some(_) | None => return Err(Uncarried::malformed("thinking")),
    };
    // How hard to think says more than that it may be thought.
    if said == Thinking::Off || !matches!(request.thinking, Thinking::Effort(_)) {
        request.thinking = said;
    }
    Ok(())
}

fn output<'t>(request: &mut Request<'t>, value: &'t Tree<'t>) -> Result<(), Uncarried> {
    if let Some(told) = value.get("format") {
        request.format = format(told)?;
    }
    let effort = value.at("effort").text().and_then(Effort::of);
    if let Some(effort) = effort.filter(|_| request.thinking != Thinking::Off) {
        request.thinking = Thinking::Effort(effort);
    }
    Ok(())
}

fn format<'t>(value: &'t Tree<'t>) -> Result<Format<'t>, Uncarried> {
    match (value.at("type").text(), value.get("schema")) {
        (Some("json_schema"), Some(schema)) => Ok(Format::Schema {
            name: None,
            description: None,
            schema,
            strict: Some(true),
        }),
        _ => Err(Uncarried::malformed("output_config")),
    }
}

fn tool<'t>(tool: &'t Tree<'t>) -> Result<Tool<'t>, Uncarried> {
    if !matches!(tool.at("type").text(), None | Some("custom")) {
        return Err(Uncarried::new(
            "tools",
            "a tool that a provider runs itself is known to that provider only",
        ));
    }
    Ok(Tool {
        name: text(tool.at("name"), "tools")?,
        description: tool.at("description").text(),
        schema: tool.get("input_schema"),
        strict: tool.at("strict").flag(),
    })
}

fn choice<'t>(value: &'t Tree<'t>) -> Result<Choice<'t>, Uncarried> {
    match value.at("type").text() {
        Some("auto") => Ok(Choice::Auto),
        Some("any") => Ok(Choice::Any),
        Some("none") => Ok(Choice::Nothing),
        Some("tool") => Ok(Choice::Named(text(value.at("name"), "tool_choice")?)),
        Some(_) | None => Err(Uncarried::malformed("tool_choice")),
    }
}

fn turn<'t>(message: &'t Tree<'t>) -> Result<Turn<'t>, Uncarried> {
    let who = match message.at("role").text() {
        Some("user") => Who::User,
        Some("assistant") => Who::Assistant,
        Some("system") => Who::System,
        Some(_) | None => {
            return Err(Uncarried::new(
                "messages",
                "a message's `role` must be user, assistant or system",
            ));
        }
    };
    let parts = parts(message.at("content"))?;
    Ok(Turn { who, parts })
}

fn parts<'t>(content: &'t Tree<'t>) -> Result<Vec<Part<'t>>, Uncarried> {
    if let Some(text) = content.text() {
        return Ok(vec![Part::Text(text.into())]);
    }
    content.list().iter().map(part).collect()
}

fn part<'t>(block: &'t Tree<'t>) -> Result<Part<'t>, Uncarried> {
    if let Some(thought) = thought(block) {
        return Ok(thought);
    }
    match block.at("type").text() {
        Some("text") => Ok(Part::Text(text(block.at("text"), "messages")?.into())),
        Some("image") => Ok(Part::Image(source(block.at("source"))?)),
        Some("document") => Ok(Part::File(
            source(block.at("source"))?,
            block.at("title").text(),
        )),
        Some("tool_use") => Ok(Part::Call(Call {
            id: text(block.at("id"), "messages")?,
            name: text(block.at("name"), "messages")?,
            arguments: match block.get("input") {
                Some(input) => input.json().into(),
                None => "{}".into(),
            },
            signature: None,
        })),
        Some("tool_result") => Ok(Part::Result(Outcome {
            id: text(block.at("tool_use_id"), "messages")?,
            parts: parts(block.at("content"))?,
            failed: block.at("is_error").flag() == Some(true),
        })),
        Some(_) | None => Err(Uncarried::new(
            "messages",
            "a block of this `type` is known to one provider only",
        )),
    }
}

/// A block of thinking, if it is one.
pub(super) fn thought<'t>(block: &'t Tree<'t>) -> Option<Part<'t>> {
    match block.at("type").text()? {
        "thinking" => Some(Part::Thinking {
            text: block.at("thinking").text().unwrap_or_default(),
            signature: block.at("signature").text(),
        }),
        "redacted_thinking" => Some(Part::Redacted(block.at("data").text()?)),
        _ => None,
    }
}

fn source<'t>(source: &'t Tree<'t>) -> Result<Media<'t>, Uncarried> {
    let data = || text(source.at("data"), "messages");
    match source.at("type").text() {
        Some("base64") => Ok(Media::Data {
            kind: text(source.at("media_type"), "messages")?,
            base64: data()?,
        }),
        Some("text") => Ok(Media::Plain(data()?)),
        Some("url") => Ok(Media::Link(text(source.at("url"), "messages")?)),
        Some(_) | None => Err(Uncarried::new(
            "messages",
            "a file's id is known to one provider only; send the file itself",
        )),
    }
}
