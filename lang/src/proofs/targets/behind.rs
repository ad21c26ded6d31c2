//! Targets to which nothing leads: those before them are never passed over, and no failure of theirs
//! moves on.

use claw_table::ClassId;
use claw_table::policy::{Api, Cause, Class, Leg, Model as Known, Retry, Scope, Target};

use super::super::served::{Served, class_name};
use crate::codes::Code;
use crate::diagram::TooLarge;
use crate::explain::name;
use crate::model::Model;
use crate::never::written;
use crate::report::Diagnostic;
use crate::worst::Asks;

/// The first target of a class that no request gets to.
pub(super) fn behind(
    served: &mut Served<'_>,
    (id, class): (ClassId, &Class),
) -> Result<Option<Diagnostic>, TooLarge> {
    let model = served.model;
    let Some(places) = model.claims.classes.get(id.index()) else {
        return Ok(None);
    };
    let Some(failures) = failures(&class.retry) else {
        return Ok(None);
    };
    // A ceiling passes over what would cost too much, and asks what is cheaper.
    let is_bounded = model
        .policy
        .ceilings
        .iter()
        .any(|ceiling| match ceiling.scope {
            Scope::Class(other) => other == id,
            Scope::All | Scope::Client(_) | Scope::When(_) => true,
        });
    if is_bounded {
        return Ok(None);
    }
    let Some(lost) = lost(model, (class, failures)) else {
        return Ok(None);
    };
    let label = match served.led(id)? {
        Some(witness) if failures == 0 => format!(
            "`{}` never gets past the target before it",
            written(&witness)
        ),
        Some(witness) => format!("`{}` has no attempt left for it", written(&witness)),
        None => "it stands behind targets that are never passed over".to_owned(),
    };
    let found = Diagnostic::new(
        Code::TargetUnused,
        served.place(id, lost),
        format!(
            "no failure of class `{}` leads to `{}`",
            class_name(model, id),
            name(&model.policy, lost)
        ),
    );
    let found = found.label(label).and(
        places.retry.unwrap_or(places.class),
        "this retry leads no further",
    );
    Ok(Some(found.help(
        "list a cause and enough attempts in the retry, or take the fallback out",
    )))
}

/// How many failures move on at most; nothing if there is no bound. One that put nothing on the wire
/// is no attempt.
fn failures(retry: &Retry) -> Option<u32> {
    let named = |cause: Cause| retry.on.names(cause);
    if named(Cause::Connect) || named(Cause::Timeout) {
        return None;
    }
    let any = !retry.on.statuses.is_empty() || Cause::ALL.into_iter().any(named);
    Some(if any {
        retry.attempts.saturating_sub(1)
    } else {
        0
    })
}

/// A target behind more others than failures lead past, none of which is passed over for a request
/// that this one could carry.
fn lost(model: &Model, (class, failures): (&Class, u32)) -> Option<Target> {
    let mut legs = class.legs.iter().enumerate();
    legs.find_map(|(at, leg)| {
        let before: Vec<Leg> = class.legs.get(..at)?.to_vec();
        // What is asked for may be nothing, and is then passed over.
        let before: Vec<Leg> = before
            .into_iter()
            .filter(|leg| !matches!(leg, Leg::Requested(_)))
            .collect();
        let before = model.policy.reached(&before);
        let own = match leg {
            Leg::Requested(_) => return None,
            Leg::Target(_) | Leg::Pool(_) => model.policy.reached(&[*leg]),
        };
        let is_lost = |target: &Target| {
            let blocking = before.iter().filter(|it| blocks(model, **it, *target));
            blocking.count() > usize::try_from(failures).unwrap_or(usize::MAX)
        };
        let first = own.first().copied()?;
        own.iter().all(is_lost).then_some(first)
    })
}

/// Whether a target is asked before another whatever the request, as long as the other could carry it.
fn blocks(model: &Model, first: Target, other: Target) -> bool {
    let of = |target: Target| {
        let provider = model.policy.providers.get(target.provider.index())?;
        Some((provider, provider.models.get(target.model.index())?))
    };
    let (Some((provider, own)), Some((later, known))) = (of(first), of(other)) else {
        return false;
    };
    provider.health.eject.is_none() && carries_all((provider.api, own), (later.api, known))
}

/// Whether a model carries whatever another one does.
fn carries_all((api, own): (Api, &Known), (other_api, other): (Api, &Known)) -> bool {
    let asks = Asks::ALL.into_iter();
    let speaks = asks
        .filter(|asks| asks.carries((other_api, other), 0))
        .all(|asks| asks.carries((api, own), 0));
    let can = match (own.can, other.can) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(own), Some(other)) => other & !own == 0,
    };
    let fits = match (own.context_tokens, other.context_tokens) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(own), Some(other)) => other <= own,
    };
    speaks && can && fits
}
