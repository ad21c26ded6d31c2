//! Which requests a bound is about, compared over all requests.

use claw_table::ArmId;
use claw_table::policy::{Action, Arm as Label, Policy, Scope};

use crate::diagram::{Kept, pairs};
use crate::diff::{Side, Verdict};
use crate::model::{Arm, Cond, Goal, Model, Route, RouteId};
use crate::never::written;
use crate::span::Span;

/// Requests that only one of two conditions holds for, one of each kind.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// One that meets the old condition alone.
    pub(super) left: Option<String>,
    /// One that meets the new condition alone.
    pub(super) joined: Option<String>,
}

impl Apart {
    /// The requests that show it.
    pub(super) fn told(&self) -> String {
        let left = self.left.iter().map(|it| format!("no more {it}"));
        let joined = self.joined.iter().map(|it| format!("now also {it}"));
        left.chain(joined).collect::<Vec<_>>().join("; ")
    }

    /// What it means for a bound that it is about other requests: about fewer is looser.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        match (&self.left, &self.joined) {
            (None, None) => None,
            (Some(_), None) => Some(Verdict::Looser),
            (None, Some(_)) => Some(Verdict::Stricter),
            (Some(_), Some(_)) => Some(Verdict::Different),
        }
    }
}

/// What a condition means in each of the two policies, compared. Where they do not fit into the
/// budgets of the compiler, nobody knows, and they are taken to differ.
pub(super) fn apart((old, before): (Side<'_>, &Cond), (new, after): (Side<'_>, &Cond)) -> Apart {
    let mut apart = Apart::default();
    if before == after {
        return apart;
    }
    let (ours, theirs) = (asking(old.model, before), asking(new.model, after));
    let Ok(pairs) = pairs(&ours, &theirs, Kept::Diagram) else {
        let unknown = || Some("nobody knows: together they are too large to compare".to_owned());
        return Apart {
            left: unknown(),
            joined: unknown(),
        };
    };
    for pair in pairs {
        match (pair.old == MEETS, pair.new == MEETS) {
            (true, false) => apart.left = Some(format!("`{}`", written(&pair.witness))),
            (false, true) => apart.joined = Some(format!("`{}`", written(&pair.witness))),
            (true, true) | (false, false) => {}
        }
    }
    apart
}

const MEETS: ArmId = ArmId(0);

/// A policy whose only route asks one condition.
fn asking(model: &Model, cond: &Cond) -> Model {
    let arm = |id, cond| Arm {
        id: ArmId(id),
        cond,
        to: Goal::End(Action::Route),
        span: Span::default(),
    };
    let label = Label {
        label: String::new(),
        to: Action::Route,
    };
    Model {
        policy: Policy {
            arms: vec![label.clone(), label],
            otherwise: Some(ArmId(1)),
            ..model.policy.clone()
        },
        guards: Vec::new(),
        routes: vec![Route {
            name: String::new(),
            exclusive: None,
            arms: vec![arm(0, cond.clone()), arm(1, Cond::Always)],
        }],
        root: RouteId(0),
        ..model.clone()
    }
}

/// What differs of two scopes: their words, and whether more requests are bounded.
pub(super) fn scopes(
    (old, before): (Side<'_>, Scope),
    (new, after): (Side<'_>, Scope),
) -> Option<(Verdict, Apart)> {
    let cond = |side: Side<'_>, scope: Scope| match scope {
        Scope::All => Some(Cond::Always),
        Scope::When(guard) => {
            let scoped = side.model.scopes.get(guard.index());
            scoped.map(|scoped| scoped.cond.clone())
        }
        Scope::Client(client) => side.model.world.callers.get(client.index()).cloned(),
        Scope::Class(_) => None,
    };
    let class = |side: Side<'_>, scope: Scope| match scope {
        Scope::Class(class) => {
            let class = side.model.policy.classes.get(class.index());
            class.map(|class| class.name.clone())
        }
        Scope::All | Scope::When(_) | Scope::Client(_) => None,
    };
    match (cond(old, before), cond(new, after)) {
        (Some(one), Some(other)) => {
            let apart = apart((old, &one), (new, &other));
            Some((apart.verdict()?, apart))
        }
        (None, None) if class(old, before) == class(new, after) => None,
        // All requests are more than those of a class.
        (None, Some(Cond::Always)) => Some((Verdict::Stricter, Apart::default())),
        (Some(Cond::Always), None) => Some((Verdict::Looser, Apart::default())),
        _ => Some((Verdict::Different, Apart::default())),
    }
}
