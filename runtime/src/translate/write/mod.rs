//! Requests, as providers of each protocol read them.

mod chat;
mod gemini;
mod messages;

pub(super) use chat::write as chat;
pub(super) use gemini::write as gemini;
pub(super) use messages::write as messages;

use std::borrow::Cow;

use claw_table::Can;

use super::names::Names;
use super::request::{End, Tool};
use super::uncarried::{Dropped, Uncarried};
use crate::json::Tree;

/// What is known of the target that gets a request.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Its own name for the model.
    pub model: &'a str,
    /// Where it is.
    pub host: &'a str,
    /// What the model can do, as bits of [`claw_table::Can`], where the policy says it.
    pub can: Option<u16>,
    /// The longest output of the model, where the policy says it.
    pub output_tokens_max: Option<u64>,
    /// Whether a stream is asked for.
    pub streaming: bool,
    /// Whether it is asked for usage in a stream.
    pub asks_usage: bool,
    /// Where the conversation may end.
    pub end: End,
}

impl Target<'_> {
    /// Whether the policy says that the model cannot do this.
    fn lacks(&self, can: Can) -> bool {
        self.can.is_some_and(|all| all & can.bit() == 0)
    }

    /// The cap on output tokens that this model takes.
    fn capped(&self, asked: u64) -> u64 {
        self.output_tokens_max.map_or(asked, |max| asked.min(max))
    }
}

/// A request as it leaves.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) body: String,
    pub(super) dropped: Dropped,
    pub(super) names: Names,
}

type Body<'t> = Vec<(Cow<'t, str>, Tree<'t>)>;

/// Adds a member to a body.
fn put<'t>(body: &mut Body<'t>, key: &'static str, value: impl Into<Tree<'t>>) {
    body.push((key.into(), value.into()));
}

/// Digits as they were written.
fn digits(number: &str) -> Tree<'_> {
    Tree::Number(number.into())
}

/// The parameters of a tool; one without them takes none.
fn schema<'t>(tool: &Tool<'t>) -> Tree<'t> {
    match tool.schema {
        Some(schema) => Tree::Raw(schema.json().into()),
        None => Tree::Raw(r#"{"type":"object","properties":{}}"#.into()),
    }
}

/// A text part of a request that no target can be sent.
fn no<T>(field: &'static str, why: &'static str) -> Result<T, Uncarried> {
    Err(Uncarried::new(field, why))
}

/// An address that holds its data.
fn data_url(kind: &str, base64: &str) -> String {
    format!("data:{kind};base64,{base64}")
}
