//! Merges atoms that the finished diagram treats alike, so that arms without effect leave no trace.
#![expect(
    clippy::indexing_slicing,
    reason = "lists are made here with one entry for each atom, and atoms are in range"
)]

use std::collections::BTreeMap;

use super::atoms::{Field, Values, id};
use super::store::{Ref, Run, Store};
use super::text::TextValues;

/// For each atom of a field the class it is merged into, numbered by their first atoms.
pub(crate) fn classes(field: &Field, nodes: &[usize], store: &Store) -> Vec<u16> {
    match &field.values {
        Values::Text(text) if field.fact.repeats() => {
            if text.unions.is_empty() {
                // Values that are treated alike one by one may differ together.
                return (0..field.atoms()).map(id).collect();
            }
            congruent(text, &alike(field.atoms(), nodes, store))
        }
        Values::Text(_)
        | Values::Number { .. }
        | Values::Address(_)
        | Values::Time(_)
        | Values::Json(_)
        | Values::Flag => renumbered(&alike(field.atoms(), nodes, store)),
    }
}

/// The child that most atoms of a node lead to.
pub(crate) fn widest(runs: &[Run]) -> Ref {
    let mut widths: BTreeMap<Ref, usize> = BTreeMap::new();
    let mut first = 0;
    for run in runs {
        let end = usize::from(run.last) + 1;
        *widths.entry(run.to).or_default() += end - first;
        first = end;
    }
    widths
        .into_iter()
        .max_by_key(|(_, width)| *width)
        .map_or(Ref::NOWHERE, |(to, _)| to)
}

/// Splits the atoms, node by node, until each class goes one way in every node. Only atoms that do
/// not go the widest way are looked at.
fn alike(atoms: usize, nodes: &[usize], store: &Store) -> Vec<u32> {
    let mut class = vec![0; atoms];
    let mut fresh = 1;
    let mut split: BTreeMap<(u32, Ref), u32> = BTreeMap::new();
    for node in nodes {
        let (_, runs) = store.open(*node);
        let default = widest(runs);
        split.clear();
        let mut first = 0;
        let mut part = |own: u32, to: Ref| {
            *split.entry((own, to)).or_insert_with(|| {
                fresh += 1;
                fresh
            })
        };
        for run in runs {
            let end = usize::from(run.last) + 1;
            if run.to != default {
                for own in &mut class[first..end] {
                    *own = part(*own, run.to);
                }
            }
            first = end;
        }
    }
    class
}

fn renumbered<T: Ord + Copy>(class: &[T]) -> Vec<u16> {
    let mut numbers: BTreeMap<T, u16> = BTreeMap::new();
    class
        .iter()
        .map(|old| {
            let next = id(numbers.len());
            *numbers.entry(*old).or_insert(next)
        })
        .collect()
}

/// Splits further until values that are alike stay alike beside every other value.
fn congruent(text: &TextValues, alike: &[u32]) -> Vec<u16> {
    let singles: Vec<u64> = text
        .samples
        .iter()
        .zip(&text.met)
        .skip(1)
        .filter(|(sample, _)| sample.len() == 1)
        .map(|(_, met)| *met)
        .collect();
    let join = |met: u64, more: u64| {
        text.unions
            .get(&(met | more))
            .map_or(0, |atom| usize::from(*atom))
    };
    let mut class: Vec<usize> = alike.iter().map(|class| *class as usize).collect();
    loop {
        // Absence is never beside a value.
        let keys: Vec<Vec<usize>> = (1..class.len())
            .map(|atom| {
                let beside = singles
                    .iter()
                    .map(|more| class[join(text.met[atom], *more)]);
                std::iter::once(class[atom]).chain(beside).collect()
            })
            .collect();
        let mut numbers: BTreeMap<&Vec<usize>, usize> = BTreeMap::new();
        let mut next = vec![usize::MAX];
        for key in &keys {
            let number = numbers.len();
            next.push(*numbers.entry(key).or_insert(number));
        }
        let before: std::collections::BTreeSet<usize> = class[1..].iter().copied().collect();
        let settled = before.len() == numbers.len();
        class = next;
        if settled {
            break;
        }
    }
    if let Some(same) = (1..class.len()).find(|atom| alike[*atom] == alike[0]) {
        class[0] = class[same];
    }
    renumbered(&class)
}
