//! Ceilings held against what their requests can cost.

use std::collections::BTreeSet;

use claw_table::ClassId;
use claw_table::policy::{Ceiling, Held, Keys, Scope, Target, Then, Window};

use super::served::{Served, class_name};
use crate::codes::Code;
use crate::diagram::TooLarge;
use crate::explain::{dollars, name};
use crate::model::{CeilingPlaces, Model};
use crate::moves::Stop;
use crate::never::written;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::worst::{Asks, Gap, Load, Shape, asked, unknown, worst};

/// What a request weighs at the very least: its own framing, and that of one message.
const IN_TOKENS_MIN: u64 = 80;
/// The least that it can ask for.
const OUT_TOKENS_MIN: u64 = 1;

pub(super) fn check(
    model: &Model,
    served: &mut Served<'_>,
    report: &mut Report,
) -> Result<(), TooLarge> {
    // One price that lacks is one finding, however many ceilings must count it.
    let mut told = BTreeSet::new();
    let all = model.policy.ceilings.iter().zip(&model.ceilings);
    for (ceiling, places) in all {
        let mut money = Money {
            model,
            ceiling,
            places,
            told: &mut told,
            beyond: Some(0),
            dearest: None,
        };
        for at in 0..served.stops.len() {
            money.stop(served, at, report)?;
        }
        money.idle(served, report)?;
        money.stays(served, report)?;
    }
    Ok(())
}

/// One ceiling, and what was found of it.
struct Money<'m, 't> {
    model: &'m Model,
    ceiling: &'m Ceiling,
    places: &'m CeilingPlaces,
    told: &'t mut BTreeSet<(u16, u16)>,
    /// The most that one request under it can cost; nothing if something of that is not known.
    beyond: Option<u128>,
    /// The stop from which that one comes.
    dearest: Option<(Stop, usize)>,
}

impl Money<'_, '_> {
    /// Holds the ceiling against one class whose requests are under it.
    fn stop(
        &mut self,
        served: &mut Served<'_>,
        at: usize,
        report: &mut Report,
    ) -> Result<(), TooLarge> {
        let Some(stop) = served.under(self.ceiling, at)? else {
            return Ok(());
        };
        let policy = &self.model.policy;
        let class = policy.classes.get(stop.class.index());
        let Some(class) = class.filter(|class| class.keys == Keys::Provider) else {
            return Ok(());
        };
        for (class, part) in served.ways(&stop)? {
            let stop = Stop {
                part,
                ..stop.clone()
            };
            let without = served.without(&stop, at)?;
            for target in &class.targets {
                if let Some(gap) = gap(self.model, *target, without) {
                    self.unpriced(served, ((&stop, at), (*target, gap)), report)?;
                }
            }
        }
        let without = served.without(&stop, at)?;
        let of = |asks: Asks| {
            let load = Load {
                asks,
                has: 0,
                without,
                shape: Shape::Plain,
            };
            worst(policy, class, load).map(|worst| worst.cost.most_pico)
        };
        let kinds = served.kinds(&stop)?;
        let costs: Vec<Option<u128>> = kinds.iter().filter_map(|asks| of(*asks)).collect();
        if costs.is_empty() {
            return Ok(());
        }
        // What one of them costs is not known where one is not.
        let costs: Option<Vec<u128>> = costs.into_iter().collect();
        let most = costs.and_then(|costs| costs.into_iter().max());
        if self.beyond.zip(most).is_some_and(|(all, most)| most > all) {
            self.dearest = Some((stop.clone(), at));
        }
        self.beyond = self.beyond.zip(most).map(|(all, most)| all.max(most));
        let carries = |target: &&Target| {
            let provider = policy.providers.get(target.provider.index());
            let found =
                provider.and_then(|it| Some((it.api, it.models.get(target.model.index())?)));
            found.is_some_and(|found| kinds.iter().any(|asks| asks.carries(found, 0)))
        };
        let targets: Vec<Target> = class.targets.iter().filter(carries).copied().collect();
        self.cheapest(served, (&stop, at, &targets), report)
    }

    /// A target whose cost is not known cannot be counted.
    fn unpriced(
        &mut self,
        served: &mut Served<'_>,
        ((stop, at), (target, gap)): ((&Stop, usize), (Target, Gap)),
        report: &mut Report,
    ) -> Result<(), TooLarge> {
        let known = (target.provider.0, target.model.0);
        if self.told.contains(&known) {
            return Ok(());
        }
        let Some(witness) = served.witness(stop, at)? else {
            return Ok(());
        };
        self.told.insert(known);
        let policy = &self.model.policy;
        let (model, span) = (name(policy, target), served.place(stop.class, target));
        report.add(
            Diagnostic::new(
                Code::CeilingUnpriced,
                span,
                format!(
                    "what `{model}` costs is not known, and ceiling `{}` must count it",
                    self.ceiling.name
                ),
            )
            .label(gap.why())
            .and(
                self.places.amount,
                format!("`{}` is under it", written(&witness)),
            )
            .help(gap.help(&model)),
        );
        Ok(())
    }

