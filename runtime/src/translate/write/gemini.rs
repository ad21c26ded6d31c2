//! Gemini's `generateContent`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use claw_table::Can;

use super::{Body, Target, Written, digits, no, put, schema};
use crate::json::Tree;
use crate::translate::names::{self, Names};
use crate::translate::request::{
    Choice, Effort, Format, Media, Outcome, Part, Request, Thinking, Tool, Turn, Who, alternating,
};
use crate::translate::uncarried::{Dropped, Uncarried};

/// Stands where a call has no signature: without one newer models refuse it.
const UNSIGNED: &str = "skip_thought_signature_validator";

/// Writes a request. Model and kind of delivery stand in the path.
pub(in crate::translate) fn write(
    mut request: Request<'_>,
    there: Target<'_>,
) -> Result<Written, Uncarried> {
    let mut dropped = std::mem::take(&mut request.dropped);
    let mut names = Names::default();
    let turns = alone(alternating(std::mem::take(&mut request.turns), there.end)?);
    let mut body: Body<'_> = Vec::new();
    let system = request.system.iter().filter(|text| !text.trim().is_empty());
    let system: Vec<_> = system.map(|text| text_part(text.clone())).collect();
    if !system.is_empty() {
        let system = Tree::object([("parts", Tree::List(system))]);
        put(&mut body, "systemInstruction", system);
    }
    let writing = Writing {
        called: called(&turns),
    };
    let contents = turns.iter().map(|turn| writing.content(turn, &mut names));
    let contents: Vec<_> = contents.collect::<Result<_, _>>()?;
    put(&mut body, "contents", Tree::List(contents));
    tools(&request, (&mut body, &mut names), &mut dropped);
    let config = config(&request, there, &mut dropped)?;
    if !config.is_empty() {
        put(&mut body, "generationConfig", Tree::Object(config));
    }
    if request.user.is_some() {
        dropped.note("user");
    }
    if turns.iter().any(is_unsigned) {
        dropped.note("thought_signature");
    }
    if turns.iter().flat_map(|turn| &turn.parts).any(is_thought) {
        dropped.note("messages.thinking");
    }
    Ok(Written {
        body: Tree::Object(body).json(),
        dropped,
        names,
    })
}

/// Whether a turn calls tools, and what its calls were signed with is not there.
fn is_unsigned(turn: &Turn<'_>) -> bool {
    let mut calls = turn.parts.iter().filter_map(|part| {
        if let Part::Call(call) = part {
            Some(call)
        } else {
            None
        }
    });
    calls.next().is_some_and(|call| call.signature.is_none())
}

fn is_thought(part: &Part<'_>) -> bool {
    matches!(part, Part::Thinking { .. } | Part::Redacted(_))
}

/// Results of tools stand alone in their turn; what else was said follows in one of its own.
fn alone(turns: Vec<Turn<'_>>) -> Vec<Turn<'_>> {
    let is_result = |part: &Part<'_>| matches!(part, Part::Result(_));
    let split = turns.into_iter().flat_map(|turn| {
        let who = turn.who;
        let (results, rest): (Vec<_>, Vec<_>) = turn.parts.into_iter().partition(is_result);
        let both = [results, rest].map(|parts| Turn { who, parts });
        both.into_iter().filter(|turn| !turn.parts.is_empty())
    });
    split.collect()
}

/// The calls of a conversation: id and name.
fn called<'t>(turns: &[Turn<'t>]) -> BTreeMap<&'t str, &'t str> {
    let parts = turns.iter().flat_map(|turn| &turn.parts);
    let calls = parts.filter_map(|part| {
        if let Part::Call(call) = part {
            Some((call.id, call.name))
        } else {
            None
        }
    });
    calls.collect()
}

/// What writing one turn needs to know of the others.
struct Writing<'t> {
    called: BTreeMap<&'t str, &'t str>,
}

