//! Arms and targets that are of no use, and fallbacks that fall with what they are for.

use claw_table::policy::{Leg, Target};
use claw_table::{ArmId, ClassId};

use super::super::served::{Served, class_name};
use super::super::short::short;
use super::behind::behind;
use super::seen::{Seen, listed};
use crate::codes::Code;
use crate::diagram::TooLarge;
use crate::explain::name;
use crate::never::written;
use crate::report::{Diagnostic, Report};
use crate::span::Span;

/// Tells which arms and targets are of no use.
pub(super) fn tell(
    (served, seen): (&mut Served<'_>, &Seen),
    report: &mut Report,
) -> Result<(), TooLarge> {
    let model = served.model;
    for (arm, class) in &seen.arms {
        if !seen.carried.contains(arm)
            && let Some(found) = none(served, (*arm, *class))?
        {
            report.add(found);
        }
    }
    for (id, class) in (0..).map(ClassId).zip(&model.policy.classes) {
        let Some(used) = seen.used.get(&id).filter(|used| !used.is_empty()) else {
            continue;
        };
        let listed = listed(model, class);
        for target in &class.targets {
            // What may be asked for is not listed by itself.
            if !used.contains(target) && !listed.contains(target) {
                report.add(unused(served, (id, *target))?);
            }
        }
        if let Some(found) = behind(served, (id, class))? {
            report.add(found);
        }
    }
    Ok(())
}

/// An arm all of whose requests find no target.
fn none(
    served: &mut Served<'_>,
    (arm, class): (ArmId, ClassId),
) -> Result<Option<Diagnostic>, TooLarge> {
    let model = served.model;
    let mut stops = served.stops.iter().map(|(stop, _)| stop);
    let Some(part) = stops
        .find(|stop| stop.class == class && stop.chain.is_empty())
        .map(|stop| stop.part)
    else {
        return Ok(None);
    };
    let Some(witness) = served.reached.witness(part, arm)? else {
        return Ok(None);
    };
    let mut arms = model.arms();
    let span = arms.find(|known| known.id == arm).map(|arm| arm.span);
    let places = model.claims.classes.get(class.index());
    let place: Span = places.map(|places| places.class).unwrap_or_default();
    Ok(Some(
        Diagnostic::new(
            Code::NoneCapable,
            span.unwrap_or_default(),
            format!(
                "no target of class `{}` can carry what this arm takes",
                class_name(model, class)
            ),
        )
        .label(format!("`{}` finds none", written(&witness)))
        .and(place, "the class it goes to")
        .help("lead these requests to a class that can, or add a target to this one"),
    ))
}

/// A target to which none of the requests of its class can be sent.
fn unused(
    served: &mut Served<'_>,
    (class, target): (ClassId, Target),
) -> Result<Diagnostic, TooLarge> {
    let model = served.model;
    let name = name(&model.policy, target);
    let witness = served.led(class)?;
    Ok(Diagnostic::new(
        Code::TargetUnused,
        served.place(class, target),
        format!(
            "no request of class `{}` can be sent to `{name}`",
            class_name(model, class)
        ),
    )
    .label(match witness {
        Some(witness) => {
            let why = short(model, target, &witness).map(|why| format!(": {why}"));
            let why = why.unwrap_or_default();
            format!(
                "it cannot carry `{}`, nor any other{why}",
                written(&witness)
            )
        }
        None => "it can carry none of those that are led here".to_owned(),
    })
    .and(
        served.declared(class).unwrap_or_default(),
        "the class that lists it",
    )
    .help("take it out, or lead requests to the class that it can carry"))
}

/// Classes all of whose targets fail together.
pub(super) fn one_provider(
    (served, seen): (&mut Served<'_>, &Seen),
    report: &mut Report,
) -> Result<(), TooLarge> {
    let model = served.model;
    for (id, class) in (0..).map(ClassId).zip(&model.policy.classes) {
        let [first, rest @ ..] = class.targets.as_slice() else {
            continue;
        };
        let Some(second) = rest.first().filter(|_| seen.used.contains_key(&id)) else {
            continue;
        };
        let provider = model.policy.providers.get(first.provider.index());
        let Some(provider) = provider else { continue };
        let is_one = rest.iter().all(|target| target.provider == first.provider);
        // What runs on this machine falls with the gateway itself.
        let here = |host: &str| host == "localhost" || host == "::1" || host.starts_with("127.");
        let is_here = provider.urls.iter().all(|it| here(&it.url.host));
        let is_asked = class
            .legs
            .iter()
            .any(|leg| matches!(leg, Leg::Requested(_)));
        if !is_one || is_here || is_asked || provider.urls.len() > 1 {
            continue;
        }
        let witness = served.led(id)?;
        let places = model.claims.classes.get(id.index());
        let place = |target: &Target| {
            let at = class.targets.iter().position(|known| known == target);
            at.and_then(|at| places?.targets.get(at)).copied()
        };
        report.add(
            Diagnostic::new(
                Code::OneProvider,
                place(second).unwrap_or_default(),
                format!(
                    "all targets of class `{}` are at provider `{}`",
                    class_name(model, id),
                    provider.name
                ),
            )
            .label(match witness {
                Some(witness) => format!("`{}` is lost when it is down", written(&witness)),
                None => "it fails when the first one does".to_owned(),
            })
            .and(place(first).unwrap_or_default(), "the first one")
            .about(served.declared(id))
            .help(format!(
                "add a fallback at another provider, or `accept C0506 in {} \"why\"`",
                class.name
            )),
        );
    }
    Ok(())
}
