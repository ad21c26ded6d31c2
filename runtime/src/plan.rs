//! What will be tried, in which order and for how long: pure, from the policy and the request.

use std::borrow::Cow;
use std::time::Duration;

use claw_table::policy::{Class, Deadlines, Keys, Leg, Policy, Provider, Retry, Target};
use claw_table::{Can, ClassId, ModelId, RequestedId, policy};
use smallvec::SmallVec;

use crate::limits::Limits;
use crate::request::endpoint::Endpoint;
use crate::request::peek::Peek;
use crate::request::tokens::Size;

/// What a request asks of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// What is asked for.
    pub endpoint: Endpoint,
    /// Capabilities, as bits of [`claw_table::Can`].
    pub can: u16,
    /// Whether the answer is to be a stream.
    pub streaming: bool,
}

impl Needs {
    /// What a body with this in it asks.
    pub fn of(endpoint: Endpoint, peek: &Peek) -> Self {
        Self {
            endpoint,
            can: peek.can,
            streaming: peek.stream && endpoint.streams(),
        }
    }
}

/// How one request is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'p> {
    /// The class that serves it.
    pub class: &'p Class,
    /// What it asks for.
    pub needs: Needs,
    /// The targets that can carry it, in text order.
    pub steps: SmallVec<[Step<'p>; 4]>,
    /// Capabilities that made targets drop out which speak the protocol, as bits of
    /// [`claw_table::Can`].
    pub lacking: u16,
    /// The largest window of the targets that dropped out for nothing but their window.
    pub window_max: Option<u64>,
    /// Whether no provider that `requested from` lists offers the model that is named.
    pub is_unoffered: bool,
    /// From the arrival of the head to the end of the answer.
    pub total: Duration,
}

/// One target with what holds for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'p> {
    /// Its numbers.
    pub target: Target,
    /// Who serves.
    pub provider: &'p Provider,
    /// What serves.
    pub model: &'p policy::Model,
    /// What is asked of it: what the client asks for, or the same in the provider's own protocol.
    pub asked: Endpoint,
    /// How long for what.
    pub waits: Waits,
}

/// Deadlines of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// From the start of connecting to a ready connection.
    pub connect: Duration,
    /// From the first byte written to the first content of a stream, or to the head of a plain
    /// answer, which a model sends only when it has finished.
    pub first_token: Duration,
    /// Between two reads of the body.
    pub idle: Duration,
    /// The whole attempt, from its first byte.
    pub attempt: Duration,
}

impl Step<'_> {
    /// `provider/model`, as the log and the metrics name it.
    pub fn label(&self) -> String {
        [&*self.provider.name, "/", &*self.model.name].concat()
    }
}

impl Plan<'_> {
    /// How it is retried.
    pub fn retry(&self) -> &Retry {
        &self.class.retry
    }

    /// Requests put on the wire at most.
    pub fn attempts_max(&self) -> u32 {
        self.class.retry.attempts
    }
}

/// The plan for a request that ended in `class`; nothing if the table does not know the class,
/// which its verification rules out.
pub fn plan<'p>(
    policy: &'p Policy,
    (class, model): (ClassId, Option<&str>),
    (needs, size): (Needs, &Size<'_>),
    limits: &Limits,
) -> Option<Plan<'p>> {
    let class = policy.classes.get(class.index())?;
    let embeds = match needs.endpoint {
        Endpoint::Embeddings => Can::Embeddings.bit(),
        Endpoint::Chat
        | Endpoint::Responses
        | Endpoint::Messages
        | Endpoint::CountTokens
        | Endpoint::Generate => 0,
    };
    let can = needs.can | embeds;
    let mut plan = Plan {
        class,
        needs,
        steps: SmallVec::new(),
        lacking: 0,
        window_max: None,
        is_unoffered: false,
        total: millis(class.total_ms).unwrap_or(limits.total),
    };
    let fills_window = needs.endpoint.fills_window();
    let targets = targets(policy, class, (model, &mut plan.is_unoffered));
    for target in targets.iter() {
        let provider = policy.providers.get(target.provider.index())?;
        let model = provider.models.get(target.model.index())?;
        let Some(asked) = needs.endpoint.at(provider.api) else {
            continue;
        };
        plan.lacking |= model.lacks(can);
        if !model.carries(can) {
            continue;
        }
        let window = model.context_tokens.filter(|_| fills_window);
        if let Some(window) = window.filter(|window| size.is_above(*window)) {
            plan.window_max = plan.window_max.max(Some(window));
            continue;
        }
        plan.steps.push(Step {
            target: *target,
            provider,
            model,
            asked,
            waits: waits(provider, class, needs, limits),
        });
    }
    if class.keys == Keys::Caller {
        // The compiler has proved that there is no second one; a key is not sent on a proof alone.
        let first = plan.steps.first().map(|step| step.target.provider);
        plan.steps
            .retain(|step| Some(step.target.provider) == first);
    }
    Some(plan)
}

