//! One claim held against one class.

use claw_table::policy::{Class, Keys, Policy, Target};
use claw_table::{ArmId, ClassId};

use crate::model::{Claim, Model, Never, Reach};
use crate::moves::Move;
use crate::oracle::Request;
use crate::worst::{Asks, Gap, Load, Shape, Worst, worst};

/// A claim that some request breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The position of the claim among the claims of the policy.
    pub never: usize,
    /// The arm in which the request ends.
    pub arm: ArmId,
    /// The class that serves the request.
    pub class: ClassId,
    /// The ceilings that move the request there; none where the arm leads there itself.
    pub chain: Vec<Move>,
    /// What the request asks of the class's targets.
    pub load: Load,
    /// What breaks the claim.
    pub why: Why,
    /// Such a request.
    pub witness: Request,
}

/// What breaks a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The class can cost more, or nothing bounds what it costs.
    Costs(Box<Worst>),
    /// A target of it has no bound.
    Unknown(Target, Gap),
    /// It can take longer.
    Takes(Box<Worst>),
    /// It can make more attempts.
    Tries(Box<Worst>),
    /// It can reach a target that it must not.
    Reaches(Target),
}

/// What breaks the claim, if the class does, with the load that it takes.
pub(super) fn by(
    model: &Model,
    never: &Never,
    (id, class, mut load): (ClassId, &Class, Load),
) -> Option<(Why, Load)> {
    let places = model.claims.classes.get(id.index());
    if places.is_some_and(|places| places.fails_late) {
        load.shape = Shape::Plain;
    }
    // Nothing is sent where no target can carry the request.
    let worst = worst(&model.policy, class, load)?;
    let why = match &never.claim {
        // What a caller's key costs is the caller's.
        Claim::CostsOver(_) if class.keys == Keys::Caller => None,
        // Nothing is charged for a count.
        Claim::CostsOver(_) if load.asks == Asks::Count => None,
        Claim::CostsOver(limit) => costs(worst, *limit),
        Claim::TakesOver(limit) => {
            (worst.time.most_ms > *limit).then(|| Why::Takes(Box::new(worst)))
        }
        Claim::TriesOver(limit) => {
            (worst.attempts.most > *limit).then(|| Why::Tries(Box::new(worst)))
        }
        Claim::Reaches(reach) => reaches(model, class, (reach, load)),
    };
    Some((why?, load))
}

fn costs(worst: Worst, limit: u128) -> Option<Why> {
    match worst.cost.most_pico {
        Some(most) => (most > limit).then(|| Why::Costs(Box::new(worst))),
        None => worst.cost.targets.iter().find_map(|(target, cost)| {
            let gap = cost.err()?;
            Some(Why::Unknown(*target, gap))
        }),
    }
}

fn reaches(model: &Model, class: &Class, (reach, load): (&Reach, Load)) -> Option<Why> {
    let found = class
        .targets
        .iter()
        .find(|target| carries(&model.policy, **target, load) && is_in(model, **target, reach));
    found.map(|target| Why::Reaches(*target))
}

fn carries(policy: &Policy, target: Target, load: Load) -> bool {
    let Some(provider) = policy.providers.get(target.provider.index()) else {
        return false;
    };
    let model = provider.models.get(target.model.index());
    model.is_some_and(|model| load.asks.carries((provider.api, model), load.has))
}

fn is_in(model: &Model, target: Target, reach: &Reach) -> bool {
    let tagged = |tag: &String| {
        let provider = model.policy.providers.get(target.provider.index());
        provider.is_some_and(|provider| provider.tags.contains(tag))
    };
    match reach {
        Reach::Provider(provider) => target.provider == *provider,
        Reach::Target(known) => target == *known,
        Reach::Tagged(tag) => tagged(tag),
        Reach::Untagged(tag) => !tagged(tag),
    }
}