    /// A ceiling under which no request of the class fits.
    fn cheapest(
        &self,
        served: &mut Served<'_>,
        (stop, at, targets): (&Stop, usize, &[Target]),
        report: &mut Report,
    ) -> Result<(), TooLarge> {
        let policy = &self.model.policy;
        // What is only warned of is not refused, and an estimate may be lower than what is weighed here.
        if self.ceiling.then == Then::Warn || self.ceiling.held == Held::Estimate {
            return Ok(());
        }
        let costs = targets.iter().map(|target| {
            let provider = policy.providers.get(target.provider.index())?;
            let model = provider.models.get(target.model.index())?;
            asked(model, Some(IN_TOKENS_MIN), Some(OUT_TOKENS_MIN)).ok()
        });
        let costs: Option<Vec<u128>> = costs.collect();
        let Some(least) = costs.and_then(|costs| costs.into_iter().min()) else {
            return Ok(());
        };
        if least <= self.ceiling.amount_pico {
            return Ok(());
        }
        let Some(witness) = served.witness(stop, at)? else {
            return Ok(());
        };
        let class_name = class_name(self.model, stop.class);
        let places = self.model.claims.classes.get(stop.class.index());
        let found = Diagnostic::new(
            Code::CeilingTooLow,
            self.places.amount,
            format!(
                "no request of class `{class_name}` fits under {}",
                dollars(self.ceiling.amount_pico)
            ),
        )
        .label(format!(
            "the cheapest costs {}: {IN_TOKENS_MIN} tokens in and {OUT_TOKENS_MIN} out",
            dollars(least)
        ));
        let place = places.map(|places| places.class).unwrap_or_default();
        let led = format!(
            "`{}` goes to this class, and cannot be paid",
            written(&witness)
        );
        report.add(found.and(place, led).help(
            "allow more, name a cheaper target in the class, or refuse these requests with `forbid`",
        ));
        Ok(())
    }

    /// A ceiling on each request that none can reach.
    fn idle(&self, served: &mut Served<'_>, report: &mut Report) -> Result<(), TooLarge> {
        let Some(most) = self.beyond.filter(|most| *most > 0) else {
            return Ok(());
        };
        if self.ceiling.window == Window::Request && most <= self.ceiling.amount_pico {
            let witness = match &self.dearest {
                Some((stop, at)) => served.witness(stop, *at)?,
                None => None,
            };
            let all = format!("{}, all attempts together", dollars(most));
            let label = match witness {
                Some(witness) => format!("`{}` can cost the most: {all}", written(&witness)),
                None => format!("the dearest costs {all}"),
            };
            report.add(
                Diagnostic::new(
                    Code::CeilingIdle,
                    self.places.amount,
                    format!("no request can cost {}", dollars(self.ceiling.amount_pico)),
                )
                .label(label)
                .about(self.declared())
                .help("allow less, or take the ceiling out; `clawc explain class NAME` shows every term"),
            );
        }
        Ok(())
    }

    /// A class that is under the ceiling that leads to it, once that is used up.
    fn stays(&self, served: &mut Served<'_>, report: &mut Report) -> Result<(), TooLarge> {
        let is_shared = !matches!(self.ceiling.scope, Scope::Class(_));
        let Then::Class(to) = self.ceiling.then else {
            return Ok(());
        };
        if !is_shared || self.ceiling.window == Window::Request || self.is_free(to) {
            return Ok(());
        }
        for at in 0..served.stops.len() {
            let Some(stop) = served.under(self.ceiling, at)? else {
                continue;
            };
            if let Some(witness) = served.witness(&stop, at)? {
                let places = self.model.claims.classes.get(to.index());
                let class = class_name(self.model, to);
                report.add(
                    Diagnostic::new(
                        Code::CeilingStays,
                        self.places.then.unwrap_or(self.places.whole),
                        format!("class `{class}` is under this ceiling too, and finds it used up"),
                    )
                    .label(format!(
                        "`{}` is moved here, and refused",
                        written(&witness)
                    ))
                    .and(
                        places.map(|places| places.class).unwrap_or_default(),
                        "what it spends counts there as well",
                    )
                    .help(format!(
                        "write `at 80% then {class}` and `then deny`, or name a class that is free"
                    )),
                );
                return Ok(());
            }
        }
        Ok(())
    }

    /// The class whose ceiling it is, which may have it from the one that it is like.
    fn declared(&self) -> Option<Span> {
        let Scope::Class(class) = self.ceiling.scope else {
            return None;
        };
        let places = self.model.claims.classes.get(class.index());
        places.map(|places| places.class)
    }

    fn is_free(&self, class: ClassId) -> bool {
        let policy = &self.model.policy;
        let class = policy.classes.get(class.index());
        let mut targets = class.into_iter().flat_map(|class| &class.targets);
        targets.all(|target| {
            let provider = policy.providers.get(target.provider.index());
            let model = provider.and_then(|provider| provider.models.get(target.model.index()));
            let cost = model.map(|model| asked(model, Some(IN_TOKENS_MIN), Some(OUT_TOKENS_MIN)));
            cost == Some(Ok(0))
        })
    }
}

/// What keeps the cost of one request to a target from being known. What it charges without a
/// bound is another matter.
fn gap(model: &Model, target: Target, without: u16) -> Option<Gap> {
    let provider = model.policy.providers.get(target.provider.index())?;
    let found = provider.models.get(target.model.index())?;
    match unknown(found, (IN_TOKENS_MIN, OUT_TOKENS_MIN), without)? {
        Gap::Context => None,
        gap @ (Gap::Price | Gap::OutPrice | Gap::AudioPrice | Gap::Searches) => Some(gap),
    }
}