/// The targets of a class in the order in which they are tried; of `requested from` the one that
/// the client names, if it is offered.
fn targets<'p>(
    policy: &Policy,
    class: &'p Class,
    (model, is_unoffered): (Option<&str>, &mut bool),
) -> Cow<'p, [Target]> {
    let asks = |leg: &Leg| matches!(leg, Leg::Requested(_));
    if !class.legs.iter().any(asks) {
        return Cow::Borrowed(&class.targets);
    }
    let mut found: Vec<Target> = Vec::new();
    for leg in &class.legs {
        let reached = match leg {
            Leg::Requested(list) => {
                let named = model.and_then(|name| offered(policy, *list, name));
                *is_unoffered |= named.is_none();
                named.into_iter().collect()
            }
            Leg::Target(target) => vec![*target],
            Leg::Pool(_) => policy.reached(&[*leg]),
        };
        for target in reached {
            if !found.contains(&target) {
                found.push(target);
            }
        }
    }
    *is_unoffered &= found.is_empty();
    Cow::Owned(found)
}

/// The model of this name at the first provider that has it, as [`Policy::offer`] finds it, without
/// making a list of them all.
fn offered(policy: &Policy, list: RequestedId, name: &str) -> Option<Target> {
    let list = policy.requested.get(list.index())?;
    list.providers.iter().find_map(|id| {
        let models = &policy.providers.get(id.index())?.models;
        let place = models.iter().position(|model| model.name == name)?;
        Some(Target {
            provider: *id,
            model: ModelId(u16::try_from(place).ok()?),
        })
    })
}

fn waits(provider: &Provider, class: &Class, needs: Needs, limits: &Limits) -> Waits {
    let (ours, theirs) = (&class.deadlines, &provider.deadlines);
    let smaller = |of: fn(&Deadlines) -> Option<u64>| {
        let written = [of(ours), of(theirs)].into_iter().flatten().min();
        millis(written)
    };
    let total = millis(class.total_ms).unwrap_or(limits.total);
    // A plain answer comes whole, minutes after the request: only a written deadline may end
    // that silence before the request's own total does.
    let silence = if needs.streaming {
        limits.first_token
    } else {
        total
    };
    Waits {
        connect: smaller(|deadlines| deadlines.connect_ms).unwrap_or(limits.connect),
        first_token: smaller(|deadlines| deadlines.first_token_ms).unwrap_or(silence),
        idle: smaller(|deadlines| deadlines.idle_ms).unwrap_or(limits.idle),
        attempt: millis(provider.attempt_ms).unwrap_or(total),
    }
}

