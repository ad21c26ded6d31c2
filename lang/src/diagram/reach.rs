//! Where the requests of a condition end: the diagram, restricted to it.

use std::collections::BTreeMap;

use claw_table::{ArmId, Fact};

use super::audit::ends;
use super::budget::TooLarge;
use super::from_model::Built;
use super::store::Ref;
use crate::model::{Ask, Cond, Model};
use crate::oracle::Request;

/// A diagram of which can be asked where the requests of a condition end.
///
/// It is another one than that of the table: the conditions that are asked of it split its atoms
/// further, and of that nothing may reach the table.
#[derive(Debug)]
pub struct Reached<'m> {
    built: Built<'m>,
    /// Where a diagram ends: many claims speak of the same requests, often of all.
    known: BTreeMap<Ref, Vec<ArmId>>,
}

impl<'m> Reached<'m> {
    /// The diagram of a policy, fit for asking these conditions and parts of them.
    ///
    /// # Errors
    /// The policy does not fit into a budget of the compiler.
    pub fn new(model: &'m Model, conds: &[&'m Cond]) -> Result<Self, TooLarge> {
        let built = Built::asking(model, conds)?;
        Ok(Self {
            built,
            known: BTreeMap::new(),
        })
    }

    /// Whether the flag makes any difference here: whether some condition asks it.
    pub fn asks(&self, fact: &Fact) -> bool {
        self.built.fields.iter().any(|field| field.fact == *fact)
    }

    /// The requests of this condition whose flags are these. Flags that nothing asks are free.
    ///
    /// # Errors
    /// The answer does not fit into a budget of the compiler.
    pub fn under(&mut self, cond: &Cond, flags: &[(Fact, bool)]) -> Result<Part, TooLarge> {
        let mut left = self.built.real;
        for (fact, is_set) in flags {
            if !self.asks(fact) {
                continue;
            }
            let test = Cond::Test(fact.clone(), Ask::Yes);
            let flag = self.built.condition(&test)?;
            left = if *is_set {
                self.built.store.gate(flag, left)?
            } else {
                self.built.store.except(left, flag)?
            };
        }
        let cond = self.built.condition(cond)?;
        self.built.store.gate(cond, left).map(Part)
    }

    /// Those of these requests that meet one more condition.
    ///
    /// # Errors
    /// The answer does not fit into a budget of the compiler.
    pub fn among(&mut self, part: Part, cond: &Cond) -> Result<Part, TooLarge> {
        let cond = self.built.condition(cond)?;
        self.built.store.gate(cond, part.0).map(Part)
    }

    /// The arms in which these requests end, in order.
    pub fn arms(&mut self, part: Part) -> &[ArmId] {
        let built = &self.built;
        self.known.entry(part.0).or_insert_with(|| {
            let ends = ends(built, part.0);
            ends.into_iter().filter_map(Ref::arm).collect()
        })
    }

    /// One of these requests that ends in the arm.
    pub fn witness(&self, part: Part, arm: ArmId) -> Option<Request> {
        let mut all = self.built.witnesses(part.0).into_iter();
        all.find(|(own, _)| *own == arm).map(|(_, request)| request)
    }
}

/// Some of the requests that a policy can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part(Ref);

impl Part {
    /// Whether there is no such request.
    pub fn is_empty(self) -> bool {
        self.0 == Ref::NOWHERE
    }
}
