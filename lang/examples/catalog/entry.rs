//! One model of the file, and the lines that it becomes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;

use claw_lang::explain::{rates, when};
use serde::Deserialize;

use super::priced::{Given, prices};

/// The file.
#[derive(Debug, Deserialize)]
pub(crate) struct Shelf {
    pub(crate) snapshot: String,
    pub(crate) models: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) provider: String,
    #[serde(default)]
    api: Option<String>,
    #[serde(flatten)]
    given: Given,
    context_window: Option<u64>,
    max_output: Option<u64>,
    capabilities: BTreeMap<String, Option<bool>>,
    #[serde(default)]
    shutdown_date: Option<String>,
}

impl Entry {
    /// Whether it answers chats or makes embeddings; the rest cannot be reached by this gateway.
    pub(crate) fn chats(&self) -> bool {
        self.api.as_deref() != Some("responses-only")
    }

    pub(crate) fn written(&self) -> Result<String, Box<dyn Error>> {
        let mut out = format!("model {} {{\n", self.id);
        let can = self.can();
        let caches = can.contains(&"caching");
        for price in prices(&self.given, (&self.provider, caches))? {
            writeln!(out, "price{} {}", when(&price.when), rates(&price.rates))?;
        }
        if let Some(tokens) = self.context_window {
            writeln!(out, "context {}", count(tokens))?;
        }
        if let Some(tokens) = self.max_output {
            writeln!(out, "max-output {}", count(tokens))?;
        }
        if !can.is_empty() {
            writeln!(out, "can {}", can.join(", "))?;
        }
        if let Some(day) = &self.shutdown_date {
            writeln!(out, "shutdown {day}")?;
        }
        out.push_str("}\n");
        Ok(out)
    }

    /// The words of the language for what the file knows it can. What the file does not know is
    /// not claimed.
    fn can(&self) -> Vec<&'static str> {
        if self.given.mode == "embedding" {
            return vec!["embeddings"];
        }
        let known = |flag: &str| self.capabilities.get(flag).copied().flatten() == Some(true);
        let mut can: Vec<&str> = WORDS
            .iter()
            .filter(|(flag, _)| known(flag))
            .flat_map(|(_, words)| words.iter().copied())
            .collect();
        if known("sampling_params") {
            can.push("sampling");
        }
        can
    }
}

/// What the file's flags are in the language.
const WORDS: [(&str, &[&str]); 8] = [
    ("tools", &["tools"]),
    ("vision", &["images"]),
    ("audio_input", &["audio"]),
    ("pdf", &["files"]),
    ("json_schema", &["json", "json-schema"]),
    ("reasoning", &["thinking"]),
    ("assistant_prefill", &["continue"]),
    ("prompt_caching", &["caching"]),
];

fn count(tokens: u64) -> String {
    match tokens {
        n if n % 1_000_000 == 0 => format!("{}M", n / 1_000_000),
        n if n % 1_000 == 0 => format!("{}k", n / 1_000),
        n => n.to_string(),
    }
}