fn millis(span: Option<u64>) -> Option<Duration> {
    span.map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::{Needs, Plan};
    use crate::limits::Limits;
    use crate::request::endpoint::Endpoint;
    use crate::request::peek::Peek;
    use crate::request::tokens::Size;
    use claw_table::policy::{
        Causes, Class, Deadlines, Leg, Model, Policy, Provider, Retry, Target,
    };
    use claw_table::{Can, ClassId, ModelId, ProviderId};

    fn provider(name: &str, can: Option<u16>) -> Provider {
        Provider {
            name: name.to_owned(),
            deadlines: Deadlines {
                connect_ms: Some(100),
                first_token_ms: Some(5_000),
                idle_ms: None,
            },
            attempt_ms: Some(30_000),
            models: vec![Model {
                name: "m".to_owned(),
                can,
                ..Model::default()
            }],
            ..Provider::default()
        }
    }

    fn policy() -> Policy {
        let target = |provider| Target {
            provider: ProviderId(provider),
            model: ModelId(0),
        };
        Policy {
            providers: vec![
                provider("blind", Some(Can::Tools.bit())),
                provider("open", None),
            ],
            classes: vec![Class {
                name: "code".to_owned(),
                legs: [target(0), target(1)].map(Leg::Target).to_vec(),
                targets: vec![target(0), target(1)],
                retry: Retry {
                    on: Causes::default(),
                    attempts: 3,
                    backoff_min_ms: 1,
                    backoff_max_ms: 2,
                    honor_retry_after_ms: 3,
                },
                deadlines: Deadlines {
                    connect_ms: Some(500),
                    first_token_ms: Some(1_000),
                    idle_ms: Some(70),
                },
                total_ms: None,
                ..Class::default()
            }],
            ..Policy::default()
        }
    }

    /// The plan for a request without input.
    fn plan<'p>(policy: &'p Policy, needs: Needs, limits: &Limits) -> Plan<'p> {
        let peek = Peek::default();
        let size = Size::of(b"{}", &peek);
        super::plan(policy, (ClassId(0), None), (needs, &size), limits).unwrap()
    }

    fn names(plan: &Plan<'_>) -> Vec<String> {
        let steps = plan.steps.iter();
        steps.map(|step| step.provider.name.clone()).collect()
    }

    #[test]
    fn a_target_known_to_lack_a_capability_is_skipped_and_an_unknown_one_is_not() {
        let policy = policy();
        let needs = |can| Needs {
            endpoint: Endpoint::Chat,
            can,
            streaming: true,
        };
        let of = |can| plan(&policy, needs(can), &Limits::default());
        assert_eq!(names(&of(0)), ["blind", "open"]);
        assert_eq!(names(&of(Can::Tools.bit())), ["blind", "open"]);
        let images = of(Can::Images.bit() | Can::Tools.bit());
        assert_eq!(names(&images), ["open"]);
        assert_eq!(images.lacking, Can::Images.bit());
    }

    #[test]
    fn a_model_that_makes_embeddings_serves_embeddings_alone() {
        let mut policy = policy();
        policy.providers[0].models[0].can = Some(Can::Embeddings.bit());
        policy.providers[1].models[0].can = Some(0);
        let of = |endpoint| {
            let needs = Needs {
                endpoint,
                can: 0,
                streaming: false,
            };
            plan(&policy, needs, &Limits::default())
        };
        assert_eq!(names(&of(Endpoint::Chat)), ["open"]);
        assert_eq!(of(Endpoint::Chat).lacking, 0);
        assert_eq!(names(&of(Endpoint::Embeddings)), ["blind"]);
        assert_eq!(of(Endpoint::Embeddings).lacking, Can::Embeddings.bit());
    }

    #[test]
    fn the_smaller_deadline_of_class_and_provider_holds_and_silence_means_the_limit() {
        let (policy, limits) = (policy(), Limits::default());
        let needs = Needs {
            endpoint: Endpoint::Chat,
            can: 0,
            streaming: true,
        };
        let plan = plan(&policy, needs, &limits);
        let waits = plan.steps[0].waits;
        assert_eq!(waits.connect.as_millis(), 100);
        assert_eq!(waits.first_token.as_millis(), 1_000);
        assert_eq!(waits.idle.as_millis(), 70);
        assert_eq!(waits.attempt.as_millis(), 30_000);
        assert_eq!(plan.total, limits.total);
    }

    #[test]
    fn a_plain_answer_may_be_silent_as_long_as_the_request_unless_the_policy_says_otherwise() {
        let (mut policy, limits) = (policy(), Limits::default());
        let needs = Needs {
            endpoint: Endpoint::Chat,
            can: 0,
            streaming: false,
        };
        let first = |policy: &Policy| {
            let plan = plan(policy, needs, &limits);
            plan.steps[1].waits.first_token
        };
        assert_eq!(first(&policy).as_millis(), 1_000);
        policy.classes[0].deadlines.first_token_ms = None;
        policy.providers[1].deadlines.first_token_ms = None;
        assert_eq!(first(&policy), limits.total);
        policy.classes[0].total_ms = Some(1_200_000);
        assert_eq!(first(&policy).as_millis(), 1_200_000);
        policy.providers[1].attempt_ms = None;
        let whole = plan(&policy, needs, &limits);
        assert_eq!(whole.steps[1].waits.attempt.as_millis(), 1_200_000);
    }
}
