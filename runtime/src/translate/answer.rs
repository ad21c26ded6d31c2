//! An answer in no provider's protocol: the pieces in which it comes, and the acts in which it is
//! told.

use std::borrow::Cow;

/// One thing that a provider said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Who answers, and what the answer is called there.
    Start {
        id: &'a str,
        model: &'a str,
    },
    Thinking(Cow<'a, str>),
    /// What its provider wants back with the thinking before it.
    Signature(Cow<'a, str>),
    /// Thinking that only its provider can read.
    Redacted(&'a str),
    Text(Cow<'a, str>),
    /// Words in which the model declines.
    Refusal(Cow<'a, str>),
    /// A call begins, or more of its head comes.
    Call {
        key: u64,
        id: Option<Cow<'a, str>>,
        name: Option<&'a str>,
        /// What Gemini wants back with it.
        signature: Option<&'a str>,
    },
    /// More of a call's arguments.
    Arguments {
        key: u64,
        text: Cow<'a, str>,
    },
    /// A call has all its arguments.
    Called(u64),
    Stop(Reason, Option<&'a str>),
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Reason {
    /// The model had said everything.
    #[default]
    End,
    /// A text at which it was to stop.
    Sequence,
    /// It had no room left.
    Length,
    /// It waits for its tools.
    Tools,
    /// It, or a filter, declined.
    Filter,
}

/// One step of telling an answer: blocks come strictly one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Act {
    Start {
        id: String,
        model: String,
    },
    Open(Kind),
    More(String),
    /// Belongs to the open block of thinking.
    Signature(String),
    Close,
    Stop(Reason, Option<String>),
}

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Thinking,
    Redacted(String),
    Text,
    Refusal,
    Call {
        id: String,
        name: String,
        signature: Option<String>,
    },
}
