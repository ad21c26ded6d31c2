//! Targets held against the requests that are led to them: who can carry what.
//!
//! What a target can carry depends on what a request uses, so the requests of a class are split by
//! the capabilities that some target lacks, by whether vectors are asked for, and by the windows
//! of its models. In each part every request has the same targets.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use claw_table::policy::{Cause, Class, Leg, Target};
use claw_table::{ArmId, Can, ClassId, Fact};

use super::served::{Conds, Served, class_name, lacking};
use crate::codes::Code;
use crate::diagram::{Part, TooLarge};
use crate::explain::name;
use crate::model::{Ask, Cond, Model};
use crate::moves::Stop;
use crate::never::written;
use crate::oracle::Request;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::worst::Asks;

pub(super) fn check(
    (served, conds): (&mut Served<'_>, &Conds),
    report: &mut Report,
) -> Result<(), TooLarge> {
    let mut seen = Seen::default();
    for at in 0..served.stops.len() {
        stop(served, (conds, at), (&mut seen, report))?;
    }
    seen.tell(served, report);
    providers(served, &seen, report);
    Ok(())
}

/// Looks at the requests of one stop, kind by kind.
fn stop(
    served: &mut Served<'_>,
    (conds, at): (&Conds, usize),
    (seen, report): (&mut Seen, &mut Report),
) -> Result<(), TooLarge> {
    let model = served.model;
    let Some((stop, arms)) = served.stops.get(at).cloned() else {
        return Ok(());
    };
    let class = model.policy.classes.get(stop.class.index());
    let lacks = class.map_or_else(Vec::new, |class| lacking(model, &class.targets));
    let asks = |can: &Can| served.reached.asks(&Fact::Has(*can));
    let (split, free): (Vec<Can>, Vec<Can>) = lacks.into_iter().partition(asks);
    let free = subsets(&free);
    let asks_endpoint = model.facts().contains(&Fact::Endpoint);
    for needs in subsets(&split) {
        // A count of tokens that nobody makes is estimated, and fails for want of no target.
        for (asks, cond) in conds.asks.iter().filter(|(asks, _)| *asks != Asks::Count) {
            // Where no condition asks for it, what nobody carries comes along with chats.
            let is_free = !asks_endpoint && !asks.is_carried(&model.policy, 0);
            if is_free || !served.reached.meets(stop.part, cond)? {
                continue;
            }
            let own = Kind { needs, asks: *asks };
            for (class, part) in own.ways((served, cond), &stop, &split)? {
                let own_arms = by_window((served, conds), part, &arms)?;
                let part = Stop {
                    part,
                    ..stop.clone()
                };
                for ((small, arms), more) in pairs(&own_arms, &free) {
                    let kind = Kind {
                        needs: needs | more,
                        asks: *asks,
                    };
                    let carriers = carriers(model, (&class, kind), small);
                    seen.note(&part, &carriers, arms);
                    seen.thin(
                        (served, report),
                        (&part, at, kind, more),
                        (&class, &carriers),
                    );
                }
            }
        }
    }
    Ok(())
}

/// What the requests of a part have in common.
#[derive(Debug, Clone, Copy)]
struct Kind {
    needs: u16,
    asks: Asks,
}

impl Kind {
    /// The requests of a stop that are of this kind, with the class as they meet it. Only what some
    /// condition asks tells them apart here.
    fn ways<'m>(
        self,
        (served, asks): (&mut Served<'m>, &Cond),
        stop: &Stop,
        split: &[Can],
    ) -> Result<Vec<(Cow<'m, Class>, Part)>, TooLarge> {
        let mut part = stop.part;
        for can in split {
            let test = Cond::Test(Fact::Has(*can), Ask::Yes);
            let is_set = self.needs & can.bit() != 0;
            part = served.reached.among(part, &turned(test, is_set))?;
        }
        part = served.reached.among(part, asks)?;
        if part.is_empty() {
            return Ok(Vec::new());
        }
        served.ways(&Stop {
            part,
            ..stop.clone()
        })
    }
}

#[expect(clippy::fn_params_excessive_bools, reason = "the answer that is due")]
fn turned(cond: Cond, is_plain: bool) -> Cond {
    if is_plain {
        cond
    } else {
        Cond::Not(Box::new(cond))
    }
}

/// Every set of capabilities, the small ones first.
fn subsets(lacks: &[Can]) -> Vec<u16> {
    let mut sets = vec![0_u16];
    for can in lacks {
        let with: Vec<u16> = sets.iter().map(|set| set | can.bit()).collect();
        sets.extend(with);
    }
    sets.sort_by_key(|set| (set.count_ones(), *set));
    sets
}

/// The targets of a class that can carry a kind of request in their windows.
fn carriers(model: &Model, (class, kind): (&Class, Kind), windows: &[u64]) -> Vec<Target> {
    let carries = |target: &&Target| {
        let Some(provider) = model.policy.providers.get(target.provider.index()) else {
            return false;
        };
        provider
            .models
            .get(target.model.index())
            .is_some_and(|known| {
                let size = known.context_tokens;
                let is_small = size.is_some_and(|size| windows.contains(&size));
                kind.asks.carries((provider.api, known), kind.needs) && !is_small
            })
    };
    class.targets.iter().filter(carries).copied().collect()
}

/// The arms from which requests of a part really come, by the windows that are too small for all
/// that come from there.
type ByWindow = BTreeMap<Vec<u64>, Vec<ArmId>>;

fn by_window(
    (served, conds): (&mut Served<'_>, &Conds),
    part: Part,
    arms: &[ArmId],
) -> Result<ByWindow, TooLarge> {
    let ends: BTreeSet<ArmId> = served.reached.arms(part).iter().copied().collect();
    let mut fits: Vec<(u64, BTreeSet<ArmId>)> = Vec::new();
    for (size, over) in &conds.windows {
        let within = served.reached.among(part, &turned(over.clone(), false))?;
        fits.push((*size, served.reached.arms(within).iter().copied().collect()));
    }
    let mut found = ByWindow::new();
    for arm in arms.iter().filter(|arm| ends.contains(arm)) {
        let small = fits.iter().filter(|(_, fitting)| !fitting.contains(arm));
        let small = small.map(|(size, _)| *size).collect();
        found.entry(small).or_default().push(*arm);
    }
    Ok(found)
}

/// Every group of arms with every set of what no condition asks.
fn pairs<'a>(
    arms: &'a ByWindow,
    free: &'a [u16],
) -> impl Iterator<Item = ((&'a Vec<u64>, &'a Vec<ArmId>), u16)> {
    arms.iter()
        .flat_map(|group| free.iter().map(move |more| (group, *more)))
}

/// What was seen of arms and targets over all requests.
#[derive(Default)]
struct Seen {
    /// The arms of which some request is carried, and those of which none is, with their classes.
    carried: BTreeSet<ArmId>,
    arms: BTreeMap<ArmId, ClassId>,
    /// For each class the targets that some request is sent to.
    used: BTreeMap<ClassId, Vec<Target>>,
    /// Classes of which it was said that one request has no other target.
    thin: BTreeSet<ClassId>,
}

impl Seen {
    fn note(&mut self, stop: &Stop, carriers: &[Target], arms: &[ArmId]) {
        if stop.chain.is_empty() {
            self.arms.extend(arms.iter().map(|arm| (*arm, stop.class)));
            let carried = arms.iter().filter(|_| !carriers.is_empty());
            self.carried.extend(carried);
        }
        let used = self.used.entry(stop.class).or_default();
        for target in carriers {
            if !used.contains(target) {
                used.push(*target);
            }
        }
    }

    /// A request that the first leg of a class carries, and none of its fallbacks.
    fn thin(
        &mut self,
        (served, report): (&mut Served<'_>, &mut Report),
        (stop, at, kind, more): (&Stop, usize, Kind, u16),
        (class, carriers): (&Class, &[Target]),
    ) {
        let model = served.model;
        // Of what no condition asks, the author says nothing; a fallback that carries nothing
        // ordinary is another finding.
        if more != 0 || kind.needs == 0 || kind.asks != Asks::Text {
            return;
        }
        let Some((first, rest)) = class
            .legs
            .split_first()
            .filter(|(_, rest)| !rest.is_empty())
        else {
            return;
        };
        let primary = model.policy.reached(&[*first]);
        let others = model.policy.reached(rest);
        // Of a model that says nothing it is not known that it can.
        let knows = |target: &Target| {
            let provider = model.policy.providers.get(target.provider.index());
            let known = provider.and_then(|provider| provider.models.get(target.model.index()));
            known.is_some_and(|known| known.can.is_some())
        };
        let carried = primary
            .iter()
            .find(|target| carriers.contains(target) && knows(target));
        let is_alone = others.iter().all(|target| !carriers.contains(target));
        let (Some(carried), true) = (carried, is_alone && !self.thin.contains(&stop.class)) else {
            return;
        };
        let Some(mut witness) = served.witness(stop, at) else {
            return;
        };
        witness.has |= kind.needs;
        self.thin.insert(stop.class);
        let place = others.first().map(|other| served.place(stop.class, *other));
        let lacks = lacks(model, others.first(), kind);
        report.add(
            Diagnostic::new(
                Code::NoCapableFallback,
                served.place(stop.class, *carried),
                format!(
                    "class `{}` has no fallback for some requests",
                    class_name(model, stop.class)
                ),
            )
            .label(format!("only this can carry `{}`", written(&witness)))
            .and(place.unwrap_or_default(), lacks)
            .help("add a fallback that can, or `accept C0507 in CLASS \"why\"`"),
        );
    }

    /// Tells which arms and targets are of no use.
    fn tell(&self, served: &mut Served<'_>, report: &mut Report) {
        let model = served.model;
        for (arm, class) in &self.arms {
            if self.carried.contains(arm) {
                continue;
            }
            if let Some(found) = none(served, (*arm, *class)) {
                report.add(found);
            }
        }
        for (id, class) in (0..).map(ClassId).zip(&model.policy.classes) {
            let Some(used) = self.used.get(&id).filter(|used| !used.is_empty()) else {
                continue;
            };
            let asked = class.legs.iter().filter_map(|leg| match leg {
                Leg::Requested(list) => Some(*list),
                Leg::Target(_) | Leg::Pool(_) => None,
            });
            let asked: Vec<Target> = asked
                .flat_map(|list| model.policy.offered_by(list).collect::<Vec<_>>())
                .collect();
            for target in &class.targets {
                // What may be asked for is not listed by itself.
                if !used.contains(target) && !asked.contains(target) {
                    report.add(unused(served, (id, *target)));
                }
            }
            if let Some(found) = behind(served, (id, class)) {
                report.add(found);
            }
        }
    }
}

/// What the first other target lacks of a kind of request.
fn lacks(model: &Model, target: Option<&Target>, kind: Kind) -> String {
    let known = target.and_then(|target| {
        let provider = model.policy.providers.get(target.provider.index())?;
        provider.models.get(target.model.index())
    });
    let lacking = known.map_or(0, |known| known.lacks(kind.needs));
    let words = Can::ALL.into_iter().filter(|can| lacking & can.bit() != 0);
    let words: Vec<String> = words.map(|can| format!("`{}`", can.word())).collect();
    if words.is_empty() {
        "it cannot carry them".to_owned()
    } else {
        format!("it has no {}", words.join(", "))
    }
}

fn none(served: &mut Served<'_>, (arm, class): (ArmId, ClassId)) -> Option<Diagnostic> {
    let model = served.model;
    let at = served
        .stops
        .iter()
        .position(|(stop, _)| stop.class == class && stop.chain.is_empty())?;
    let (stop, _) = served.stops.get(at)?.clone();
    let witness: Request = served.reached.witness(stop.part, arm)?;
    let mut arms = model.arms();
    let span = arms.find(|known| known.id == arm).map(|arm| arm.span);
    let places = model.claims.classes.get(class.index());
    let place: Span = places.map(|places| places.class).unwrap_or_default();
    Some(
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
    )
}

fn unused(served: &mut Served<'_>, (class, target): (ClassId, Target)) -> Diagnostic {
    let model = served.model;
    let name = name(&model.policy, target);
    let witness = served.led(class);
    Diagnostic::new(
        Code::TargetUnused,
        served.place(class, target),
        format!(
            "no request of class `{}` can be sent to `{name}`",
            class_name(model, class)
        ),
    )
    .label(match witness {
        Some(witness) => format!("it cannot carry `{}`, nor any other", written(&witness)),
        None => "it can carry none of those that are led here".to_owned(),
    })
    .help("take it out, or lead requests to the class that it can carry")
}

/// A fallback behind a target that is never passed over and that no failure leads past.
fn behind(served: &mut Served<'_>, (id, class): (ClassId, &Class)) -> Option<Diagnostic> {
    let model = served.model;
    let retry = &class.retry;
    let named = |cause: Cause| retry.on.names(cause);
    let unsent = named(Cause::Connect) || named(Cause::Timeout);
    let sent = !retry.on.statuses.is_empty() || Cause::ALL.into_iter().any(named);
    if unsent || (sent && retry.attempts > 1) {
        return None;
    }
    // A ceiling, a breaker or a missing capability passes a target over.
    let [Leg::Target(first), Leg::Target(second), ..] = class.legs.as_slice() else {
        return None;
    };
    let provider = model.policy.providers.get(first.provider.index())?;
    let known = provider.models.get(first.model.index())?;
    let is_bounded = !model.policy.ceilings.is_empty() || known.context_tokens.is_some();
    if provider.health.eject.is_some() || known.can.is_some() || is_bounded {
        return None;
    }
    let places = model.claims.classes.get(id.index())?;
    let led = served.led(id);
    let found = Diagnostic::new(
        Code::TargetUnused,
        served.place(id, *second),
        format!(
            "no failure of class `{}` leads to `{}`",
            class_name(model, id),
            name(&model.policy, *second)
        ),
    )
    .label(match led {
        Some(witness) => format!(
            "`{}` never gets past the target before it",
            written(&witness)
        ),
        None => "it stands behind a target that is never passed over".to_owned(),
    });
    Some(
        found
            .and(
                places.retry.unwrap_or(places.class),
                "this retry leads no further",
            )
            .help("list a cause and more than one attempt in the retry, or take the fallback out"),
    )
}

/// Classes all of whose targets fail together.
fn providers(served: &mut Served<'_>, seen: &Seen, report: &mut Report) {
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
        let witness = served.led(id);
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
            .help("add a fallback at another provider, or `accept C0506 in CLASS \"why\"`"),
        );
    }
}
