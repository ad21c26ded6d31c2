//! The walk: from facts to an arm, one step per field at most, without allocation.

mod boxes;
mod ends;

use std::fmt;

pub(crate) use boxes::Boxes;

use crate::{ArmId, AtomId, Cell, DiagramParts, Fact, Facts, FieldId, GuardId, Ref, Table};

/// Why a request cannot be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unclear<'t> {
    /// A header or query parameter is repeated with values that no atom stands for together.
    Ambiguous {
        /// Which one.
        fact: &'t Fact,
    },
    /// The table is broken in memory. `open` lets no such table through.
    Broken,
}

impl fmt::Display for Unclear<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ambiguous { fact } => {
                write!(
                    f,
                    "{fact:?} is repeated with different values: send it once"
                )
            }
            Self::Broken => write!(f, "the compiled policy is broken in memory: load it again"),
        }
    }
}

impl std::error::Error for Unclear<'_> {}

/// How a walk went, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace<'t> {
    /// Every fact that was asked, in order.
    pub steps: Vec<Step<'t>>,
    /// Where it ended.
    pub end: Result<ArmId, Unclear<'t>>,
}

/// One fact that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'t> {
    /// Which field.
    pub field: FieldId,
    /// Its fact.
    pub fact: &'t Fact,
    /// The atom of the request's values.
    pub atom: AtomId,
}

impl Table {
    /// The arm that a request falls to. Asks only the facts on its way, and allocates nothing.
    ///
    /// # Errors
    /// A repeated value that no atom stands for: the request is refused, never guessed.
    #[inline]
    pub fn decide(&self, facts: &impl Facts) -> Result<ArmId, Unclear<'_>> {
        let mut mentioned = None;
        self.arm_by(|field| {
            let asked = self.fields.get(field.index()).ok_or(Unclear::Broken)?;
            self.atom(asked, facts, &mut mentioned)
                .ok_or(Unclear::Ambiguous { fact: asked.fact() })
        })
    }

    /// Hands every guard whose condition a request meets to `each`, in order. Asks only the facts on
    /// the ways, reads the prompt at most once, and allocates nothing.
    ///
    /// # Errors
    /// A repeated value that no atom stands for: the request is refused, never guessed.
    pub fn guards(
        &self,
        facts: &impl Facts,
        mut each: impl FnMut(GuardId),
    ) -> Result<(), Unclear<'_>> {
        let mut mentioned = None;
        for (number, from) in (0_u16..).zip(&self.paths.guards) {
            let end = self.walk(*from, |field| {
                let asked = self.fields.get(field.index()).ok_or(Unclear::Broken)?;
                self.atom(asked, facts, &mut mentioned)
                    .ok_or(Unclear::Ambiguous { fact: asked.fact() })
            })?;
            if end.answer().ok_or(Unclear::Broken)? {
                each(GuardId(number));
            }
        }
        Ok(())
    }

    /// The arm that these atoms, one for each field, fall to; nothing if an atom is missing.
    #[inline]
    pub fn decide_atoms(&self, atoms: &[AtomId]) -> Option<ArmId> {
        let atom_of = |field: FieldId| atoms.get(field.index()).copied().ok_or(Unclear::Broken);
        self.arm_by(atom_of).ok()
    }

    /// Whether these atoms, one for each field, meet the condition of a guard; nothing if an atom
    /// or the guard is missing.
    pub fn guard_atoms(&self, guard: GuardId, atoms: &[AtomId]) -> Option<bool> {
        let atom_of = |field: FieldId| atoms.get(field.index()).copied().ok_or(Unclear::Broken);
        let from = self.paths.guards.get(guard.index())?;
        self.walk(*from, atom_of).ok()?.answer()
    }

    /// The walk with every step kept. Allocates.
    pub fn trace(&self, facts: &impl Facts) -> Trace<'_> {
        let mut steps = Vec::new();
        let mut mentioned = None;
        let end = self.arm_by(|field| {
            let asked = self.fields.get(field.index()).ok_or(Unclear::Broken)?;
            let fact = asked.fact();
            let atom = self.atom(asked, facts, &mut mentioned);
            let atom = atom.ok_or(Unclear::Ambiguous { fact })?;
            steps.push(Step { field, fact, atom });
            Ok(atom)
        });
        Trace { steps, end }
    }

    /// The arm that a request with these atoms falls to.
    #[inline]
    fn arm_by<'t>(
        &'t self,
        atom_of: impl FnMut(FieldId) -> Result<AtomId, Unclear<'t>>,
    ) -> Result<ArmId, Unclear<'t>> {
        match &self.boxes {
            None => self.walk(self.paths.root, atom_of).and_then(arm),
            Some(boxes) => boxes.walk(atom_of),
        }
    }

    #[inline]
    fn walk<'t>(
        &'t self,
        from: Spot,
        mut atom_of: impl FnMut(FieldId) -> Result<AtomId, Unclear<'t>>,
    ) -> Result<Ref, Unclear<'t>> {
        let mut at = from;
        // verify proved that fields rise along every edge, so this many steps always reach an end.
        for _ in 0..=self.fields.len() {
            if at.to.node().is_none() {
                return Ok(at.to);
            }
            let atom = atom_of(FieldId(at.field))?;
            at = self.paths.step(at, atom).ok_or(Unclear::Broken)?;
        }
        Err(Unclear::Broken)
    }
}

