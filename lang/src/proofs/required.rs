//! `require`, proved through ceilings: what a class promises of its targets holds also where a
//! ceiling moves its requests.

use std::collections::BTreeSet;

use claw_table::policy::Target;
use claw_table::{ArmId, ClassId};

use crate::codes::Code;
use crate::diagram::{Kept, Reached, TooLarge};
use crate::model::{Cond, Model};
use crate::moves::{self, Stop};
use crate::never::{moved, written};
use crate::report::{Diagnostic, Report};
use crate::span::Span;

pub(super) fn check((model, kept): (&Model, Kept), report: &mut Report) -> Result<(), TooLarge> {
    let classes = &model.claims.classes;
    let promises = classes.iter().any(|places| !places.required.is_empty());
    if !promises || !moves::any(model) {
        return Ok(());
    }
    let mut reached = Reached::new(model, &moves::conds(model), kept)?;
    let everybody = reached.under(&Cond::Always, &[])?;
    let mut told = BTreeSet::new();
    for (class, arms) in moves::classes(model, &reached) {
        for stop in moves::stops(model, &mut reached, (class, everybody))? {
            for broken in broken(model, class, &stop) {
                let known = (broken.from, broken.tag.clone(), broken.target_span);
                if told.contains(&known) {
                    continue;
                }
                if let Some(found) = tell(model, (&mut reached, &arms), (&stop, &broken))? {
                    told.insert(known);
                    report.add(found);
                }
            }
        }
    }
    Ok(())
}

/// A promise of a class that the targets of another break.
struct Broken {
    from: ClassId,
    tag: String,
    required: Span,
    target: Target,
    target_span: Span,
}

/// The promises of the classes that a request came through which its last class does not keep.
fn broken(model: &Model, first: ClassId, stop: &Stop) -> Vec<Broken> {
    let ways = stop.chain.iter().map(|one| one.to);
    let through = std::iter::once(first).chain(ways).take(stop.chain.len());
    let mut found = Vec::new();
    for from in through {
        let promised = model.claims.classes.get(from.index());
        let promised = promised.map(|places| places.required.as_slice());
        for (tag, required) in promised.unwrap_or_default() {
            found.extend(
                lacking(model, stop.class, tag).map(|(target, target_span)| Broken {
                    from,
                    tag: tag.clone(),
                    required: *required,
                    target,
                    target_span,
                }),
            );
        }
    }
    found
}

/// The first target of a class whose provider has not the tag.
fn lacking(model: &Model, class: ClassId, tag: &String) -> Option<(Target, Span)> {
    let targets = &model.policy.classes.get(class.index())?.targets;
    let places = &model.claims.classes.get(class.index())?.targets;
    let lacks = |target: &Target| {
        let provider = model.policy.providers.get(target.provider.index());
        provider.is_some_and(|provider| !provider.tags.contains(tag))
    };
    let mut all = targets.iter().copied().zip(places.iter().copied());
    all.find(|(target, _)| lacks(target))
}

fn tell(
    model: &Model,
    (reached, arms): (&mut Reached<'_>, &[ArmId]),
    (stop, broken): (&Stop, &Broken),
) -> Result<Option<Diagnostic>, TooLarge> {
    let Some((_, witness)) = moves::taken(reached, stop, arms)? else {
        return Ok(None);
    };
    let name = |class: ClassId| {
        let class = model.policy.classes.get(class.index());
        class.map_or("", |class| class.name.as_str())
    };
    let provider = model.policy.providers.get(broken.target.provider.index());
    let mut found = Diagnostic::new(
        Code::TagLacking,
        broken.target_span,
        format!(
            "class `{}` requires `{}`, and a ceiling moves its requests to `{}`, which is not tagged so",
            name(broken.from),
            broken.tag,
            provider.map_or("", |provider| &provider.name),
        ),
    )
    .label(format!("`{}` can be sent here", written(&witness)))
    .and(broken.required, "required here");
    for one in &stop.chain {
        found = found.and(one.place, moved(&model.policy, *one));
    }
    let help = "name a class there whose targets all have the tag, or `then deny`";
    Ok(Some(found.help(help)))
}
