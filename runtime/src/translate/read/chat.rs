//! Chat completions.

use super::{all, media, number, text, texts};
use crate::json::Tree;
use crate::translate::request::{
    Call, Choice, Effort, Fields, Format, Media, Outcome, Part, Request, Thinking, Tool, Turn, Who,
};
use crate::translate::uncarried::{Dropped, Uncarried};

const FIELDS: Fields = Fields {
    stop: "stop",
    thinking: "reasoning_effort",
    format: "response_format",
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
        // Told in every protocol, each in its own way, by whoever writes.
        "model" | "stream" | "stream_options" => {}
        "messages" => messages(request, value)?,
        "tools" => {
            let tools = value.list().iter().map(tool);
            request.tools = tools.collect::<Result<_, _>>()?;
        }
        "tool_choice" => request.choice = Some(choice(value)?),
        "parallel_tool_calls" => request.parallel = value.flag(),
        "response_format" => request.format = format(value)?,
        "max_tokens" | "max_completion_tokens" => request.output_tokens_max = value.whole(),
        "stop" => {
            request.stop = match value.text() {
                Some(one) => vec![one],
                None => all(value, "stop")?,
            }
        }
        "reasoning_effort" => request.thinking = thinking(text(value, "reasoning_effort")?)?,
        "user" | "safety_identifier" => request.user = value.text(),
        "temperature" => request.sampling.temperature = Some(number(value, "temperature")?),
        "top_p" => request.sampling.top_p = Some(number(value, "top_p")?),
        "top_k" => request.sampling.top_k = Some(number(value, "top_k")?),
        "seed" => request.sampling.seed = Some(number(value, "seed")?),
        "presence_penalty" => {
            request.sampling.presence_penalty = Some(number(value, "presence_penalty")?);
        }
        "frequency_penalty" => {
            request.sampling.frequency_penalty = Some(number(value, "frequency_penalty")?);
        }
        _ => refused(key, value, &mut request.dropped)?,
    }
    Ok(())
}

/// What no other protocol has: refused where the answer would be another one, else left out.
fn refused(key: &str, value: &Tree<'_>, dropped: &mut Dropped) -> Result<(), Uncarried> {
    let no = |field, why| Err(Uncarried::new(field, why));
    match key {
        "n" if value.whole() == Some(1) => Ok(()),
        "n" => no("n", "there is one answer to a request there; ask for one"),
        "logprobs" | "store" if value.flag() == Some(false) => Ok(()),
        "logprobs" | "top_logprobs" => no(
            "logprobs",
            "probabilities are not told there; do without them",
        ),
        "store" => no("store", "nothing is stored there; send `false`"),
        "functions" | "function_call" => no(
            "functions",
            "it was replaced; send `tools` and `tool_choice`",
        ),
        "web_search_options" => no(
            "web_search_options",
            "the provider's own search is not there",
        ),
        "audio" => no("audio", "answers are text there"),
        "modalities" if value.list().iter().all(|one| one.text() == Some("text")) => Ok(()),
        "modalities" => no("modalities", "answers are text there"),
        "service_tier" if matches!(value.text(), Some("auto" | "default")) => Ok(()),
        _ => {
            dropped.note(key);
            Ok(())
        }
    }
}

fn thinking(word: &str) -> Result<Thinking, Uncarried> {
    if word == "none" {
        return Ok(Thinking::Off);
    }
    let effort = Effort::of(word).ok_or(Uncarried::new(
        "reasoning_effort",
        "write none, minimal, low, medium, high, xhigh or max",
    ))?;
    Ok(Thinking::Effort(effort))
}

fn tool<'t>(tool: &'t Tree<'t>) -> Result<Tool<'t>, Uncarried> {
    let Some(function) = tool.get("function") else {
        return Err(Uncarried::new(
            "tools",
            "only tools of type `function` are known outside of their provider",
        ));
    };
    Ok(Tool {
        name: text(function.at("name"), "tools")?,
        description: function.at("description").text(),
        schema: function.get("parameters"),
        strict: function.at("strict").flag(),
    })
}

fn choice<'t>(value: &'t Tree<'t>) -> Result<Choice<'t>, Uncarried> {
    let malformed = Uncarried::malformed("tool_choice");
    match value.text() {
        Some("auto") => return Ok(Choice::Auto),
        Some("none") => return Ok(Choice::Nothing),
        Some("required") => return Ok(Choice::Any),
        Some(_) => return Err(malformed),
        None => {}
    }
    let name = |of: &'t Tree<'t>| text(of.at("function").at("name"), "tool_choice");
    match value.at("type").text() {
        Some("function") => Ok(Choice::Named(name(value)?)),
        Some("allowed_tools") => {
            let allowed = value.at("allowed_tools");
            let names = allowed.at("tools").list().iter().map(name);
            Ok(Choice::Among {
                names: names.collect::<Result<_, _>>()?,
                must: allowed.at("mode").text() == Some("required"),
            })
        }
        Some(_) | None => Err(malformed),
    }
}

