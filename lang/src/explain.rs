//! Why a request goes where it goes: the table's own walk, told in the policy's words.
//!
//! The walk of the table decides; the slow evaluator is asked the same and must agree, and gives
//! what a table no longer knows: which condition of each earlier arm failed.

mod bounds;
mod class;
mod costed;
mod human;
mod needed;
mod pooled;
mod priced;
mod serving;
mod shown;
mod watched;

use claw_table::policy::{Action, Class, Policy, Retry, Scope};
use claw_table::{ArmId, Can, ClassId, Table, Unclear};
use serde::Serialize;

use crate::codes::Code;
use crate::model::Model;
use crate::near::nearest;
use crate::oracle::{self, Request};
use crate::report::Report;
use crate::span::Span;
use crate::worst::{Asks, tried};

pub use bounds::Bound;
pub(crate) use bounds::{about, bounds, cache, ceiling, limit, notify};
pub use class::{
    AttemptsExplained, ClassExplained, CostExplained, Requested, TargetExplained, TimeExplained,
    TimeTerm, class, class_human,
};
pub(crate) use class::{dollars, name, rate};
pub use human::human;
pub(crate) use human::time;
pub use needed::needed;
pub(crate) use pooled::{pool, pools, shares};
pub use priced::{rates, when};
pub(crate) use serving::{edits, from, leg, providers, secret, serving, state};
pub(crate) use shown::{
    causes, condition, count, guarded, member, on_one_line, request as said, urls, why_not,
};
pub(crate) use watched::watched;

/// What becomes of one request, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// The version of this form.
    pub version: u32,
    /// The digest by which gateway and log name this policy.
    pub policy: String,
    /// The request as the policy sees it.
    pub request: Vec<Said>,
    /// What becomes of it.
    pub decision: Outcome,
    /// The arms it takes, from the root route inwards.
    pub taken: Vec<Taken>,
    /// The arms before these, in order, with what failed.
    pub earlier: Vec<Earlier>,
    /// The facts that the table asked, in order.
    pub asked: Vec<Asked>,
    /// How it is served; nothing if it is refused.
    pub plan: Option<Plan>,
}

/// A fact and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The fact, as a policy writes it.
    pub fact: String,
    /// Its value.
    pub value: String,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Outcome {
    /// It is served.
    Class {
        /// By the rules of this class.
        class: String,
    },
    /// The policy refuses it.
    Deny {
        /// The status of the answer.
        status: u16,
        /// The sentence for the client.
        text: String,
    },
    /// The gateway refuses it before an arm is chosen: it says different things at once.
    Ambiguous {
        /// The status of the answer.
        status: u16,
        /// The fact that has several values.
        fact: String,
    },
}

/// An arm that the request takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Its name in logs.
    pub arm: String,
    /// Where it is written.
    pub place: String,
    /// The arm itself.
    pub text: String,
}

/// An arm that did not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Earlier {
    /// Its name in logs.
    pub arm: String,
    /// Where it is written.
    pub place: String,
    /// The arm itself.
    pub text: String,
    /// The first condition that kept it from matching.
    pub failed: Option<String>,
    /// What the request says there.
    pub value: Option<String>,
}

/// One step of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The fact, as a policy writes it.
    pub fact: String,
    /// Its value.
    pub value: String,
    /// The atom the value falls into, and how many there are.
    pub atom: u16,
    /// How many atoms the fact has in this policy.
    pub atoms: u32,
}

/// How a request is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Where it may go, in order.
    pub targets: Vec<TargetPlan>,
    /// Requests put on the wire for it, at most.
    pub attempts: u32,
    /// Failures that move on.
    pub moves_on: Vec<String>,
    /// The wait before a new round, in milliseconds: shortest and longest.
    pub backoff_ms: (u64, u64),
    /// The longest `retry-after` that is waited for, in milliseconds.
    pub honor_retry_after_ms: u64,
    /// From the arrival of the head to the end of the answer, in milliseconds.
    pub total_ms: Option<u64>,
    /// What its attempts may be billed; nothing if no target can carry it, or for a count of tokens.
    pub cost: Option<CostExplained>,
    /// What the cost takes for granted.
    pub assumes: Vec<&'static str>,
    /// What bounds it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<Bound>,
}

