//! Why a body is refused, and where.

use thiserror::Error;

use crate::json::{Fault, Wrong};

/// A body that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The offset of the byte it is about.
    pub at: usize,
}

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    /// The bytes are no JSON.
    #[error("{0}")]
    Json(Wrong),
    /// The JSON is no object.
    #[error("the body must be one JSON object")]
    NotAnObject,
    /// A member stands twice; parsers differ in which one they keep.
    #[error("`{0}` stands twice: write it once")]
    DuplicateKey(&'static str),
    /// A member's name is written so that only some parsers take it for this one.
    #[error(
        "a key that some parsers read as `{0}`: write it plainly, in lower case, or not at all"
    )]
    AmbiguousKey(&'static str),
    /// A member on the way to one that the policy asks for stands twice.
    #[error("a member that the policy reads stands twice: write it once")]
    DuplicateMember,
    /// A member on that way is written so that only some parsers take it for this one.
    #[error(
        "a key that some parsers read as one that the policy reads: write it plainly, with the letters as they are due"
    )]
    AmbiguousMember,
    /// A member has a value of another type.
    #[error("`{key}` must be {wanted}")]
    InvalidType {
        /// The member.
        key: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// The policy sets a member inside a value that has none.
    #[error("the policy sets a member of this value, so it must be an object")]
    NoMembers,
    /// Two members say different things about one limit.
    #[error("`max_tokens` and `max_completion_tokens` differ: send one of them")]
    ConflictingLimits,
}

impl Refusal {
    /// The code of the error the client gets.
    pub fn code(self) -> &'static str {
        match self.reason {
            Reason::Json(Wrong::TooDeep) => "too_deep",
            Reason::Json(_) => "invalid_json",
            Reason::NotAnObject | Reason::NoMembers | Reason::InvalidType { .. } => "invalid_type",
            Reason::DuplicateKey(_) | Reason::DuplicateMember => "duplicate_key",
            Reason::AmbiguousKey(_) | Reason::AmbiguousMember => "ambiguous_key",
            Reason::ConflictingLimits => "conflicting_limits",
        }
    }

    /// The member it is about, if it is about one.
    pub fn param(self) -> Option<&'static str> {
        match self.reason {
            Reason::DuplicateKey(key)
            | Reason::AmbiguousKey(key)
            | Reason::InvalidType { key, .. } => Some(key),
            Reason::ConflictingLimits => Some("max_tokens"),
            Reason::Json(_)
            | Reason::NotAnObject
            | Reason::NoMembers
            | Reason::DuplicateMember
            | Reason::AmbiguousMember => None,
        }
    }

    /// Line and column of the byte it is about, both from 1, columns in bytes.
    pub fn place(self, body: &[u8]) -> (usize, usize) {
        let before = body.get(..self.at).unwrap_or(body);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        (line, before.len() - line_start + 1)
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self {
            reason: Reason::Json(fault.wrong),
            at: fault.at,
        }
    }
}
