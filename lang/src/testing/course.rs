//! What becomes of one request while some targets fail: attempt by attempt, on a clock of its own.
//!
//! ```text
//! round 1: a key 1 ─429→ a key 2 ─503→ b ─connect┐   moving on never waits; only what is listed does
//!          ┌────────── backoff or retry-after ───┘   never the same key and target twice in a round
//! round 2: a key 1 ═ answer ═                        bounded by `attempts` and by `total`
//! ```

mod ceilings;
mod rounds;
mod said;

use claw_table::policy::{
    Action, AfterCut, Api, Class, Commit, Deadlines, Keys, Policy, Provider, Target,
};
use claw_table::{ArmId, Can, ClassId, GuardId};

use super::failure::Watched;
use super::listed;
use crate::model::{Model, Test};
use crate::oracle::Request;
use crate::worst::{Asks, Gap, silent};
use ceilings::Money;

/// The course of one request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Course {
    /// The arm in which it ends, by its name in the log.
    pub arm: String,
    /// Its class, if the policy does not refuse it.
    pub class: Option<ClassId>,
    /// The status of the policy's refusal.
    pub denied: Option<u16>,
    /// The sentence of the policy's refusal.
    pub sentence: String,
    /// The ceiling that moved it or refused it last.
    pub because: Option<String>,
    /// The targets that could carry it, were their windows not too small for its input.
    pub too_small: Vec<Target>,
    /// Every turn of a target, in order, as the log lists them.
    pub tried: Vec<Turn>,
    /// Who answers.
    pub served: Option<Target>,
    /// The status that the client sees where nobody answers; nothing if it has seen a beginning.
    pub failed: Option<u16>,
    /// From the arrival of the request to the beginning of its answer, in milliseconds.
    pub took_ms: u64,
    /// What it may be billed, in pico-dollars.
    pub billed: Billed,
}

/// One turn of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Whose.
    pub target: Target,
    /// Which of its provider's keys, from 0.
    pub key: usize,
    /// Which of its provider's addresses, from 0.
    pub url: usize,
    /// How it ended.
    pub end: End,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With the answer.
    Served,
    /// Before anything was put on the wire, for this reason in the words of the log.
    Unsent(String),
    /// After that.
    Failed(String),
}

impl Turn {
    /// Whether a request was put on the wire.
    pub fn is_sent(&self) -> bool {
        !matches!(self.end, End::Unsent(_))
    }
}

/// What a course may be billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billed {
    /// So much at most.
    AtMost(u128),
    /// Nobody knows: the model of this target does not say.
    Unknown(Target, Gap),
}

impl Default for Billed {
    fn default() -> Self {
        Self::AtMost(0)
    }
}

/// Deadlines of one attempt, in milliseconds.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "the unit stands in the name")]
pub(super) struct Waits {
    /// To the first content of a stream, or to the head of a whole answer.
    pub first_token_ms: u64,
    /// The whole attempt.
    pub attempt_ms: u64,
    /// To the failure of which a test says that it is a timeout. A whole answer is given as long as
    /// the request itself where nothing says otherwise; a test that speaks of a timeout does not
    /// mean that.
    pub timeout_ms: u64,
}

impl Waits {
    /// How long an answer may take to begin.
    pub(super) fn begin_ms(self) -> u64 {
        self.first_token_ms.min(self.attempt_ms)
    }
}

/// The course of a request that ends in an arm, and meets these conditions beside the routes.
pub(super) fn of(
    model: &Model,
    (arm, request): (ArmId, &Request),
    (test, met): (&Test, &[GuardId]),
) -> Course {
    let policy = &model.policy;
    let mut course = Course::default();
    let Some(arm) = policy.arms.get(arm.index()) else {
        return course;
    };
    course.arm.clone_from(&arm.label);
    match arm.to {
        Action::Class(id) => {
            let money = Money {
                model,
                request,
                test,
                met,
            };
            serve(&mut course, money, id);
        }
        Action::Deny(id) => {
            if let Some(deny) = policy.denies.get(id.index()) {
                course.denied = Some(deny.status);
                course.sentence.clone_from(&deny.text);
            }
        }
        Action::Route => {}
    }
    course
}

/// The answer to a request that brings no key of its own, where its class takes no other.
const NO_KEY_STATUS: u16 = 401;

/// The course of a request of a class: past the ceilings, then from target to target.
fn serve(course: &mut Course, money: Money<'_>, class: ClassId) {
    let Money {
        model,
        request,
        test,
        ..
    } = money;
    let stops = |id| stops(model, id, (request, test));
    let admitted = money.admit(class, stops);
    let ceilings = &model.policy.ceilings;
    let because = admitted.because.and_then(|at| ceilings.get(at));
    course.because = because.map(|ceiling| ceiling.name.clone());
    let id = match admitted.to {
        Ok(id) => id,
        Err(status) => {
            course.denied = Some(status);
            "it is used up".clone_into(&mut course.sentence);
            return;
        }
    };
    course.class = Some(id);
    let Some(class) = model.policy.classes.get(id.index()) else {
        return;
    };
    if class.keys == Keys::Caller && !request.caller_key {
        course.failed = Some(NO_KEY_STATUS);
        return;
    }
    let carriers = carriers(model, id, (request, test));
    let too_small = carriers.iter().filter(|stop| !stop.holds(request));
    course.too_small = too_small.map(|stop| stop.target).collect();
    // What does not fit is passed over, as what cannot carry the request is.
    let mut stops = stops(id);
    stops.retain(|stop| money.blocking(id, stop).is_none());
    rounds::run(course, (class, &stops), (request, test));
}

