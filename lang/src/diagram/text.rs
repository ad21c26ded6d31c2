//! Atoms of text: which questions a value meets, found without looking at all values.
//!
//! A value is one of the exact literals, or else its longest prefix and longest suffix among the
//! patterns tell everything. Two values with the same answers to all questions are one atom.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::atoms::{Unions, id};
use super::budget::{Budget, TooLarge};
use crate::model::Pattern;

/// The most atoms that values together may add up to before repeated values are given up on.
const UNIONS_MAX: usize = 256;
/// Questions are bits of one word where several values are joined.
const UNION_QUESTIONS_MAX: usize = 64;

/// The atoms of one text fact. Atom 0 is absence, atom 1 a value that meets no question.
#[derive(Debug, Clone)]
pub(crate) struct TextValues {
    /// A value of each atom; several where only several make it; none for absence.
    pub(crate) samples: Vec<Vec<String>>,
    /// Exact values and their atoms, sorted.
    pub(crate) literals: Vec<(String, u16)>,
    /// Sorted.
    pub(crate) prefixes: Vec<String>,
    /// Sorted by their bytes read backwards.
    pub(crate) suffixes: Vec<String>,
    /// For each longest prefix (none first), for each longest suffix (none first), the atom.
    pub(crate) grid: Vec<u16>,
    /// The set of questions that each atom meets, and the atom of each set that values can add up
    /// to. Empty if too many sets, or if the fact has one value at most.
    pub(crate) met: Vec<u64>,
    pub(crate) unions: BTreeMap<u64, u16>,
    /// The atoms that meet each question, sorted.
    questions: BTreeMap<Vec<Pattern>, Vec<u16>>,
}

impl TextValues {
    pub(crate) fn new(asked: &[&[Pattern]], unions: Unions) -> Result<Self, TooLarge> {
        let asked: BTreeSet<Cow<'_, [Pattern]>> = asked.iter().map(|list| normal(list)).collect();
        let asked: Vec<Vec<Pattern>> = asked.into_iter().map(Cow::into_owned).collect();
        let patterns = Patterns::new(&asked);
        let mut numbered = Numbered::default();
        let (grid, literals) = {
            let rows = patterns.prefixes.len() + 1;
            Budget::Atoms.admits(rows.saturating_mul(patterns.suffixes.len() + 1))?;
            (
                patterns.grid(&mut numbered),
                patterns.literals(&mut numbered),
            )
        };
        Budget::Atoms.admits(numbered.sets.len() + 1)?;
        let mut made = Self {
            samples: std::iter::once(Vec::new())
                .chain(numbered.samples.into_iter().map(|sample| vec![sample]))
                .collect(),
            literals,
            prefixes: patterns
                .prefixes
                .keys()
                .map(|text| (*text).to_owned())
                .collect(),
            suffixes: patterns
                .suffixes
                .keys()
                .map(|Backwards(text)| (*text).to_owned())
                .collect(),
            grid,
            met: Vec::new(),
            unions: BTreeMap::new(),
            questions: BTreeMap::new(),
        };
        let mut yes = vec![Vec::new(); asked.len()];
        for (atom, met) in numbered.order.iter().enumerate() {
            for question in met {
                if let Some(atoms) = yes.get_mut(*question as usize) {
                    atoms.push(id(atom + 1));
                }
            }
        }
        if unions == Unions::Made && asked.len() <= UNION_QUESTIONS_MAX {
            made.join(&numbered.order, &mut yes);
        }
        made.questions = asked.into_iter().zip(yes).collect();
        Ok(made)
    }

