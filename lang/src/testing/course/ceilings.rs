//! What ceilings make of a request before anything is sent: served, moved to another class, refused.
//!
//! ```text
//! class ─at 80 % then→ other class ─does anything fit?─ no, then→ other class, or refused
//! ```
//!
//! Each ceiling moves a request once; what it still holds back after that is refused.

use std::collections::BTreeSet;

use claw_table::policy::{Ceiling, Keys, Scope, Then, Window};
use claw_table::{ClassId, GuardId};

use super::Stop;
use crate::model::{Model, Test};
use crate::oracle::Request;
use crate::worst;

/// The cap that is filled in where a request has none, at the least.
const OUTPUT_TOKENS_MIN: u64 = 1_000;

/// What a request meets before it is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Money<'a> {
    pub(super) model: &'a Model,
    pub(super) request: &'a Request,
    pub(super) test: &'a Test,
    /// The conditions beside the routes that the request meets.
    pub(super) met: &'a [GuardId],
}

/// What becomes of a request at its admission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Admitted {
    /// The class that serves it, or the status of the refusal.
    pub(super) to: Result<ClassId, u16>,
    /// The ceiling that moved or refused it last.
    pub(super) because: Option<usize>,
}

impl Money<'_> {
    /// Leads a request of a class through the ceilings. `stops` gives the targets of a class that
    /// can carry it.
    pub(super) fn admit<'p>(
        &self,
        class: ClassId,
        stops: impl Fn(ClassId) -> Vec<Stop<'p>>,
    ) -> Admitted {
        let mut now = Admitted {
            to: Ok(class),
            because: None,
        };
        let mut class = class;
        let mut judged = BTreeSet::new();
        // Each turn judges one more ceiling, or is the last.
        for _ in 0..=self.model.policy.ceilings.len() {
            let Some((at, then)) = self.judge(class, &judged, &stops(class)) else {
                return now;
            };
            let is_first = judged.insert(at);
            match then {
                Then::Class(to) if is_first => {
                    class = to;
                    now = Admitted {
                        to: Ok(to),
                        because: Some(at),
                    };
                }
                Then::Warn => {}
                Then::Class(_) | Then::Deny => {
                    let window = self.ceiling(at).map(|ceiling| &ceiling.window);
                    let status = match window {
                        Some(Window::Request) | None => 400,
                        Some(Window::Calendar(_)) => 429,
                    };
                    return Admitted {
                        to: Err(status),
                        because: Some(at),
                    };
                }
            }
        }
        now
    }

    /// Whether the request is sent with a key of its own, which is charged to no ceiling.
    fn is_lent(&self, class: ClassId) -> bool {
        let class = self.model.policy.classes.get(class.index());
        class.is_some_and(|class| class.keys == Keys::Caller)
    }

    /// The first ceiling that has something to say of a request of this class, and what.
    fn judge(
        &self,
        class: ClassId,
        judged: &BTreeSet<usize>,
        carriers: &[Stop<'_>],
    ) -> Option<(usize, Then)> {
        let about = self.about(class);
        let step = about.iter().find_map(|(at, ceiling)| {
            let spent = self.spent(*at);
            let is_passed = |share: u32| {
                spent.saturating_mul(10_000) >= ceiling.amount_pico.saturating_mul(share.into())
            };
            let steps = ceiling.steps.iter().rev();
            let step = steps.clone().find(|step| is_passed(step.at))?;
            (!judged.contains(at) && step.then != Then::Warn).then_some((*at, step.then))
        });
        if step.is_some() || carriers.is_empty() {
            return step;
        }
        let is_carried = carriers
            .iter()
            .any(|stop| self.blocking(class, stop).is_none());
        if is_carried {
            return None;
        }
        let at = carriers
            .iter()
            .find_map(|stop| self.blocking(class, stop))?;
        let then = self.ceiling(at).map(|ceiling| ceiling.then)?;
        Some((
            at,
            if judged.contains(&at) {
                Then::Deny
            } else {
                then
            },
        ))
    }

    /// The first ceiling under which a target does not fit.
    pub(super) fn blocking(&self, class: ClassId, stop: &Stop<'_>) -> Option<usize> {
        let own = self.model.policy.classes.get(class.index());
        let least = own.and_then(|class| class.output_tokens_min);
        let cap = self.request.max_output.or(least);
        let cap = cap.unwrap_or(OUTPUT_TOKENS_MIN);
        let cost = worst::asked(stop.model, self.request.tokens, Some(cap));
        let blocks = |(at, ceiling): &(usize, &Ceiling)| {
            let left = ceiling.amount_pico.saturating_sub(self.spent(*at));
            ceiling.then != Then::Warn && cost.is_ok_and(|cost| cost > left)
        };
        let about = self.about(class);
        about.iter().find(|one| blocks(one)).map(|(at, _)| *at)
    }

    /// The ceilings that are about the request while this class serves it.
    fn about(&self, class: ClassId) -> Vec<(usize, &Ceiling)> {
        if self.is_lent(class) {
            return Vec::new();
        }
        let policy = &self.model.policy;
        let is_about = |ceiling: &Ceiling| match ceiling.scope {
            Scope::All => true,
            Scope::When(guard) => self.met.contains(&guard),
            Scope::Class(own) => own == class,
            Scope::Client(id) => {
                let client = policy.clients.get(id.index());
                client.is_some_and(|client| self.request.client.as_ref() == Some(&client.name))
            }
        };
        let all = policy.ceilings.iter().enumerate();
        all.filter(|(_, ceiling)| is_about(ceiling)).collect()
    }

    /// What is spent under a ceiling. One that counts each request by itself has forgotten it.
    fn spent(&self, at: usize) -> u128 {
        let counts = self
            .ceiling(at)
            .is_some_and(|ceiling| ceiling.window != Window::Request);
        let mut said = self.test.spent.iter();
        let last = said.rfind(|(own, _)| counts && *own == at);
        last.map_or(0, |(_, spent)| *spent)
    }

    fn ceiling(&self, at: usize) -> Option<&Ceiling> {
        self.model.policy.ceilings.get(at)
    }
}
