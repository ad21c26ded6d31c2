//! Guards that a request slips past by leaving a field out: an ordering test never holds for what
//! is absent.

use std::collections::BTreeSet;

use claw_table::policy::Action;
use claw_table::{ArmId, Fact, GuardId};

use crate::codes::Code;
use crate::diagram::{Kept, Reached, TooLarge};
use crate::model::{Ask, Cond, Goal, Model};
use crate::never::written;
use crate::oracle::{self, Request};
use crate::report::{Diagnostic, Report};
use crate::span::Span;

pub(super) fn check((model, kept): (&Model, Kept), report: &mut Report) -> Result<(), TooLarge> {
    let denies = model.routes.iter().flat_map(|route| &route.arms);
    let denies = denies.filter(|arm| matches!(arm.to, Goal::End(Action::Deny(_))));
    let guards = model.guards.iter().map(|guard| &guard.arm);
    let arms = guards.chain(denies).map(|arm| Guard {
        is: Is::Arm(arm.id),
        cond: &arm.cond,
        span: arm.span,
        what: "this refusal".to_owned(),
    });
    let scopes = (0..)
        .map(GuardId)
        .zip(&model.scopes)
        .map(|(id, scoped)| Guard {
            is: Is::Scope(id),
            cond: &scoped.cond,
            span: scoped.span,
            what: scoped.of.clone(),
        });
    let all: Vec<Guard<'_>> = arms
        .chain(scopes)
        .filter(|it| !slack(it.cond).is_empty())
        .collect();
    if all.is_empty() {
        return Ok(());
    }
    let mut reached = Reached::new(model, &[], kept)?;
    let everybody = reached.under(&Cond::Always, &[])?;
    for guard in &all {
        // A cache that is not asked is no hole.
        if guard.what.starts_with("cache ") {
            continue;
        }
        let part = reached.among(everybody, guard.cond)?;
        let met = reached.witnesses(part)?;
        for fact in slack(guard.cond) {
            let slipped = met
                .iter()
                .find_map(|(_, request)| guard.slips(model, request, fact));
            if let Some(witness) = slipped {
                report.add(guard.tell(fact, &witness));
            }
        }
    }
    Ok(())
}

struct Guard<'m> {
    is: Is,
    cond: &'m Cond,
    span: Span,
    what: String,
}

enum Is {
    Arm(ArmId),
    Scope(GuardId),
}

impl Guard<'_> {
    /// The request without the field, if it then gets past.
    fn slips(&self, model: &Model, request: &Request, fact: &Fact) -> Option<Request> {
        let mut without = request.clone();
        if let Fact::Body(pointer) = fact {
            // What is in it goes with it.
            let inner = format!("{pointer}/");
            without
                .body
                .retain(|(own, _)| own != pointer && !own.starts_with(&inner));
        } else if *fact == Fact::MaxOutput {
            without.max_output = None;
        } else {
            without.temperature = None;
        }
        let refused = |request: &Request| {
            let arm = oracle::arm(model, request)?;
            let to = model.policy.arms.get(arm.index())?.to;
            Some(matches!(to, Action::Deny(_)))
        };
        let was = match self.is {
            Is::Arm(arm) => oracle::arm(model, request) == Some(arm),
            Is::Scope(guard) => {
                refused(request) == Some(false) && oracle::guards(model, guard, request)
            }
        };
        let is = match self.is {
            Is::Arm(_) => true,
            Is::Scope(guard) => !oracle::guards(model, guard, &without),
        };
        (was && is && refused(&without) == Some(false)).then_some(without)
    }

    fn tell(&self, fact: &Fact, witness: &Request) -> Diagnostic {
        let name = if let Fact::Body(pointer) = fact {
            format!("body {}", crate::syntax::escape(pointer))
        } else if *fact == Fact::MaxOutput {
            "max-output".to_owned()
        } else {
            "temperature".to_owned()
        };
        Diagnostic::new(
            Code::AbsentSlips,
            self.span,
            format!("who leaves `{name}` out gets past {}", self.what),
        )
        .label(format!("`{}` gets past", written(witness)))
        .help(format!(
            "write `({name} is absent or …)` around the comparison if what is absent is meant too"
        ))
    }
}

/// The facts that may be absent and that the condition compares by order, where a comparison that
/// holds makes the condition hold; none of which it asks whether they are there.
fn slack(cond: &Cond) -> BTreeSet<&Fact> {
    let (mut ordered, mut asked) = (BTreeSet::new(), BTreeSet::new());
    let mut open = vec![(cond, true)];
    while let Some((cond, is_plain)) = open.pop() {
        match cond {
            Cond::Always => {}
            Cond::All(parts) | Cond::Any(parts) => {
                open.extend(parts.iter().map(|part| (part, is_plain)));
            }
            Cond::Not(part) => open.push((part, !is_plain)),
            Cond::Test(fact, ask) => {
                let may_lack = matches!(fact, Fact::MaxOutput | Fact::Temperature | Fact::Body(_));
                match ask {
                    Ask::AtLeast(_) | Ask::Below(_) if may_lack && is_plain => {
                        ordered.insert(fact);
                    }
                    Ask::Present => {
                        asked.insert(fact);
                    }
                    Ask::Matches(_)
                    | Ask::AtLeast(_)
                    | Ask::Below(_)
                    | Ask::In(_)
                    | Ask::During(_)
                    | Ask::Equals(_)
                    | Ask::Null
                    | Ask::Is(_)
                    | Ask::Nested
                    | Ask::Yes => {}
                }
            }
        }
    }
    ordered.retain(|fact| !asked.contains(*fact));
    ordered
}