/// The targets of a class that can carry a request, in the order in which it tries them.
fn stops<'m>(model: &'m Model, id: ClassId, (request, test): (&Request, &Test)) -> Vec<Stop<'m>> {
    let mut stops = carriers(model, id, (request, test));
    stops.retain(|stop| stop.holds(request));
    stops
}

/// The same, however long the request's input is.
fn carriers<'m>(
    model: &'m Model,
    id: ClassId,
    (request, test): (&Request, &Test),
) -> Vec<Stop<'m>> {
    let policy = &model.policy;
    let Some(class) = policy.classes.get(id.index()) else {
        return Vec::new();
    };
    let shown = Shown::of(class, request);
    let targets = listed::listed(policy, &class.legs, (request, test.draw));
    targets
        .into_iter()
        .filter_map(|target| stop(policy, (class, target), (request, shown)))
        .collect()
}

/// When an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// As soon as it has content.
    Early,
    /// The same, and another target goes on with a text that breaks off.
    Continued,
    /// Not before it is whole.
    Whole,
}

impl Shown {
    fn of(class: &Class, request: &Request) -> Self {
        let is_shaped = request.has & (Can::Json.bit() | Can::JsonSchema.bit()) != 0;
        let is_text = matches!(request.endpoint.as_deref(), Some("chat" | "messages"));
        match (class.commit, class.after_cut) {
            (Commit::Whole, _) => Self::Whole,
            (Commit::FirstContent, AfterCut::Continue) if is_text && !is_shaped => Self::Continued,
            (Commit::FirstContent, _) => Self::Early,
        }
    }
}

/// A target that can carry the request, and what holds for it.
#[derive(Debug, Clone, Copy)]
struct Stop<'p> {
    target: Target,
    provider: &'p Provider,
    model: &'p claw_table::policy::Model,
    watched: Watched,
    shown: Shown,
}

impl Stop<'_> {
    /// Whether its window is large enough.
    fn holds(&self, request: &Request) -> bool {
        let asks = request.endpoint.as_deref().and_then(Asks::of);
        asks.is_none_or(|asks| asks.fits(self.model, request.tokens))
    }

    /// Whether it goes on with a text that another target has begun.
    fn goes_on(&self) -> bool {
        let can = self.model.can.unwrap_or(0);
        self.shown == Shown::Continued && can & Can::Continue.bit() != 0
    }
}

/// A target with what holds for it; nothing if it cannot carry the request.
fn stop<'p>(
    policy: &'p Policy,
    (class, target): (&Class, Target),
    (request, shown): (&Request, Shown),
) -> Option<Stop<'p>> {
    let provider = policy.providers.get(target.provider.index())?;
    let model = provider.models.get(target.model.index())?;
    let endpoint = request.endpoint.as_deref().unwrap_or_default();
    let embeds = match endpoint {
        "embeddings" => Can::Embeddings.bit(),
        _ => 0,
    };
    let asked = asked(provider.api, endpoint)?;
    if !model.carries(request.has | embeds) {
        return None;
    }
    let streams = request.streaming && !matches!(endpoint, "embeddings" | "count-tokens");
    let opening = streams && shown != Shown::Whole;
    Some(Stop {
        target,
        provider,
        model,
        watched: Watched {
            waits: waits(
                class,
                provider,
                if streams { Kind::Stream } else { Kind::Plain },
            ),
            opening: opening.then(|| opening_events(asked)),
        },
        shown,
    })
}

/// What a provider of this protocol is asked for: the same, or the same in its own words; nothing
/// where there are none.
fn asked(api: Api, endpoint: &str) -> Option<&str> {
    let own = match endpoint {
        "messages" | "count-tokens" => Api::Anthropic,
        _ => Api::OpenAi,
    };
    match (endpoint, api) {
        _ if own == api => Some(endpoint),
        ("chat", Api::Anthropic) => Some("messages"),
        ("messages", Api::OpenAi) => Some("chat"),
        ("chat" | "messages", Api::Gemini) => Some("generate"),
        _ => None,
    }
}

/// The events of a provider's stream up to its first content, that one included.
fn opening_events(asked: &str) -> u64 {
    match asked {
        // Every chunk has a candidate, and every candidate content.
        "generate" => 1,
        // `message_start`, `content_block_start`, `ping`, the first delta.
        "messages" => 4,
        // `response.created`, `.in_progress`, `.output_item.added`, `.content_part.added`, a delta.
        "responses" => 5,
        // The chunk with the role, then one with words.
        _ => 2,
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Stream,
    Plain,
}

fn waits(class: &Class, provider: &Provider, kind: Kind) -> Waits {
    let smaller = |of: fn(&Deadlines) -> Option<u64>| {
        let both = [of(&class.deadlines), of(&provider.deadlines)];
        both.into_iter().flatten().min()
    };
    let total_ms = class.total_ms.unwrap_or(silent::TOTAL_MS);
    let silence = match kind {
        Kind::Stream => silent::FIRST_TOKEN_MS,
        Kind::Plain => total_ms,
    };
    let written = smaller(|deadlines| deadlines.first_token_ms);
    let attempt_ms = provider.attempt_ms.unwrap_or(total_ms);
    Waits {
        first_token_ms: written.unwrap_or(silence),
        attempt_ms,
        timeout_ms: written.unwrap_or(silent::FIRST_TOKEN_MS).min(attempt_ms),
    }
}
