//! Providers and their models. Of a key only its source is told, of a header only its name.

use claw_table::Can;
use claw_table::policy::{Api, Charge, Model, Policy, Provider, Secret, When};

use super::notes::Notes;
use super::{Block, Page, Run, code, joined, words};
use crate::explain::{count, rates, urls, watched, when};

impl Page {
    pub(super) fn providers(&mut self, policy: &Policy, notes: &Notes) {
        for provider in &policy.providers {
            self.heading(3, &format!("provider {}", provider.name));
            self.blocks.extend(notes.about("provider", &provider.name));
            self.blocks.push(Block::List(facts(provider)));
            self.blocks.push(models(&provider.models));
            self.blocks.extend(further(&provider.models));
        }
    }
}

fn facts(provider: &Provider) -> Vec<Vec<Run>> {
    let api = match provider.api {
        Api::OpenAi => "Speaks OpenAI chat completions at ",
        Api::Anthropic => "Speaks Anthropic messages at ",
        Api::Gemini => "Speaks Gemini at ",
    };
    let mut facts = vec![vec![words(api), code(&urls(provider)), words(".")]];
    facts.extend(provider.keys.iter().map(|key| match key {
        Secret::None => vec![words("No key is sent to it.")],
        Secret::Env(name) => vec![
            words("Its key is in the environment variable "),
            code(name),
            words(" of the gateway."),
        ],
        Secret::File(path) => vec![words("Its key is in the file "), code(path), words(".")],
    }));
    if let Some(file) = &provider.ca {
        let text = "Only the roots in this file are trusted: ";
        facts.push(vec![words(text), code(file), words(".")]);
    }
    if !provider.headers.is_empty() {
        let names = provider.headers.iter().map(|(name, _)| code(name));
        let mut text = vec![words("Every request to it carries ")];
        text.extend(joined(names.collect(), ", "));
        text.push(words("."));
        facts.push(text);
    }
    if !provider.tags.is_empty() {
        let mut text = vec![words("Tagged ")];
        text.extend(joined(
            provider.tags.iter().map(|tag| code(tag)).collect(),
            ", ",
        ));
        text.push(words("."));
        facts.push(text);
    }
    for (what, rule) in watched(provider) {
        facts.push(vec![
            words("It has "),
            code(&format!("{what} {rule}")),
            words("."),
        ]);
    }
    facts
}

fn models(models: &[Model]) -> Block {
    let head = vec![
        "model",
        "name on the wire",
        "in, per million tokens",
        "out",
        "cached",
        "context",
        "longest output",
        "can",
    ];
    Block::Table {
        head,
        rows: models.iter().map(row).collect(),
    }
}

/// What the table of models has no column for: other rates, and prices that hold sometimes.
fn further(models: &[Model]) -> Option<Block> {
    let mut rows = Vec::new();
    for model in models {
        for price in &model.prices {
            let mut left = price.rates;
            if price.when == When::default() {
                for told in [Charge::In, Charge::Out, Charge::Cached] {
                    left.set(told, None);
                }
            }
            let told = |charge: &Charge| left.pico(*charge).unwrap_or(0) == 0;
            if price.when == When::default() && Charge::ALL.iter().all(told) {
                continue;
            }
            rows.push(vec![
                vec![code(&model.name)],
                vec![words(when(&price.when).trim_start())],
                vec![code(&rates(&left))],
            ]);
        }
    }
    let head = vec!["model", "when", "price"];
    (!rows.is_empty()).then_some(Block::Table { head, rows })
}

fn row(model: &Model) -> Vec<Vec<Run>> {
    let base = model
        .prices
        .first()
        .map(|price| price.rates)
        .unwrap_or_default();
    let [input, output, cached] =
        [Charge::In, Charge::Out, Charge::Cached].map(|charge| dollars(base.pico(charge)));
    let count = |tokens: Option<u64>| tokens.map_or("unknown".to_owned(), count);
    let can = match model.can {
        None => "unknown: nothing is held back".to_owned(),
        Some(can) => {
            let all = Can::ALL.into_iter().filter(|one| can & one.bit() != 0);
            all.map(Can::word).collect::<Vec<_>>().join(", ")
        }
    };
    let rest = [
        input,
        output,
        cached,
        count(model.context_tokens),
        count(model.output_tokens_max),
        can,
    ];
    let mut cells = vec![vec![code(&model.name)], vec![code(&model.wire)]];
    cells.extend(rest.iter().map(|text| vec![words(text)]));
    cells
}

/// Pico-dollars for a token as dollars for a million.
fn dollars(pico: Option<u64>) -> String {
    match pico {
        None => "unknown".to_owned(),
        Some(0) => "free".to_owned(),
        Some(pico) => crate::explain::dollars(u128::from(pico) * 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::dollars;

    #[test]
    fn prices_are_told_as_they_are_written() {
        assert_eq!(dollars(Some(1_250_000)), "$1.25");
        assert_eq!(dollars(Some(500_000)), "$0.50");
        assert_eq!(dollars(Some(30_000_000)), "$30");
        assert_eq!(dollars(Some(1)), "$0.000001");
        assert_eq!(dollars(Some(0)), "free");
        assert_eq!(dollars(None), "unknown");
    }
}
