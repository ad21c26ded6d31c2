//! The split of one text field: only what makes a difference, of literals, affixes and infixes.

use std::collections::BTreeMap;

use claw_table::{AtomId, TextParts, Union};

use crate::diagram::TextValues;

/// Keeps only the literals, affixes and infixes that make a difference.
pub(super) fn parts(text: &TextValues, classes: &[u16]) -> TextParts {
    let class = |atom: &u16| AtomId(classes.get(usize::from(*atom)).copied().unwrap_or(0));
    let mut cube = Cube {
        sets: text.sets.clone(),
        infixes: text.infixes.clone(),
        rows: text.prefixes.len() + 1,
        columns: text.suffixes.len() + 1,
        cells: text.grid.iter().map(class).collect(),
    };
    cube.drop_infixes();
    let literals = text.literals.iter().filter_map(|(literal, atom)| {
        let row = longest(&text.prefixes, |prefix| literal.starts_with(prefix));
        let column = longest(&text.suffixes, |suffix| literal.ends_with(suffix));
        (cube.cell(cube.set_of(literal), row, column) != Some(&class(atom)))
            .then(|| (literal.clone(), class(atom)))
    });
    let literals = literals.collect();
    let rows = cube.rows_that_differ(&text.prefixes);
    let columns = cube.columns_that_differ(&text.suffixes);
    let pick = |list: &[String], kept: &[usize]| {
        kept.iter()
            .filter_map(|at| list.get(at.checked_sub(1)?).cloned())
            .collect()
    };
    let mut grid = Vec::new();
    for set in 0..cube.sets.len() {
        for row in &rows {
            let cells = columns.iter().map(|column| cube.cell(set, *row, *column));
            grid.extend(cells.flatten());
        }
    }
    let (tests, unions) = unions(text, classes);
    TextParts {
        absent: class(&0),
        literals,
        prefixes: pick(&text.prefixes, &rows),
        suffixes: pick(&text.suffixes, &columns),
        infixes: cube.infixes,
        sets: cube.sets,
        grid,
        tests,
        unions,
    }
}

/// The class of every set of infixes with every prefix and every suffix.
struct Cube {
    infixes: Vec<String>,
    sets: Vec<u64>,
    rows: usize,
    columns: usize,
    cells: Vec<AtomId>,
}

impl Cube {
    fn cell(&self, set: usize, row: usize, column: usize) -> Option<&AtomId> {
        self.cells
            .get((set * self.rows + row) * self.columns + column)
    }

    fn plane(&self, set: usize) -> &[AtomId] {
        let bytes = self.rows * self.columns;
        let plane = self.cells.get(set * bytes..(set + 1) * bytes);
        plane.unwrap_or_default()
    }

    fn row(&self, row: usize) -> impl Iterator<Item = &AtomId> {
        let of_set = move |set| {
            self.cells
                .iter()
                .skip((set * self.rows + row) * self.columns)
        };
        (0..self.sets.len()).flat_map(move |set| of_set(set).take(self.columns))
    }

    fn column(&self, column: usize) -> impl Iterator<Item = &AtomId> {
        self.cells.iter().skip(column).step_by(self.columns)
    }

    /// The position of the set of infixes in a text.
    fn set_of(&self, text: &str) -> usize {
        let found = self.infixes.iter().enumerate();
        let found = found.filter(|(_, infix)| text.contains(infix.as_str()));
        let set = found.fold(0_u64, |set, (at, _)| set | 1 << at);
        self.sets.binary_search(&set).unwrap_or(0)
    }

    /// Drops the infixes whose presence changes nothing, whatever else is there.
    fn drop_infixes(&mut self) {
        for at in (0..self.infixes.len()).rev() {
            let bit = 1 << at;
            let with = self.sets.iter().enumerate();
            let mut with = with.filter(|(_, set)| *set & bit != 0);
            let alike = with.all(|(set, bits)| {
                let without = self.sets.binary_search(&(bits & !bit));
                without.is_err() || without.is_ok_and(|other| self.plane(set) == self.plane(other))
            });
            if alike {
                self.drop_infix(at);
            }
        }
    }

    fn drop_infix(&mut self, at: usize) {
        let low = (1 << at) - 1;
        let without = |set: u64| set & low | set >> 1 & !low;
        let planes: BTreeMap<u64, Vec<AtomId>> = self
            .sets
            .iter()
            .enumerate()
            .map(|(set, bits)| (without(*bits), self.plane(set).to_vec()))
            .collect();
        self.infixes.remove(at);
        self.sets = planes.keys().copied().collect();
        self.cells = planes.into_values().flatten().collect();
    }

    /// No prefix, and every one that differs from the longest other that it begins with.
    fn rows_that_differ(&self, prefixes: &[String]) -> Vec<usize> {
        let differs = |at: &usize| {
            let own = prefixes.get(at - 1).map_or("", String::as_str);
            let parent = longest(prefixes, |other| other != own && own.starts_with(other));
            self.row(*at).ne(self.row(parent))
        };
        let rows = (1..self.rows).filter(differs);
        std::iter::once(0).chain(rows).collect()
    }

    fn columns_that_differ(&self, suffixes: &[String]) -> Vec<usize> {
        let differs = |at: &usize| {
            let own = suffixes.get(at - 1).map_or("", String::as_str);
            let parent = longest(suffixes, |other| other != own && own.ends_with(other));
            self.column(*at).ne(self.column(parent))
        };
        let columns = (1..self.columns).filter(differs);
        std::iter::once(0).chain(columns).collect()
    }
}

/// One more than the position of the longest that fits, or 0.
fn longest(affixes: &[String], fits: impl Fn(&str) -> bool) -> usize {
    let fitting = affixes.iter().enumerate().filter(|(_, affix)| fits(affix));
    fitting
        .max_by_key(|(_, affix)| affix.len())
        .map_or(0, |(at, _)| at + 1)
}

/// The tests of each class, told by one of its values, and every set these can add up to.
fn unions(text: &TextValues, classes: &[u16]) -> (Vec<u64>, Vec<Union>) {
    if text.unions.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let count = classes
        .iter()
        .max()
        .map_or(1, |last| usize::from(*last) + 1);
    let mut tests: Vec<Option<u64>> = vec![None; count];
    for (met, class) in text.met.iter().zip(classes).skip(1) {
        if let Some(slot) = tests.get_mut(usize::from(*class)) {
            slot.get_or_insert(*met);
        }
    }
    let singles: Vec<u64> = tests.iter().copied().flatten().collect();
    let atom = |met: u64| {
        text.unions
            .get(&met)
            .and_then(|atom| classes.get(usize::from(*atom)))
    };
    let mut sums: BTreeMap<u64, AtomId> = BTreeMap::new();
    let mut open = singles.clone();
    while let Some(met) = open.pop() {
        if let Some(class) = atom(met)
            && sums.insert(met, AtomId(*class)).is_none()
        {
            open.extend(singles.iter().map(|more| met | more));
        }
    }
    let sums = sums
        .into_iter()
        .map(|(tests, atom)| Union { tests, atom })
        .collect();
    (
        tests.into_iter().map(Option::unwrap_or_default).collect(),
        sums,
    )
}