impl<'t> Writing<'t> {
    fn content(&self, turn: &Turn<'t>, names: &mut Names) -> Result<Tree<'t>, Uncarried> {
        let role = match turn.who {
            Who::User | Who::System => "user",
            Who::Assistant => "model",
        };
        let mut parts = Vec::new();
        let mut unsigned = true;
        for part in &turn.parts {
            match part {
                Part::Call(call) => {
                    let mut told = Tree::object([(
                        "functionCall",
                        Tree::object([
                            ("name", names.there(call.name, names::GEMINI).into()),
                            ("args", Tree::Raw(call.arguments.clone())),
                        ]),
                    )]);
                    // The first call of a turn is signed for all of them.
                    match call.signature {
                        Some(signature) => told.put("thoughtSignature", signature.into()),
                        None if unsigned => told.put("thoughtSignature", UNSIGNED.into()),
                        None => {}
                    }
                    unsigned = false;
                    parts.push(told);
                }
                Part::Result(outcome) => parts.push(self.result(outcome, names)?),
                Part::Thinking { .. } | Part::Redacted(_) => {}
                Part::Text(text) => parts.push(text_part(text.clone())),
                Part::Image(media) | Part::File(media, _) => parts.push(inline(*media)?),
                Part::Audio { format, base64 } => {
                    parts.push(data(format!("audio/{format}").into(), base64));
                }
            }
        }
        Ok(Tree::object([
            ("role", role.into()),
            ("parts", Tree::List(parts)),
        ]))
    }

    /// A result is told by the name of what was called, which stands in an earlier turn.
    fn result(&self, outcome: &Outcome<'t>, names: &mut Names) -> Result<Tree<'t>, Uncarried> {
        let Some(name) = self.called.get(outcome.id) else {
            return no(
                "messages",
                "the result of a tool needs the call that it answers",
            );
        };
        let mut text = String::new();
        let mut media = Vec::new();
        for part in &outcome.parts {
            match part {
                Part::Text(said) => text.push_str(said),
                Part::File(Media::Plain(said), _) => text.push_str(said),
                Part::Image(shown) | Part::File(shown, _) => media.push(inline(*shown)?),
                Part::Audio { .. }
                | Part::Call(_)
                | Part::Result(_)
                | Part::Thinking { .. }
                | Part::Redacted(_) => return Err(Uncarried::malformed("messages")),
            }
        }
        let key = if outcome.failed { "error" } else { "result" };
        let mut response = Tree::object([
            ("name", names.there(name, names::GEMINI).into()),
            ("response", Tree::object([(key, Tree::from(text))])),
        ]);
        if !media.is_empty() {
            response.put("parts", Tree::List(media));
        }
        Ok(Tree::object([("functionResponse", response)]))
    }
}

fn text_part(text: Cow<'_, str>) -> Tree<'_> {
    Tree::object([("text", Tree::Text(text))])
}

fn data<'t>(kind: Cow<'t, str>, base64: &'t str) -> Tree<'t> {
    let data = Tree::object([("mimeType", Tree::Text(kind)), ("data", base64.into())]);
    Tree::object([("inlineData", data)])
}

fn inline(media: Media<'_>) -> Result<Tree<'_>, Uncarried> {
    match media {
        Media::Data { kind, base64 } => Ok(data(kind.into(), base64)),
        Media::Plain(text) => Ok(text_part(text.into())),
        Media::Link(_) => no(
            "messages",
            "what stands behind an address is not fetched; send it as a `data:` URL or in base64",
        ),
    }
}

fn tools<'t>(
    request: &Request<'t>,
    (body, names): (&mut Body<'t>, &mut Names),
    dropped: &mut Dropped,
) {
    if request.tools.is_empty() {
        return;
    }
    let declared = request.tools.iter().map(|tool| {
        if tool.strict == Some(true) {
            dropped.note("tools.strict");
        }
        declaration(tool, names)
    });
    let declared = Tree::object([("functionDeclarations", Tree::List(declared.collect()))]);
    put(body, "tools", Tree::List(vec![declared]));
    if request.parallel == Some(false) {
        dropped.note("parallel_tool_calls");
    }
    let mut among = |only: &[&'t str]| -> Tree<'t> {
        let only = only
            .iter()
            .map(|name| names.there(name, names::GEMINI).into());
        Tree::List(only.collect())
    };
    let (mode, only) = match &request.choice {
        None => return,
        Some(Choice::Auto) => ("AUTO", None),
        Some(Choice::Nothing) => ("NONE", None),
        Some(Choice::Any) => ("ANY", None),
        Some(Choice::Named(name)) => ("ANY", Some(among(&[name]))),
        Some(Choice::Among { names, must: true }) => ("ANY", Some(among(names))),
        Some(Choice::Among { names, must: false }) => ("VALIDATED", Some(among(names))),
    };
    let mut config = Tree::object([("mode", Tree::from(mode))]);
    if let Some(only) = only {
        config.put("allowedFunctionNames", only);
    }
    let config = Tree::object([("functionCallingConfig", config)]);
    put(body, "toolConfig", config);
}

fn declaration<'t>(tool: &Tool<'t>, names: &mut Names) -> Tree<'t> {
    let mut told = Tree::object([("name", names.there(tool.name, names::GEMINI).into())]);
    if let Some(description) = tool.description {
        told.put("description", description.into());
    }
    // The older subset of schemas refuses words that every client writes.
    told.put("parametersJsonSchema", schema(tool));
    told
}

fn config<'t>(
    request: &Request<'t>,
    there: Target<'_>,
    dropped: &mut Dropped,
) -> Result<Body<'t>, Uncarried> {
    let mut config: Body<'t> = Vec::new();
    if let Some(tokens) = request.output_tokens_max {
        put(&mut config, "maxOutputTokens", there.capped(tokens));
    }
    if request.stop.len() > 5 {
        return no(request.fields.stop, "there may be five of them; send fewer");
    }
    if !request.stop.is_empty() {
        let stop = request.stop.iter().map(|stop| (*stop).into()).collect();
        put(&mut config, "stopSequences", Tree::List(stop));
    }
    let drawn = request.sampling;
    for (key, name, value) in [
        ("temperature", "temperature", drawn.temperature),
        ("topP", "top_p", drawn.top_p),
        ("topK", "top_k", drawn.top_k),
        (
            "presencePenalty",
            "presence_penalty",
            drawn.presence_penalty,
        ),
        (
            "frequencyPenalty",
            "frequency_penalty",
            drawn.frequency_penalty,
        ),
        ("seed", "seed", drawn.seed),
    ] {
        match value {
            Some(_) if there.lacks(Can::Sampling) => dropped.note(name),
            Some(value) => put(&mut config, key, digits(value)),
            None => {}
        }
    }
    match &request.format {
        Format::Text => {}
        Format::Json => put(&mut config, "responseMimeType", "application/json"),
        Format::Schema { schema, .. } => {
            put(&mut config, "responseMimeType", "application/json");
            let schema = Tree::Raw(schema.json().into());
            put(&mut config, "responseJsonSchema", schema);
        }
    }
    if let Some(thinking) = thinking(request, there, dropped) {
        put(&mut config, "thinkingConfig", thinking);
    }
    Ok(config)
}

/// How much is to be thought: in steps for the newer models, in tokens for those of before.
fn thinking<'t>(
    request: &Request<'t>,
    there: Target<'_>,
    dropped: &mut Dropped,
) -> Option<Tree<'t>> {
    if request.thinking == Thinking::Unsaid {
        return None;
    }
    let in_tokens = ["gemini-2", "gemini-1"]
        .iter()
        .any(|front| there.model.trim_start_matches("models/").starts_with(front));
    let shown = |key: &'static str, value: Tree<'t>| {
        Some(Tree::object([
            (key, value),
            ("includeThoughts", Tree::Flag(true)),
        ]))
    };
    let level = |effort: Effort| {
        // The two highest steps are one there.
        shown("thinkingLevel", effort.min(Effort::XHigh).word().into())
    };
    if there.lacks(Can::Thinking) {
        dropped.note(request.fields.thinking);
        return None;
    }
    match (request.thinking, in_tokens) {
        (Thinking::Unsaid, _) => None,
        (Thinking::Adaptive, true) => shown("thinkingBudget", Tree::Number("-1".into())),
        (Thinking::Adaptive, false) => Some(Tree::object([("includeThoughts", Tree::Flag(true))])),
        (Thinking::Off, true) => Some(Tree::object([("thinkingBudget", Tree::from(0))])),
        // They always think, and least where they are told so.
        (Thinking::Off, false) => {
            dropped.note(request.fields.thinking);
            let word = Effort::Minimal.word();
            Some(Tree::object([("thinkingLevel", Tree::from(word))]))
        }
        (Thinking::Effort(effort), true) => shown("thinkingBudget", effort.budget_tokens().into()),
        (Thinking::Budget(tokens), true) => shown("thinkingBudget", tokens.into()),
        (Thinking::Effort(effort), false) => level(effort),
        (Thinking::Budget(tokens), false) => level(Effort::of_budget(tokens)),
    }
}
