//! Chat completions.

use claw_table::Can;

use super::{Body, Target, Written, data_url, digits, no, put, schema};
use crate::json::Tree;
use crate::translate::names::{self, Names, call_id};
use crate::translate::request::{
    Choice, Effort, Format, Media, Outcome, Part, Request, Thinking, Turn, Who, ends_well, is_blank,
};
use crate::translate::uncarried::{Dropped, Uncarried};

/// Writes a request.
pub(in crate::translate) fn write(
    request: &Request<'_>,
    there: Target<'_>,
) -> Result<Written, Uncarried> {
    let mut dropped = request.dropped.clone();
    let mut names = Names::default();
    let mut body: Body<'_> = Vec::new();
    put(&mut body, "model", there.model);
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        let system: Vec<_> = request.system.iter().cloned().map(Part::Text).collect();
        messages.push(message("system", &system)?);
    }
    ends_well(&request.turns, there.end)?;
    for turn in &request.turns {
        turn_of(turn, &mut messages, &mut names)?;
        if turn.parts.iter().any(is_thought) {
            dropped.note("messages.thinking");
        }
    }
    put(&mut body, "messages", Tree::List(messages));
    tools(request, &mut body, &mut names);
    format(&request.format, &mut body);
    limits(request, there, &mut body)?;
    sampling(request, there, (&mut body, &mut dropped));
    if let Some(user) = request.user {
        put(&mut body, "user", user);
    }
    if there.streaming {
        put(&mut body, "stream", true);
        if there.asks_usage {
            let usage = Tree::object([("include_usage", Tree::Flag(true))]);
            put(&mut body, "stream_options", usage);
        }
    }
    Ok(Written {
        body: Tree::Object(body).json(),
        dropped,
        names,
    })
}

fn is_thought(part: &Part<'_>) -> bool {
    matches!(part, Part::Thinking { .. } | Part::Redacted(_))
}

fn turn_of<'t>(
    turn: &Turn<'t>,
    messages: &mut Vec<Tree<'t>>,
    names: &mut Names,
) -> Result<(), Uncarried> {
    match turn.who {
        Who::System => messages.push(message("system", &turn.parts)?),
        Who::Assistant => messages.extend(said(turn, names)),
        Who::User => {
            // Results answer the calls before anything else is said.
            let mut rest: Vec<Part<'t>> = Vec::new();
            let mut shown: Vec<Part<'t>> = Vec::new();
            for part in &turn.parts {
                if let Part::Result(outcome) = part {
                    messages.push(result(outcome, &mut shown)?);
                } else if !is_blank(part) {
                    rest.push(part.clone());
                }
            }
            shown.append(&mut rest);
            if !shown.is_empty() {
                messages.push(message("user", &shown)?);
            }
        }
    }
    Ok(())
}

/// One message; one text is a string, as the oldest servers know it.
fn message<'t>(role: &'static str, parts: &[Part<'t>]) -> Result<Tree<'t>, Uncarried> {
    let content = match parts {
        [Part::Text(text)] => text.clone().into(),
        several => Tree::List(several.iter().map(part).collect::<Result<_, _>>()?),
    };
    Ok(Tree::object([("role", role.into()), ("content", content)]))
}

fn part<'t>(part: &Part<'t>) -> Result<Tree<'t>, Uncarried> {
    let file = |name: &str, url: String| {
        let file = Tree::object([
            ("filename", Tree::from(name.to_owned())),
            ("file_data", url.into()),
        ]);
        Tree::object([("type", "file".into()), ("file", file)])
    };
    match part {
        Part::Text(text) => Ok(text_part(text.clone())),
        Part::Image(media) => {
            let url: Tree<'t> = match media {
                Media::Link(url) => (*url).into(),
                Media::Data { kind, base64 } => data_url(kind, base64).into(),
                Media::Plain(_) => return no("messages", "a picture is no text"),
            };
            let url = Tree::object([("url", url)]);
            Ok(Tree::object([
                ("type", "image_url".into()),
                ("image_url", url),
            ]))
        }
        Part::File(Media::Plain(text), _) => Ok(text_part((*text).into())),
        Part::File(Media::Data { kind, base64 }, name) => {
            Ok(file(name.unwrap_or("document.pdf"), data_url(kind, base64)))
        }
        Part::File(Media::Link(_), _) => no(
            "messages",
            "a document behind an address is not fetched; send the document itself",
        ),
        Part::Audio { format, base64 } => {
            let audio = Tree::object([("data", (*base64).into()), ("format", (*format).into())]);
            Ok(Tree::object([
                ("type", "input_audio".into()),
                ("input_audio", audio),
            ]))
        }
        Part::Call(_) | Part::Result(_) | Part::Thinking { .. } | Part::Redacted(_) => no(
            "messages",
            "calls and thinking belong to the assistant, results to the user",
        ),
    }
}

