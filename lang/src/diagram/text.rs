//! Atoms of text: which questions a value meets, found without looking at all values.
//!
//! A value is one of the exact literals, or else its longest prefix and longest suffix among the
//! patterns and the set of infixes in it tell everything. Two values with the same answers to all
//! questions are one atom.
//!
//! `a*b` is the prefix `a` with the suffix `b`. The few values in which the two overlap, such as
//! `aba` for `ab*ba`, are literals of their own, so that they never count as a match.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::atoms::{Unions, id};
use super::budget::{Budget, TooLarge};
use crate::model::Pattern;

/// The most atoms that values together may add up to before repeated values are given up on.
const UNIONS_MAX: usize = 256;
/// Questions are bits of one word where several values are joined.
const UNION_QUESTIONS_MAX: usize = 64;
/// Infixes are bits of one word.
const INFIXES_MAX: usize = 64;

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
    /// Sorted.
    pub(crate) infixes: Vec<String>,
    /// Every set of infixes that a value can have in it, as bits, sorted. The empty one is first.
    pub(crate) sets: Vec<u64>,
    /// For each set of infixes, for each longest prefix (none first), for each longest suffix (none
    /// first), the atom. Where the set lacks what the affixes bring along, it is that of both.
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
        let plane = (patterns.prefixes.len() + 1).saturating_mul(patterns.suffixes.len() + 1);
        let sets = patterns.sets(Budget::Atoms.limit() / plane.max(1))?;
        let grid = patterns.grid(&sets, &mut numbered);
        let literals = patterns.literals(&mut numbered);
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
            infixes: patterns
                .infixes
                .keys()
                .map(|text| (*text).to_owned())
                .collect(),
            sets,
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

    /// The atom of one value, where no infixes are asked for.
    pub(super) fn atom_of(&self, value: &str) -> u16 {
        let literal = self
            .literals
            .binary_search_by_key(&value, |(literal, _)| literal);
        if let Some((_, atom)) = literal.ok().and_then(|at| self.literals.get(at)) {
            return *atom;
        }
        let longest = |list: &[String], fits: fn(&str, &str) -> bool| {
            let all = list.iter().enumerate();
            let fitting = all.filter(|(_, affix)| fits(value, affix));
            let longest = fitting.max_by_key(|(_, affix)| affix.len());
            longest.map_or(0, |(at, _)| at + 1)
        };
        let row = longest(&self.prefixes, |value, affix| value.starts_with(affix));
        let column = longest(&self.suffixes, |value, affix| value.ends_with(affix));
        let cell = row * (self.suffixes.len() + 1) + column;
        self.grid.get(cell).copied().unwrap_or(0)
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
        Pattern::Exact(_) | Pattern::Around(..) => false,
        Pattern::Prefix(text) | Pattern::Suffix(text) | Pattern::Infix(text) => text.is_empty(),
    }
}

/// The values that begin with one text and end with the other, and are too short for both.
fn overlaps(head: &str, tail: &str) -> impl Iterator<Item = String> {
    let shared = tail.char_indices().map(|(at, c)| at + c.len_utf8());
    shared.filter_map(move |end| {
        let (both, rest) = tail.split_at_checked(end)?;
        head.ends_with(both).then(|| format!("{head}{rest}"))
    })
}

