//! What the diagram proves, told with the places it concerns.

use claw_table::policy::Auth;
use claw_table::{ArmId, Fact};

use crate::codes::Code;
use crate::diagram::{Finding, Kept, Overlap, order_counts, prove_asking};
use crate::model::{Arm, Model};
use crate::never;
use crate::proofs::{self, Questions};
use crate::report::{Diagnostic, Report};
use crate::span::Span;

/// Shadowing arms that are shown; the rest is counted.
const SHOWN_MAX: usize = 4;

/// Proves that every request reaches an arm, that every arm is reached, and what the policy promises
/// beside; what fails is reported. A sound report is the proof.
pub(crate) fn prove(model: &Model, report: &mut Report) {
    let questions = Questions::of(model);
    let proof = match prove_asking(model, &questions.conds()) {
        Ok(proof) => proof,
        Err(why) => return report.add(over_budget(&why.to_string())),
    };
    let mut places: Vec<Span> = vec![Span::default(); model.policy.arms.len()];
    for arm in model.arms() {
        place(&mut places, arm);
    }
    let guards: Vec<ArmId> = model.guards.iter().map(|guard| guard.arm.id).collect();
    for finding in &proof.findings {
        let told = tell_scope(model, finding).or_else(|| keyless(model, finding));
        report.add(told.unwrap_or_else(|| tell(finding, (&places, &guards))));
    }
    // Where some request reaches no arm, there is more to say than what never happens to it.
    if let Some(diagram) = proof.diagram {
        claims((model, diagram.kept()), report);
        if let Err(why) = proofs::check(diagram, &questions, report) {
            report.add(over_budget(&why.to_string()));
        }
    }
}

fn claims((model, kept): (&Model, Kept), report: &mut Report) {
    match never::broken(model, kept) {
        Ok(broken) => broken
            .iter()
            .filter_map(|broken| never::tell(model, broken))
            .for_each(|found| report.add(found)),
        Err(why) => report.add(over_budget(&why.to_string())),
    }
}

/// A policy that the table cannot hold. The reason ends in what to do.
pub(crate) fn over_budget(why: &str) -> Diagnostic {
    let (message, help) = why
        .rsplit_once(": ")
        .unwrap_or((why, "make the policy smaller"));
    Diagnostic::new(Code::OverBudget, Span::default(), message).help(help)
}

fn place(places: &mut [Span], arm: &Arm) {
    if let Some(slot) = places.get_mut(arm.id.index()) {
        *slot = arm.span;
    }
}

/// What is found about a condition beside the routes.
fn tell_scope(model: &Model, finding: &Finding) -> Option<Diagnostic> {
    let (guard, is_met) = match finding {
        Finding::Unmet { guard } => (guard, false),
        Finding::Met { guard } => (guard, true),
        Finding::Impossible { .. }
        | Finding::Always { .. }
        | Finding::Shadowed { .. }
        | Finding::OutOfReach { .. }
        | Finding::Idle { .. }
        | Finding::Forbidden { .. }
        | Finding::Redundant { .. }
        | Finding::Meets(_)
        | Finding::Open => return None,
    };
    let scoped = model.scopes.get(guard.index())?;
    let of = &scoped.of;
    let found = if is_met {
        Diagnostic::new(
            Code::AlwaysTrue,
            scoped.span,
            format!("every request meets the condition of {of}"),
        )
        .label("it leaves nothing out")
        .help("take it out, or make it narrower")
    } else {
        Diagnostic::new(
            Code::GuardIdle,
            scoped.span,
            format!("no request meets the condition of {of}"),
        )
        .label("it contradicts itself")
        .help("it does no harm; if it is meant to bound something, join its parts with `or`")
    };
    Some(found)
}

/// An arm for those who bring a key of their own, where nobody may.
fn keyless(model: &Model, finding: &Finding) -> Option<Diagnostic> {
    let Finding::Impossible { arm } = finding else {
        return None;
    };
    let arm = model.arms().find(|known| known.id == *arm)?;
    let mut clients = model.policy.clients.iter();
    let asks = arm.cond.asks(&Fact::CallerKey);
    if !asks || clients.any(|client| client.auth == Auth::Caller) {
        return None;
    }
    let found = Diagnostic::new(
        Code::AlwaysFalse,
        arm.span,
        "no request meets this condition",
    );
    Some(
        found
            .label("nobody has a key of its own: no client says `auth caller`")
            .help("write `auth caller` in the client whose callers bring one, or delete the arm"),
    )
}

