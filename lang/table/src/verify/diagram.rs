//! The proof of a diagram: every step finds its edge, and every walk an end.

use super::{Check, end, ordered};
use crate::{Cell, DiagramParts, Node, Parts, Ref, Run};

/// What is known of the walks from one place.
#[derive(Debug, Clone, Copy, Default)]
struct Walked {
    /// The length of the longest.
    depth: usize,
    ends_in_arm: bool,
    ends_in_answer: bool,
}

impl Walked {
    fn of(next: Ref, to: Option<usize>, known: &[Self]) -> Self {
        match to.and_then(|to| known.get(to)) {
            Some(walked) => *walked,
            None => Self {
                depth: 0,
                ends_in_arm: next.arm().is_some(),
                ends_in_answer: next.answer().is_some(),
            },
        }
    }

    fn join(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.ends_in_arm |= other.ends_in_arm;
        self.ends_in_answer |= other.ends_in_answer;
    }

    fn is_torn(self) -> bool {
        self.ends_in_arm && self.ends_in_answer
    }
}

/// The nodes of a table, with everything they refer to.
pub(super) struct Diagram<'p> {
    pub(super) parts: &'p Parts,
}

impl Diagram<'_> {
    pub(super) fn verify(&self) -> Check<usize> {
        let DiagramParts {
            root,
            guards,
            nodes,
            cells,
            runs,
        } = &self.parts.diagram;
        if let Some(arm) = root.arm() {
            end(self.parts, arm)?;
        }
        let mut roots = guards.iter().chain([root]);
        let is_empty = roots.all(|from| from.node().is_none());
        check!(!is_empty || nodes.is_empty(), "nodes that no walk reaches");
        let mut runs_used = 0;
        for node in nodes {
            // One after the other: no run is proved twice, so the proof is linear in the bytes.
            let follows = node.runs == 0 || node.base as usize == runs_used;
            check!(follows, "runs out of order");
            runs_used += self.node(node)?.len();
        }
        check!(runs_used == runs.len(), "runs that no node uses");
        cells
            .iter()
            .enumerate()
            .try_for_each(|(at, cell)| self.cell(at, *cell))?;
        self.depth()
    }

    /// Proves that a node's row or runs are its own to read, and gives its runs.
    fn node(&self, node: &Node) -> Check<&[Run]> {
        let field = self.parts.fields.get(usize::from(node.field));
        let atoms = field.ok_or("a field that is not there")?.atoms;
        let base = node.base as usize;
        if node.runs == 0 {
            let end = base.checked_add(atoms as usize);
            let inside = end.is_some_and(|end| end <= self.parts.diagram.cells.len());
            check!(inside, "a row beyond the cells");
            return Ok(&[]);
        }
        let end = base
            .checked_add(usize::from(node.runs))
            .ok_or("runs beyond the end")?;
        let runs = self
            .parts
            .diagram
            .runs
            .get(base..end)
            .ok_or("runs beyond the end")?;
        check!(ordered(runs, |a, b| a.last < b.last), "runs out of order");
        let inside = runs.iter().all(|run| u32::from(run.last.0) < atoms);
        check!(inside, "an atom that is not there");
        Ok(runs)
    }

    fn cell(&self, at: usize, cell: Cell) -> Check {
        if cell.owner == Cell::FREE {
            check!(cell.next == Ref(0), "a free cell with an edge");
            return Ok(());
        }
        let owner = self
            .parts
            .diagram
            .nodes
            .get(cell.owner as usize)
            .ok_or("a node that is not there")?;
        let atoms = self
            .parts
            .fields
            .get(usize::from(owner.field))
            .map_or(0, |field| field.atoms);
        let base = owner.base as usize;
        let row = base..base.saturating_add(atoms as usize);
        check!(
            owner.runs == 0 && row.contains(&at),
            "a cell outside its owner's row",
        );
        Ok(())
    }

    /// Proves that every edge leads on, and gives the length of the longest walk.
    fn depth(&self) -> Check<usize> {
        let nodes = &self.parts.diagram.nodes;
        // Longest walk from each node, kept from the last node to the first. The cells of a node
        // may lie anywhere, so that their edges are looked at from the cells' side.
        let mut by_owner: Vec<(u32, Ref)> = self
            .parts
            .diagram
            .cells
            .iter()
            .filter(|cell| cell.owner != Cell::FREE)
            .map(|cell| (cell.owner, cell.next))
            .collect();
        by_owner.sort_unstable();
        let mut known = vec![Walked::default(); nodes.len()];
        for (index, node) in nodes.iter().enumerate().rev() {
            let first = by_owner.partition_point(|(owner, _)| (*owner as usize) < index);
            let owned = by_owner.split_off(first);
            let cells = owned.iter().map(|(_, next)| *next);
            let runs = self.node(node)?.iter().map(|run| run.next);
            let mut walked = Walked::default();
            for next in cells.chain(runs).chain([node.miss]) {
                let to = self.edge(index, next)?;
                walked.join(Walked::of(next, to, &known));
            }
            walked.depth += 1;
            check!(!walked.is_torn(), "a walk that ends in an arm or an answer");
            if let Some(slot) = known.get_mut(index) {
                *slot = walked;
            }
        }
        let DiagramParts { root, guards, .. } = &self.parts.diagram;
        let from = |start: Ref| match start.node() {
            Some(at) => known.get(at).copied().ok_or("a node that is not there"),
            None => Ok(Walked::of(start, None, &known)),
        };
        for guard in guards {
            check!(!from(*guard)?.ends_in_arm, "a guard that ends in an arm");
        }
        let root = from(*root)?;
        let answers = self.parts.boxes.is_none() && root.ends_in_answer;
        check!(!answers, "a request that ends in an answer");
        let is_used = self.parts.boxes.is_some() && self.parts.diagram.root != Ref::NO;
        check!(!is_used, "a root beside boxes");
        Ok(root.depth)
    }

    /// Proves one edge and gives the node it leads to, if it goes on.
    fn edge(&self, from: usize, next: Ref) -> Check<Option<usize>> {
        if next.answer().is_some() {
            return Ok(None);
        }
        if let Some(arm) = next.arm() {
            return end(self.parts, arm).map(|()| None);
        }
        let nodes = &self.parts.diagram.nodes;
        let source = nodes.get(from).ok_or("a node that is not there")?;
        let to = next.node().unwrap_or(0);
        let target = nodes.get(to).ok_or("a node that is not there")?;
        check!(
            to > from && target.field > source.field,
            "an edge that goes back",
        );
        Ok(Some(to))
    }
}
