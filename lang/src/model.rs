//! The checked policy: names resolved, types proved, conditions as plain trees.
//!
//! A `Model` exists only if the report holds no error. The diagram and the slow evaluator are both
//! made from it and from nothing else, so that they can be compared.

mod age;
mod bound;
mod endpoint;
mod net;
mod never;
mod test;
mod world;

use std::collections::BTreeSet;

use claw_table::policy::{Action, Hours, Policy};
use claw_table::{ArmId, Fact};

use crate::codes::Code;
use crate::span::Span;

pub use age::{Ages, Catalogued};
pub use bound::{CeilingPlaces, Scoped};
pub use endpoint::{Endpoint, Endpoints};
pub(crate) use endpoint::{endpoint, path_of};
pub(crate) use net::is_mapped;
pub use net::{Net, NetFault, shown};
pub use never::{Claim, Claims, ClassPlaces, Never, Reach};
pub use test::{By, Expect, Expected, Failing, How, Part, Says, Test};
pub use world::World;

/// A whole policy, proved to be well formed.
#[derive(Debug, Clone)]
pub struct Model {
    /// What the runtime needs beside the decision.
    pub policy: Policy,
    /// What is refused before any route is entered. They stand in the order in which one of those
    /// that match gives the answer: by phase, then by name, never as in the text.
    pub guards: Vec<Guard>,
    /// The conditions of what bounds traffic, by their guard ids.
    pub scopes: Vec<Scoped>,
    /// Where each ceiling of `policy` is written.
    pub ceilings: Vec<CeilingPlaces>,
    /// Every route; arms of `policy` are numbered route by route, arm by arm, the guards after them.
    pub routes: Vec<Route>,
    /// The nameless route, where every request starts.
    pub root: RouteId,
    /// What is so of every request.
    pub world: World,
    /// Constructs that a gateway must enforce, each with the place that asks for it.
    pub features: Vec<Need>,
    /// What it claims can never happen.
    pub claims: Claims,
    /// How old what is said of the models of each provider is, by its id.
    pub ages: Vec<Ages>,
    /// What its author shows of it.
    pub tests: Vec<Test>,
    /// Warnings that its author lives with.
    pub accepts: Vec<Accept>,
}

/// `accept CODE in NAME "why"`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accept {
    /// Which warning.
    pub code: Code,
    /// The whole declaration in which it may stand.
    pub range: Span,
    /// Where it is written.
    pub span: Span,
}

impl Cond {
    /// Whether the condition asks this fact.
    pub fn asks(&self, wanted: &Fact) -> bool {
        match self {
            Self::Always => false,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.asks(wanted)),
            Self::Not(part) => part.asks(wanted),
            Self::Test(fact, _) => fact == wanted,
        }
    }
}

impl Model {
    /// Every fact that a table asks for.
    pub fn facts(&self) -> BTreeSet<&Fact> {
        let mut open: Vec<&Cond> = self.conditions().collect();
        let mut found = BTreeSet::new();
        while let Some(cond) = open.pop() {
            match cond {
                Cond::Always => {}
                Cond::All(parts) | Cond::Any(parts) => open.extend(parts),
                Cond::Not(part) => open.push(part),
                Cond::Test(fact, _) => {
                    found.insert(fact);
                }
            }
        }
        found
    }

    /// Every condition that a table decides by: those of arms, then those of what bounds traffic.
    pub fn conditions(&self) -> impl Iterator<Item = &Cond> {
        let scopes = self.scopes.iter().map(|scoped| &scoped.cond);
        self.arms().map(|arm| &arm.cond).chain(scopes)
    }

    /// Every arm in which a request can end or that leads on: those of guards, then of routes.
    pub fn arms(&self) -> impl Iterator<Item = &Arm> {
        let guards = self.guards.iter().map(|guard| &guard.arm);
        guards.chain(self.routes.iter().flat_map(|route| &route.arms))
    }
}

/// `forbid NAME when COND [deny …]`, as an arm that stands before every route.
#[derive(Debug, Clone)]
pub struct Guard {
    /// Its name.
    pub name: String,
    /// When it refuses, and with what.
    pub arm: Arm,
}

/// Position of a route in [`Model::routes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteId(pub u16);

/// One ordered list of arms, the last of which is `otherwise`.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its name; the root route is `main`.
    pub name: String,
    /// Where it says that no request meets two of its arms.
    pub exclusive: Option<Span>,
    /// Top to bottom, first match wins.
    pub arms: Vec<Arm>,
}

/// One arm.
#[derive(Debug, Clone)]
pub struct Arm {
    /// Its number in the whole policy.
    pub id: ArmId,
    /// When it is taken; `otherwise` is [`Cond::Always`].
    pub cond: Cond,
    /// Where it leads.
    pub to: Goal,
    /// Where it is written.
    pub span: Span,
}

/// Where an arm leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// To a class or a refusal.
    End(Action),
    /// To another route; routes never form a cycle.
    Route(RouteId),
}

/// A condition over facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cond {
    /// Holds for every request.
    Always,
    /// Holds if every part holds.
    All(Vec<Cond>),
    /// Holds if some part holds.
    Any(Vec<Cond>),
    /// Holds if the part does not.
    Not(Box<Cond>),
    /// Asks one fact.
    Test(Fact, Ask),
}

/// What is asked of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Some value of a text fact matches one of these. Never holds for an absent fact.
    Matches(Vec<Pattern>),
    /// The fact has a value.
    Present,
    /// The number is this or more. Never holds for an absent fact.
    AtLeast(u64),
    /// The number is below this. Never holds for an absent fact.
    Below(u64),
    /// The address lies in one of these ranges. Never holds for an absent fact.
    In(Vec<Net>),
    /// The clock shows a time in one of these windows.
    During(Vec<Hours>),
    /// The number is one of these, which are sorted. Never holds for an absent fact.
    Equals(Vec<u64>),
    /// The JSON value is `null`.
    Null,
    /// The JSON value is this flag.
    Is(bool),
    /// The JSON value is an array or an object.
    Nested,
    /// The flag is set.
    Yes,
}

/// One JSON value, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number, by its rank.
    Number(u64),
    /// A string.
    Text(String),
    /// An array or an object.
    Nested,
}

/// One text pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pattern {
    /// The value is exactly this.
    Exact(String),
    /// The value begins with this: `claude-*`.
    Prefix(String),
    /// The value ends with this: `*-mini`.
    Suffix(String),
    /// The value has this in it: `*preview*`.
    Infix(String),
    /// The value begins with the first, ends with the second, and is long enough for both:
    /// `gpt-*-mini`.
    Around(String, String),
}

/// A construct that is compiled but that not every gateway enforces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its stable name, such as `api-anthropic` or `commit-whole`.
    pub feature: &'static str,
    /// Where it is written.
    pub span: Span,
}