fn format<'t>(value: &'t Tree<'t>) -> Result<Format<'t>, Uncarried> {
    match value.at("type").text() {
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::Json),
        Some("json_schema") => {
            let told = value.at("json_schema");
            Ok(Format::Schema {
                name: told.at("name").text(),
                description: told.at("description").text(),
                schema: told
                    .get("schema")
                    .ok_or(Uncarried::malformed("response_format"))?,
                strict: told.at("strict").flag(),
            })
        }
        Some(_) | None => Err(Uncarried::malformed("response_format")),
    }
}

fn messages<'t>(request: &mut Request<'t>, list: &'t Tree<'t>) -> Result<(), Uncarried> {
    for message in list.list() {
        if message.get("name").is_some() {
            request.dropped.note("messages.name");
        }
        let content = message.at("content");
        match message.at("role").text() {
            Some("system" | "developer") if request.turns.is_empty() => {
                request.system.append(&mut texts(content, "messages")?);
            }
            Some("system" | "developer") => {
                let parts = texts(content, "messages")?;
                request.turns.push(Turn {
                    who: Who::System,
                    parts: parts.into_iter().map(Part::Text).collect(),
                });
            }
            Some("user") => request.turns.push(Turn {
                who: Who::User,
                parts: parts(content)?,
            }),
            Some("assistant") => request.turns.push(Turn {
                who: Who::Assistant,
                parts: said(message)?,
            }),
            Some("tool") => request.turns.push(Turn {
                who: Who::User,
                parts: vec![Part::Result(Outcome {
                    id: text(message.at("tool_call_id"), "messages")?,
                    parts: parts(content)?,
                    failed: false,
                })],
            }),
            Some(_) | None => {
                return Err(Uncarried::new(
                    "messages",
                    "a message's `role` must be system, developer, user, assistant or tool",
                ));
            }
        }
    }
    Ok(())
}

fn parts<'t>(content: &'t Tree<'t>) -> Result<Vec<Part<'t>>, Uncarried> {
    if let Some(text) = content.text() {
        return Ok(vec![Part::Text(text.into())]);
    }
    content.list().iter().map(part).collect()
}

fn part<'t>(part: &'t Tree<'t>) -> Result<Part<'t>, Uncarried> {
    match part.at("type").text() {
        Some("text") => Ok(Part::Text(text(part.at("text"), "messages")?.into())),
        Some("refusal") => Ok(Part::Text(text(part.at("refusal"), "messages")?.into())),
        Some("image_url") => {
            let url = text(part.at("image_url").at("url"), "messages")?;
            Ok(Part::Image(media::of_url(url, "messages")?))
        }
        Some("input_audio") => {
            let audio = part.at("input_audio");
            Ok(Part::Audio {
                format: text(audio.at("format"), "messages")?,
                base64: text(audio.at("data"), "messages")?,
            })
        }
        Some("file") => {
            let file = part.at("file");
            let Some(data) = file.at("file_data").text() else {
                return Err(Uncarried::new(
                    "messages",
                    "a file's id is known to one provider only; send the file as `file_data`",
                ));
            };
            match media::of_url(data, "messages")? {
                data @ Media::Data { .. } => Ok(Part::File(data, file.at("filename").text())),
                Media::Link(_) | Media::Plain(_) => Err(Uncarried::malformed("messages")),
            }
        }
        Some(_) | None => Err(Uncarried::new(
            "messages",
            "a part of this `type` is known to one protocol only",
        )),
    }
}

/// What the assistant said and called.
fn said<'t>(message: &'t Tree<'t>) -> Result<Vec<Part<'t>>, Uncarried> {
    if message.get("function_call").is_some() || message.get("audio").is_some() {
        return Err(Uncarried::new(
            "messages",
            "`function_call` and `audio` are known to one protocol only; send `tool_calls` and text",
        ));
    }
    let mut said = Vec::new();
    // Where the gateway put what only its provider can read; see the writer of answers.
    for block in message.at("thinking_blocks").list() {
        said.extend(super::messages::thought(block));
    }
    said.append(&mut parts(message.at("content"))?);
    if let Some(refusal) = message.at("refusal").text() {
        said.push(Part::Text(refusal.into()));
    }
    for call in message.at("tool_calls").list() {
        let function = call.at("function");
        let Some(name) = function.at("name").text() else {
            return Err(Uncarried::new(
                "messages",
                "only calls of type `function` are known outside of their provider",
            ));
        };
        let arguments = text(function.at("arguments"), "messages")?;
        let extra = call.at("extra_content").at("google");
        said.push(Part::Call(Call {
            id: text(call.at("id"), "messages")?,
            name,
            arguments: object(arguments)?,
            signature: extra.at("thought_signature").text(),
        }));
    }
    Ok(said)
}

/// The arguments of a call as a JSON object.
fn object(arguments: &str) -> Result<std::borrow::Cow<'_, str>, Uncarried> {
    if arguments.trim().is_empty() {
        return Ok("{}".into());
    }
    match Tree::read(arguments.as_bytes()) {
        Ok(tree) if tree.is_object() => Ok(arguments.into()),
        Ok(_) | Err(_) => Err(Uncarried::new(
            "messages",
            "the `arguments` of a tool call must be a JSON object",
        )),
    }
}
