//! The dearest rates that a request with so much input can trigger.
//!
//! Tier, hour and day are the client's and the calendar's choice, so each combination is looked at,
//! unless it is said when the request comes.

use claw_table::Can;
use claw_table::policy::{Charge, Hours, Model, Rates, When};

use super::{Dear, Gap};
use crate::zone::Zone;

/// What the tokens and the request are charged at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rated {
    pub(super) in_rate: Dear,
    pub(super) out_rate: Dear,
    pub(super) call_pico: u64,
}

/// Every way in which a token of input can be charged, where there is no sound in it, and of output.
const INPUT: (Charge, &[Charge]) = (
    Charge::In,
    &[
        Charge::Cached,
        Charge::CacheWrite,
        Charge::CacheWrite1h,
        Charge::AudioIn,
    ],
);
const SILENT: (Charge, &[Charge]) = (
    Charge::In,
    &[Charge::Cached, Charge::CacheWrite, Charge::CacheWrite1h],
);
const OUTPUT: (Charge, &[Charge]) = (Charge::Out, &[Charge::AudioOut]);

/// The dearest rates of each combination; nothing is in the list twice.
pub(super) fn rated(
    model: &Model,
    above_tokens: Option<u64>,
    (minute, without): (Option<i64>, u16),
) -> Result<Vec<Rated>, Gap> {
    let said = || model.prices.iter().map(|price| &price.rates);
    if said().any(|rates| rates.pico(Charge::WebSearch) > Some(0)) {
        return Err(Gap::Searches);
    }
    let is_silent = without & Can::Audio.bit() != 0;
    let hears = model.can.is_some_and(|can| can & Can::Audio.bit() != 0);
    if hears && !is_silent && said().all(|rates| rates.pico(Charge::AudioIn).is_none()) {
        return Err(Gap::AudioPrice);
    }
    // What makes vectors makes nothing else, and puts nothing out.
    let embeds = model
        .can
        .is_some_and(|can| can & Can::Embeddings.bit() != 0);
    let mut all: Vec<Rated> = Vec::new();
    for moment in moments(model, minute) {
        let rates = Rates::holding(&model.prices, |when| moment.is(when, above_tokens));
        if rates.pico(Charge::Out).is_none() && !embeds {
            return Err(Gap::OutPrice);
        }
        let held = Rated {
            in_rate: dearest(if is_silent { SILENT } else { INPUT }, &rates),
            out_rate: dearest(OUTPUT, &rates),
            call_pico: rates.pico(Charge::Call).unwrap_or(0),
        };
        if !all.contains(&held) {
            all.push(held);
        }
    }
    Ok(all)
}

/// The dearest of these charges, and of equals the first.
fn dearest((first, others): (Charge, &[Charge]), rates: &Rates) -> Dear {
    let of = |charge: Charge| Dear {
        charge,
        pico: rates.pico(charge).unwrap_or(0),
    };
    others.iter().fold(of(first), |most, charge| {
        let next = of(*charge);
        if next.pico > most.pico { next } else { most }
    })
}

/// One combination of what is not the size of the input.
#[derive(Debug, Clone)]
struct Moment<'m> {
    tier: Option<&'m String>,
    hours: Vec<&'m Hours>,
    day: Option<u32>,
}

impl Moment<'_> {
    fn is(&self, when: &When, above_tokens: Option<u64>) -> bool {
        when.above_tokens
            .is_none_or(|tokens| above_tokens >= Some(tokens))
            && when.from_day.is_none_or(|day| self.day >= Some(day))
            && (when.tier.is_none() || when.tier.as_ref() == self.tier)
            && when
                .during
                .as_ref()
                .is_none_or(|hours| self.hours.contains(&hours))
    }
}

/// Every combination, or those of one minute since 1970.
fn moments(model: &Model, minute: Option<i64>) -> Vec<Moment<'_>> {
    let whens = || model.prices.iter().map(|price| &price.when);
    let tiers = ways(whens().filter_map(|when| when.tier.as_ref()));
    let named = whens().filter_map(|when| when.during.as_ref());
    let (days, hours) = match minute {
        None => (
            ways(whens().filter_map(|when| when.from_day)),
            together(ways(named)),
        ),
        Some(minute) => (
            vec![u32::try_from(minute.div_euclid(1440)).ok()],
            vec![named.filter(|hours| is_in(hours, minute)).collect()],
        ),
    };
    let mut moments = Vec::new();
    for tier in &tiers {
        for day in &days {
            moments.extend(hours.iter().map(|hours| Moment {
                tier: *tier,
                hours: hours.clone(),
                day: *day,
            }));
        }
    }
    moments
}

/// Whether the clock that the hours go by shows one of them.
fn is_in(hours: &Hours, minute: i64) -> bool {
    Zone::named(&hours.zone).is_some_and(|zone| hours.holds(zone.week_minute(minute)))
}

/// None of them, or each of them once.
fn ways<T: Ord>(known: impl Iterator<Item = T>) -> Vec<Option<T>> {
    let mut ways: Vec<Option<T>> = std::iter::once(None).chain(known.map(Some)).collect();
    ways.sort_unstable();
    ways.dedup();
    ways
}

/// The hours that may hold at once: none, one, two, or all of them.
///
/// That is enough. Prices of different hours never override each other, and only three figures are
/// taken. If one comes from a price without hours, at most two hours matter, and fewer of them
/// override less; if none does, all hours together have all three.
fn together<'m>(hours: Vec<Option<&'m Hours>>) -> Vec<Vec<&'m Hours>> {
    let mut sets: Vec<Vec<&'m Hours>> = Vec::new();
    for (at, one) in hours.iter().enumerate() {
        let pairs = hours.iter().take(at + 1).map(|other| {
            let mut pair: Vec<&Hours> = [*other, *one].into_iter().flatten().collect();
            pair.dedup();
            pair
        });
        sets.extend(pairs);
    }
    sets.push(hours.into_iter().flatten().collect());
    sets
}
