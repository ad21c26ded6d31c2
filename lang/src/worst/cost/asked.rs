//! What one attempt of a known size costs at most.

use claw_table::policy::Model;

use super::attempt::spans;
use super::dearest::rated;
use super::{Gap, TargetCost};

/// What one attempt with so many tokens of input can be billed, in pico-dollars: at the dearest rates
/// that it can trigger, with as much output as it may ask for.
///
/// # Errors
/// What the model does not say and the bound needs.
pub(crate) fn asked(
    model: &Model,
    in_tokens: Option<u64>,
    out_tokens_max: Option<u64>,
) -> Result<u128, Gap> {
    asked_at(model, (in_tokens, out_tokens_max), None)
}

/// The same in a known minute since 1970: at its hour, on its day, and in the dearest tier.
///
/// # Errors
/// What the model does not say and the bound needs.
pub(crate) fn asked_at(
    model: &Model,
    tokens: (Option<u64>, Option<u64>),
    minute: Option<i64>,
) -> Result<u128, Gap> {
    asked_for(model, tokens, (minute, 0)).map(|cost| cost.pico)
}

/// What keeps the cost of a request of this size from being known that does not use these
/// capabilities.
pub(crate) fn unknown(model: &Model, tokens: (u64, u64), without: u16) -> Option<Gap> {
    let tokens = (Some(tokens.0), Some(tokens.1));
    asked_for(model, tokens, (None, without)).err()
}

/// The same with its terms.
pub(in crate::worst) fn asked_for(
    model: &Model,
    (in_tokens, out_tokens_max): (Option<u64>, Option<u64>),
    (minute, without): (Option<i64>, u16),
) -> Result<TargetCost, Gap> {
    if model.prices.is_empty() {
        return Err(Gap::Price);
    }
    let input = in_tokens.ok_or(Gap::Context)?;
    let room = model.context_tokens.map(|all| all.saturating_sub(input));
    let output = [out_tokens_max, model.output_tokens_max, room];
    let output = output.into_iter().flatten().min();
    let mut most: Option<TargetCost> = None;
    for (above_tokens, end) in spans(model) {
        // What lies on a threshold belongs to both sides.
        let is_in =
            above_tokens.is_none_or(|low| input >= low) && end.is_none_or(|end| input <= end);
        if !is_in {
            continue;
        }
        for rated in rated(model, above_tokens, (minute, without))? {
            let output = match output {
                Some(output) => output,
                None if rated.out_rate.pico == 0 => 0,
                None => return Err(Gap::Context),
            };
            let part = |tokens: u64, pico: u64| u128::from(tokens).saturating_mul(pico.into());
            let pico = part(input, rated.in_rate.pico)
                .saturating_add(part(output, rated.out_rate.pico))
                .saturating_add(rated.call_pico.into());
            if most.is_none_or(|most| pico > most.pico) {
                most = Some(TargetCost {
                    in_tokens: input,
                    in_rate: rated.in_rate,
                    out_tokens: output,
                    out_rate: rated.out_rate,
                    call_pico: rated.call_pico,
                    above_tokens,
                    pico,
                });
            }
        }
    }
    // The spans lie side by side from nothing to everything.
    most.ok_or(Gap::Price)
}
