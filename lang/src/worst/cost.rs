//! What one request can cost: the dearest attempt, as often as attempts are made.

use claw_table::policy::{Model, Target};

use super::Carrier;

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
    /// What one of them costs, cached or not, whichever is dearer.
    pub in_pico: u64,
    /// Tokens of output.
    pub out_tokens: u64,
    /// What one of them costs.
    pub out_pico: u64,
    /// All of it together, in pico-dollars.
    pub pico: u128,
}

/// Why an attempt has no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// The model has no `price`.
    Price,
    /// Its price has no `out`.
    OutPrice,
    /// It has no `context`, so nothing bounds what is sent.
    Context,
}

impl Gap {
    /// What is missing, as a policy writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::OutPrice => "price … out",
            Self::Context => "context",
        }
    }
}

pub(super) fn cost(carriers: &[Carrier<'_>], attempts: u32) -> Option<Cost> {
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

/// Input and output share the window; output has a bound of its own besides. The dearer of the two
/// takes all it may, the other what is left.
fn attempt(model: &Model) -> Result<TargetCost, Gap> {
    let price = model.price.ok_or(Gap::Price)?;
    let out_pico = price.out_pico.ok_or(Gap::OutPrice)?;
    let in_pico = price
        .cached_pico
        .map_or(price.in_pico, |cached| cached.max(price.in_pico));
    let (in_tokens, out_tokens) = match (model.context_tokens, model.output_tokens_max) {
        (Some(window), _) if out_pico <= in_pico => (window, 0),
        (Some(window), most) => {
            let out = most.unwrap_or(window).min(window);
            (window.saturating_sub(out), out)
        }
        // What is free needs no bound.
        (None, Some(out)) if in_pico == 0 => (0, out),
        (None, None) if in_pico == 0 && out_pico == 0 => (0, 0),
        (None, _) => return Err(Gap::Context),
    };
    let part = |tokens: u64, pico: u64| u128::from(tokens).saturating_mul(pico.into());
    Ok(TargetCost {
        in_tokens,
        in_pico,
        out_tokens,
        out_pico,
        pico: part(in_tokens, in_pico).saturating_add(part(out_tokens, out_pico)),
    })
}