    /// The atoms that match some pattern, as ranges.
    pub(crate) fn yes(&self, patterns: &[Pattern]) -> Vec<(u16, u16)> {
        let key = normal(patterns);
        if key.iter().any(matches_all) {
            return vec![(1, id(self.samples.len() - 1))];
        }
        let atoms = self
            .questions
            .get(key.as_ref())
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut ranges: Vec<(u16, u16)> = Vec::new();
        for atom in atoms {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == *atom => *last = *atom,
                _ => ranges.push((*atom, *atom)),
            }
        }
        ranges
    }

    /// Gives atoms to what several values add up to, if these are not too many.
    fn join(&mut self, order: &[Vec<u32>], yes: &mut [Vec<u16>]) {
        let bits = |met: &Vec<u32>| met.iter().fold(0, |set, question| set | 1 << question);
        let single: Vec<u64> = order.iter().map(bits).collect();
        let mut unions: BTreeMap<u64, u16> = single
            .iter()
            .enumerate()
            .map(|(atom, set)| (*set, id(atom + 1)))
            .collect();
        let mut met: Vec<u64> = std::iter::once(0).chain(single.iter().copied()).collect();
        let mut samples = self.samples.clone();
        // Every set is reached from a smaller one by one more value.
        let mut at = 1;
        while let Some(set) = met.get(at).copied() {
            for (one, more) in single.iter().enumerate() {
                if unions.contains_key(&(set | more)) {
                    continue;
                }
                if unions.len() >= UNIONS_MAX {
                    return;
                }
                unions.insert(set | more, id(met.len()));
                met.push(set | more);
                let mut values = samples.get(at).cloned().unwrap_or_default();
                values.extend(samples.get(one + 1).cloned().unwrap_or_default());
                samples.push(values);
            }
            at += 1;
        }
        for (atom, set) in met.iter().enumerate().skip(single.len() + 1) {
            for (question, atoms) in yes.iter_mut().enumerate() {
                if set >> question & 1 == 1 {
                    atoms.push(id(atom));
                }
            }
        }
        self.samples = samples;
        self.met = met;
        self.unions = unions;
    }
}

/// One spelling of a list of which any may match.
fn normal(patterns: &[Pattern]) -> Cow<'_, [Pattern]> {
    if patterns.is_sorted_by(|a, b| a < b) {
        return Cow::Borrowed(patterns);
    }
    let mut sorted = patterns.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    Cow::Owned(sorted)
}

/// Whether every value matches.
fn matches_all(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Exact(_) => false,
        Pattern::Prefix(text) | Pattern::Suffix(text) => text.is_empty(),
    }
}

/// Text in the order of its bytes read backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Backwards<'m>(&'m str);

impl Ord for Backwards<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.bytes().rev().cmp(other.0.bytes().rev())
    }
}

impl PartialOrd for Backwards<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Which questions each pattern answers with yes, and by it every pattern that holds with it.
#[derive(Debug, Default)]
struct Patterns<'m> {
    exact: BTreeMap<&'m str, Vec<u32>>,
    prefixes: BTreeMap<&'m str, Vec<u32>>,
    suffixes: BTreeMap<Backwards<'m>, Vec<u32>>,
    prefix_bytes: BTreeSet<usize>,
    suffix_bytes: BTreeSet<usize>,
}

impl<'m> Patterns<'m> {
    fn new(asked: &'m [Vec<Pattern>]) -> Self {
        let mut made = Self::default();
        for (question, list) in asked.iter().enumerate() {
            // A question that every value meets tells only whether there is a value.
            if list.iter().any(matches_all) {
                continue;
            }
            let question = u32::try_from(question).unwrap_or(u32::MAX);
            for pattern in list {
                let questions = match pattern {
                    Pattern::Exact(text) => made.exact.entry(text).or_default(),
                    Pattern::Prefix(text) => {
                        made.prefix_bytes.insert(text.len());
                        made.prefixes.entry(text).or_default()
                    }
                    Pattern::Suffix(text) => {
                        made.suffix_bytes.insert(text.len());
                        made.suffixes.entry(Backwards(text)).or_default()
                    }
                };
                questions.push(question);
            }
        }
        made
    }

    /// The questions met by every value that begins with this text, as far as prefixes tell.
    fn met_by_prefix(&self, text: &str) -> BTreeSet<u32> {
        self.prefixes_of(text)
            .filter_map(|text| self.prefixes.get(text))
            .flatten()
            .copied()
            .collect()
    }

