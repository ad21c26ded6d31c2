//! Lays the rows of all nodes over one another, so that a step is one look into one list.
//!
//! ```text
//! node 4, base 0:  a . b .      cells: a4 c7 b4 . c7
//! node 7, base 1:    c . . c    each cell knows its owner; anything else is a miss
//! ```
#![expect(
    clippy::indexing_slicing,
    reason = "cells are grown to hold every row before they are looked at"
)]

use claw_table::{Cell, Ref};

/// The edges of one node that do not lead where most do: atoms, rising, with their targets.
#[derive(Debug)]
pub(crate) struct Row {
    /// Position of the node.
    pub(crate) node: usize,
    /// How many atoms its field has.
    pub(crate) atoms: usize,
    pub(crate) edges: Vec<(u16, Ref)>,
}

/// How many places are tried for a row before it goes to the end.
const TRIES_MAX: usize = 64;

/// Gives each row a base: the list says where each node's row begins.
pub(crate) fn pack(mut rows: Vec<Row>) -> (Vec<Cell>, Vec<(usize, usize)>) {
    // Long rows first, short ones into the gaps they leave.
    rows.sort_by_key(|row| (std::cmp::Reverse(row.edges.len()), row.node));
    let free = Cell {
        owner: Cell::FREE,
        next: Ref(0),
    };
    let mut cells: Vec<Cell> = Vec::new();
    let mut bases = Vec::with_capacity(rows.len());
    let mut low = 0;
    for row in &rows {
        let base = fit(row, low, &cells);
        if cells.len() < base + row.atoms {
            cells.resize(base + row.atoms, free);
        }
        for (atom, next) in &row.edges {
            let owner = u32::try_from(row.node).unwrap_or(Cell::FREE);
            cells[base + usize::from(*atom)] = Cell { owner, next: *next };
        }
        bases.push((row.node, base));
        while cells.get(low).is_some_and(|cell| cell.owner != Cell::FREE) {
            low += 1;
        }
    }
    (cells, bases)
}

fn fit(row: &Row, low: usize, cells: &[Cell]) -> usize {
    let is_free = |at: usize| cells.get(at).is_none_or(|cell| cell.owner == Cell::FREE);
    let first = row.edges.first().map_or(0, |(atom, _)| usize::from(*atom));
    (low.max(first)..cells.len())
        .filter(|at| is_free(*at))
        .take(TRIES_MAX)
        .map(|at| at - first)
        .find(|base| {
            row.edges
                .iter()
                .all(|(atom, _)| is_free(base + usize::from(*atom)))
        })
        .unwrap_or(cells.len())
}
