//! The slow evaluator: what a policy means, read off the model arm by arm.
//!
//! It shares nothing with the diagram but the model, so that each can be tested by the other.

use std::net::IpAddr;

use claw_table::{ArmId, Can, Fact, Facts, GuardId, Said};

use crate::model::{Arm, Ask, Cond, Goal, Member, Model, Pattern};
use crate::moment::Moment;
use crate::zone::Zone;

/// A request as far as a policy can ask about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The method; nothing if it is not known.
    pub method: Option<String>,
    /// The path in its normal form, without the query.
    pub path: Option<String>,
    /// The host, lower case, without port.
    pub host: Option<String>,
    /// What the path asks for.
    pub endpoint: Option<String>,
    /// Headers in order, names in lower case; a name may stand several times.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Query parameters in order, percent-decoded; a name may stand several times.
    pub query: Vec<(String, Vec<u8>)>,
    /// The address it comes from.
    pub ip: Option<IpAddr>,
    /// The client that calls, by its name.
    pub client: Option<String>,
    /// Whether the client shows a key of its own for a provider.
    pub caller_key: bool,
    /// The model the client named.
    pub model: Option<String>,
    /// Whether the client asked for a stream.
    pub streaming: bool,
    /// What the request uses, as bits of [`Can`].
    pub has: u16,
    /// The cap on output tokens that the client set.
    pub max_output: Option<u64>,
    /// How many messages there are.
    pub messages: Option<u64>,
    /// The temperature that the client set, by its rank.
    pub temperature: Option<u64>,
    /// Members of the body by their pointers, as far as they are known.
    pub body: Vec<(String, Member)>,
    /// What the client names its session by.
    pub session: Option<String>,
    /// The parts of the prompt, as far as they are known.
    pub prompt: Vec<String>,
    /// The estimate of input tokens.
    pub tokens: Option<u64>,
    /// When it comes.
    pub at: Option<Moment>,
}

impl Request {
    /// Whether the request uses a capability.
    pub fn uses(&self, can: Can) -> bool {
        self.has & can.bit() != 0
    }

    /// The member of the body that a fact asks for.
    pub fn known(&self, fact: &Fact) -> Option<&Member> {
        let Fact::Body(pointer) = fact else {
            return None;
        };
        let mut all = self.body.iter();
        all.find(|(own, _)| own == pointer)
            .map(|(_, member)| member)
    }

    /// Every value of a text fact.
    pub fn values(&self, fact: &Fact) -> impl Iterator<Item = &[u8]> {
        let single = match fact {
            Fact::Method => self.method.as_deref(),
            Fact::Path => self.path.as_deref(),
            Fact::Host => self.host.as_deref(),
            Fact::Endpoint => self.endpoint.as_deref(),
            Fact::Model => self.model.as_deref(),
            Fact::Client => self.client.as_deref(),
            Fact::Session => self.session.as_deref(),
            Fact::Header(_)
            | Fact::Query(_)
            | Fact::Ip
            | Fact::CallerKey
            | Fact::Streaming
            | Fact::Has(_)
            | Fact::MaxOutput
            | Fact::Messages
            | Fact::Temperature
            | Fact::Body(_)
            | Fact::Mentions(_)
            | Fact::Contains(..)
            | Fact::Time(_)
            | Fact::Tokens => None,
        };
        let (list, name) = if let Fact::Header(name) = fact {
            (self.headers.as_slice(), name.as_str())
        } else if let Fact::Query(name) = fact {
            (self.query.as_slice(), name.as_str())
        } else {
            (&[][..], "")
        };
        let named = list.iter().filter(move |(own, _)| own == name);
        single
            .map(str::as_bytes)
            .into_iter()
            .chain(named.map(|(_, value)| &**value))
    }
}

impl Facts for Request {
    fn texts(&self, fact: &Fact, each: impl FnMut(&[u8])) {
        self.values(fact).for_each(each);
    }

    fn number(&self, fact: &Fact) -> Option<u64> {
        match fact {
            Fact::MaxOutput => self.max_output,
            Fact::Messages => self.messages,
            Fact::Temperature => self.temperature,
            Fact::Tokens => self.tokens,
            Fact::Time(zone) => {
                let minute = self.at.as_ref()?.minute;
                Some(Zone::named(zone)?.week_minute(minute).into())
            }
            Fact::Method
            | Fact::Path
            | Fact::Host
            | Fact::Ip
            | Fact::Client
            | Fact::CallerKey
            | Fact::Endpoint
            | Fact::Header(_)
            | Fact::Query(_)
            | Fact::Session
            | Fact::Model
            | Fact::Streaming
            | Fact::Has(_)
            | Fact::Mentions(_)
            | Fact::Contains(..)
            | Fact::Body(_) => None,
        }
    }

