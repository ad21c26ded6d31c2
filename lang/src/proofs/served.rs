//! Which requests each class serves: led there by an arm, or moved there by a ceiling.

use std::borrow::Cow;

use claw_table::policy::{Ceiling, Class, Target};
use claw_table::{ArmId, Can, ClassId, Fact};

use crate::diagram::{Part, Reached, TooLarge};
use crate::model::{Ask, Cond, Model};
use crate::moves::{self, Stop};
use crate::never::Asked;
use crate::oracle::Request;
use crate::span::Span;
use crate::worst::Asks;

/// The conditions that are asked beside those of the policy.
pub(super) struct Conds {
    /// What is asked for, as far as it decides who can be asked.
    pub(super) asks: Vec<(Asks, Cond)>,
    /// For each window of a model, that the input is larger.
    pub(super) windows: Vec<(u64, Cond)>,
}

impl Conds {
    pub(super) fn of(model: &Model) -> Self {
        let models = model.policy.providers.iter().flat_map(|it| &it.models);
        let mut windows: Vec<u64> = models.filter_map(|model| model.context_tokens).collect();
        windows.sort_unstable();
        windows.dedup();
        let asks = model.facts().contains(&Fact::Tokens);
        let windows = windows.into_iter().filter(|_| asks).map(|tokens| {
            let over = Ask::AtLeast(tokens.saturating_add(1));
            (tokens, Cond::Test(Fact::Tokens, over))
        });
        Self {
            asks: Asks::told_apart(&model.policy),
            windows: windows.collect(),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Cond> {
        let windows = self.windows.iter().map(|(_, cond)| cond);
        self.asks.iter().map(|(_, cond)| cond).chain(windows)
    }
}

/// Every class with the requests that it serves.
pub(super) struct Served<'m> {
    pub(super) model: &'m Model,
    pub(super) reached: Reached<'m>,
    asked: &'m Asked<'m>,
    conds: &'m Conds,
    /// Every stop, each with the arms from which its requests come.
    pub(super) stops: Vec<(Stop, Vec<ArmId>)>,
}

impl<'m> Served<'m> {
    pub(super) fn of(
        model: &'m Model,
        mut reached: Reached<'m>,
        (asked, conds): (&'m Asked<'m>, &'m Conds),
    ) -> Result<Self, TooLarge> {
        let everybody = reached.under(&Cond::Always, &[])?;
        let stops = moves::all(model, &mut reached, everybody)?;
        Ok(Self {
            model,
            reached,
            asked,
            conds,
            stops,
        })
    }

    /// The requests of a stop that a ceiling is about.
    pub(super) fn under(&mut self, ceiling: &Ceiling, at: usize) -> Result<Option<Stop>, TooLarge> {
        let Some((stop, arms)) = self.stops.get(at).cloned() else {
            return Ok(None);
        };
        let part = moves::under(self.model, &mut self.reached, (ceiling, &stop))?;
        let Some(part) = part else { return Ok(None) };
        // Of these requests some must come from an arm that leads here.
        let comes = self.reached.comes_to(part, &arms)?;
        Ok(comes.then_some(Stop { part, ..stop }))
    }

    /// The capabilities that none of the requests of a stop uses, as far as a charge depends on it.
    pub(super) fn without(&mut self, stop: &Stop, at: usize) -> Result<u16, TooLarge> {
        let sound = Fact::Has(Can::Audio);
        let arms = self.stops.get(at).map(|(_, arms)| arms.clone());
        let Some(arms) = arms.filter(|_| self.reached.asks(&sound)) else {
            return Ok(0);
        };
        let part = self
            .reached
            .among(stop.part, &Cond::Test(sound, Ask::Yes))?;
        Ok(if self.reached.comes_to(part, &arms)? {
            0
        } else {
            Can::Audio.bit()
        })
    }

    /// What the requests of a stop ask for; what costs nothing is left out.
    pub(super) fn kinds(&mut self, stop: &Stop) -> Result<Vec<Asks>, TooLarge> {
        let mut kinds = Vec::new();
        for (asks, cond) in &self.conds.asks {
            if *asks != Asks::Count && !self.reached.among(stop.part, cond)?.is_empty() {
                kinds.push(*asks);
            }
        }
        Ok(kinds)
    }

    /// The class of a stop as each of its requests meets it, with those requests.
    pub(super) fn ways(&mut self, stop: &Stop) -> Result<Vec<(Cow<'m, Class>, Part)>, TooLarge> {
        self.asked.ways(&mut self.reached, stop)
    }

    /// One request of a part of a stop, as far as it really comes there.
    pub(super) fn witness(&mut self, stop: &Stop, at: usize) -> Result<Option<Request>, TooLarge> {
        let Some((_, arms)) = self.stops.get(at) else {
            return Ok(None);
        };
        let taken = moves::taken(&mut self.reached, stop, arms)?;
        Ok(taken.map(|(_, request)| request))
    }

    /// One request that an arm leads to a class, or that a ceiling moves there.
    pub(super) fn led(&mut self, class: ClassId) -> Result<Option<Request>, TooLarge> {
        for at in 0..self.stops.len() {
            let stop = self.stops.get(at).map(|(stop, _)| stop.clone());
            if let Some(stop) = stop.filter(|stop| stop.class == class)
                && let Some(witness) = self.witness(&stop, at)?
            {
                return Ok(Some(witness));
            }
        }
        Ok(None)
    }

    /// Where a class is declared.
    pub(super) fn declared(&self, class: ClassId) -> Option<Span> {
        let places = self.model.claims.classes.get(class.index());
        places.map(|places| places.class)
    }

    /// Where a target of a class is written.
    pub(super) fn place(&self, class: ClassId, target: Target) -> Span {
        let places = self.model.claims.classes.get(class.index());
        let known = self.model.policy.classes.get(class.index());
        let at = known.and_then(|class| class.targets.iter().position(|it| *it == target));
        let place = at.and_then(|at| places?.targets.get(at));
        place
            .or(places.map(|places| &places.class))
            .copied()
            .unwrap_or_default()
    }
}

/// The name of a class.
pub(super) fn class_name(model: &Model, class: ClassId) -> &str {
    let class = model.policy.classes.get(class.index());
    class.map_or("", |class| &class.name)
}

/// What a request can use of which some target is known to lack it.
pub(super) fn lacking(model: &Model, targets: &[Target]) -> Vec<Can> {
    let lacks = targets.iter().fold(0, |all, target| {
        let provider = model.policy.providers.get(target.provider.index());
        let known = provider.and_then(|provider| provider.models.get(target.model.index()));
        all | !known.and_then(|known| known.can).unwrap_or(u16::MAX)
    });
    let all = Can::ASKED.into_iter();
    all.filter(|can| lacks & can.bit() != 0).collect()
}
