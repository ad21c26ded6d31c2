//! The worst case of a class, told term by term.

mod human;

use std::fmt::Write as _;

use claw_table::ClassId;
use claw_table::policy::{Class, Leg, Policy, Target};
use serde::Serialize;

use super::bounds::{Bound, of_class};
use super::human::time;
use super::serving::providers;
use super::shown::count;
use crate::model::Model;
use crate::near::nearest;
use crate::worst::{Attempts, Cost, Dear, TargetCost, Time, Worst, of_class as of_worst};

pub use human::class_human;
pub(super) use human::dollars_section;

/// The worst case of one request of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassExplained {
    /// The version of this form.
    pub version: u32,
    /// The class.
    pub class: String,
    /// Requests on the wire.
    pub attempts: AttemptsExplained,
    /// How long a stream takes, whose failures are replaced until its first content.
    pub stream: TimeExplained,
    /// How long a plain answer takes, whose failures are replaced until its end.
    pub plain: TimeExplained,
    /// What may be billed.
    pub cost: CostExplained,
    /// Where a request is tried at the one model that it names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requested: Vec<Requested>,
    /// What may bound it besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bounds: Vec<Bound>,
    /// What the figures take for granted.
    pub assumes: Vec<&'static str>,
}

/// Requests on the wire, at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptsExplained {
    /// The bound.
    pub most: u32,
    /// Rounds through the targets, at most.
    pub rounds: u32,
    /// Where the bound comes from.
    pub because: String,
}

/// A time and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimeExplained {
    /// The bound: the smaller of the next two.
    pub most_ms: u64,
    /// All terms together.
    pub sum_ms: u64,
    /// What ends every request of the class.
    pub total_ms: u64,
    /// The terms.
    pub terms: Vec<TimeTerm>,
}

/// One part of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimeTerm {
    /// Its name.
    pub term: &'static str,
    /// What it adds.
    pub ms: u64,
    /// How it is reckoned.
    pub is: String,
    /// What it stands for.
    pub because: String,
}

/// A cost and what it is made of. Dollars are exact decimals, and texts, since binary fractions
/// cannot hold them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CostExplained {
    /// The bound; nothing where some attempt is unknown, which is not zero.
    pub most_usd: Option<String>,
    /// Attempts, each of which may be billed.
    pub attempts: u32,
    /// The target of the dearest attempt.
    pub dearest: Option<String>,
    /// One attempt to each target.
    pub targets: Vec<TargetExplained>,
}

/// What one attempt can cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetExplained {
    /// `provider/model`
    pub target: String,
    /// The cost of the dearest attempt.
    pub usd: Option<String>,
    /// How it is reckoned.
    pub is: String,
    /// What the model does not say, where the cost is unknown.
    pub lacks: Option<&'static str>,
}

/// `requested from P, Q`: one request is tried at one of so many models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Requested {
    /// The providers, in the order in which the model is looked for.
    pub from: Vec<String>,
    /// How many models they offer, each counted at the first provider that has it.
    pub models: usize,
}

impl Requested {
    fn of(policy: &Policy, class: &Class) -> Vec<Self> {
        let lists = class.legs.iter().filter_map(|leg| match leg {
            Leg::Requested(list) => Some(*list),
            Leg::Target(_) | Leg::Pool(_) => None,
        });
        let one = |list| Self {
            from: providers(policy, list).map(str::to_owned).collect(),
            models: policy.offered_by(list).count(),
        };
        lists.map(one).collect()
    }
}

const ASSUMES: [&str; 4] = [
    "every attempt is billed in full, also one that failed",
    "the window of the model is full; the request's own output limit is not counted on",
    "tier, day and hour are the dearest that the prices name",
    "one answer is asked for (`n` is 1), at the prices that the policy states",
];

