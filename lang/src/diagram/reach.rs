//! Where the requests of a condition end: the diagram, restricted to it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use claw_table::{ArmId, Fact};

use super::audit::{AuditedDiagram, ends};
use super::budget::TooLarge;
use super::from_model::{Built, Kept};
use super::search::Path;
use super::store::Ref;
use crate::model::{Ask, Cond, Model};
use crate::oracle::Request;

/// A diagram of which can be asked where the requests of a condition end.
///
/// It is another one than that of the table: the conditions that are asked of it split its atoms
/// further, and of that nothing may reach the table. What is asked after every check is asked of the
/// diagram that was proved; claims that not every policy makes have one each.
#[derive(Debug)]
pub struct Reached<'m> {
    built: Built<'m>,
    /// Where requests end: many claims speak of the same, often of all. Where the policy is listed,
    /// the way of one request to each arm is found along with it.
    known: BTreeMap<Ref, (Vec<ArmId>, BTreeMap<ArmId, Path>)>,
}

impl<'m> Reached<'m> {
    /// The diagram of a policy, fit for asking these conditions and parts of them. A policy that is
    /// kept as a list without them is a list with them too, and nothing else is tried first.
    ///
    /// # Errors
    /// The policy does not fit into a budget of the compiler.
    pub fn new(model: &'m Model, conds: &[&'m Cond], kept: Kept) -> Result<Self, TooLarge> {
        let built = Built::like(kept, model, conds)?;
        Ok(Self {
            built,
            known: BTreeMap::new(),
        })
    }

    /// A proved diagram, of which can be asked what it was made for.
    pub(crate) fn of(proved: AuditedDiagram<'m>) -> Self {
        Self {
            built: proved.built,
            known: BTreeMap::new(),
        }
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
        let mut left = match self.built.listed {
            None => self.built.real,
            Some(_) => self.built.possible,
        };
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
        let requests = self.built.store.gate(cond, left)?;
        self.part(requests)
    }

    /// Those of these requests that meet one more condition.
    ///
    /// # Errors
    /// The answer does not fit into a budget of the compiler.
    pub fn among(&mut self, part: Part, cond: &Cond) -> Result<Part, TooLarge> {
        let cond = self.built.condition(cond)?;
        let requests = self.built.store.gate(cond, part.0)?;
        self.part(requests)
    }

    /// Whether some of these requests meet one more condition. Where they end is not looked for.
    ///
    /// # Errors
    /// The answer does not fit into a budget of the compiler.
    pub fn meets(&mut self, part: Part, cond: &Cond) -> Result<bool, TooLarge> {
        let cond = self.built.condition(cond)?;
        Ok(self.built.store.gate(cond, part.0)? != Ref::NOWHERE)
    }

    /// A part of which can be told where it ends. In a list that has to be looked for, which may
    /// take more than there is.
    fn part(&mut self, requests: Ref) -> Result<Part, TooLarge> {
        if let Some(listed) = &self.built.listed
            && let Entry::Vacant(place) = self.known.entry(requests)
        {
            // For all of them it is known since the list was made.
            let ways = if requests == self.built.possible {
                listed.reached.clone()
            } else {
                listed.under(requests, &self.built)?
            };
            place.insert((ways.keys().copied().collect(), ways));
        }
        Ok(Part(requests))
    }

    /// The arms in which these requests end, in order.
    pub fn arms(&mut self, part: Part) -> &[ArmId] {
        let built = &self.built;
        let known = self.known.entry(part.0).or_insert_with(|| {
            let ends = ends(built, part.0).into_iter();
            (ends.filter_map(Ref::arm).collect(), BTreeMap::new())
        });
        &known.0
    }

    /// One of these requests that ends in the arm.
    pub fn witness(&self, part: Part, arm: ArmId) -> Option<Request> {
        if self.built.listed.is_some() {
            let (_, ways) = self.known.get(&part.0)?;
            return ways.get(&arm).map(|path| self.built.request(path));
        }
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
