//! Atoms of times: minutes of the week that no condition tells apart.
//!
//! The bounds of all windows cut the week into elementary intervals; intervals that lie in the same
//! windows are one atom, so every night of `mon..fri 22:00..06:00` is the same.

use std::collections::BTreeMap;

use claw_table::policy::{Hours, joined};

use super::address::intervals;
use super::atoms::id;
use super::budget::{Budget, TooLarge};

/// The atoms of the clock of one zone. Atom 0 is absence.
#[derive(Debug, Clone)]
pub(crate) struct TimeValues {
    /// Where the second and each later interval begins.
    pub(crate) cuts: Vec<u16>,
    /// The atom of each interval.
    pub(crate) atoms: Vec<u16>,
    count: usize,
    /// The atoms that lie in each list of windows, sorted.
    questions: BTreeMap<Vec<(u16, u16)>, Vec<u16>>,
}

impl TimeValues {
    pub(crate) fn new(asked: &[&[Hours]]) -> Result<Self, TooLarge> {
        let mut lists: Vec<Vec<(u16, u16)>> = asked.iter().map(|hours| ranges(hours)).collect();
        lists.sort_unstable();
        lists.dedup();
        let wide = |(from, end): &(u16, u16)| (u128::from(*from), u128::from(end - 1));
        let runs: Vec<Vec<(u128, u128)>> = lists
            .iter()
            .map(|list| list.iter().map(wide).collect())
            .collect();
        let mut made = Self {
            cuts: Vec::new(),
            atoms: Vec::new(),
            count: 1,
            questions: BTreeMap::new(),
        };
        let mut sets: BTreeMap<Vec<usize>, u16> = BTreeMap::new();
        for (start, within) in intervals(&runs) {
            // Nothing is asked of what lies behind the week.
            let Some(start) = u16::try_from(start)
                .ok()
                .filter(|start| *start < claw_table::policy::WEEK_MINUTES)
            else {
                continue;
            };
            if start != 0 {
                made.cuts.push(start);
            }
            let next = id(sets.len() + 1);
            made.atoms.push(*sets.entry(within).or_insert(next));
        }
        made.count = sets.len() + 1;
        Budget::Atoms.admits(made.count)?;
        for (question, list) in lists.into_iter().enumerate() {
            let of = sets.iter().filter(|(set, _)| set.contains(&question));
            let mut atoms: Vec<u16> = of.map(|(_, atom)| *atom).collect();
            atoms.sort_unstable();
            made.questions.insert(list, atoms);
        }
        Ok(made)
    }

    /// How many atoms there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The atoms that lie in one of these windows.
    pub(crate) fn yes(&self, hours: &[Hours]) -> &[u16] {
        self.questions
            .get(&ranges(hours))
            .map_or(&[], Vec::as_slice)
    }

    /// The atom of a minute of the week.
    pub(crate) fn atom_of(&self, minute: u16) -> u16 {
        let interval = self.cuts.partition_point(|cut| *cut <= minute);
        self.atoms.get(interval).copied().unwrap_or(0)
    }
}

fn ranges(hours: &[Hours]) -> Vec<(u16, u16)> {
    joined(hours.iter().flat_map(Hours::ranges).collect())
}

#[cfg(test)]
mod tests {
    use claw_table::policy::{Hours, WEEK_MINUTES};

    use super::TimeValues;

    fn hours(days: u8, from_minute: u16, to_minute: u16) -> Hours {
        Hours {
            days,
            from_minute,
            to_minute,
            zone: "UTC".to_owned(),
        }
    }

    #[test]
    fn every_minute_lies_in_the_atoms_of_exactly_its_windows() {
        let asked = [
            vec![hours(0x1f, 1320, 360)],
            vec![hours(0x60, 0, 1440)],
            vec![hours(0x7f, 540, 1020), hours(0x40, 1200, 120)],
            vec![hours(0x7f, 0, 1440)],
        ];
        let lists: Vec<&[Hours]> = asked.iter().map(Vec::as_slice).collect();
        let values = TimeValues::new(&lists).unwrap();
        for minute in 0..WEEK_MINUTES {
            let atom = values.atom_of(minute);
            assert!(atom > 0 && usize::from(atom) < values.count());
            for list in &lists {
                let is_in = list.iter().any(|hours| hours.holds(minute));
                assert_eq!(values.yes(list).contains(&atom), is_in, "{minute} {list:?}");
            }
        }
    }

    #[test]
    fn every_night_is_the_same() {
        let nights = [hours(0x7f, 1320, 360)];
        let values = TimeValues::new(&[&nights]).unwrap();
        assert_eq!(values.count(), 3);
        assert_eq!(values.yes(&nights).len(), 1);
    }
}