/// Tells the worst case of the class with this name.
///
/// # Errors
/// No class has the name; the nearest that exists, if one is near.
pub fn class<'m>(model: &'m Model, name: &str) -> Result<ClassExplained, Option<&'m str>> {
    let policy = &model.policy;
    let known = || policy.classes.iter();
    let at = known().position(|class| class.name == name);
    let near = || nearest(name, known().map(|class| class.name.as_str()));
    let (at, class) = at
        .and_then(|at| Some((at, policy.classes.get(at)?)))
        .ok_or_else(near)?;
    // A class has a primary, which can carry a request that needs nothing.
    let (stream, plain) = of_worst(policy, class).ok_or(None)?;
    Ok(ClassExplained {
        version: 1,
        class: class.name.clone(),
        attempts: attempts(class, plain.attempts),
        stream: TimeExplained::of(policy, class, &stream),
        plain: TimeExplained::of(policy, class, &plain),
        cost: CostExplained::of(policy, &plain.cost),
        requested: Requested::of(policy, class),
        bounds: of_class(model, ClassId(u16::try_from(at).unwrap_or(u16::MAX))),
        assumes: ASSUMES.to_vec(),
    })
}

fn attempts(class: &Class, attempts: Attempts) -> AttemptsExplained {
    let asked = class.retry.attempts;
    let because = match (attempts.sent_moves_on, asked) {
        (true, 1) => "`attempts 1`: what failed is the answer".to_owned(),
        (true, _) => format!("`attempts {asked}`: all targets and rounds together"),
        (false, _) => "the retry lists no cause that follows a request on the wire".to_owned(),
    };
    AttemptsExplained {
        most: attempts.most,
        rounds: attempts.rounds,
        because,
    }
}

impl TimeExplained {
    fn of(policy: &Policy, class: &Class, worst: &Worst) -> Self {
        let it = &worst.time;
        Self {
            most_ms: it.most_ms,
            sum_ms: it.sum_ms,
            total_ms: it.total_ms,
            terms: terms(policy, class, it),
        }
    }
}

fn terms(policy: &Policy, class: &Class, it: &Time) -> Vec<TimeTerm> {
    let times = |count: u32, what: String| match count {
        1 => what,
        _ => format!("{count} x {what}"),
    };
    let mut terms = Vec::new();
    if it.connects_rounds > 0 {
        terms.push(TimeTerm {
            term: "connects",
            ms: it.connects_ms.saturating_mul(it.connects_rounds.into()),
            is: times(it.connects_rounds, time(it.connects_ms)),
            because: "no target is reached, in every round but the last".to_owned(),
        });
    }
    if !it.waits_ms.is_empty() {
        let honoured = time(class.retry.honor_retry_after_ms);
        let high = time(class.retry.backoff_max_ms);
        terms.push(TimeTerm {
            term: "waits",
            ms: it.waits_ms.iter().copied().fold(0, u64::saturating_add),
            is: runs(&it.waits_ms),
            because: format!(
                "before a new round: backoff up to {high}, `retry-after` up to {honoured}"
            ),
        });
    }
    if it.fails > 0 {
        let each = it.fail.connect_ms.saturating_add(it.fail.ms);
        let shown = match it.fail.connect_ms {
            0 => time(it.fail.ms),
            connect => format!("({} + {})", time(connect), time(it.fail.ms)),
        };
        terms.push(TimeTerm {
            term: "failures",
            ms: each.saturating_mul(it.fails.into()),
            is: times(it.fails, shown),
            because: format!("{} fails as late as it may", name(policy, it.fail.target)),
        });
    }
    terms.push(TimeTerm {
        term: "last",
        ms: it.last.connects_ms.saturating_add(it.last.ms),
        is: format!("{} + {}", time(it.last.connects_ms), time(it.last.ms)),
        because: format!(
            "connects of the last round, then {} takes all its time",
            name(policy, it.last.target)
        ),
    });
    terms
}

