//! Where the requests of a condition end: the diagram, restricted to it.

use std::collections::BTreeMap;

use claw_table::{ArmId, Fact};

use super::audit::AuditedDiagram;
use super::bend::bent;
use super::budget::TooLarge;
use super::from_model::{Built, Kept};
use super::led::Sought;
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
    /// The way of one of some requests to each arm that was asked for: many claims speak of the same,
    /// often of all.
    ways: BTreeMap<Ref, BTreeMap<ArmId, Option<Path>>>,
}

impl<'m> Reached<'m> {
    /// The diagram of a policy, fit for asking these conditions and parts of them. A policy that is
    /// kept as a list without them is a list with them too, and nothing else is tried first.
    ///
    /// # Errors
    /// The policy does not fit into a budget of the compiler.
    pub fn new(model: &'m Model, conds: &[&'m Cond], kept: Kept) -> Result<Self, TooLarge> {
        let mut built = Built::like(kept, model, conds)?;
        built.reach()?;
        Ok(Self::from(built))
    }

    /// A proved diagram, of which can be asked what it was made for.
    pub(crate) fn of(proved: AuditedDiagram<'m>) -> Self {
        Self::from(proved.built)
    }

    fn from(built: Built<'m>) -> Self {
        Self {
            built,
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
        let mut left = self.built.possible;
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
    fn arms(&mut self, part: Part) -> Result<Vec<ArmId>, TooLarge> {
        let all: Vec<ArmId> = self.all().collect();
        self.ending(part, &all)
    }

    /// The arms in which any requests end, in order.
    pub fn all(&self) -> impl Iterator<Item = ArmId> {
        self.built.reached.keys().copied()
    }

    /// Those of some arms in which these requests end. Each is looked for by itself, so that fewer arms
    /// take less time.
    ///
    /// # Errors
    /// They are looked for, which may take more than there is.
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
    /// As [`Reached::ending`].
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
    /// As [`Reached::ending`].
    pub fn witness(&mut self, part: Part, arm: ArmId) -> Result<Option<Request>, TooLarge> {
        let way = self.way(part, arm)?.cloned();
        Ok(way.map(|path| self.built.request(&path)))
    }

    /// For each arm in which these requests end, one of them.
    ///
    /// # Errors
    /// As [`Reached::ending`].
    pub fn witnesses(&mut self, part: Part) -> Result<Vec<(ArmId, Request)>, TooLarge> {
        let mut found = Vec::new();
        for arm in self.arms(part)? {
            found.extend(self.witness(part, arm)?.map(|request| (arm, request)));
        }
        Ok(found)
    }

    fn comes(&mut self, part: Part, arm: ArmId) -> Result<bool, TooLarge> {
        Ok(self.way(part, arm)?.is_some())
    }

    /// The way of one of these requests to an arm.
    fn way(&mut self, part: Part, arm: ArmId) -> Result<Option<&Path>, TooLarge> {
        let ways = self.ways.entry(part.0).or_default();
        if !ways.contains_key(&arm) {
            look(&mut self.built, (part.0, arm), ways)?;
        }
        Ok(ways.get(&arm).and_then(Option::as_ref))
    }
}

/// Looks for the way of a request that meets a condition to an arm.
fn look(
    built: &mut Built<'_>,
    (cond, arm): (Ref, ArmId),
    ways: &mut BTreeMap<ArmId, Option<Path>>,
) -> Result<(), TooLarge> {
    let known = built.reached.get(&arm).filter(|_| cond != Ref::NOWHERE);
    // For all requests it is known since the diagram or the list was made.
    let near = match known {
        Some(known) if cond == built.possible => Some(known.clone()),
        Some(known) => bent(built, known, cond),
        None => None,
    };
    let way = match &built.listed {
        _ if known.is_none() || near.is_some() => near,
        Some(listed) => listed.way(arm, cond, built)?,
        None => match built.led_to((built.root, arm), cond)? {
            Sought::Found(way) => Some(way),
            Sought::Nothing => None,
            Sought::GivenUp => {
                // Then the others are known along with it.
                let mut all = built.joined(built.root, cond)?;
                let arms = built.reached.keys();
                ways.extend(arms.map(|arm| (*arm, all.remove(arm))));
                return Ok(());
            }
        },
    };
    ways.insert(arm, way);
    Ok(())
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
