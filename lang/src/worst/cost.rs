//! What one request can cost: the dearest attempt, as often as attempts are made.

mod asked;
mod attempt;
mod dearest;

use claw_table::policy::{Charge, Model, Target};

use super::Carrier;

pub(super) use asked::asked_for;
pub(crate) use asked::{asked, asked_at, unknown};

/// The most that a request of a class can be billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// One attempt to each target that can carry the request, in the order of the policy.
    pub targets: Vec<(Target, Result<TargetCost, Gap>)>,
    /// The target whose attempt is dearest; nothing if some attempt is unknown.
    pub dearest: Option<Target>,
    /// Attempts, each of which may be billed: a provider that fails late has worked.
    pub attempts: u32,
    /// The bound in pico-dollars. Unknown is unknown, never zero.
    pub most_pico: Option<u128>,
}

/// The dearest attempt to one target: its window filled so that it costs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetCost {
    /// Tokens of input.
    pub in_tokens: u64,
    /// What one of them is charged as: whichever way is dearest.
    pub in_rate: Dear,
    /// Tokens of output.
    pub out_tokens: u64,
    /// What one of them is charged as.
    pub out_rate: Dear,
    /// What the request itself is charged, in pico-dollars.
    pub call_pico: u64,
    /// The threshold of input above which these rates hold, if it is passed.
    pub above_tokens: Option<u64>,
    /// All of it together, in pico-dollars.
    pub pico: u128,
}

/// A charge and what it is at its dearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dear {
    /// What is charged.
    pub charge: Charge,
    /// How much, in pico-dollars.
    pub pico: u64,
}

/// Why an attempt has no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// The model has no `price`.
    Price,
    /// Its price has no `out`.
    OutPrice,
    /// It takes sound, and its price has no `audio-in`.
    AudioPrice,
    /// It has no `context`, so nothing bounds what is sent.
    Context,
    /// It charges for searches of the web, and nothing bounds how many one request makes.
    Searches,
}

impl Gap {
    /// What is missing, as a policy writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::OutPrice => "price … out",
            Self::AudioPrice => "price … audio-in",
            Self::Context => "context",
            Self::Searches => "bound on `web-search`",
        }
    }

    /// What to write, so that what this model costs is known.
    pub(crate) fn help(self, model: &str) -> String {
        let away = "lead these requests to a class without it";
        match self {
            Self::Price | Self::OutPrice | Self::AudioPrice | Self::Context => {
                let word = self.word();
                format!("add `{word}` to model `{model}`, or {away}; unknown is not zero")
            }
            Self::Searches => format!(
                "write a `price` without `web-search` in model `{model}` if nothing that it is sent can search, or {away}"
            ),
        }
    }

    /// Why there is no bound, in words.
    pub fn why(self) -> &'static str {
        match self {
            Self::Price => "the model says no `price`",
            Self::OutPrice => "the model says no `price … out`",
            Self::AudioPrice => "the model takes sound and says no `price … audio-in`",
            Self::Context => "the model says no `context`",
            Self::Searches => {
                "the model charges for each `web-search`, and nothing bounds how many"
            }
        }
    }
}

pub(super) fn cost(carriers: &[Carrier<'_>], (attempts, without): (u32, u16)) -> Option<Cost> {
    billed(carriers, attempts, |model| attempt::attempt(model, without))
}

/// The same, with what one attempt costs told by the caller.
pub(super) fn billed(
    carriers: &[Carrier<'_>],
    attempts: u32,
    attempt: impl Fn(&Model) -> Result<TargetCost, Gap>,
) -> Option<Cost> {
    let targets: Vec<(Target, Result<TargetCost, Gap>)> = carriers
        .iter()
        .map(|carrier| (carrier.target, attempt(carrier.model)))
        .collect();
    let (first, _) = targets.first()?;
    let mut dearest = Some((*first, 0_u128));
    for (target, cost) in &targets {
        dearest = match (dearest, cost) {
            (Some((_, most)), Ok(cost)) if cost.pico > most => Some((*target, cost.pico)),
            (Some(known), Ok(_)) => Some(known),
            (None, _) | (_, Err(_)) => None,
        };
    }
    // Saturating: a bound that is too large to be written is still not too small.
    let most_pico = dearest.map(|(_, pico)| pico.saturating_mul(attempts.into()));
    Some(Cost {
        dearest: dearest.map(|(target, _)| target),
        targets,
        attempts,
        most_pico,
    })
}