fn text_part(text: std::borrow::Cow<'_, str>) -> Tree<'_> {
    Tree::object([("type", "text".into()), ("text", Tree::Text(text))])
}

/// A turn of the assistant; none if it only thought. Thinking is its own provider's.
fn said<'t>(turn: &Turn<'t>, names: &mut Names) -> Option<Tree<'t>> {
    let mut text = String::new();
    let mut calls = Vec::new();
    for part in &turn.parts {
        if let Part::Text(said) = part {
            text.push_str(said);
        }
        if let Part::Call(call) = part {
            let function = Tree::object([
                ("name", names.there(call.name, names::CHAT).into()),
                ("arguments", call.arguments.clone().into()),
            ]);
            calls.push(Tree::object([
                ("id", call_id(call.id).into()),
                ("type", "function".into()),
                ("function", function),
            ]));
        }
    }
    if text.is_empty() && calls.is_empty() {
        return None;
    }
    let content = if text.is_empty() {
        Tree::Null
    } else {
        text.into()
    };
    let mut message = Tree::object([("role", "assistant".into()), ("content", content)]);
    if !calls.is_empty() {
        message.put("tool_calls", Tree::List(calls));
    }
    Some(message)
}

/// The result of a call. Only text can stand there, so what else came is shown afterwards.
fn result<'t>(outcome: &Outcome<'t>, shown: &mut Vec<Part<'t>>) -> Result<Tree<'t>, Uncarried> {
    let is_text = |part: &Part<'_>| matches!(part, Part::Text(_) | Part::File(Media::Plain(_), _));
    let parts = outcome.parts.iter().cloned();
    let (mut texts, mut media): (Vec<_>, Vec<_>) = parts.partition(is_text);
    if !media.is_empty() {
        let told = format!("[what the call {} gave besides]", call_id(outcome.id));
        shown.push(Part::Text(told.into()));
        shown.append(&mut media);
    }
    if outcome.failed {
        texts.insert(0, Part::Text("[the call failed] ".into()));
    }
    let content = match texts.as_slice() {
        [] => "".into(),
        [Part::Text(text)] => text.clone().into(),
        several => Tree::List(several.iter().map(part).collect::<Result<_, _>>()?),
    };
    Ok(Tree::object([
        ("role", "tool".into()),
        ("tool_call_id", call_id(outcome.id).into()),
        ("content", content),
    ]))
}

