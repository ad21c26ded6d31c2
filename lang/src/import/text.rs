//! Texts of other tools as names, addresses and amounts of the language.

use std::collections::BTreeSet;

use crate::vocab;

/// Names of the one namespace that are taken.
#[derive(Debug, Default)]
pub(super) struct Taken(BTreeSet<String>);

impl Taken {
    /// A name that is free and as close to the wish as the language allows.
    pub(super) fn fresh(&mut self, wish: &str, kind: &str) -> String {
        let mut name = slug(wish);
        if vocab::is_reserved(&name) || vocab::is_declaration(&name) || name.is_empty() {
            name = match name.as_str() {
                "" => format!("unnamed-{kind}"),
                word => format!("{word}-{kind}"),
            };
        }
        let mut found = name.clone();
        let mut next = 2;
        while !self.0.insert(found.clone()) {
            found = format!("{name}-{next}");
            next += 1;
        }
        found
    }
}

/// Letters, digits and single `-`, `_` or `.` between them, beginning with a letter.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(64) {
        match c {
            c if c.is_ascii_alphanumeric() || c == '_' => out.push(c),
            '.' if ends_well(&out) => out.push('.'),
            _ if ends_well(&out) => out.push('-'),
            _ => {}
        }
    }
    let out = out.trim_matches(['-', '.']).to_owned();
    if out.starts_with(|c: char| c.is_ascii_alphabetic()) || out.is_empty() {
        out
    } else {
        format!("m-{out}")
    }
}

fn ends_well(text: &str) -> bool {
    text.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

/// Pico-dollars for a token as a price for a million of them.
pub(super) fn price(pico: u64) -> String {
    let (whole, part) = (pico / 1_000_000, pico % 1_000_000);
    if part == 0 {
        return format!("${whole}/M");
    }
    let text = format!("{whole}.{part:06}");
    format!("${}/M", text.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::{Taken, price, slug};

    #[test]
    fn a_name_is_what_the_language_takes_for_one() {
        assert_eq!(slug("gpt-4o"), "gpt-4o");
        assert_eq!(
            slug("meta-llama/Llama-3.3 70B!"),
            "meta-llama-Llama-3.3-70B"
        );
        assert_eq!(slug("..a--b..c-"), "a-b.c");
        assert_eq!(slug("4o"), "m-4o");
        assert_eq!(slug("日本"), "");
        let mut taken = Taken::default();
        assert_eq!(taken.fresh("main", "class"), "main");
        assert_eq!(taken.fresh("main", "class"), "main-2");
        assert_eq!(taken.fresh("model", "class"), "model-class");
        assert_eq!(taken.fresh("pool", "class"), "pool-class");
        assert_eq!(taken.fresh("日本", "class"), "unnamed-class");
    }

    #[test]
    fn a_price_keeps_every_digit() {
        assert_eq!(price(2_500_000), "$2.5/M");
        assert_eq!(price(3_000_000), "$3/M");
        assert_eq!(price(1), "$0.000001/M");
    }
}
