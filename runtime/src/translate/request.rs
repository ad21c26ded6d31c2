//! A request in no provider's protocol.

use std::borrow::Cow;

use super::uncarried::{Dropped, Uncarried};
use crate::json::Tree;

/// What is asked, as far as any two protocols can both say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Request<'t> {
    /// Instructions before the first turn, in order.
    pub(super) system: Vec<Cow<'t, str>>,
    /// The conversation.
    pub(super) turns: Vec<Turn<'t>>,
    /// What may be called.
    pub(super) tools: Vec<Tool<'t>>,
    /// What must be, nothing where it is not said.
    pub(super) choice: Option<Choice<'t>>,
    /// Whether several calls may stand in one answer, where it is said.
    pub(super) parallel: Option<bool>,
    /// What form the answer must have.
    pub(super) format: Format<'t>,
    /// The cap on output tokens.
    pub(super) output_tokens_max: Option<u64>,
    /// Texts at which the answer stops.
    pub(super) stop: Vec<&'t str>,
    /// How the next token is drawn.
    pub(super) sampling: Sampling<'t>,
    /// How much is to be thought before the answer.
    pub(super) thinking: Thinking,
    /// Whom the caller asks for.
    pub(super) user: Option<&'t str>,
    /// Hints that no other protocol has.
    pub(super) dropped: Dropped,
    /// What the client's protocol calls some of these.
    pub(super) fields: Fields,
}

/// What a protocol calls what others call otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) stop: &'static str,
    pub(super) thinking: &'static str,
    pub(super) format: &'static str,
}

/// Where a conversation ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum End {
    /// With somebody who is to be answered.
    #[default]
    Asks,
    /// With the beginning of an answer, for a model that goes on with it.
    Begun,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn<'t> {
    pub(super) who: Who,
    pub(super) parts: Vec<Part<'t>>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Instructions in the midst of a conversation.
    System,
    User,
    Assistant,
}