    fn member(&self, fact: &Fact, mut each: impl FnMut(claw_table::Member<'_>)) {
        if let Some(member) = self.known(fact) {
            each(match member {
                Member::Null => claw_table::Member::Null,
                Member::Flag(flag) => claw_table::Member::Flag(*flag),
                Member::Number(rank) => claw_table::Member::Number(*rank),
                Member::Text(text) => claw_table::Member::Text(text.as_bytes()),
                Member::Nested => claw_table::Member::Nested,
            });
        }
    }

    fn address(&self, fact: &Fact) -> Option<u128> {
        self.ip
            .filter(|_| *fact == Fact::Ip)
            .map(claw_table::address)
    }

    fn prompt(&self, mut each: impl FnMut(Said<'_>)) {
        for part in &self.prompt {
            each(Said::Bytes(part.as_bytes()));
            each(Said::End);
        }
    }

    fn flag(&self, fact: &Fact) -> bool {
        if let Fact::Has(can) = fact {
            self.uses(*can)
        } else if let Some(keywords) = fact.keywords() {
            let mut low = self.prompt.iter().map(|part| part.to_ascii_lowercase());
            low.any(|part| {
                keywords
                    .iter()
                    .any(|keyword| part.contains(keyword.as_str()))
            })
        } else if let Fact::Contains((within, text)) = fact {
            let held = Pattern::Infix(text.clone());
            let own = within.fact();
            self.values(&own).any(|value| matches(&held, value))
        } else if *fact == Fact::CallerKey {
            self.caller_key
        } else {
            *fact == Fact::Streaming && self.streaming
        }
    }
}

/// How a request went through a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<'m> {
    /// The arms that were taken, route by route; the last one ends in a class or a refusal.
    /// Empty, or ending in an arm that leads on, only if a route has no arm for the request.
    pub taken: Vec<ArmId>,
    /// The arms that were tried before, in order, with the test that failed each.
    pub passed: Vec<Passed<'m>>,
}

impl Decision<'_> {
    /// The arm in which the request ends.
    pub fn arm(&self) -> Option<ArmId> {
        self.taken.last().copied()
    }
}

/// An arm that did not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed<'m> {
    /// Which arm.
    pub arm: ArmId,
    /// The first test that kept it from matching, in the order of the text.
    pub failed: Option<Failed<'m>>,
}

/// A test whose outcome kept an arm from matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed<'m> {
    /// What was asked of the request.
    pub fact: &'m Fact,
    /// What was asked of the fact.
    pub ask: &'m Ask,
    /// The answer: yes where the test stands under a `not`.
    pub answer: Answer,
}

/// The answer to one test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The test does not hold.
    No,
    /// The test holds.
    Yes,
}

/// Sends a request through the policy: the guards, then arms top to bottom; first match wins.
pub fn decide<'m>(model: &'m Model, request: &Request) -> Decision<'m> {
    let mut passed = Vec::new();
    let taken = walk(model, request, |arm| {
        passed.push(Passed {
            arm: arm.id,
            failed: blame(&arm.cond, request),
        });
    });
    Decision { taken, passed }
}

/// The arm in which a request ends, without the reasons.
pub fn arm(model: &Model, request: &Request) -> Option<ArmId> {
    walk(model, request, |_| {}).last().copied()
}

fn walk<'m>(model: &'m Model, request: &Request, mut pass: impl FnMut(&'m Arm)) -> Vec<ArmId> {
    let mut taken = Vec::new();
    for guard in &model.guards {
        if holds(&guard.arm.cond, request) {
            taken.push(guard.arm.id);
            return taken;
        }
        pass(&guard.arm);
    }
    let mut next = Some(model.root);
    // Routes form no cycle, so no request enters more of them than there are.
    for _ in 0..=model.routes.len() {
        let Some(route) = next.and_then(|route| model.routes.get(usize::from(route.0))) else {
            break;
        };
        next = None;
        for arm in &route.arms {
            if holds(&arm.cond, request) {
                taken.push(arm.id);
                next = match arm.to {
                    Goal::End(_) => None,
                    Goal::Route(next) => Some(next),
                };
                break;
            }
            pass(arm);
        }
    }
    taken
}

