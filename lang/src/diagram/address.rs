//! Atoms of addresses: runs of addresses that no condition tells apart.
//!
//! The bounds of all ranges cut the addresses into elementary intervals, as many as there are bounds
//! and no more however the ranges overlap; intervals that lie in the same ranges are one atom.

use std::collections::BTreeMap;

use claw_table::address;

use super::atoms::id;
use super::budget::{Budget, TooLarge};
use crate::model::{Net, is_mapped};

/// The atoms of one address fact. Atom 0 is absence.
#[derive(Debug, Clone)]
pub(crate) struct AddressValues {
    /// Where the second and each later interval begins.
    pub(crate) cuts: Vec<u128>,
    /// The atom of each interval.
    pub(crate) atoms: Vec<u16>,
    /// An address of each atom, from atom 1 on.
    samples: Vec<u128>,
    /// The atoms that lie in each list of ranges, sorted.
    questions: BTreeMap<Vec<Net>, Vec<u16>>,
}

/// Addresses that a reader takes for examples, the likeliest first.
const EXAMPLES: [&str; 6] = [
    "127.0.0.1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "10.0.0.1",
    "2001:db8::1",
];

impl AddressValues {
    pub(crate) fn new(asked: &[&[Net]]) -> Result<Self, TooLarge> {
        let mut lists: Vec<&[Net]> = asked.to_vec();
        lists.sort_unstable();
        lists.dedup();
        let mut made = Self {
            cuts: Vec::new(),
            atoms: Vec::new(),
            samples: Vec::new(),
            questions: BTreeMap::new(),
        };
        let mut sets: BTreeMap<Vec<usize>, u16> = BTreeMap::new();
        let runs: Vec<Vec<(u128, u128)>> = lists
            .iter()
            .map(|nets| nets.iter().flat_map(|net| net.runs()).collect())
            .collect();
        for (start, within) in intervals(&runs) {
            if start != 0 {
                made.cuts.push(start);
            }
            let next = id(sets.len() + 1);
            made.atoms.push(*sets.entry(within).or_insert(next));
        }
        Budget::Atoms.admits(sets.len() + 1)?;
        made.samples = (1..=sets.len()).map(|atom| made.pick(id(atom))).collect();
        for (question, list) in lists.iter().enumerate() {
            let of = sets.iter().filter(|(set, _)| set.contains(&question));
            let mut atoms: Vec<u16> = of.map(|(_, atom)| *atom).collect();
            atoms.sort_unstable();
            made.questions.insert(list.to_vec(), atoms);
        }
        Ok(made)
    }

    /// How many atoms there are.
    pub(crate) fn count(&self) -> usize {
        self.samples.len() + 1
    }

    /// An address of an atom; none of absence.
    pub(crate) fn sample(&self, atom: u16) -> Option<u128> {
        self.samples.get(usize::from(atom).checked_sub(1)?).copied()
    }

    /// The atoms that lie in one of these ranges.
    pub(crate) fn yes(&self, nets: &[Net]) -> &[u16] {
        self.questions.get(nets).map_or(&[], Vec::as_slice)
    }

    /// An address that falls into the atom: an example, else an early one of a range, of IPv4 if
    /// there is one.
    fn pick(&self, atom: u16) -> u128 {
        let examples = EXAMPLES.iter().filter_map(|text| text.parse().ok());
        let mut examples = examples.map(address);
        if let Some(example) = examples.find(|example| self.atom_of(*example) == Some(atom)) {
            return example;
        }
        let starts = std::iter::once(0).chain(self.cuts.iter().copied());
        let own = starts.zip(&self.atoms).filter(|(_, own)| **own == atom);
        let mut own: Vec<u128> = own.map(|(start, _)| start).collect();
        own.sort_by_key(|start| (!is_mapped(*start), *start));
        let first = own.first().copied().unwrap_or(0);
        // `10.0.0.1` is an address, `10.0.0.0` looks like a range.
        let second = first.saturating_add(1);
        if self.atom_of(second) == Some(atom) && is_mapped(second) == is_mapped(first) {
            second
        } else {
            first
        }
    }

    fn atom_of(&self, address: u128) -> Option<u16> {
        let interval = self.cuts.partition_point(|cut| *cut <= address);
        self.atoms.get(interval).copied()
    }
}

/// Where each elementary interval begins, and the lists that have a range around it. Ranges are
/// given by their first and last members.
pub(super) fn intervals(lists: &[Vec<(u128, u128)>]) -> Vec<(u128, Vec<usize>)> {
    let mut opens: BTreeMap<u128, Vec<(usize, bool)>> = BTreeMap::from([(0, Vec::new())]);
    for (list, runs) in lists.iter().enumerate() {
        for (first, last) in runs.iter().copied() {
            opens.entry(first).or_default().push((list, true));
            if let Some(after) = last.checked_add(1) {
                opens.entry(after).or_default().push((list, false));
            }
        }
    }
    let mut depth: BTreeMap<usize, usize> = BTreeMap::new();
    let mut found: Vec<(u128, Vec<usize>)> = Vec::new();
    for (start, changes) in opens {
        for (list, is_open) in changes {
            let own = depth.entry(list).or_default();
            *own = if is_open { *own + 1 } else { *own - 1 };
            if *own == 0 {
                depth.remove(&list);
            }
        }
        let within: Vec<usize> = depth.keys().copied().collect();
        if found.last().is_none_or(|(_, before)| *before != within) {
            found.push((start, within));
        }
    }
    found
}