fn tell(finding: &Finding, (places, guards): (&[Span], &[ArmId])) -> Diagnostic {
    let at = |arm: &ArmId| places.get(arm.index()).copied().unwrap_or_default();
    match finding {
        Finding::Impossible { arm } => Diagnostic::new(
            Code::AlwaysFalse,
            at(arm),
            "no request meets this condition",
        )
        .label("it contradicts itself")
        .help("one fact cannot be two things at once; join the parts with `or`, or delete the arm"),
        Finding::Always { arm } if guards.contains(arm) => Diagnostic::new(
            Code::AlwaysTrue,
            at(arm),
            "this guard refuses every request",
        )
        .label("no route is ever entered")
        .help("make its condition narrower"),
        Finding::Idle { arm } => {
            Diagnostic::new(Code::GuardIdle, at(arm), "no request meets this guard")
                .label("its condition contradicts itself")
                .help(
                    "it does no harm; if it is meant to refuse something, join its parts with `or`",
                )
        }
        Finding::Forbidden { arm, by } => forbidden(at(arm), by, at),
        Finding::Redundant { arm, by } => redundant(at(arm), by, at),
        Finding::Meets(overlap) => meets(overlap, at),
        Finding::Always { arm } => Diagnostic::new(
            Code::AlwaysTrue,
            at(arm),
            "every request that gets here meets this condition",
        )
        .label("no arm below it is ever tried")
        .help("write `otherwise`, or make the condition narrower"),
        Finding::Shadowed { arm, by } => shadowed(at(arm), by, at),
        Finding::OutOfReach { arm, leads, by } => out_of_reach(at(arm), (leads, by), at),
        Finding::Open | Finding::Unmet { .. } | Finding::Met { .. } => Diagnostic::new(
            Code::NoOtherwise,
            Span::default(),
            "some request reaches no arm of the route",
        )
        .help("add `otherwise -> CLASS` as the last arm"),
    }
}

/// An arm of a route that is led to, and to which nobody comes.
fn out_of_reach(
    arm: Span,
    (leads, by): (&[ArmId], &[ArmId]),
    at: impl Fn(&ArmId) -> Span,
) -> Diagnostic {
    let found = Diagnostic::new(Code::Shadowed, arm, "this arm can never be chosen");
    let (mut found, places, text) = if by.is_empty() {
        let label = "no request that is led to this route gets to it";
        (found.label(label), leads, "requests are led here")
    } else {
        let label = "every request that is led here and meets it is taken above";
        (found.label(label), by, "it takes them")
    };
    for place in places.iter().take(SHOWN_MAX) {
        found = found.and(at(place), text);
    }
    found.help(if by.is_empty() {
        "delete it, or look at the arms that lead here: they let only other requests through"
    } else {
        "delete it, or move it above them"
    })
}

/// Adds which arms of a sound policy stand in an order that counts, for whoever wants to move one.
pub(crate) fn order(model: &Model, report: &mut Report) {
    let overlaps = match order_counts(model) {
        Ok(overlaps) => overlaps,
        Err(why) => return report.add(over_budget(&why.to_string())),
    };
    let span = |id: ArmId| model.arms().find(|arm| arm.id == id).map(|arm| arm.span);
    for overlap in overlaps {
        let witness = never::written(&overlap.witness);
        report.add(
            Diagnostic::new(
                Code::OrderCounts,
                span(overlap.second).unwrap_or_default(),
                "an arm above this one takes requests from it",
            )
            .label(format!("`{witness}` meets it"))
            .and(
                span(overlap.first).unwrap_or_default(),
                "and meets this one, which takes it and leads elsewhere",
            )
            .help("move neither past the other, unless it should go the other way"),
        );
    }
}

fn meets(overlap: &Overlap, at: impl Fn(&ArmId) -> Span) -> Diagnostic {
    let witness = never::written(&overlap.witness);
    Diagnostic::new(
        Code::ArmsMeet,
        at(&overlap.second),
        "this arm and one above it meet, and the route is exclusive",
    )
    .label(format!("`{witness}` meets it"))
    .and(at(&overlap.first), "and meets this one, which takes it")
    .help("make one of the two narrower, or take `exclusive` out and let the order decide")
}

fn forbidden(arm: Span, by: &[ArmId], at: impl Fn(&ArmId) -> Span) -> Diagnostic {
    let mut found = Diagnostic::new(
        Code::ArmForbidden,
        arm,
        "guards refuse every request that this arm takes",
    );
    for guard in by.iter().take(SHOWN_MAX) {
        let text = if by.len() == 1 {
            "it refuses them all"
        } else {
            "it refuses some of them"
        };
        found = found.and(at(guard), text);
    }
    found.help("delete the arm, or make a guard narrower")
}

fn redundant(arm: Span, by: &[ArmId], at: impl Fn(&ArmId) -> Span) -> Diagnostic {
    let label = "every request that it takes would go the same way without it";
    let mut found = Diagnostic::new(Code::ArmRedundant, arm, "this arm could be left out");
    found = found.label(label);
    for later in by.iter().take(SHOWN_MAX) {
        let text = if by.len() == 1 {
            "they would all come here"
        } else {
            "some of them would come here"
        };
        found = found.and(at(later), text);
    }
    found.help(format!("delete it, or lead it elsewhere{}", more(by)))
}

fn shadowed(arm: Span, by: &[ArmId], at: impl Fn(&ArmId) -> Span) -> Diagnostic {
    let mut found = Diagnostic::new(Code::Shadowed, arm, "this arm can never be chosen");
    found = match by {
        [] => found.label("every request that meets it is taken before"),
        [_] => found.label("every request that meets it is taken by one arm above"),
        many => found.label(format!(
            "every request that meets it is taken by {} arms above",
            many.len()
        )),
    };
    for earlier in by.iter().take(SHOWN_MAX) {
        let text = if by.len() == 1 {
            "it takes them all"
        } else {
            "it takes some of them"
        };
        found = found.and(at(earlier), text);
    }
    found.help(format!("move it above them, or delete it{}", more(by)))
}

/// How many arms are not shown.
fn more(by: &[ArmId]) -> String {
    match by.len().saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        left => format!("; {left} more arms are not shown"),
    }
}
