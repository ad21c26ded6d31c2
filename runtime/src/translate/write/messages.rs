//! Anthropic's Messages.

use std::borrow::Cow;
use std::collections::BTreeSet;

use claw_table::Can;

use super::{Body, Target, Written, digits, no, put, schema};
use crate::json::Tree;
use crate::translate::names::{self, Names, call_id};
use crate::translate::request::{
    Choice, Format, Media, Outcome, Part, Request, Thinking, Tool, Turn, Who, alternating, is_blank,
};
use crate::translate::uncarried::{Dropped, Uncarried};

/// The cap of a request that names none, for a model of which the policy says none: what every
/// model of the last years takes.
const OUTPUT_TOKENS: u64 = 32_000;

/// Below it the provider thinks not at all.
const BUDGET_TOKENS_MIN: u64 = 1024;

/// Writes a request.
pub(in crate::translate) fn write(
    mut request: Request<'_>,
    there: Target<'_>,
) -> Result<Written, Uncarried> {
    let mut dropped = std::mem::take(&mut request.dropped);
    let mut names = Names::default();
    let turns = alternating(std::mem::take(&mut request.turns), there.end)?;
    let cap = request.output_tokens_max;
    let cap = there.capped(cap.or(there.output_tokens_max).unwrap_or(OUTPUT_TOKENS));
    let mut body: Body<'_> = Vec::new();
    put(&mut body, "model", there.model);
    let system = request.system.iter().filter(|text| !text.trim().is_empty());
    let system: Vec<_> = system.map(|text| text_block(text.clone())).collect();
    if !system.is_empty() {
        put(&mut body, "system", Tree::List(system));
    }
    let messages = turns.iter().map(|turn| message(turn, &mut names));
    let messages = messages.collect::<Result<_, _>>()?;
    put(&mut body, "messages", Tree::List(messages));
    tools(&request, &turns, (&mut body, &mut names));
    let cap = thinking(&request, &turns, (there, cap), (&mut body, &mut dropped));
    put(&mut body, "max_tokens", cap);
    stop(&request, &mut body)?;
    sampling(&request, there, (&mut body, &mut dropped));
    if let Some(user) = request.user {
        let user = Tree::object([("user_id", user_id(user).into())]);
        put(&mut body, "metadata", user);
    }
    format(&request, &mut body)?;
    if there.streaming {
        put(&mut body, "stream", true);
    }
    Ok(Written {
        body: Tree::Object(body).json(),
        dropped,
        names,
    })
}

fn message<'t>(turn: &Turn<'t>, names: &mut Names) -> Result<Tree<'t>, Uncarried> {
    let role = match turn.who {
        Who::User | Who::System => "user",
        Who::Assistant => "assistant",
    };
    let blocks = turn.parts.iter().map(|part| block(part, names));
    let blocks = blocks.collect::<Result<_, _>>()?;
    Ok(Tree::object([
        ("role", role.into()),
        ("content", Tree::List(blocks)),
    ]))
}

fn text_block(text: Cow<'_, str>) -> Tree<'_> {
    Tree::object([("type", "text".into()), ("text", Tree::Text(text))])
}

fn block<'t>(part: &Part<'t>, names: &mut Names) -> Result<Tree<'t>, Uncarried> {
    match part {
        Part::Text(text) => Ok(text_block(text.clone())),
        Part::Image(media) => image(*media),
        Part::File(media, name) => document(*media, *name),
        Part::Audio { .. } => no("messages", "sound is not heard there; send text"),
        Part::Call(call) => Ok(Tree::object([
            ("type", "tool_use".into()),
            ("id", call_id(call.id).into()),
            ("name", names.there(call.name, names::MESSAGES).into()),
            ("input", Tree::Raw(call.arguments.clone())),
        ])),
        Part::Result(outcome) => result(outcome, names),
        Part::Thinking { text, signature } => Ok(Tree::object([
            ("type", "thinking".into()),
            ("thinking", (*text).into()),
            ("signature", signature.unwrap_or_default().into()),
        ])),
        Part::Redacted(data) => Ok(Tree::object([
            ("type", "redacted_thinking".into()),
            ("data", (*data).into()),
        ])),
    }
}

