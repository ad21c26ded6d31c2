//! Classes in which the model that a client names decides on the target.

use std::borrow::Cow;
use std::collections::BTreeSet;

use claw_table::Fact;
use claw_table::policy::{Class, Leg, Policy};

use crate::diagram::{Part, Reached, TooLarge};
use crate::model::{Ask, Cond, Model, Pattern};
use crate::moves::Stop;

/// What can be asked for, each with the condition that it is.
pub(crate) struct Asked<'m> {
    pub(crate) model: &'m Model,
    names: Vec<(String, Cond)>,
    /// Nothing of all this is asked for.
    other: Cond,
}

impl<'m> Asked<'m> {
    pub(crate) fn of(model: &'m Model) -> Self {
        let lists = model.policy.classes.iter().flat_map(|class| &class.legs);
        let mut names = BTreeSet::new();
        for leg in lists {
            if let Leg::Requested(list) = leg {
                let targets = model.policy.offered_by(*list);
                names.extend(targets.filter_map(|target| {
                    let provider = model.policy.providers.get(target.provider.index())?;
                    Some(provider.models.get(target.model.index())?.name.clone())
                }));
            }
        }
        let is = |name: String| {
            let pattern = Pattern::Exact(name.clone());
            let cond = Cond::Test(Fact::Model, Ask::Matches(vec![pattern]));
            (name, cond)
        };
        let names: Vec<(String, Cond)> = names.into_iter().map(is).collect();
        let all = names.iter().map(|(_, cond)| cond.clone()).collect();
        Self {
            model,
            names,
            other: Cond::Not(Box::new(Cond::Any(all))),
        }
    }

    /// The conditions that a diagram must be fit for.
    pub(crate) fn conds(&self) -> impl Iterator<Item = &Cond> {
        self.names.iter().map(|(_, cond)| cond)
    }

    /// The class of a stop as each of its requests meets it, with those requests.
    pub(crate) fn ways(
        &self,
        reached: &mut Reached<'_>,
        stop: &Stop,
    ) -> Result<Vec<(Cow<'m, Class>, Part)>, TooLarge> {
        let Some(class) = self.model.policy.classes.get(stop.class.index()) else {
            return Ok(Vec::new());
        };
        if !class
            .legs
            .iter()
            .any(|leg| matches!(leg, Leg::Requested(_)))
        {
            return Ok(vec![(Cow::Borrowed(class), stop.part)]);
        }
        let named = self
            .names
            .iter()
            .map(|(name, cond)| (Some(name.as_str()), cond));
        let mut ways = Vec::new();
        for (name, cond) in named.chain([(None, &self.other)]) {
            let part = reached.among(stop.part, cond)?;
            if !part.is_empty() {
                ways.push((Cow::Owned(resolved(&self.model.policy, class, name)), part));
            }
        }
        Ok(ways)
    }
}

/// The class with what is asked for in the place of the lists.
fn resolved(policy: &Policy, class: &Class, name: Option<&str>) -> Class {
    let legs = class.legs.iter().filter_map(|leg| match leg {
        Leg::Requested(list) => policy.offer(*list, name?).map(Leg::Target),
        Leg::Target(_) | Leg::Pool(_) => Some(*leg),
    });
    let legs: Vec<Leg> = legs.collect();
    Class {
        targets: policy.reached(&legs),
        legs,
        ..class.clone()
    }
}
