//! What differs between two policies beside the way of each request: who may call, what bounds
//! them, where the gateway listens, what is promised.
//!
//! Every record of a policy is taken apart whole, so that a new field is a compile error here until
//! it is compared.

mod bounds;
mod client;
mod gateway;
mod measure;
mod promise;
mod provider;
mod scope;

use std::collections::{BTreeMap, BTreeSet};

use claw_table::policy::Policy;
use serde::Serialize;

use super::sheet::{Sheet, differing};
use super::{Change, Difference, Side, Verdict};
use measure::compared;

/// A setting that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// What it comes to.
    pub verdict: Verdict,
    /// Of what, and which: `client lan: from`, `ceiling agents`.
    pub rule: String,
    /// What it was; nothing where there was none.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

impl Setting {
    fn new(verdict: Verdict, differs: Difference) -> Self {
        let Difference { rule, old, new } = differs;
        Self {
            verdict,
            rule,
            old,
            new,
        }
    }
}

/// Every setting that differs and that no change of requests tells, the gravest first.
pub(super) fn settings(old: Side<'_>, new: Side<'_>, changes: &[Change]) -> Vec<Setting> {
    let mut told = Told::of(changes);
    // The text of arms and refusals is told by the requests that end in them, and so is where they
    // stand; `offered` has lists of its own.
    let Policy {
        name: _,
        gateway,
        providers: _,
        clients: _,
        pools: _,
        classes: _,
        requested: _,
        ceilings: _,
        limits: _,
        caches: _,
        notifies: _,
        denies: _,
        arms: _,
        otherwise: _,
        offered: _,
    } = &old.model.policy;
    let after = &new.model.policy;
    let mut found = compared(
        "gateway",
        (gateway::rules(gateway), gateway::rules(&after.gateway)),
    );
    found.extend(client::clients(&old.model.policy, after));
    found.extend(bounds::bounds(old, new));
    found.extend(promise::promises(old, new));
    found.extend(classes(&old.model.policy, after, &mut told));
    found.extend(provider::providers(&old.model.policy, after, &told));
    found.sort_by_key(|setting| setting.verdict);
    found
}

/// What the changes of requests have told already.
struct Told<'c> {
    changes: &'c [Change],
    /// What was told of a class without them.
    more: BTreeSet<String>,
}

impl<'c> Told<'c> {
    fn of(changes: &'c [Change]) -> Self {
        let more = BTreeSet::new();
        Self { changes, more }
    }

    /// Whether some change of requests that one class serves before and after tells this of it.
    fn of_class(&self, class: &str, differs: &Difference) -> bool {
        let both = format!("class {class}");
        let mut own = self.changes.iter();
        own.any(|it| it.old == both && it.new == both && it.differs.contains(differs))
    }

    /// Whether some change tells this of a target of the provider.
    fn of_provider(&self, provider: &str, differs: &Difference) -> bool {
        let is_it = |one: &Difference| {
            let target = one.rule.strip_prefix(provider);
            let rest = target.and_then(|rest| rest.strip_prefix('/'));
            let rule = rest.and_then(|rest| rest.split_once(": "));
            rule.is_some_and(|(_, rule)| rule == differs.rule)
                && (&one.old, &one.new) == (&differs.old, &differs.new)
        };
        let all = self.changes.iter().flat_map(|it| &it.differs);
        all.into_iter().any(is_it)
    }

    /// Whether some change tells exactly this.
    fn of_target(&self, differs: &Difference) -> bool {
        let mut all = self.changes.iter().flat_map(|it| &it.differs);
        all.any(|one| one == differs)
    }

    fn of_pool(&self, differs: &Difference) -> bool {
        self.of_target(differs) || self.more.contains(&differs.rule)
    }

    fn names_class(&self, class: &str) -> bool {
        let class = format!("class {class}");
        let mut all = self.changes.iter();
        all.any(|it| it.old == class || it.new == class)
    }
}

/// What differs of classes and pools that no arm leads to: ceilings may.
fn classes(old: &Policy, new: &Policy, told: &mut Told<'_>) -> Vec<Setting> {
    let mut found = Vec::new();
    for (name, pair) in paired((&old.classes, &new.classes), |class| &class.name) {
        let sheet = |policy, class| Sheet::class(policy, class);
        match pair {
            Pair::Both(before, after) => {
                let differs = sheet(old, before).own_differences(&sheet(new, after));
                for one in differs {
                    if told.of_class(name, &one) {
                        continue;
                    }
                    told.more.insert(one.rule.clone());
                    let rule = format!("class {name}: {}", one.rule);
                    found.push(Setting::new(Verdict::Different, Difference { rule, ..one }));
                }
            }
            Pair::Gone(class) if !told.names_class(name) => {
                found.push(Setting::gone(
                    Verdict::Different,
                    format!("class {name}"),
                    sheet(old, class).targets(),
                ));
            }
            Pair::Fresh(class) if !told.names_class(name) => {
                found.push(Setting::fresh(
                    Verdict::Different,
                    format!("class {name}"),
                    sheet(new, class).targets(),
                ));
            }
            Pair::Gone(_) | Pair::Fresh(_) => {}
        }
    }
    let pools = |policy: &Policy| {
        let pools = policy.pools.iter();
        let told = pools.map(|pool| {
            (
                format!("pool {}", pool.name),
                crate::explain::pool(policy, pool),
            )
        });
        told.collect::<Vec<_>>()
    };
    let differs = differing(&pools(old), &pools(new)).into_iter();
    let differs = differs.filter(|one| !told.of_pool(one));
    found.extend(differs.map(|one| Setting::new(Verdict::Different, one)));
    found
}

impl Setting {
    /// A record that the new policy has no more.
    fn gone(verdict: Verdict, rule: String, what: String) -> Self {
        let (old, new) = (Some(what), None);
        Self::new(verdict, Difference { rule, old, new })
    }

    /// A record that only the new policy has.
    fn fresh(verdict: Verdict, rule: String, what: String) -> Self {
        let (old, new) = (None, Some(what));
        Self::new(verdict, Difference { rule, old, new })
    }
}

/// A record of the old policy and the one of its name in the new one.
#[derive(Debug, Clone, Copy)]
enum Pair<'r, T> {
    Both(&'r T, &'r T),
    Gone(&'r T),
    Fresh(&'r T),
}

/// The records of both by their names, the old ones first.
fn paired<'r, T>(
    (old, new): (&'r [T], &'r [T]),
    name: fn(&T) -> &str,
) -> Vec<(&'r str, Pair<'r, T>)> {
    let named = |list: &'r [T]| -> BTreeMap<&'r str, &'r T> {
        list.iter().map(|it| (name(it), it)).collect()
    };
    let (befores, afters) = (named(old), named(new));
    let kept = old.iter().map(|before| {
        let own = name(before);
        match afters.get(own) {
            Some(after) => (own, Pair::Both(before, *after)),
            None => (own, Pair::Gone(before)),
        }
    });
    let fresh = new
        .iter()
        .filter(|after| !befores.contains_key(name(after)));
    kept.chain(fresh.map(|after| (name(after), Pair::Fresh(after))))
        .collect()
}
