//! A slow, obvious reading of an OpenAI stream, to compare the quick one with.
//!
//! It has all bytes at hand, makes a tree of every event and skips nothing.

use claw_runtime::dialect::openai::usage::Quirk;
use claw_runtime::meter::usage::Usage;
use serde_json::Value;

/// What a stream says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Said {
    /// Bytes of the events before the one it stops at, or of all.
    pub relayed: usize,
    /// The end of the event with the first content.
    pub content: Option<usize>,
    pub stop: Option<Stop>,
    pub done: bool,
    pub finished: Vec<u64>,
    pub usage: Option<Usage>,
    /// Whether an event was left out that is no JSON.
    pub skipped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Error,
    Malformed,
}

/// Reads a stream of LF lines whose last event is whole.
pub(crate) fn read(stream: &str, quirk: Quirk) -> Said {
    let mut said = Said::default();
    for event in stream.split_inclusive("\n\n") {
        let mut data = None::<String>;
        let mut named_error = false;
        for line in event.lines().filter(|line| !line.starts_with(':')) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "data" => {
                    let data = data.get_or_insert_default();
                    data.push_str(value);
                    data.push('\n');
                }
                "event" => named_error = value == "error",
                _ => {}
            }
        }
        if let Some(stop) = data.and_then(|data| said.event(data.trim(), named_error, quirk)) {
            // The first one behind content is left out, and the stream goes on.
            if stop == Stop::Malformed && said.content.is_some() && !said.skipped {
                said.skipped = true;
                continue;
            }
            said.stop = Some(stop);
            return said;
        }
        said.relayed += event.len();
        if said.content == Some(0) {
            said.content = Some(said.relayed);
        }
    }
    said
}

impl Said {
    fn event(&mut self, data: &str, named_error: bool, quirk: Quirk) -> Option<Stop> {
        if named_error && !self.done {
            return Some(Stop::Error);
        }
        if data == "[DONE]" {
            self.done = true;
            return None;
        }
        if data.is_empty() {
            return None;
        }
        let Ok(json) = serde_json::from_str::<Value>(data) else {
            return (!self.done).then_some(Stop::Malformed);
        };
        if !json.is_object() {
            return (!self.done).then_some(Stop::Malformed);
        }
        let choices = json["choices"].as_array().cloned().unwrap_or_default();
        let of_choice = choices
            .iter()
            .map(|choice| &choice["usage"])
            .find(|usage| usage.is_object());
        let reports = [&json["usage"], &json["x_groq"]["usage"]]
            .into_iter()
            .chain(of_choice);
        if let Some(report) = reports.into_iter().find(|usage| usage.is_object()) {
            let gemini = json["model"]
                .as_str()
                .is_some_and(|model| model.contains("gemini"));
            self.usage = usage(report, quirk, gemini).or(self.usage);
        }
        let failed = |choice: &Value| {
            matches!(
                choice["finish_reason"].as_str(),
                Some("error" | "insufficient_system_resource")
            )
        };
        let error = match &json["error"] {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            _ => true,
        };
        if (error || json["object"] == "error" || choices.iter().any(failed)) && !self.done {
            return Some(Stop::Error);
        }
        for (position, choice) in (0..).zip(&choices) {
            if choice["finish_reason"]
                .as_str()
                .is_some_and(|reason| !reason.is_empty())
            {
                self.finished
                    .push(choice["index"].as_u64().unwrap_or(position));
            }
            let text = choice["text"].as_str().unwrap_or_default();
            if self.content.is_none() && (!text.is_empty() || says(&choice["delta"])) {
                self.content = Some(0);
            }
        }
        None
    }
}

fn says(delta: &Value) -> bool {
    const SPEAKING: [&str; 9] = [
        "content",
        "reasoning_content",
        "reasoning",
        "reasoning_details",
        "refusal",
        "tool_calls",
        "function_call",
        "images",
        "audio",
    ];
    SPEAKING.iter().any(|key| has_text(&delta[*key]))
}

fn has_text(value: &Value) -> bool {
    const LABELS: [&str; 7] = [
        "type",
        "id",
        "index",
        "format",
        "status",
        "detail",
        "mime_type",
    ];
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(has_text),
        Value::Object(members) => members.iter().any(|(key, value)| {
            (value.is_array() || value.is_object() || !LABELS.contains(&key.as_str()))
                && has_text(value)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn usage(report: &Value, quirk: Quirk, gemini: bool) -> Option<Usage> {
    let number = |value: &Value| value.as_u64();
    let prompt = number(&report["prompt_tokens"])?;
    let total = number(&report["total_tokens"]);
    let completion =
        number(&report["completion_tokens"]).or(total.and_then(|t| t.checked_sub(prompt)))?;
    let details = &report["prompt_tokens_details"];
    let read = number(&details["cached_tokens"])
        .or(number(&report["prompt_cache_hit_tokens"]))
        .or(number(&report["cached_tokens"]))
        .unwrap_or(0);
    let write = number(&details["cache_write_tokens"])
        .or(number(&report["cache_creation_input_tokens"]))
        .unwrap_or(0);
    let reasoning = number(&report["completion_tokens_details"]["reasoning_tokens"]).unwrap_or(0);
    let outside = match quirk {
        Quirk::None => reasoning > 0 && total == Some(prompt + completion + reasoning),
        Quirk::ReasoningOutside => true,
        Quirk::ReasoningOutsideForGemini => gemini,
    };
    Some(Usage {
        input_total: prompt,
        input_uncached: prompt.saturating_sub(read + write),
        cache_read: read,
        cache_write: write,
        cache_write_1h: 0,
        output_total: completion + if outside { reasoning } else { 0 },
        reasoning,
        ..Usage::default()
    })
}