fn tools<'t>(request: &Request<'t>, body: &mut Body<'t>, names: &mut Names) {
    // A choice among no tools is refused by several servers.
    if request.tools.is_empty() {
        return;
    }
    let mut tools = Vec::new();
    for tool in &request.tools {
        let mut function = Tree::object([("name", names.there(tool.name, names::CHAT).into())]);
        if let Some(description) = tool.description {
            function.put("description", description.into());
        }
        function.put("parameters", schema(tool));
        if let Some(strict) = tool.strict {
            function.put("strict", strict.into());
        }
        tools.push(Tree::object([
            ("type", "function".into()),
            ("function", function),
        ]));
    }
    put(body, "tools", Tree::List(tools));
    let mut function = |name: &'t str| {
        let name = names.there(name, names::CHAT);
        let told = Tree::object([("name", name.into())]);
        Tree::object([("type", "function".into()), ("function", told)])
    };
    let choice: Option<Tree<'t>> = match &request.choice {
        None => None,
        Some(Choice::Auto) => Some("auto".into()),
        Some(Choice::Nothing) => Some("none".into()),
        Some(Choice::Any) => Some("required".into()),
        Some(Choice::Named(name)) => Some(function(name)),
        Some(Choice::Among { names: only, must }) => {
            let mode = if *must { "required" } else { "auto" };
            let tools = only.iter().map(|name| function(name)).collect();
            let allowed = Tree::object([("mode", mode.into()), ("tools", Tree::List(tools))]);
            Some(Tree::object([
                ("type", "allowed_tools".into()),
                ("allowed_tools", allowed),
            ]))
        }
    };
    if let Some(choice) = choice {
        put(body, "tool_choice", choice);
    }
    if request.parallel == Some(false) {
        put(body, "parallel_tool_calls", false);
    }
}

fn format<'t>(format: &Format<'t>, body: &mut Body<'t>) {
    let told = match format {
        Format::Text => return,
        Format::Json => Tree::object([("type", "json_object".into())]),
        Format::Schema {
            name,
            description,
            schema,
            strict,
        } => {
            let mut told = Tree::object([("name", Tree::from(name.unwrap_or("response")))]);
            if let Some(description) = *description {
                told.put("description", description.into());
            }
            told.put("schema", Tree::Raw(schema.json().into()));
            if let Some(strict) = *strict {
                told.put("strict", strict.into());
            }
            Tree::object([("type", "json_schema".into()), ("json_schema", told)])
        }
    };
    put(body, "response_format", told);
}

fn limits<'t>(
    request: &Request<'t>,
    there: Target<'_>,
    body: &mut Body<'t>,
) -> Result<(), Uncarried> {
    if let Some(tokens) = request.output_tokens_max {
        let key = if knows_new_cap(there) {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        put(body, key, there.capped(tokens));
    }
    if request.stop.len() > 4 {
        return no(request.fields.stop, "there may be four of them; send fewer");
    }
    if !request.stop.is_empty() {
        let stop = request.stop.iter().map(|stop| (*stop).into()).collect();
        put(body, "stop", Tree::List(stop));
    }
    Ok(())
}

/// `OpenAI`'s newer models refuse the old name of the cap, and many compatible servers know no other.
fn knows_new_cap(there: Target<'_>) -> bool {
    let host = there.host.to_ascii_lowercase();
    let newer = ["gpt-5", "gpt-6", "o1", "o3", "o4"];
    host == "api.openai.com"
        || host.ends_with(".openai.azure.com")
        || newer.iter().any(|front| there.model.starts_with(front))
}

fn sampling<'t>(
    request: &Request<'t>,
    there: Target<'_>,
    (body, dropped): (&mut Body<'t>, &mut Dropped),
) {
    let drawn = request.sampling;
    for (key, value) in [
        ("temperature", drawn.temperature),
        ("top_p", drawn.top_p),
        ("presence_penalty", drawn.presence_penalty),
        ("frequency_penalty", drawn.frequency_penalty),
        ("seed", drawn.seed),
    ] {
        match value {
            Some(_) if there.lacks(Can::Sampling) => dropped.note(key),
            Some(value) => put(body, key, digits(value)),
            None => {}
        }
    }
    if drawn.top_k.is_some() {
        dropped.note("top_k");
    }
    let effort = match request.thinking {
        Thinking::Unsaid | Thinking::Adaptive => return,
        // Which servers can be told so, and how, differs from model to model.
        Thinking::Off => None,
        Thinking::Effort(effort) => Some(effort),
        Thinking::Budget(tokens) => Some(Effort::of_budget(tokens)),
    };
    match effort.filter(|_| !there.lacks(Can::Thinking)) {
        Some(effort) => put(body, "reasoning_effort", effort.word()),
        None => dropped.note(request.fields.thinking),
    }
}