/// A part of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part<'t> {
    Text(Cow<'t, str>),
    Image(Media<'t>),
    /// A document and its name.
    File(Media<'t>, Option<&'t str>),
    Audio {
        /// `wav`, `mp3`.
        format: &'t str,
        base64: &'t str,
    },
    Call(Call<'t>),
    Result(Outcome<'t>),
    Thinking {
        text: &'t str,
        /// What only the family of models that made it can read.
        signature: Option<&'t str>,
    },
    /// Thinking that its provider keeps to itself.
    Redacted(&'t str),
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call<'t> {
    pub(super) id: &'t str,
    pub(super) name: &'t str,
    /// A JSON object as a text.
    pub(super) arguments: Cow<'t, str>,
    /// What Gemini wants back with it.
    pub(super) signature: Option<&'t str>,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome<'t> {
    pub(super) id: &'t str,
    pub(super) parts: Vec<Part<'t>>,
    pub(super) failed: bool,
}

/// Bytes of a medium, or where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media<'t> {
    Data {
        kind: &'t str,
        base64: &'t str,
    },
    Link(&'t str),
    /// A document that is its text.
    Plain(&'t str),
}

/// Something that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tool<'t> {
    pub(super) name: &'t str,
    pub(super) description: Option<&'t str>,
    /// Its parameters, a JSON schema.
    pub(super) schema: Option<&'t Tree<'t>>,
    pub(super) strict: Option<bool>,
}

/// What must be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice<'t> {
    Auto,
    Nothing,
    Any,
    Named(&'t str),
    /// One of these, or none of them where it is not `must`.
    Among {
        names: Vec<&'t str>,
        must: bool,
    },
}

/// What form the answer must have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Format<'t> {
    #[default]
    Text,
    /// Any JSON.
    Json,
    /// JSON that fits a schema.
    Schema {
        name: Option<&'t str>,
        description: Option<&'t str>,
        schema: &'t Tree<'t>,
        strict: Option<bool>,
    },
}

/// How the next token is drawn. Numbers stay as they were written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sampling<'t> {
    pub(super) temperature: Option<&'t str>,
    pub(super) top_p: Option<&'t str>,
    pub(super) top_k: Option<&'t str>,
    pub(super) presence_penalty: Option<&'t str>,
    pub(super) frequency_penalty: Option<&'t str>,
    pub(super) seed: Option<&'t str>,
}

/// How much is to be thought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Thinking {
    /// The model's own way.
    #[default]
    Unsaid,
    Off,
    /// As much as the model sees fit.
    Adaptive,
    Effort(Effort),
    /// At most so many tokens.
    Budget(u64),
}

/// How hard to think, in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effort {
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

impl Effort {
    const ALL: [Self; 6] = [
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::XHigh,
        Self::Max,
    ];

    /// The word that protocols have for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.word() == word)
    }

    /// The budget it stands for, on the scale that gateways share.
    pub(super) fn budget_tokens(self) -> u64 {
        match self {
            Self::Minimal | Self::Low => 1024,
            Self::Medium => 2048,
            Self::High => 4096,
            Self::XHigh => 8192,
            Self::Max => 16_384,
        }
    }

    /// The step that is nearest to a budget.
    pub(super) fn of_budget(tokens: u64) -> Self {
        let nearest = Self::ALL.into_iter().skip(1);
        let nearest = nearest.min_by_key(|effort| effort.budget_tokens().abs_diff(tokens));
        nearest.unwrap_or(Self::Medium)
    }
}

/// The conversation for protocols whose turns alternate. Instructions in its midst keep their place,
/// as words of the user's that are marked: moved to the front they would say something else.
pub(super) fn alternating(turns: Vec<Turn<'_>>, end: End) -> Result<Vec<Turn<'_>>, Uncarried> {
    let mut turns = turns;
    for turn in &mut turns {
        if turn.who == Who::System {
            turn.who = Who::User;
            turn.parts.iter_mut().for_each(mark);
        }
    }
    let turns = joined(turns);
    if turns.first().map(|turn| turn.who) != Some(Who::User) {
        return Err(Uncarried::new(
            "messages",
            "the conversation must begin with a message of the user",
        ));
    }
    ends_well(&turns, end)?;
    Ok(turns)
}

/// Whether somebody is to be answered. What an assistant has begun is continued by few models, each
/// in its own way.
pub(super) fn ends_well(turns: &[Turn<'_>], end: End) -> Result<(), Uncarried> {
    if end == End::Asks && turns.last().map(|turn| turn.who) == Some(Who::Assistant) {
        return Err(Uncarried::new(
            "messages",
            "an answer that the assistant has begun cannot be continued; end with a message of the \
             user or the result of a tool",
        ));
    }
    Ok(())
}

fn mark(part: &mut Part<'_>) {
    if let Part::Text(text) = part {
        *text = format!("<system>\n{text}\n</system>").into();
    }
}

/// The same conversation, its turns alternating: neighbours of one role are joined,
/// results of tools stand first in their turn, and a text that says nothing is left out with the
/// turn that has nothing else.
fn joined(turns: Vec<Turn<'_>>) -> Vec<Turn<'_>> {
    let mut whole: Vec<Turn<'_>> = Vec::new();
    for mut turn in turns {
        turn.parts.retain(|part| !is_blank(part));
        match whole.last_mut() {
            _ if turn.parts.is_empty() => {}
            Some(last) if last.who == turn.who => last.parts.append(&mut turn.parts),
            Some(_) | None => whole.push(turn),
        }
    }
    for turn in &mut whole {
        // A stable sort: each kind keeps its order.
        turn.parts
            .sort_by_key(|part| !matches!(part, Part::Result(_)));
    }
    whole
}

/// Whether a part is a text that says nothing; most protocols refuse one.
pub(super) fn is_blank(part: &Part<'_>) -> bool {
    matches!(part, Part::Text(text) if text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::Effort;

    #[test]
    fn efforts_and_budgets_meet_on_one_scale() {
        for (tokens, effort) in [
            (1024, Effort::Low),
            (2000, Effort::Medium),
            (5000, Effort::High),
            (10_000, Effort::XHigh),
            (32_000, Effort::Max),
        ] {
            assert_eq!(Effort::of_budget(tokens), effort);
            assert_eq!(Effort::of(effort.word()), Some(effort));
        }
    }
}
