//! Whether one value of a rule lets through more than another.

use std::collections::BTreeSet;

use claw_table::policy::Prefix;

use super::super::{Difference, Verdict};
use super::Setting;

/// One rule of a record: its words, and what it lets through.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    /// Its value; nothing where the policy says nothing.
    pub(super) text: Option<String>,
    pub(super) measure: Measure,
}

/// What a value lets through, as far as two of them can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Measure {
    /// Neither more nor less than another.
    Other,
    /// So much; where nothing is said, any amount.
    AtMost(Option<u128>),
    /// One of these; where nothing is said, anything.
    Among(Option<BTreeSet<String>>),
    /// Whatever meets all of these.
    Needs(BTreeSet<String>),
    /// Addresses, as first and last ones, sorted and apart.
    Addresses(Vec<(u128, u128)>),
}

impl Measure {
    /// The addresses in any of these ranges.
    pub(super) fn addresses(prefixes: &[Prefix]) -> Self {
        let range = |prefix: &Prefix| {
            let host = u128::MAX.checked_shr(prefix.bits.into()).unwrap_or(0);
            (prefix.first, prefix.first | host)
        };
        let mut ranges: Vec<(u128, u128)> = prefixes.iter().map(range).collect();
        ranges.sort_unstable();
        let mut apart: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match apart.last_mut() {
                Some((_, end)) if end.saturating_add(1) >= first => *end = last.max(*end),
                _ => apart.push((first, last)),
            }
        }
        Self::Addresses(apart)
    }

    /// Nothing beside what is usual, where more could be let through.
    pub(super) fn strict() -> Self {
        Self::Among(Some(BTreeSet::new()))
    }

    /// Anything.
    pub(super) fn any() -> Self {
        Self::Among(None)
    }

    /// One word, where another would be something else.
    pub(super) fn one(word: &str) -> Self {
        Self::Among(Some(BTreeSet::from([word.to_owned()])))
    }

    fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::AtMost(_), Self::AtMost(None)) | (Self::Among(_), Self::Among(None)) => true,
            (Self::AtMost(Some(own)), Self::AtMost(Some(other))) => own <= other,
            (Self::Among(Some(own)), Self::Among(Some(other))) => own.is_subset(other),
            (Self::Needs(own), Self::Needs(other)) => own.is_superset(other),
            (Self::Addresses(own), Self::Addresses(other)) => own.iter().all(|(first, last)| {
                let mut ranges = other.iter();
                ranges.any(|(from, to)| from <= first && last <= to)
            }),
            _ => false,
        }
    }

    /// What it means that the first is now the second.
    pub(super) fn verdict(&self, new: &Self) -> Verdict {
        match (self.is_within(new), new.is_within(self)) {
            (true, false) => Verdict::Looser,
            (false, true) => Verdict::Stricter,
            (true, true) | (false, false) => Verdict::Different,
        }
    }
}

/// The rules that differ, which both sides list in one order.
pub(super) fn compared(of: &str, (old, new): (Vec<Rule>, Vec<Rule>)) -> Vec<Setting> {
    let pairs = old.into_iter().zip(new);
    let differs = pairs.filter(|(old, new)| (&old.text, &old.measure) != (&new.text, &new.measure));
    let setting = |(old, new): (Rule, Rule)| {
        let verdict = old.measure.verdict(&new.measure);
        let differs = Difference {
            rule: format!("{of}: {}", old.name),
            old: old.text,
            new: new.text,
        };
        Setting::new(verdict, differs)
    };
    differs.map(setting).collect()
}

/// What all differences of a record come to: one word if they agree, else neither more nor less.
/// Nothing if nothing differs.
pub(super) fn together(old: &[Measure], new: &[Measure]) -> Option<Verdict> {
    let pairs = old.iter().zip(new).filter(|(old, new)| old != new);
    let verdicts = pairs.map(|(old, new)| old.verdict(new));
    verdicts.reduce(|all, next| if all == next { all } else { Verdict::Different })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(first: u128, bits: u8) -> Prefix {
        Prefix { first, bits }
    }

    #[test]
    fn halves_are_the_whole_and_a_part_is_less() {
        let whole = Measure::addresses(&[prefix(0, 0)]);
        let halves = Measure::addresses(&[prefix(1 << 127, 1), prefix(0, 1)]);
        let part = Measure::addresses(&[prefix(0, 2), prefix(7, 128)]);
        let other = Measure::addresses(&[prefix(1 << 127, 2)]);
        assert_eq!(whole, halves);
        assert_eq!(part.verdict(&whole), Verdict::Looser);
        assert_eq!(halves.verdict(&part), Verdict::Stricter);
        assert_eq!(part.verdict(&other), Verdict::Different);
    }

    #[test]
    fn where_nothing_is_said_there_is_no_bound() {
        let most = |most| Measure::AtMost(most);
        assert_eq!(most(Some(5)).verdict(&most(None)), Verdict::Looser);
        assert_eq!(most(None).verdict(&most(Some(5))), Verdict::Stricter);
        assert_eq!(most(Some(5)).verdict(&most(Some(6))), Verdict::Looser);
        assert_eq!(
            Measure::any().verdict(&Measure::strict()),
            Verdict::Stricter
        );
        assert_eq!(
            Measure::one("a").verdict(&Measure::one("b")),
            Verdict::Different
        );
        let needs =
            |words: &[&str]| Measure::Needs(words.iter().map(|word| (*word).to_owned()).collect());
        assert_eq!(needs(&["baa"]).verdict(&needs(&[])), Verdict::Looser);
        assert_eq!(Measure::Other.verdict(&Measure::Other), Verdict::Different);
    }

    #[test]
    fn differences_that_disagree_are_neither_more_nor_less() {
        let most = |most: u128| Measure::AtMost(Some(most));
        let old = [most(5), most(5)];
        assert_eq!(together(&old, &old), None);
        assert_eq!(together(&old, &[most(6), most(5)]), Some(Verdict::Looser));
        assert_eq!(
            together(&old, &[most(6), most(4)]),
            Some(Verdict::Different)
        );
    }
}