/// One target, with the deadlines that hold there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetPlan {
    /// `provider/model`
    pub target: String,
    /// The addresses of the provider.
    pub url: String,
    /// The model's name on the wire.
    pub wire: String,
    /// What the request uses and the model cannot do; if there is any, the target is passed over.
    pub lacks: Vec<&'static str>,
    /// The tokens that it holds, where the request's input is longer; then it is passed over too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub too_small: Option<u64>,
    /// The smaller of the provider's and the class's, in milliseconds; nothing where neither says.
    pub connect_ms: Option<u64>,
    /// As above.
    pub first_token_ms: Option<u64>,
    /// As above.
    pub idle_ms: Option<u64>,
    /// Bounds one attempt, in milliseconds.
    pub attempt_ms: Option<u64>,
}

/// The compiler contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// Table and evaluator disagree.
    #[error(
        "internal: the table sends this request to {table}, the slow evaluator to {oracle}: \
         report this policy and this request as a bug in clawc"
    )]
    Decision {
        /// Where the table sends it.
        table: String,
        /// Where the evaluator sends it.
        oracle: String,
    },
    /// The walk did not end in an arm.
    #[error("internal: the walk of the table does not end: report this policy as a bug in clawc")]
    Broken,
}

/// A policy in the two forms that are compared, with the texts it was made from.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// As it was checked.
    pub model: &'a Model,
    /// As it was compiled.
    pub table: &'a Table,
    /// Its texts.
    pub report: &'a Report,
}

/// Tells what becomes of a request.
///
/// # Errors
/// Table and evaluator disagree, which is a fault of the compiler.
pub fn explain(policy: Compared<'_>, request: &Request) -> Result<Explained, Contradiction> {
    let trace = policy.table.trace(request);
    let decision = oracle::decide(policy.model, request);
    let outcome = match trace.end {
        Ok(arm) if decision.arm() == Some(arm) => policy.outcome(arm),
        Ok(arm) => {
            let name =
                |arm: Option<ArmId>| arm.map_or("no arm".to_owned(), |arm| policy.label(arm));
            let (table, oracle) = (name(Some(arm)), name(decision.arm()));
            return Err(Contradiction::Decision { table, oracle });
        }
        Err(Unclear::Ambiguous { fact }) => Some(Outcome::Ambiguous {
            status: 400,
            fact: shown::fact(fact),
        }),
        Err(Unclear::Broken) => None,
    };
    let decision_is = outcome.ok_or(Contradiction::Broken)?;
    let is_decided = trace.end.is_ok();
    let asked = trace.steps.iter().map(|step| Asked {
        fact: shown::fact(step.fact),
        value: shown::value(step.fact, request),
        atom: step.atom.0,
        atoms: policy
            .table
            .fields()
            .get(step.field.index())
            .map_or(0, claw_table::Field::atoms),
    });
    let earlier = decision
        .passed
        .iter()
        .map(|passed| policy.earlier(passed, request));
    let taken = decision.taken.iter().map(|arm| policy.taken(*arm));
    Ok(Explained {
        version: 1,
        policy: hex(&policy.table.about().behaviour),
        request: shown::request(request),
        plan: trace.end.ok().and_then(|arm| policy.plan(arm, request)),
        decision: decision_is,
        taken: taken.filter(|_| is_decided).collect(),
        earlier: earlier.filter(|_| is_decided).collect(),
        asked: asked.collect(),
    })
}

