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
        let atoms = self.as_known(facts, known);
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

    /// The arms to which requests with these facts may fall where requests with the `others`, alike in
    /// all that is not `known`, fall to another arm; nothing as for [`Table::ends`].
    pub fn ends_apart<F: Facts>(
        &self,
        (facts, others): (&F, &F),
        known: impl Fn(&Fact) -> bool,
        steps: &mut u32,
    ) -> Option<BTreeSet<ArmId>> {
        if self.boxes.is_some() {
            return None;
        }
        let atoms = self.as_known(facts, &known);
        let theirs = self.as_known(others, &known);
        let (mut ends, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open = vec![(self.paths.root, self.paths.root)];
        while let Some((one, other)) = open.pop() {
            *steps = steps.checked_sub(1)?;
            // Fields rise along every edge: the pair is at the lower of its two.
            let nodes = [one, other].into_iter().filter(|at| at.to.node().is_some());
            let Some(field) = nodes.map(|at| at.field).min() else {
                ends.extend(one.to.arm().filter(|_| one.to != other.to));
                continue;
            };
            if !seen.insert((one.to.0, other.to.0)) {
                continue;
            }
            let of = |atoms: &[Known]| atoms.get(usize::from(field)).copied();
            let mut go = |mine, their| {
                let one = self.paths.at(one, field, mine)?;
                open.push((one, self.paths.at(other, field, their)?));
                Some(())
            };
            match (of(&atoms)?, of(&theirs)?) {
                (Ok(mine), Ok(their)) => go(mine, their)?,
                (Err(free), _) | (_, Err(free)) => {
                    *steps = steps.checked_sub(free)?;
                    for atom in (0..u16::try_from(free).ok()?).map(AtomId) {
                        go(atom, atom)?;
                    }
                }
            }
        }
        Some(ends)
    }

    /// The atom of each field that is known, and how many the others have.
    fn as_known(&self, facts: &impl Facts, known: impl Fn(&Fact) -> bool) -> Vec<Known> {
        let mut mentioned = None;
        let fields = self.fields.iter();
        fields
            .map(|field| {
                let atom = known(field.fact()).then(|| self.atom(field, facts, &mut mentioned));
                atom.flatten().ok_or(field.atoms())
            })
            .collect()
    }
}

/// An atom, or how many there are.
type Known = Result<AtomId, u32>;

impl Paths {
    /// Where this atom of a field leads; nowhere else if that is not the field that is asked.
    fn at(&self, at: Spot, field: u16, atom: AtomId) -> Option<Spot> {
        if at.to.node().is_some() && at.field == field {
            self.step(at, atom)
        } else {
            Some(at)
        }
    }

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
