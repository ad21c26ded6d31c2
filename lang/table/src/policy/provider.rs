//! Providers: where they are, what opens them, what they serve.

use super::edit::Edit;
use super::health::{Capacity, Health};
use super::price::Price;
use crate::Can;

/// The protocol a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Api {
    /// OpenAI chat completions, and every compatible server.
    #[default]
    OpenAi,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini generateContent.
    Gemini,
}

impl Api {
    /// The language's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }
}

/// One upstream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Provider {
    /// Its name in the policy.
    pub name: String,
    /// The protocol it speaks.
    pub api: Api,
    /// Where it is: every address with its weight, in text order.
    /// INVARIANT: never empty in a verified table.
    pub urls: Vec<Replica>,
    /// Where its keys come from, in text order; they are used in turn.
    /// INVARIANT: never empty in a verified table.
    pub keys: Vec<Secret>,
    /// A PEM file with the only roots to trust, instead of the platform's.
    pub ca: Option<String>,
    /// Headers added to every request to it.
    pub headers: Vec<(String, String)>,
    /// What else is changed in every request to it, in text order.
    pub edits: Vec<Edit>,
    /// What the policy says of it, in text order.
    pub tags: Vec<String>,
    /// Its own deadlines; the smaller of these and the class's holds.
    pub deadlines: Deadlines,
    /// Bounds one attempt from its first byte, in milliseconds.
    pub attempt_ms: Option<u64>,
    /// How it is watched, and when it is left alone.
    pub health: Health,
    /// How much it is given at a time.
    pub capacity: Capacity,
    /// The models it serves.
    pub models: Vec<Model>,
}

impl Provider {
    /// The first of its addresses; every provider of a verified table has one.
    pub fn first_url(&self) -> Option<&Url> {
        self.urls.first().map(|replica| &replica.url)
    }
}

/// One address of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Where it is.
    pub url: Url,
    /// Its share among the addresses of its provider.
    pub weight: u32,
}

/// An upstream address, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether to speak TLS.
    pub tls: bool,
    /// Name or address.
    pub host: String,
    /// Port, the scheme's own where none was written.
    pub port: u16,
    /// Path before the API's own, without a trailing slash: `/v1` or empty.
    pub base: String,
}

/// Where a secret comes from. The table carries the reference, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// No key is sent.
    None,
    /// An environment variable.
    Env(String),
    /// A file, its trailing line end removed.
    File(String),
}

/// One model of one provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    /// Its name in the policy.
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    /// What it costs, as far as the policy says so.
    pub prices: Vec<Price>,
    /// The longest input and output together, in tokens.
    pub context_tokens: Option<u64>,
    /// The longest output, in tokens.
    pub output_tokens_max: Option<u64>,
    /// What it can do, as bits of [`crate::Can`]; nothing where the policy does not say.
    pub can: Option<u16>,
}

impl Model {
    /// What a request needs and this model is known to lack, both as bits of [`Can`]. Where the
    /// policy does not say what a model can do, it is not held back.
    pub fn lacks(&self, needs: u16) -> u16 {
        self.can.map_or(0, |can| needs & !can)
    }

    /// Whether it can serve a request with these needs. A model that makes embeddings makes
    /// nothing else.
    pub fn carries(&self, needs: u16) -> bool {
        let embeds = |set: u16| set & Can::Embeddings.bit() != 0;
        self.lacks(needs) == 0 && self.can.is_none_or(|can| embeds(can) == embeds(needs))
    }

    /// Whether so many tokens of input lie within its window. Where the policy does not say how
    /// large that is, it is not held back.
    pub fn holds(&self, in_tokens: u64) -> bool {
        self.context_tokens.is_none_or(|window| in_tokens <= window)
    }
}

/// Deadlines in milliseconds; nothing means the default of the runtime's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deadlines {
    /// From the start of connecting to a ready connection.
    pub connect_ms: Option<u64>,
    /// From the first byte written to the first event with content, per attempt.
    pub first_token_ms: Option<u64>,
    /// Between two reads of the upstream body.
    pub idle_ms: Option<u64>,
}
