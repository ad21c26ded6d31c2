//! Where requests can end of which only some facts are known.

use std::collections::BTreeSet;

use super::{Paths, Spot};
use crate::{ArmId, AtomId, Fact, Facts, Table};

impl Table {
    /// The arms to which requests may fall that have these facts, as far as they are `known`, and
    /// any others; nothing where that would take more than `steps`, or where the table is a list.
    ///
    /// What is not known is taken to be free, also where it depends on what is: an arm may be among
    /// them that no request reaches, and none is missing.
    pub fn ends(
        &self,
        facts: &impl Facts,
        known: impl Fn(&Fact) -> bool,
        steps: &mut u32,
    ) -> Option<BTreeSet<ArmId>> {
        if self.boxes.is_some() {
            return None;
        }
        let mut mentioned = None;
        let fields = self.fields.iter();
        let atoms: Vec<Result<AtomId, u32>> = fields
            .map(|field| {
                let atom = known(field.fact()).then(|| self.atom(field, facts, &mut mentioned));
                atom.flatten().ok_or(field.atoms())
            })
            .collect();
        let (mut ends, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![self.paths.root];
        while let Some(at) = open.pop() {
            *steps = steps.checked_sub(1)?;
            if at.to.node().is_none() {
                ends.insert(at.to.arm()?);
            } else if seen.insert(at.to.0) {
                match atoms.get(usize::from(at.field))? {
                    Ok(atom) => open.push(self.paths.step(at, *atom)?),
                    Err(atoms) => self.paths.edges(at, *atoms, &mut open),
                }
            }
        }
        Some(ends)
    }
}

impl Paths {
    /// Every spot to which a node leads.
    fn edges(&self, at: Spot, atoms: u32, to: &mut Vec<Spot>) {
        let base = at.base as usize;
        if at.runs == 0 {
            let cells = self.cells.iter().skip(base).take(atoms as usize);
            let own = cells.filter(|cell| cell.owner == at.to.0);
            to.extend(own.map(|cell| cell.next));
        } else {
            let runs = self.runs.iter().skip(base).take(usize::from(at.runs));
            to.extend(runs.map(|run| run.next));
        }
        to.extend(self.misses.get(at.to.0 as usize));
    }
}
