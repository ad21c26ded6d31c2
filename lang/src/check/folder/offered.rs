//! The models that a gateway lists.

use std::collections::BTreeSet;

use claw_table::Fact;
use claw_table::policy::{Action, Leg, Policy, Target};

use crate::model::{Ask, Cond, Goal, Pattern, Route};

/// The arm that takes what no other one does.
pub(super) fn otherwise(routes: &[Route], root: usize) -> Option<claw_table::ArmId> {
    routes.get(root)?.arms.last().map(|arm| arm.id)
}

/// The models that some arm takes by name and does not refuse, and those that may be asked for.
pub(super) fn offered(routes: &[Route], policy: &Policy) -> Vec<String> {
    let mut found = BTreeSet::new();
    for arm in routes.iter().flat_map(|route| &route.arms) {
        let class = match arm.to {
            Goal::End(Action::Deny(_)) => continue,
            Goal::End(Action::Class(id)) => policy.classes.get(id.index()),
            Goal::End(Action::Route) | Goal::Route(_) => None,
        };
        named(&arm.cond, &mut found);
        for leg in class.into_iter().flat_map(|class| &class.legs) {
            if let Leg::Requested(list) = leg {
                found.extend(
                    policy
                        .offered_by(*list)
                        .map(|target| model_of(policy, target)),
                );
            }
        }
    }
    found.into_iter().collect()
}

fn model_of(policy: &Policy, target: Target) -> String {
    let provider = policy.providers.get(target.provider.index());
    let model = provider.and_then(|provider| provider.models.get(target.model.index()));
    model.map_or_else(String::new, |model| model.name.clone())
}

fn named(cond: &Cond, found: &mut BTreeSet<String>) {
    match cond {
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| named(part, found)),
        Cond::Test(Fact::Model, Ask::Matches(patterns)) => {
            found.extend(patterns.iter().filter_map(|pattern| match pattern {
                Pattern::Exact(name) => Some(name.clone()),
                Pattern::Prefix(_)
                | Pattern::Suffix(_)
                | Pattern::Infix(_)
                | Pattern::Around(..) => None,
            }));
        }
        // What stands under `not` is not offered.
        Cond::Always | Cond::Not(_) | Cond::Test(..) => {}
    }
}