/// Whether a request is one of those that a guard of the table is about.
pub fn guards(model: &Model, guard: GuardId, request: &Request) -> bool {
    let scoped = model.scopes.get(guard.index());
    scoped.is_some_and(|scoped| holds(&scoped.cond, request))
}

/// Whether a request meets a condition.
pub fn holds(cond: &Cond, request: &Request) -> bool {
    match cond {
        Cond::Always => true,
        Cond::All(parts) => parts.iter().all(|part| holds(part, request)),
        Cond::Any(parts) => parts.iter().any(|part| holds(part, request)),
        Cond::Not(part) => !holds(part, request),
        Cond::Test(fact, ask) => answer(fact, ask, request),
    }
}

/// The first test that made a condition what it is not wanted to be.
fn blame<'m>(cond: &'m Cond, request: &Request) -> Option<Failed<'m>> {
    match cond {
        Cond::Always => None,
        Cond::Not(part) => blame_not(part, request),
        Cond::All(parts) => parts
            .iter()
            .find(|part| !holds(part, request))
            .and_then(|part| blame(part, request)),
        Cond::Any(parts) => parts.iter().find_map(|part| blame(part, request)),
        Cond::Test(fact, ask) => Some(Failed {
            fact,
            ask,
            answer: Answer::No,
        }),
    }
}

/// The first test that made a condition hold which stands under a `not`.
fn blame_not<'m>(cond: &'m Cond, request: &Request) -> Option<Failed<'m>> {
    match cond {
        Cond::Always => None,
        Cond::Not(part) => blame(part, request),
        Cond::Any(parts) => parts
            .iter()
            .find(|part| holds(part, request))
            .and_then(|part| blame_not(part, request)),
        Cond::All(parts) => parts.iter().find_map(|part| blame_not(part, request)),
        Cond::Test(fact, ask) => Some(Failed {
            fact,
            ask,
            answer: Answer::Yes,
        }),
    }
}

/// A question that does not fit the fact is answered with no; the checker lets none through.
fn answer(fact: &Fact, ask: &Ask, request: &Request) -> bool {
    let member = request.known(fact);
    let number = match member {
        Some(Member::Number(rank)) => Some(*rank),
        _ => request.number(fact),
    };
    match ask {
        Ask::Matches(patterns) => {
            let fits = |value: &[u8]| patterns.iter().any(|pattern| matches(pattern, value));
            match member {
                Some(Member::Text(text)) => fits(text.as_bytes()),
                _ => request.values(fact).any(fits),
            }
        }
        Ask::Present => {
            member.is_some()
                || number.is_some()
                || request.address(fact).is_some()
                || request.values(fact).next().is_some()
        }
        Ask::AtLeast(least) => number.is_some_and(|number| number >= *least),
        Ask::Below(bound) => number.is_some_and(|number| number < *bound),
        Ask::During(hours) => number
            .and_then(|number| u16::try_from(number).ok())
            .is_some_and(|minute| hours.iter().any(|hours| hours.holds(minute))),
        Ask::Equals(list) => number.is_some_and(|number| list.contains(&number)),
        Ask::In(nets) => request
            .address(fact)
            .is_some_and(|address| nets.iter().any(|net| net.holds(address))),
        Ask::Null => member == Some(&Member::Null),
        Ask::Is(flag) => member == Some(&Member::Flag(*flag)),
        Ask::Nested => member == Some(&Member::Nested),
        Ask::Yes => request.flag(fact),
    }
}

fn matches(pattern: &Pattern, value: &[u8]) -> bool {
    match pattern {
        Pattern::Exact(text) => value == text.as_bytes(),
        Pattern::Prefix(text) => value.starts_with(text.as_bytes()),
        Pattern::Suffix(text) => value.ends_with(text.as_bytes()),
        Pattern::Infix(text) => {
            text.is_empty()
                || value
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
        }
        Pattern::Around(head, tail) => {
            value.len() >= head.len() + tail.len()
                && value.starts_with(head.as_bytes())
                && value.ends_with(tail.as_bytes())
        }
    }
}
