//! What a model costs: rates, and under which conditions they hold.
//!
//! A price that says more overrides one that says less, rate by rate; of two of which neither says
//! all that the other says, the dearer counts.

use super::Hours;

/// Rates that hold under one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// When they hold.
    pub when: When,
    /// What is charged.
    pub rates: Rates,
}

/// A condition on requests: everything that it says must hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct When {
    /// From this day on, in days since 1970-01-01, in UTC.
    pub from_day: Option<u32>,
    /// In this service tier, as the provider's answer names it.
    pub tier: Option<String>,
    /// At these times.
    pub during: Option<Hours>,
    /// With more tokens of input than this, cached ones included. It then holds for all of them.
    pub above_tokens: Option<u64>,
}

impl When {
    /// Whether this says all that the other says, and more.
    pub fn overrides(&self, other: &Self) -> bool {
        let covers = other.from_day.is_none_or(|day| self.from_day >= Some(day))
            && (other.tier.is_none() || self.tier == other.tier)
            && (other.during.is_none() || self.during == other.during)
            && other
                .above_tokens
                .is_none_or(|tokens| self.above_tokens >= Some(tokens));
        covers && self != other
    }
}

/// Something that is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Charge {
    /// A token of input that was not cached.
    In,
    /// A token of output, reasoning included.
    Out,
    /// A token of input read from the provider's cache.
    Cached,
    /// A token of input written to the provider's cache.
    CacheWrite,
    /// The same, kept for an hour or longer.
    CacheWrite1h,
    /// A token of sound in the input.
    AudioIn,
    /// A token of sound in the output.
    AudioOut,
    /// One request.
    Call,
    /// One search of the web.
    WebSearch,
}

impl Charge {
    /// Every charge, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::In,
        Self::Out,
        Self::Cached,
        Self::CacheWrite,
        Self::CacheWrite1h,
        Self::AudioIn,
        Self::AudioOut,
        Self::Call,
        Self::WebSearch,
    ];

    /// The word for it in the language.
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Cached => "cached",
            Self::CacheWrite => "cache-write",
            Self::CacheWrite1h => "cache-write-1h",
            Self::AudioIn => "audio-in",
            Self::AudioOut => "audio-out",
            Self::Call => "call",
            Self::WebSearch => "web-search",
        }
    }

    /// Whether it is charged for each token, and not for each use.
    pub fn is_per_token(self) -> bool {
        !matches!(self, Self::Call | Self::WebSearch)
    }
}

/// Pico-dollars for a token or a use of each charge; nothing where it is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    pico: [Option<u64>; Charge::ALL.len()],
}

impl Rates {
    /// What is said of a charge, in pico-dollars.
    pub fn pico(&self, charge: Charge) -> Option<u64> {
        self.pico.get(charge as usize).copied().flatten()
    }

    /// Says what a charge is, in pico-dollars.
    pub fn set(&mut self, charge: Charge, pico: Option<u64>) {
        if let Some(slot) = self.pico.get_mut(charge as usize) {
            *slot = pico;
        }
    }

    /// The rates that count where some prices hold and the others do not.
    pub fn holding(prices: &[Price], holds: impl Fn(&When) -> bool) -> Self {
        let held: Vec<&Price> = prices.iter().filter(|price| holds(&price.when)).collect();
        let mut rates = Self::default();
        for charge in Charge::ALL {
            let said = || {
                held.iter()
                    .filter(|price| price.rates.pico(charge).is_some())
            };
            let standing = said().filter(|price| {
                let mut others = said();
                !others.any(|other| other.when.overrides(&price.when))
            });
            rates.set(
                charge,
                standing.filter_map(|price| price.rates.pico(charge)).max(),
            );
        }
        rates
    }
}

#[cfg(test)]
mod tests {
    use super::{Charge, Price, Rates, When};

    fn price(when: When, in_pico: u64, out_pico: Option<u64>) -> Price {
        let mut rates = Rates::default();
        rates.set(Charge::In, Some(in_pico));
        rates.set(Charge::Out, out_pico);
        Price { when, rates }
    }

    #[test]
    fn what_says_more_overrides_rate_by_rate_and_else_the_dearer_counts() {
        let base = When::default();
        let long = When {
            above_tokens: Some(100),
            ..When::default()
        };
        let batch = When {
            tier: Some("batch".to_owned()),
            ..When::default()
        };
        let longer = When {
            above_tokens: Some(200),
            ..When::default()
        };
        let prices = [
            price(base.clone(), 10, Some(50)),
            price(long.clone(), 20, None),
            price(longer.clone(), 15, None),
            price(batch.clone(), 5, Some(25)),
        ];
        let of = |held: &[&When]| {
            let rates = Rates::holding(&prices, |when| held.contains(&when));
            (rates.pico(Charge::In), rates.pico(Charge::Out))
        };
        assert_eq!(of(&[&base]), (Some(10), Some(50)));
        assert_eq!(of(&[&base, &long]), (Some(20), Some(50)));
        assert_eq!(of(&[&base, &long, &longer]), (Some(15), Some(50)));
        assert_eq!(of(&[&base, &batch]), (Some(5), Some(25)));
        assert_eq!(of(&[&base, &long, &batch]), (Some(20), Some(25)));
        assert_eq!(of(&[]), (None, None));
    }

    #[test]
    fn a_later_day_overrides_an_earlier_one() {
        let from = |day| When {
            from_day: Some(day),
            ..When::default()
        };
        assert!(from(2).overrides(&from(1)));
        assert!(from(1).overrides(&When::default()));
        assert!(!from(1).overrides(&from(2)));
        assert!(!from(1).overrides(&from(1)));
        assert!(!When::default().overrides(&from(1)));
    }
}
