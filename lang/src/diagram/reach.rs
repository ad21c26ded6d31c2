//! Where the requests of a condition end: the diagram, restricted to it.

use claw_table::{ArmId, Fact};

use super::budget::TooLarge;
use super::from_model::Built;
use crate::model::{Ask, Cond, Model};
use crate::oracle::Request;

/// A diagram of which can be asked where the requests of a condition end.
///
/// It is another one than that of the table: the conditions that are asked of it split its atoms
/// further, and of that nothing may reach the table.
#[derive(Debug)]
pub struct Reached<'m> {
    built: Built<'m>,
}

impl<'m> Reached<'m> {
    /// The diagram of a policy, fit for asking these conditions and parts of them.
    ///
    /// # Errors
    /// The policy does not fit into a budget of the compiler.
    pub fn new(model: &'m Model, conds: &[&'m Cond]) -> Result<Self, TooLarge> {
        let built = Built::asking(model, conds)?;
        Ok(Self { built })
    }

    /// Whether the flag makes any difference here: whether some condition asks it.
    pub fn asks(&self, fact: &Fact) -> bool {
        self.built.fields.iter().any(|field| field.fact == *fact)
    }

    /// The arms in which requests of this condition end whose flags are these, each with one such
    /// request. Flags that nothing asks are free.
    ///
    /// # Errors
    /// The answer does not fit into a budget of the compiler.
    pub fn under(
        &mut self,
        cond: &Cond,
        flags: &[(Fact, bool)],
    ) -> Result<Vec<(ArmId, Request)>, TooLarge> {
        let mut left = self.built.root;
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
        let left = self.built.store.gate(cond, left)?;
        Ok(self.built.witnesses(left))
    }
}
