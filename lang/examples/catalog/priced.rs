//! Prices of the file as prices of the language.

use std::collections::BTreeMap;
use std::error::Error;

use claw_lang::day::Day;
use claw_table::policy::{Charge, Hours, Price, Rates, When};
use serde::Deserialize;
use serde::de::IgnoredAny;

type Dollars = BTreeMap<String, String>;

/// What the file says of the price of one model.
#[derive(Debug, Deserialize)]
pub(crate) struct Given {
    price: Dollars,
    #[serde(default)]
    tiers: Vec<Tier>,
    #[serde(default)]
    variants: BTreeMap<String, Dollars>,
    #[serde(default)]
    scheduled: Vec<Scheduled>,
    #[serde(default)]
    time_of_day: Option<TimeOfDay>,
    /// `chat` or `embedding`.
    pub(crate) mode: String,
}

#[derive(Debug, Deserialize)]
struct Tier {
    above_input_tokens: u64,
    price: Dollars,
}

#[derive(Debug, Deserialize)]
struct Scheduled {
    from: String,
    price: Dollars,
}

#[derive(Debug, Deserialize)]
struct TimeOfDay {
    peak: Dollars,
    off_peak_windows_utc: Vec<Windows>,
}

#[derive(Debug, Deserialize)]
struct Windows {
    hours_utc: Times,
    weekdays: Vec<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Times {
    Many(Vec<String>),
    AllDay(IgnoredAny),
}

/// One way in which the price can differ from the ordinary one.
type Way = (When, Rates);

/// Every price of one model, the ordinary one first.
pub(crate) fn prices(
    given: &Given,
    (provider, caches): (&str, bool),
) -> Result<Vec<Price>, Box<dyn Error>> {
    let base = base(given, (provider, caches))?;
    let like_base = |dollars: &Dollars| scaled(read(dollars)?, &base);
    let mut sizes = Vec::new();
    for tier in &given.tiers {
        let when = When {
            above_tokens: Some(tier.above_input_tokens),
            ..When::default()
        };
        sizes.push((when, like_base(&tier.price)?));
    }
    let mut tiers = Vec::new();
    for (name, dollars) in &given.variants {
        let when = When {
            tier: Some(name.clone()),
            ..When::default()
        };
        tiers.push((when, like_base(dollars)?));
    }
    let mut days = Vec::new();
    for coming in &given.scheduled {
        let day = Day::read(&coming.from).ok_or("a day that does not exist")?;
        let when = When {
            from_day: Some(day.0),
            ..When::default()
        };
        days.push((when, like_base(&coming.price)?));
    }
    let mut hours = Vec::new();
    if let Some(times) = &given.time_of_day {
        let peak = like_base(&times.peak)?;
        hours.extend(peaks(times)?.into_iter().map(|when| (when, peak)));
    }
    Ok(combined(&base, [&sizes, &tiers, &hours, &days]))
}

/// What holds ordinarily, with everything said that can be charged.
fn base(given: &Given, (provider, caches): (&str, bool)) -> Result<Rates, Box<dyn Error>> {
    let mut base = read(&given.price)?;
    if given.mode == "embedding" && base.pico(Charge::Out).is_none() {
        base.set(Charge::Out, Some(0));
    }
    if !caches {
        return Ok(base);
    }
    let fresh = base.pico(Charge::In).ok_or("a price without input")?;
    // These two are known to charge nothing more for writing, where nothing more is listed.
    let is_known = matches!(provider, "openai" | "google");
    let (dear_write, dear_hour) = if is_known {
        (fresh, fresh)
    } else {
        (fresh + fresh.div_ceil(4), fresh * 2)
    };
    let write = base.pico(Charge::CacheWrite).unwrap_or(dear_write);
    let hour = base
        .pico(Charge::CacheWrite1h)
        .unwrap_or(dear_hour)
        .max(write);
    base.set(Charge::CacheWrite, Some(write));
    base.set(Charge::CacheWrite1h, Some(hour));
    base.set(Charge::Cached, base.pico(Charge::Cached).or(Some(fresh)));
    Ok(base)
}

/// The given numbers; what they leave out grows as their input does.
fn scaled(mut rates: Rates, base: &Rates) -> Result<Rates, Box<dyn Error>> {
    let of = rates.pico(Charge::In).zip(base.pico(Charge::In));
    let (new, old) = of.ok_or("a price without input")?;
    for charge in Charge::ALL {
        if rates.pico(charge).is_none() {
            let pico = base.pico(charge).map(|pico| product(pico, (new, old)));
            rates.set(charge, pico);
        }
    }
    Ok(rates)
}

/// `pico x new / old`, rounded up. Where nothing was charged, the new price counts.
fn product(pico: u64, (new, old): (u64, u64)) -> u64 {
    if old == 0 {
        return pico.max(new);
    }
    let grown = (u128::from(pico) * u128::from(new)).div_ceil(u128::from(old));
    u64::try_from(grown).unwrap_or(u64::MAX)
}

/// The ordinary price, each way by itself, and every combination of ways as their product.
fn combined(base: &Rates, dimensions: [&[Way]; 4]) -> Vec<Price> {
    let mut all: Vec<Way> = vec![(When::default(), *base)];
    for ways in dimensions {
        let before = all.clone();
        for (when, rates) in ways {
            all.extend(before.iter().map(|known| both(known, (when, rates), base)));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all.into_iter()
        .map(|(when, rates)| Price { when, rates })
        .collect()
}

fn both((known, rates): &Way, (when, factor): (&When, &Rates), base: &Rates) -> Way {
    let mut out = Rates::default();
    for charge in Charge::ALL {
        let of = base.pico(charge).zip(factor.pico(charge));
        let pico = match (rates.pico(charge), of) {
            (Some(pico), Some((old, new))) => Some(product(pico, (new, old))),
            (one, of) => one.or(of.map(|(_, new)| new)),
        };
        out.set(charge, pico);
    }
    let when = When {
        from_day: known.from_day.or(when.from_day),
        tier: known.tier.clone().or_else(|| when.tier.clone()),
        during: known.during.clone().or_else(|| when.during.clone()),
        above_tokens: known.above_tokens.or(when.above_tokens),
    };
    (when, out)
}

fn read(dollars: &Dollars) -> Result<Rates, Box<dyn Error>> {
    let mut rates = Rates::default();
    for (word, amount) in dollars {
        let charge = match word.as_str() {
            "input" => Charge::In,
            "output" => Charge::Out,
            "cache_read" => Charge::Cached,
            "cache_write" => Charge::CacheWrite,
            // The longer it is kept the dearer it is; the language knows one longer time.
            "cache_write_1h" | "cache_write_12h" => Charge::CacheWrite1h,
            "audio_input" => Charge::AudioIn,
            "audio_output" => Charge::AudioOut,
            other => return Err(format!("an unknown rate: {other}").into()),
        };
        let pico = pico(amount).ok_or_else(|| format!("not an amount: {amount}"))?;
        rates.set(charge, rates.pico(charge).max(Some(pico)));
    }
    Ok(rates)
}

/// Dollars for a million tokens as pico-dollars for one.
fn pico(dollars: &str) -> Option<u64> {
    let (whole, part) = dollars.split_once('.').unwrap_or((dollars, ""));
    if part.len() > 6 {
        return None;
    }
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    whole
        .parse::<u64>()
        .ok()?
        .checked_mul(1_000_000)?
        .checked_add(part)
}

/// The hours that the cheap windows leave, on the days that have any.
fn peaks(times: &TimeOfDay) -> Result<Vec<When>, Box<dyn Error>> {
    let mut whens = Vec::new();
    for windows in &times.off_peak_windows_utc {
        let spans = match &windows.hours_utc {
            Times::AllDay(_) => continue,
            Times::Many(spans) => spans,
        };
        let days = windows
            .weekdays
            .iter()
            .fold(0, |all, day| all | 1 << (day - 1));
        let mut end = 0;
        for span in spans {
            let (from, to) = span.split_once('-').ok_or("not a span of time")?;
            let from_minute = minute(from).ok_or("not a time")?;
            if end < from_minute {
                whens.push(When {
                    during: Some(Hours {
                        days,
                        from_minute: end,
                        to_minute: from_minute,
                        zone: "UTC".to_owned(),
                    }),
                    ..When::default()
                });
            }
            end = minute(to).ok_or("not a time")?;
        }
    }
    Ok(whens)
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    Some(hour.parse::<u16>().ok()? * 60 + minute.parse::<u16>().ok()?)
}
