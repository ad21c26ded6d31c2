//! A test of a policy: a request, what fails, and what is expected of it.

use std::net::IpAddr;

use claw_table::policy::{Cause, Target};
use claw_table::{ClassId, Fact, ProviderId};

use super::Member;
use crate::moment::Moment;
use crate::span::Span;

/// `test "TITLE" { … }`
#[derive(Debug, Clone)]
pub struct Test {
    /// What it shows.
    pub title: String,
    /// What its request says beside the ordinary.
    pub says: Vec<Says>,
    /// When its request comes, where it says so.
    pub at: Option<Moment>,
    /// What is spent under which ceilings, by their positions, in pico-dollars.
    pub spent: Vec<(usize, u128)>,
    /// Where in the shares of a pool it falls, in hundredths of a percent.
    pub draw: u32,
    /// What fails.
    pub faults: Vec<Failing>,
    /// What is expected, in the order of the text.
    pub expects: Vec<Expect>,
    /// Its first line.
    pub span: Span,
}

/// One thing that a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Says {
    /// A text; headers and query parameters may have several.
    Text(Fact, String),
    /// A number: a count, or the rank of a decimal.
    Number(Fact, u64),
    /// A flag that is set.
    Yes(Fact),
    /// The address it comes from.
    From(IpAddr),
    /// A member of the body, by its pointer.
    Member(String, Member),
    /// One part of the prompt.
    Part(String),
    /// It does not say this, though ordinary requests do.
    Absent(Fact),
}

/// A target that fails in one way, whenever it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing {
    /// The provider.
    pub provider: ProviderId,
    /// The one target that fails; nothing for every model of the provider.
    pub target: Option<Target>,
    /// Which part of it.
    pub part: Part,
    /// How.
    pub how: How,
    /// How long it asks to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// The part of a provider that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// What is asked with this of its keys, from 0 in text order.
    Key(usize),
    /// What is asked at this of its addresses, from 0 in text order.
    Url(usize),
}

/// How a target fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It is not there: no connection is had.
    Down,
    /// In one of the ways that a retry names.
    Cause(Cause),
    /// With an answer of this status.
    Status(u16),
    /// It begins to answer so many milliseconds after it was asked.
    Slow(u64),
    /// Its answer breaks off after so many events.
    CutAfter(u64),
}

/// What refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The guard of this name.
    Forbid(String),
    /// The ceiling at this position.
    Ceiling(usize),
}

/// One line that begins with `expect`.
#[derive(Debug, Clone)]
pub struct Expect {
    /// What is expected.
    pub what: Expected,
    /// Where it is written.
    pub span: Span,
}

/// What can be expected of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// It is of this class.
    Class(ClassId),
    /// This target answers it.
    ServedBy(Target),
    /// These targets were tried, in this order.
    Tried(Vec<Target>),
    /// So many requests were put on the wire.
    Attempts(u32),
    /// The policy refuses it with this status, by this rule where one is named.
    Denied(u16, Option<By>),
    /// This ceiling, by its position, moved it or refused it.
    Because(usize),
    /// It ends in the arm of this name.
    Arm(String),
    /// Nothing answers it; the client sees this status, where one is named.
    Failed(Option<u16>),
    /// It can be billed so many pico-dollars at most.
    CostAtMost(u128),
}