/// `400ms + 800ms + 3 x 5s`
fn runs(waits: &[u64]) -> String {
    let parts: Vec<String> = waits
        .chunk_by(|a, b| a == b)
        .map(|same| match same {
            [one] => time(*one),
            [first, ..] => format!("{} x {}", same.len(), time(*first)),
            [] => String::new(),
        })
        .collect();
    parts.join(" + ")
}

impl CostExplained {
    pub(super) fn of(policy: &Policy, cost: &Cost) -> Self {
        let targets = cost.targets.iter().map(|(target, cost)| {
            let target = name(policy, *target);
            match cost {
                Ok(cost) => TargetExplained {
                    target,
                    usd: Some(decimal(cost.pico)),
                    is: filled(cost),
                    lacks: None,
                },
                Err(gap) => TargetExplained {
                    target,
                    usd: None,
                    is: format!("unknown: {}", gap.why()),
                    lacks: Some(gap.word()),
                },
            }
        });
        Self {
            most_usd: cost.most_pico.map(decimal),
            attempts: cost.attempts,
            dearest: cost.dearest.map(|target| name(policy, target)),
            targets: targets.collect(),
        }
    }
}

/// `272k in x $5/M + 128k out x $30/M`, with what else is charged.
fn filled(cost: &TargetCost) -> String {
    let part = |tokens: u64, dear: Dear| {
        let (tokens, word) = (count(tokens), dear.charge.word());
        format!("{tokens} {word} x {}", rate(dear.pico))
    };
    let mut out = format!(
        "{} + {}",
        part(cost.in_tokens, cost.in_rate),
        part(cost.out_tokens, cost.out_rate)
    );
    if cost.call_pico > 0 {
        // Writing to a text cannot fail.
        let _ = write!(out, " + {} call", dollars(cost.call_pico.into()));
    }
    if let Some(tokens) = cost.above_tokens {
        let _ = write!(out, ", above {}", count(tokens));
    }
    out
}

/// The name of a target, as a policy writes it.
pub(crate) fn name(policy: &Policy, target: Target) -> String {
    let provider = policy.providers.get(target.provider.index());
    let model = provider.and_then(|provider| provider.models.get(target.model.index()));
    match (provider, model) {
        (Some(provider), Some(model)) => format!("{}/{}", provider.name, model.name),
        _ => String::new(),
    }
}

/// Pico-dollars as `$3` or `$0.0125`, exact.
pub(crate) fn dollars(pico: u128) -> String {
    format!("${}", decimal(pico))
}

const PICO: u128 = 1_000_000_000_000;

fn decimal(pico: u128) -> String {
    let (whole, part) = (pico / PICO, pico % PICO);
    if part == 0 {
        return whole.to_string();
    }
    let mut part = format!("{part:012}");
    let end = part.trim_end_matches('0').len().max(2);
    part.truncate(end);
    format!("{whole}.{part}")
}

/// A price per token, as the language writes it.
pub(crate) fn rate(pico: u64) -> String {
    format!("{}/M", dollars(u128::from(pico).saturating_mul(1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::{dollars, rate, runs};
    use crate::explain::shown::count;

    #[test]
    fn money_is_written_exactly_and_without_idle_zeros() {
        assert_eq!(dollars(0), "$0");
        assert_eq!(dollars(3_000_000_000_000), "$3");
        assert_eq!(dollars(500_000_000_000), "$0.50");
        assert_eq!(dollars(1), "$0.000000000001");
        assert_eq!(
            dollars(u128::MAX),
            "$340282366920938463463374607.431768211455"
        );
        assert_eq!(rate(1_250_000), "$1.25/M");
        assert_eq!(rate(0), "$0/M");
    }

    #[test]
    fn counts_and_waits_are_written_as_in_a_policy() {
        assert_eq!(count(1_050_000), "1050k");
        assert_eq!(count(2_000_000), "2M");
        assert_eq!(count(8_192), "8192");
        assert_eq!(runs(&[400, 800, 5_000, 5_000]), "400ms + 800ms + 2 x 5s");
    }
}