    fn met_by_suffix(&self, text: &str) -> BTreeSet<u32> {
        self.suffixes_of(text)
            .filter_map(|text| self.suffixes.get(&text))
            .flatten()
            .copied()
            .collect()
    }

    fn prefixes_of<'t>(&self, text: &'t str) -> impl DoubleEndedIterator<Item = &'t str> {
        let fits = self.prefix_bytes.range(..=text.len());
        fits.filter_map(|bytes| text.get(..*bytes))
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn suffixes_of<'t>(&self, text: &'t str) -> impl DoubleEndedIterator<Item = Backwards<'t>> {
        let fits = self.suffix_bytes.range(..=text.len());
        let cut = |bytes: &usize| text.get(text.len() - bytes..).map(Backwards);
        fits.filter_map(cut).collect::<Vec<_>>().into_iter()
    }

    fn literals(&self, numbered: &mut Numbered) -> Vec<(String, u16)> {
        let atom_of = |(text, questions): (&&str, &Vec<u32>)| {
            let mut met = self.met_by_prefix(text);
            met.extend(self.met_by_suffix(text));
            met.extend(questions);
            let atom = numbered.atom(met, || (*text).to_owned());
            ((*text).to_owned(), atom)
        };
        self.exact.iter().map(atom_of).collect()
    }

    fn grid(&self, numbered: &mut Numbered) -> Vec<u16> {
        let rows = std::iter::once("").chain(self.prefixes.keys().copied());
        let columns = || std::iter::once("").chain(self.suffixes.keys().map(|suffix| suffix.0));
        let column_met: Vec<BTreeSet<u32>> =
            columns().map(|suffix| self.met_by_suffix(suffix)).collect();
        let mut grid = Vec::new();
        for prefix in rows {
            let row_met = self.met_by_prefix(prefix);
            for (suffix, met) in columns().zip(&column_met) {
                let met = row_met.union(met).copied().collect();
                grid.push(numbered.atom(met, || self.sample(prefix, suffix)));
            }
        }
        grid
    }

    /// A value that is no literal and has exactly this longest prefix and this longest suffix.
    ///
    /// Each pattern rules out at most one character between the two, so one of the characters
    /// tried, which are more than the patterns, always does.
    fn sample(&self, prefix: &str, suffix: &str) -> String {
        let tried = self.exact.len() + self.prefixes.len() + self.suffixes.len() + 1;
        let short = if prefix.is_empty() && suffix.is_empty() {
            None
        } else {
            Some(String::new())
        };
        short
            .into_iter()
            .chain(
                ('a'..='z')
                    .rev()
                    .skip(2)
                    .chain('\u{a1}'..)
                    .take(tried)
                    .map(String::from),
            )
            .map(|middle| format!("{prefix}{middle}{suffix}"))
            .find(|text| self.falls(text, prefix, suffix))
            .unwrap_or_default()
    }

    fn falls(&self, text: &str, prefix: &str, suffix: &str) -> bool {
        let longest = self
            .prefixes_of(text)
            .rfind(|found| self.prefixes.contains_key(found));
        let latest = self
            .suffixes_of(text)
            .rfind(|found| self.suffixes.contains_key(found));
        !self.exact.contains_key(text)
            && longest.unwrap_or_default() == prefix
            && latest.map_or("", |found| found.0) == suffix
    }
}

/// Atoms in the order in which they were found.
#[derive(Debug, Default)]
struct Numbered {
    sets: BTreeMap<Vec<u32>, u16>,
    order: Vec<Vec<u32>>,
    samples: Vec<String>,
}

impl Numbered {
    /// The atom that meets exactly these questions.
    fn atom(&mut self, met: BTreeSet<u32>, sample: impl FnOnce() -> String) -> u16 {
        let met: Vec<u32> = met.into_iter().collect();
        if let Some(atom) = self.sets.get(&met) {
            return *atom;
        }
        self.order.push(met.clone());
        self.samples.push(sample());
        let atom = id(self.order.len());
        self.sets.insert(met, atom);
        atom
    }
}