/// The arm that ends a walk from the root.
#[inline]
fn arm<'t>(end: Ref) -> Result<ArmId, Unclear<'t>> {
    end.arm().ok_or(Unclear::Broken)
}

/// The diagram as it is walked: every edge carries what its target needs, so that a step that hits
/// is one dependent load.
#[derive(Debug)]
pub(crate) struct Paths {
    root: Spot,
    guards: Box<[Spot]>,
    cells: Box<[Owned]>,
    runs: Box<[Bounded]>,
    misses: Box<[Spot]>,
}

/// Where a walk stands: a reference, and for a node its field and where its edges are.
#[derive(Debug, Clone, Copy)]
struct Spot {
    to: Ref,
    base: u32,
    field: u16,
    runs: u16,
}

#[derive(Debug, Clone, Copy)]
struct Owned {
    owner: u32,
    next: Spot,
}

#[derive(Debug, Clone, Copy)]
struct Bounded {
    last: AtomId,
    next: Spot,
}

impl Paths {
    pub(crate) fn new(parts: &DiagramParts) -> Self {
        let spot = |to: Ref| match to.node().and_then(|node| parts.nodes.get(node)) {
            Some(node) => Spot {
                to,
                base: node.base,
                field: node.field,
                runs: node.runs,
            },
            None => Spot {
                to,
                base: 0,
                field: 0,
                runs: 0,
            },
        };
        let owned = |cell: &Cell| Owned {
            owner: cell.owner,
            next: spot(cell.next),
        };
        Self {
            root: spot(parts.root),
            guards: parts.guards.iter().map(|from| spot(*from)).collect(),
            cells: parts.cells.iter().map(owned).collect(),
            runs: parts
                .runs
                .iter()
                .map(|run| Bounded {
                    last: run.last,
                    next: spot(run.next),
                })
                .collect(),
            misses: parts.nodes.iter().map(|node| spot(node.miss)).collect(),
        }
    }

    #[inline]
    fn step(&self, at: Spot, atom: AtomId) -> Option<Spot> {
        let base = at.base as usize;
        if at.runs == 0 {
            let cell = self.cells.get(base + atom.index())?;
            if cell.owner == at.to.0 {
                return Some(cell.next);
            }
        } else {
            let runs = self.runs.get(base..base + usize::from(at.runs))?;
            let found = runs.partition_point(|run| run.last < atom);
            if let Some(run) = runs.get(found) {
                return Some(run.next);
            }
        }
        self.misses.get(at.to.0 as usize).copied()
    }
}
