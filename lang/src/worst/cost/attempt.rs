//! One attempt at its dearest: how its window is filled.
//!
//! ```text
//! cost(i) = i x P + min(max-output, window - i) x Q        between two thresholds, P and Q fixed
//!           rises or falls evenly, with one bend where output begins to lack room
//! ```

use claw_table::policy::Model;

use super::dearest::{Rated, rated};
use super::{Gap, TargetCost};

pub(super) fn attempt(model: &Model, without: u16) -> Result<TargetCost, Gap> {
    if model.prices.is_empty() {
        return Err(Gap::Price);
    }
    let mut most: Option<TargetCost> = None;
    for (above_tokens, end) in spans(model) {
        for rated in rated(model, above_tokens, (None, without))? {
            let found = dearest_of(model, (above_tokens, end), rated)?;
            most = match (most, found) {
                (Some(most), Some(found)) if found.pico <= most.pico => Some(most),
                (most, found) => found.or(most),
            };
        }
    }
    most.ok_or(Gap::Context)
}

/// The inputs of one price: from a threshold to the next. What lies on a threshold belongs to both
/// sides, since providers differ in whether they mean more or as much.
pub(super) fn spans(model: &Model) -> Vec<(Option<u64>, Option<u64>)> {
    let mut cuts: Vec<u64> = model
        .prices
        .iter()
        .filter_map(|price| price.when.above_tokens)
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    let starts = std::iter::once(None).chain(cuts.iter().copied().map(Some));
    let ends = cuts.iter().copied().map(Some).chain(std::iter::once(None));
    starts.zip(ends).collect()
}

/// The dearest request whose input lies within the span; nothing if the window ends before it.
fn dearest_of(
    model: &Model,
    (above_tokens, end): (Option<u64>, Option<u64>),
    rated: Rated,
) -> Result<Option<TargetCost>, Gap> {
    let (p, q) = (rated.in_rate.pico, rated.out_rate.pico);
    let of = |in_tokens: u64, out_tokens: u64| {
        let part = |tokens: u64, pico: u64| u128::from(tokens).saturating_mul(pico.into());
        TargetCost {
            in_tokens,
            in_rate: rated.in_rate,
            out_tokens,
            out_rate: rated.out_rate,
            call_pico: rated.call_pico,
            above_tokens,
            pico: part(in_tokens, p)
                .saturating_add(part(out_tokens, q))
                .saturating_add(rated.call_pico.into()),
        }
    };
    let Some(window) = model.context_tokens else {
        // What is free needs no bound.
        return match model.output_tokens_max {
            Some(out) if p == 0 => Ok(Some(of(0, out))),
            None if p == 0 && q == 0 => Ok(Some(of(0, 0))),
            _ => Err(Gap::Context),
        };
    };
    let low = above_tokens.unwrap_or(0);
    let high = end.map_or(window, |end| end.min(window));
    if low > high {
        return Ok(None);
    }
    let room = model.output_tokens_max.unwrap_or(window).min(window);
    let bend = (window - room).clamp(low, high);
    let all = [high, bend, low].map(|input| of(input, room.min(window - input)));
    Ok(all
        .into_iter()
        .reduce(|most, next| if next.pico > most.pico { next } else { most }))
}