fn image(media: Media<'_>) -> Result<Tree<'_>, Uncarried> {
    let source = match media {
        Media::Link(url) => Tree::object([("type", "url".into()), ("url", url.into())]),
        Media::Data { kind, base64 } => {
            if !matches!(
                kind,
                "image/jpeg" | "image/png" | "image/gif" | "image/webp"
            ) {
                return no("messages", "pictures must be JPEG, PNG, GIF or WebP there");
            }
            base64_source(kind, base64)
        }
        Media::Plain(_) => return Err(Uncarried::malformed("messages")),
    };
    Ok(Tree::object([("type", "image".into()), ("source", source)]))
}

fn base64_source<'t>(kind: &'t str, base64: &'t str) -> Tree<'t> {
    Tree::object([
        ("type", "base64".into()),
        ("media_type", kind.into()),
        ("data", base64.into()),
    ])
}

fn document<'t>(media: Media<'t>, name: Option<&'t str>) -> Result<Tree<'t>, Uncarried> {
    let source = match media {
        Media::Data { kind, base64 } if kind == "application/pdf" => base64_source(kind, base64),
        Media::Data { .. } => return no("messages", "files must be PDF there"),
        Media::Plain(text) => Tree::object([
            ("type", "text".into()),
            ("media_type", "text/plain".into()),
            ("data", text.into()),
        ]),
        Media::Link(url) => Tree::object([("type", "url".into()), ("url", url.into())]),
    };
    let mut document = Tree::object([("type", "document".into()), ("source", source)]);
    if let Some(name) = name {
        document.put("title", name.into());
    }
    Ok(document)
}

fn result<'t>(outcome: &Outcome<'t>, names: &mut Names) -> Result<Tree<'t>, Uncarried> {
    let parts = outcome.parts.iter().filter(|part| !is_blank(part));
    let blocks: Vec<_> = parts
        .map(|part| block(part, names))
        .collect::<Result<_, _>>()?;
    let mut result = Tree::object([
        ("type", "tool_result".into()),
        ("tool_use_id", call_id(outcome.id).into()),
        ("content", Tree::List(blocks)),
    ]);
    if outcome.failed {
        result.put("is_error", true.into());
    }
    Ok(result)
}

/// The tools and which must be called. A conversation in which tools were called is refused without
/// them, so they are declared by name, and none may be called.
fn tools<'t>(
    request: &Request<'t>,
    turns: &[Turn<'t>],
    (body, names): (&mut Body<'t>, &mut Names),
) {
    let among = match &request.choice {
        Some(Choice::Among { names, .. }) => Some(names),
        _ => None,
    };
    let offered = request.tools.iter();
    let offered = offered.filter(|tool| among.is_none_or(|names| names.contains(&tool.name)));
    let mut tools: Vec<Tree<'t>> = offered.map(|offered| tool(offered, names)).collect();
    let mut choice = choice(request, names);
    if tools.is_empty() {
        tools = called(turns)
            .iter()
            .map(|called| tool(called, names))
            .collect();
        choice = Some(Tree::object([("type", "none".into())]));
    }
    if tools.is_empty() {
        return;
    }
    put(body, "tools", Tree::List(tools));
    if let Some(choice) = choice {
        put(body, "tool_choice", choice);
    }
}

fn tool<'t>(tool: &Tool<'t>, names: &mut Names) -> Tree<'t> {
    let mut told = Tree::object([("name", names.there(tool.name, names::MESSAGES).into())]);
    if let Some(description) = tool.description {
        told.put("description", description.into());
    }
    let schema = match tool.schema {
        // It must say that arguments are an object, which everyone takes for granted elsewhere.
        Some(schema) if schema.get("type").is_none() => {
            let mut members = vec![("type".into(), "object".into())];
            members.extend(schema.members().iter().cloned());
            Tree::Object(members)
        }
        Some(_) | None => schema(tool),
    };
    told.put("input_schema", schema);
    if tool.strict == Some(true) {
        told.put("strict", true.into());
    }
    told
}

/// Tools that were called in the conversation, each once.
fn called<'t>(turns: &[Turn<'t>]) -> Vec<Tool<'t>> {
    let mut called: Vec<Tool<'t>> = Vec::new();
    let mut seen = BTreeSet::new();
    for part in turns.iter().flat_map(|turn| &turn.parts) {
        if let Part::Call(call) = part
            && seen.insert(call.name)
        {
            called.push(Tool {
                name: call.name,
                description: None,
                schema: None,
                strict: None,
            });
        }
    }
    called
}

fn choice<'t>(request: &Request<'t>, names: &mut Names) -> Option<Tree<'t>> {
    let kind = |kind: &'static str| Tree::object([("type", Tree::from(kind))]);
    let mut choice = match &request.choice {
        None if request.parallel == Some(false) => kind("auto"),
        None => return None,
        Some(Choice::Auto) => kind("auto"),
        Some(Choice::Nothing) => return Some(kind("none")),
        Some(Choice::Any) => kind("any"),
        Some(Choice::Among { must, .. }) => kind(if *must { "any" } else { "auto" }),
        Some(Choice::Named(name)) => {
            let mut tool = kind("tool");
            tool.put("name", names.there(name, names::MESSAGES).into());
            tool
        }
    };
    if request.parallel == Some(false) {
        choice.put("disable_parallel_tool_use", true.into());
    }
    Some(choice)
}