impl Compared<'_> {
    fn policy(&self) -> &Policy {
        self.table.policy()
    }

    fn label(&self, arm: ArmId) -> String {
        self.policy()
            .arms
            .get(arm.index())
            .map_or_else(String::new, |arm| arm.label.clone())
    }

    fn place(&self, arm: ArmId) -> String {
        self.table
            .place(arm)
            .map_or_else(String::new, ToString::to_string)
    }

    fn outcome(&self, arm: ArmId) -> Option<Outcome> {
        Some(match self.policy().arms.get(arm.index())?.to {
            Action::Class(id) => {
                let class = self.policy().classes.get(id.index())?.name.clone();
                Outcome::Class { class }
            }
            Action::Deny(id) => {
                let deny = self.policy().denies.get(id.index())?;
                Outcome::Deny {
                    status: deny.status,
                    text: deny.text.clone(),
                }
            }
            Action::Route => return None,
        })
    }

    fn span(&self, arm: ArmId) -> Option<Span> {
        let mut arms = self.model.arms();
        arms.find(|known| known.id == arm).map(|arm| arm.span)
    }

    /// The arm on one line, however it was laid out.
    fn text(&self, arm: ArmId) -> String {
        on_one_line(self.span(arm).map_or("", |span| self.report.text(span)))
    }

    fn taken(&self, arm: ArmId) -> Taken {
        Taken {
            arm: self.label(arm),
            place: self.place(arm),
            text: self.text(arm),
        }
    }

    fn earlier(&self, passed: &oracle::Passed<'_>, request: &Request) -> Earlier {
        let Taken { arm, place, text } = self.taken(passed.arm);
        Earlier {
            arm,
            place,
            text,
            failed: passed.failed.map(|failed| shown::test(&failed)),
            value: passed
                .failed
                .map(|failed| shown::value(failed.fact, request)),
        }
    }

    fn plan(&self, arm: ArmId, request: &Request) -> Option<Plan> {
        let Action::Class(id) = self.policy().arms.get(arm.index())?.to else {
            return None;
        };
        let class = self.policy().classes.get(id.index())?;
        let Retry {
            on,
            attempts,
            backoff_min_ms,
            backoff_max_ms,
            honor_retry_after_ms,
        } = &class.retry;
        Some(Plan {
            targets: self.targets(class, request),
            attempts: *attempts,
            moves_on: causes(on),
            backoff_ms: (*backoff_min_ms, *backoff_max_ms),
            honor_retry_after_ms: *honor_retry_after_ms,
            total_ms: class.total_ms,
            cost: self.cost(class, request),
            assumes: costed::ASSUMES.to_vec(),
            bounds: self.bounds(id, request),
        })
    }

    /// The rules that bound this request.
    fn bounds(&self, class: ClassId, request: &Request) -> Vec<Bound> {
        let mut met = Vec::new();
        // What cannot be told of the request is told of no guard.
        let _ = self.table.guards(request, |guard| met.push(guard));
        let all = bounds::scoped(self.model, &|span| on_one_line(self.report.text(span)));
        let cached = self.policy().classes.get(class.index());
        let cached = cached.and_then(|own| self.policy().caches.get(own.cache?.index()));
        let cached = cached.map(|cache| format!("cache {}", cache.name));
        let own = all.into_iter().filter(|(bound, scope)| {
            let is_met = match scope {
                Scope::All => true,
                Scope::When(guard) => met.contains(guard),
                Scope::Class(own) => *own == class,
                Scope::Client(client) => {
                    let client = self.policy().clients.get(client.index());
                    client.is_some_and(|client| request.client.as_ref() == Some(&client.name))
                }
            };
            let is_cache = bound.rule.starts_with("cache ");
            is_met && (!is_cache || cached.as_ref() == Some(&bound.rule))
        });
        own.map(|(bound, _)| bound).collect()
    }

    fn targets(&self, class: &Class, request: &Request) -> Vec<TargetPlan> {
        let mut found = Vec::new();
        for target in tried(self.policy(), class, request.model.as_deref()) {
            let Some(provider) = self.policy().providers.get(target.provider.index()) else {
                continue;
            };
            let Some(model) = provider.models.get(target.model.index()) else {
                continue;
            };
            let (ours, theirs) = (&class.deadlines, &provider.deadlines);
            let lacking = model.lacks(request.has);
            let asks = request.endpoint.as_deref().and_then(Asks::of);
            let fits = asks.is_none_or(|asks| asks.fits(model, request.tokens));
            let lacks = Can::ALL.into_iter().filter(|can| lacking & can.bit() != 0);
            found.push(TargetPlan {
                target: format!("{}/{}", provider.name, model.name),
                url: urls(provider),
                wire: model.wire.clone(),
                lacks: lacks.map(Can::word).collect(),
                too_small: model.context_tokens.filter(|_| !fits),
                connect_ms: smaller(ours.connect_ms, theirs.connect_ms),
                first_token_ms: smaller(ours.first_token_ms, theirs.first_token_ms),
                idle_ms: smaller(ours.idle_ms, theirs.idle_ms),
                attempt_ms: provider.attempt_ms,
            });
        }
        found
    }
}

fn smaller(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

/// Bytes as people compare them.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a text cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The code that a reader probably meant: one that differs by a sign, or lacks its letter or zeros.
pub fn nearest_code(id: &str) -> Option<Code> {
    let digits = id.trim_start_matches(|c: char| !c.is_ascii_digit());
    let whole = format!("C{digits:0>4}");
    let near = || nearest(&whole, Code::ALL.iter().map(|code| code.id())).and_then(Code::named);
    if digits.is_empty() {
        None
    } else {
        Code::named(&whole).or_else(near)
    }
}
