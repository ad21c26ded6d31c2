//! What one request can cost: the figures of its class, with its own size in place of a full window.

use claw_table::policy::Class;

use super::{Compared, CostExplained};
use crate::moment::Moment;
use crate::oracle::Request;
use crate::worst::{Asks, Size, billed};

/// What the figures take for granted.
pub(super) const ASSUMES: [&str; 4] = [
    "every attempt is billed in full, also one that failed",
    "the input has the tokens that the policy sees, which are an estimate where a body is given",
    "the output is as long as the request asks for, or else as the model can",
    "one answer is asked for (`n` is 1), at the dearest rates of its tier, and of its hour and day \
     where `at` does not tell them",
];

impl Compared<'_> {
    pub(super) fn cost(&self, class: &Class, request: &Request) -> Option<CostExplained> {
        let asks = Asks::of(request.endpoint.as_deref()?)?;
        // Nothing is charged for a count.
        if asks == Asks::Count {
            return None;
        }
        // The ordinary moment is what a request has that says none.
        let at = request.at.as_ref().filter(|at| **at != Moment::ordinary());
        let size = Size {
            named: request.model.as_deref(),
            asks,
            has: request.has,
            in_tokens: request.tokens,
            out_tokens_max: request.max_output,
            minute: at.map(|at| at.minute),
        };
        let cost = billed(self.policy(), class, size)?;
        Some(CostExplained::of(self.policy(), &cost))
    }
}