/// Adds how much is to be thought; the cap on the output, which has to have room for it.
///
/// It is a hint, and it gives way where it would bring a refusal: a tool that must be called
/// excludes thinking, and so does a round of tools whose own thinking is not there.
fn thinking<'t>(
    request: &Request<'t>,
    turns: &[Turn<'t>],
    (there, cap): (Target<'_>, u64),
    (body, dropped): (&mut Body<'t>, &mut Dropped),
) -> u64 {
    let effort = match request.thinking {
        Thinking::Effort(effort) => effort,
        Thinking::Unsaid | Thinking::Adaptive | Thinking::Budget(_) => return cap,
        Thinking::Off => {
            put(
                body,
                "thinking",
                Tree::object([("type", "disabled".into())]),
            );
            return cap;
        }
    };
    let forced = match &request.choice {
        Some(Choice::Any | Choice::Named(_) | Choice::Among { must: true, .. }) => true,
        Some(Choice::Auto | Choice::Nothing | Choice::Among { .. }) | None => false,
    };
    if there.lacks(Can::Thinking) || forced && !request.tools.is_empty() || is_unthought(turns) {
        dropped.note(request.fields.thinking);
        return cap;
    }
    // Models that draw their tokens as they like think as they like too, within an effort.
    if there.lacks(Can::Sampling) {
        put(
            body,
            "thinking",
            Tree::object([("type", "adaptive".into())]),
        );
        let effort = Tree::object([("effort", Tree::from(effort.word()))]);
        put(body, "output_config", effort);
        return cap;
    }
    let budget = effort.budget_tokens();
    // What the client asked for is for what it sees.
    let room = there.capped(cap.saturating_add(budget));
    let budget = budget.min(room.saturating_sub(1));
    if budget < BUDGET_TOKENS_MIN {
        dropped.note(request.fields.thinking);
        return cap;
    }
    let thinking = Tree::object([
        ("type", Tree::from("enabled")),
        ("budget_tokens", budget.into()),
    ]);
    put(body, "thinking", thinking);
    room
}

/// Whether the last call of a tool was answered, and the thinking that led to it is not there.
fn is_unthought(turns: &[Turn<'_>]) -> bool {
    let [.., before, last] = turns else {
        return false;
    };
    let answers = last
        .parts
        .iter()
        .any(|part| matches!(part, Part::Result(_)));
    let thought = |part: &Part<'_>| matches!(part, Part::Thinking { .. } | Part::Redacted(_));
    answers && !before.parts.first().is_some_and(thought)
}

fn stop<'t>(request: &Request<'t>, body: &mut Body<'t>) -> Result<(), Uncarried> {
    if request.stop.iter().any(|stop| stop.trim().is_empty()) {
        return no(request.fields.stop, "a text that is blank is refused there");
    }
    if !request.stop.is_empty() {
        let stop = request.stop.iter().map(|stop| (*stop).into()).collect();
        put(body, "stop_sequences", Tree::List(stop));
    }
    Ok(())
}

fn sampling<'t>(
    request: &Request<'t>,
    there: Target<'_>,
    (body, dropped): (&mut Body<'t>, &mut Dropped),
) {
    let drawn = request.sampling;
    let unknown = [
        ("presence_penalty", drawn.presence_penalty),
        ("frequency_penalty", drawn.frequency_penalty),
        ("seed", drawn.seed),
    ];
    for (key, value) in unknown {
        if value.is_some() {
            dropped.note(key);
        }
    }
    let thinks = body
        .iter()
        .any(|(key, value)| key == "thinking" && value.at("type").text() != Some("disabled"));
    let refused = there.lacks(Can::Sampling) || thinks;
    if let Some(temperature) = drawn.temperature {
        // Here it goes to one, elsewhere to two.
        let is_high = temperature.parse::<f64>().is_ok_and(|number| number > 1.0);
        if refused || is_high {
            dropped.note("temperature");
        }
        if !refused {
            put(
                body,
                "temperature",
                digits(if is_high { "1" } else { temperature }),
            );
        }
    }
    // Some models refuse the two together.
    match drawn.top_p {
        Some(_) if refused || drawn.temperature.is_some() => dropped.note("top_p"),
        Some(top_p) => put(body, "top_p", digits(top_p)),
        None => {}
    }
    match drawn.top_k {
        Some(_) if refused => dropped.note("top_k"),
        Some(top_k) => put(body, "top_k", digits(top_k)),
        None => {}
    }
}

/// Whom the caller asks for, without what would tell who that is.
fn user_id(user: &str) -> Cow<'_, str> {
    if user.contains('@') {
        let hash = blake3::hash(user.as_bytes()).to_hex();
        return Cow::Owned(hash.chars().take(32).collect());
    }
    Cow::Borrowed(user)
}

fn format<'t>(request: &Request<'t>, body: &mut Body<'t>) -> Result<(), Uncarried> {
    let schema = match &request.format {
        Format::Text => return Ok(()),
        Format::Json => {
            return no(
                request.fields.format,
                "JSON without a schema cannot be asked for there; send a schema",
            );
        }
        Format::Schema { schema, .. } => schema,
    };
    let format = Tree::object([
        ("type", "json_schema".into()),
        ("schema", Tree::Raw(schema.json().into())),
    ]);
    // The effort may stand there already.
    let output = body.iter_mut().find(|(key, _)| key == "output_config");
    match output {
        Some((_, output)) => output.put("format", format),
        None => put(body, "output_config", Tree::object([("format", format)])),
    }
    Ok(())
}
