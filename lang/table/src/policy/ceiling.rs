//! Ceilings: how much may be spent, on what, in which time, and what becomes of what does not fit.

use crate::{ClassId, ClientId, GuardId};

/// A bound on what is spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling {
    /// Its name: that of its declaration; for one inside a class or client, that of the class or
    /// client with its number in it, from 1 (`code/2`).
    pub name: String,
    /// Which requests it is about.
    pub scope: Scope,
    /// How much, in pico-dollars.
    pub amount_pico: u128,
    /// In which time.
    pub window: Window,
    /// What has an amount of its own, sorted; if nothing does, all requests share one.
    pub per: Vec<Per>,
    /// What is set aside for a request before it is sent.
    pub held: Held,
    /// What happens from these shares of the amount on, rising.
    pub steps: Vec<Step>,
    /// What becomes of a request that does not fit.
    pub then: Then,
}

/// Which requests a ceiling or limit is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Those that meet this condition.
    When(GuardId),
    /// Those of this client.
    Client(ClientId),
    /// Those that this class serves.
    Class(ClassId),
}

/// The time in which a ceiling counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// Each request by itself.
    Request,
    /// A unit of the calendar.
    Calendar(Calendar),
}

/// A unit of the calendar in a zone: it begins there at midnight, on Monday, on the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// How long.
    pub unit: Unit,
    /// The name of the zone in the database of zones: `Europe/Berlin`, `UTC`.
    pub zone: String,
}

/// A unit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first to the first.
    Month,
}

impl Unit {
    /// Every unit, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Month];

    /// The language's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// What has a share of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Per {
    /// A client.
    Client,
    /// An address.
    Ip,
    /// A session.
    Session,
    /// A model, as the client names it.
    Model,
    /// A value of this header. The name is lower case.
    Header(String),
}

/// What is set aside for a request before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Held {
    /// The most that it can cost, so that the amount is never passed.
    #[default]
    Most,
    /// What it is likely to cost, so that it may be passed by a little.
    Estimate,
}

/// What happens from a share of the amount on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The share, in hundredths of a percent.
    pub at: u32,
    /// What happens.
    pub then: Then,
}

/// What becomes of a request under a ceiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Then {
    /// It is refused.
    #[default]
    Deny,
    /// This class serves it.
    Class(ClassId),
    /// It is served, and it is told.
    Warn,
}
