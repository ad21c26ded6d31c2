//! A verified table.

use crate::policy::Policy;

/// A compiled policy that was proved sound when it was opened.
#[derive(Debug)]
pub struct Table {
    policy: Policy,
}

impl Table {
    /// The part of the table that is not a decision.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}