fn bit(at: usize) -> u64 {
    1 << at
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
    exact: BTreeMap<Cow<'m, str>, Vec<u32>>,
    prefixes: BTreeMap<&'m str, Vec<u32>>,
    suffixes: BTreeMap<Backwards<'m>, Vec<u32>>,
    prefix_bytes: BTreeSet<usize>,
    suffix_bytes: BTreeSet<usize>,
    infixes: BTreeMap<&'m str, Vec<u32>>,
    arounds: Vec<(&'m str, &'m str, u32)>,
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
                made.ask(pattern, question);
            }
        }
        made
    }

    fn ask(&mut self, pattern: &'m Pattern, question: u32) {
        match pattern {
            Pattern::Exact(text) => self.exact(Cow::Borrowed(text)).push(question),
            Pattern::Prefix(text) => self.prefix(text).push(question),
            Pattern::Suffix(text) => self.suffix(text).push(question),
            Pattern::Infix(text) => self.infixes.entry(text).or_default().push(question),
            Pattern::Around(head, tail) => {
                self.prefix(head);
                self.suffix(tail);
                self.arounds.push((head, tail, question));
                for overlap in overlaps(head, tail) {
                    self.exact(Cow::Owned(overlap));
                }
            }
        }
    }

    fn exact(&mut self, text: Cow<'m, str>) -> &mut Vec<u32> {
        self.exact.entry(text).or_default()
    }

    fn prefix(&mut self, text: &'m str) -> &mut Vec<u32> {
        self.prefix_bytes.insert(text.len());
        self.prefixes.entry(text).or_default()
    }

    fn suffix(&mut self, text: &'m str) -> &mut Vec<u32> {
        self.suffix_bytes.insert(text.len());
        self.suffixes.entry(Backwards(text)).or_default()
    }

    /// The infixes in a text, as bits.
    fn set_of(&self, text: &str) -> u64 {
        let found = self.infixes.keys().enumerate();
        let found = found.filter(|(_, infix)| text.contains(**infix));
        found.fold(0, |set, (at, _)| set | bit(at))
    }

    /// Every set of infixes that some value has in it: an infix brings along those within it, and
    /// a value may hold any of them side by side.
    fn sets(&self, sets_max: usize) -> Result<Vec<u64>, TooLarge> {
        let too_large = TooLarge {
            budget: Budget::Atoms,
        };
        if self.infixes.len() > INFIXES_MAX || sets_max == 0 {
            return Err(too_large);
        }
        let singles: Vec<u64> = self.infixes.keys().map(|text| self.set_of(text)).collect();
        let mut sets = BTreeSet::from([0]);
        for single in singles {
            let joined: Vec<u64> = sets.iter().map(|set| set | single).collect();
            sets.extend(joined);
            if sets.len() > sets_max {
                return Err(too_large);
            }
        }
        Ok(sets.into_iter().collect())
    }

    fn met_by_set(&self, set: u64) -> impl Iterator<Item = u32> {
        let questions = self.infixes.values().enumerate();
        let questions = questions.filter(move |(at, _)| set & bit(*at) != 0);
        questions.flat_map(|(_, questions)| questions).copied()
    }

    /// The questions met by a value with something between this head and this tail, or nothing.
    fn met_around(&self, head: &str, tail: &str) -> impl Iterator<Item = u32> {
        let arounds = self.arounds.iter();
        let arounds = arounds.filter(move |(h, t, _)| head.starts_with(h) && tail.ends_with(t));
        arounds.map(|(_, _, question)| *question)
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
        let atom_of = |(text, questions): (&Cow<'m, str>, &Vec<u32>)| {
            let mut met = self.met_by_prefix(text);
            met.extend(self.met_by_suffix(text));
            met.extend(self.met_by_set(self.set_of(text)));
            let fits = |(head, tail, _): &&(&str, &str, u32)| {
                text.len() >= head.len() + tail.len()
                    && text.starts_with(head)
                    && text.ends_with(tail)
            };
            met.extend(self.arounds.iter().filter(fits).map(|around| around.2));
            met.extend(questions);
            let atom = numbered.atom(met, || text.clone().into_owned());
            (text.clone().into_owned(), atom)
        };
        self.exact.iter().map(atom_of).collect()
    }

    fn grid(&self, sets: &[u64], numbered: &mut Numbered) -> Vec<u16> {
        let rows = || std::iter::once("").chain(self.prefixes.keys().copied());
        let columns = || std::iter::once("").chain(self.suffixes.keys().map(|suffix| suffix.0));
        let known = |text: &'m str| (text, self.set_of(text));
        let rows: Vec<((&str, u64), BTreeSet<u32>)> = rows()
            .map(|prefix| (known(prefix), self.met_by_prefix(prefix)))
            .collect();
        let columns: Vec<((&str, u64), BTreeSet<u32>)> = columns()
            .map(|suffix| (known(suffix), self.met_by_suffix(suffix)))
            .collect();
        let mut grid = Vec::new();
        for set in sets {
            for ((prefix, with_prefix), row_met) in &rows {
                for ((suffix, with_suffix), column_met) in &columns {
                    let set = set | with_prefix | with_suffix;
                    let mut met: BTreeSet<u32> = row_met.union(column_met).copied().collect();
                    met.extend(self.met_by_set(set));
                    met.extend(self.met_around(prefix, suffix));
                    grid.push(numbered.atom(met, || self.sample(prefix, suffix, set)));
                }
            }
        }
        grid
    }

    /// A value that is no literal and has exactly this longest prefix, this longest suffix, and
    /// these infixes in it.
    ///
    /// Infixes stand side by side between the two, with one character before, between and after
    /// them. A pattern that is met by mistake has that character in it, so one of the characters
    /// tried, which are more than the patterns rule out, always does.
    fn sample(&self, prefix: &str, suffix: &str, set: u64) -> String {
        let infixes: usize = self.infixes.keys().map(|infix| infix.chars().count()).sum();
        let affixes = self.prefixes.len() + self.suffixes.len();
        let tried = self.exact.len() + affixes + infixes + 1;
        let between = self.outermost(set, prefix, suffix);
        let short = (!prefix.is_empty() || !suffix.is_empty() || !between.is_empty())
            .then(String::new)
            .into_iter();
        let signs = ('a'..='z').rev().skip(2).chain('\u{a1}'..).take(tried);
        short
            .chain(signs.map(String::from))
            .map(|sign| {
                let parts = between.iter().map(|infix| format!("{infix}{sign}"));
                format!("{prefix}{sign}{}{suffix}", parts.collect::<String>())
            })
            .find(|text| self.falls(text, prefix, suffix) && self.set_of(text) == set)
            .unwrap_or_default()
    }

    /// The infixes of a set that are in no other of it, nor in the affixes.
    fn outermost(&self, set: u64, prefix: &str, suffix: &str) -> Vec<&'m str> {
        let infixes: Vec<&str> = self.infixes.keys().copied().collect();
        let within = |infix: &str| {
            let own = infixes.iter().enumerate();
            let mut others = own.filter(|(at, other)| set & bit(*at) != 0 && **other != infix);
            prefix.contains(infix)
                || suffix.contains(infix)
                || others.any(|(_, other)| other.contains(infix))
        };
        let of_set = infixes.iter().enumerate();
        let of_set = of_set.filter(|(at, _)| set & bit(*at) != 0);
        let of_set = of_set.map(|(_, infix)| *infix);
        of_set.filter(|infix| !within(infix)).collect()
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
