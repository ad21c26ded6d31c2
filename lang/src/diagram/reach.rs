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
    /// Where requests end: many claims speak of the same, often of all.
    ends: BTreeMap<Ref, Vec<ArmId>>,
    /// Where the policy is listed, the way of one of some requests to each arm that was asked for.
    ways: BTreeMap<Ref, BTreeMap<ArmId, Option<Path>>>,
}

impl<'m> Reached<'m> {
    /// The diagram of a policy, fit for asking these conditions and parts of them. A policy that is
    /// kept as a list without them is a list with them too, and nothing else is tried first.
    ///
    /// # Errors
    /// The policy does not fit into a budget of the compiler.
    pub fn new(model: &'m Model, conds: &[&'m Cond], kept: Kept) -> Result<Self, TooLarge> {
        let built = Built::like(kept, model, conds)?;
        Ok(Self::from(built))
    }

    /// A proved diagram, of which can be asked what it was made for.
    pub(crate) fn of(proved: AuditedDiagram<'m>) -> Self {
        Self::from(proved.built)
    }

    fn from(built: Built<'m>) -> Self {
        Self {
            built,
            ends: BTreeMap::new(),
            ways: BTreeMap::new(),
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
        self.among(Part(left), cond)
    }

    /// Those of these requests that meet one more condition.
    ///
    /// # Errors
    /// The answer does not fit into a budget of the compiler.
    pub fn among(&mut self, part: Part, cond: &Cond) -> Result<Part, TooLarge> {
        let cond = self.built.condition(cond)?;
        Ok(Part(self.built.store.gate(cond, part.0)?))
    }

    /// The arms in which these requests end, in order.
    ///
    /// # Errors
    /// Where the policy is listed, they are looked for, which may take more than there is.
    pub fn arms(&mut self, part: Part) -> Result<Vec<ArmId>, TooLarge> {
        let Some(listed) = &self.built.listed else {
            return Ok(self.ends(part).to_vec());
        };
        let all: Vec<ArmId> = listed.reached.keys().copied().collect();
        self.ending(part, &all)
    }

    /// Those of some arms in which these requests end. In a list each is looked for by itself, so
    /// that fewer arms take less time.
    ///
    /// # Errors
    /// As [`Reached::arms`].
    pub fn ending(&mut self, part: Part, arms: &[ArmId]) -> Result<Vec<ArmId>, TooLarge> {
        let mut found = Vec::new();
        for arm in arms {
            if self.comes(part, *arm)? {
                found.push(*arm);
            }
        }
        Ok(found)
    }

    /// Whether one of these requests ends in one of some arms.
    ///
    /// # Errors
    /// As [`Reached::arms`].
    pub fn comes_to(&mut self, part: Part, arms: &[ArmId]) -> Result<bool, TooLarge> {
        for arm in arms {
            if self.comes(part, *arm)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// One of these requests that ends in the arm.
    ///
    /// # Errors
    /// As [`Reached::arms`].
    pub fn witness(&mut self, part: Part, arm: ArmId) -> Result<Option<Request>, TooLarge> {
        if self.built.listed.is_none() {
            let comes = self.comes(part, arm)?;
            return Ok(comes.then(|| self.built.witness(part.0, arm)).flatten());
        }
        let way = self.way(part, arm)?.cloned();
        Ok(way.map(|path| self.built.request(&path)))
    }

    /// For each arm in which these requests end, one of them.
    ///
    /// # Errors
    /// As [`Reached::arms`].
    pub fn witnesses(&mut self, part: Part) -> Result<Vec<(ArmId, Request)>, TooLarge> {
        if self.built.listed.is_none() {
            return Ok(self.built.witnesses(part.0));
        }
        let mut found = Vec::new();
        for arm in self.arms(part)? {
            found.extend(self.witness(part, arm)?.map(|request| (arm, request)));
        }
        Ok(found)
    }

    fn comes(&mut self, part: Part, arm: ArmId) -> Result<bool, TooLarge> {
        if self.built.listed.is_none() {
            return Ok(self.ends(part).binary_search(&arm).is_ok());
        }
        Ok(self.way(part, arm)?.is_some())
    }

    /// Where requests end in a diagram.
    fn ends(&mut self, part: Part) -> &[ArmId] {
        let built = &self.built;
        self.ends.entry(part.0).or_insert_with(|| {
            let ends = ends(built, part.0).into_iter();
            ends.filter_map(Ref::arm).collect()
        })
    }

    /// The way of one of these requests to an arm, in a list.
    fn way(&mut self, part: Part, arm: ArmId) -> Result<Option<&Path>, TooLarge> {
        let ways = self.ways.entry(part.0).or_default();
        if let Entry::Vacant(place) = ways.entry(arm) {
            let listed = self.built.listed.as_ref();
            let way = listed.map(|listed| listed.way(arm, part.0, &self.built));
            place.insert(way.transpose()?.flatten());
        }
        Ok(ways.get(&arm).and_then(Option::as_ref))
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
