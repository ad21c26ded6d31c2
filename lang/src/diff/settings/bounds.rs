//! Ceilings, limits, caches and who is told: what each says, and which requests it is about.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::policy::{
    Allowance, Cache, Ceiling, Fail, Held, Limit, Notify, Policy, Scope, Sharing, Step, Then,
};

use super::measure::{Measure, together};
use super::scope::scopes;
use super::{Pair, Setting, paired};
use crate::diff::{Difference, Side, Verdict};
use crate::explain::{about, cache, ceiling, limit, notify, on_one_line};

/// One bound in words and in measures, the same ones in the same order on both sides.
struct Told {
    /// Which requests it is about; nothing for what is about no request.
    scope: Option<Scope>,
    is: String,
    measures: Vec<Measure>,
}

pub(super) fn bounds(old: Side<'_>, new: Side<'_>) -> Vec<Setting> {
    let (before, after) = (&old.model.policy, &new.model.policy);
    let mut found = Vec::new();
    for (name, pair) in paired((&before.ceilings, &after.ceilings), |it| &it.name) {
        let of = Of {
            rule: format!("ceiling {name}"),
            fresh: Verdict::Stricter,
        };
        found.extend(of.differs((old, new), &pair, of_ceiling));
    }
    let rates = rates(before, after);
    for (name, pair) in paired((&before.limits, &after.limits), |it| &it.name) {
        let of = Of {
            rule: format!("limit {name}"),
            fresh: Verdict::Stricter,
        };
        found.extend(of.differs((old, new), &pair, |_, it| of_limit(&rates, it)));
    }
    for (name, pair) in paired((&before.caches, &after.caches), |it| &it.name) {
        let of = Of {
            rule: format!("cache {name}"),
            fresh: Verdict::Different,
        };
        found.extend(of.differs((old, new), &pair, |_, it| of_cache(it)));
    }
    for (name, pair) in paired((&before.notifies, &after.notifies), |it| &it.name) {
        let of = Of {
            rule: format!("notify {name}"),
            fresh: Verdict::Different,
        };
        found.extend(of.differs((old, new), &pair, |_, it| of_notify(it)));
    }
    found
}

/// One bound, and what it means that there is one now where there was none.
struct Of {
    rule: String,
    fresh: Verdict,
}

impl Of {
    fn differs<T>(
        self,
        (old, new): (Side<'_>, Side<'_>),
        pair: &Pair<'_, T>,
        tell: impl Fn(&Policy, &T) -> Told,
    ) -> Vec<Setting> {
        let gone = match self.fresh {
            Verdict::Stricter => Verdict::Looser,
            Verdict::Looser => Verdict::Stricter,
            other @ (Verdict::Different | Verdict::Same) => other,
        };
        let (before, after) = match pair {
            Pair::Gone(it) => {
                let told = tell(&old.model.policy, it);
                return vec![Setting::gone(gone, self.rule, told.whole(old))];
            }
            Pair::Fresh(it) => {
                let told = tell(&new.model.policy, it);
                return vec![Setting::fresh(self.fresh, self.rule, told.whole(new))];
            }
            Pair::Both(before, after) => (
                tell(&old.model.policy, before),
                tell(&new.model.policy, after),
            ),
        };
        let mut found = Vec::new();
        let is_other = before.is != after.is;
        if let Some(verdict) = together(&before.measures, &after.measures)
            .or_else(|| is_other.then_some(Verdict::Different))
        {
            let differs = Difference {
                rule: self.rule.clone(),
                old: Some(before.is),
                new: Some(after.is),
            };
            found.push(Setting::new(verdict, differs));
        }
        if let (Some(one), Some(other)) = (before.scope, after.scope)
            && let Some((verdict, apart)) = scopes((old, one), (new, other))
        {
            let (was, mut is) = (is_about(old, one), is_about(new, other));
            if was == is {
                is = format!("{is}: {}", apart.told());
            }
            let differs = Difference {
                rule: format!("{}: is about", self.rule),
                old: Some(was),
                new: Some(is),
            };
            // What a bound is about more requests for is stricter where the bound itself is.
            let verdict = match self.fresh {
                Verdict::Stricter => verdict,
                Verdict::Looser | Verdict::Different | Verdict::Same => Verdict::Different,
            };
            found.push(Setting::new(verdict, differs));
        }
        found
    }
}

fn is_about(side: Side<'_>, scope: Scope) -> String {
    about(side.model, scope, &|span| {
        on_one_line(side.report.text(span))
    })
}

impl Told {
    fn whole(&self, side: Side<'_>) -> String {
        match self.scope {
            Some(scope) => format!("{}, {}", is_about(side, scope), self.is),
            None => self.is.clone(),
        }
    }
}

fn of_ceiling(policy: &Policy, it: &Ceiling) -> Told {
    let Ceiling {
        name: _,
        scope,
        amount_pico,
        window,
        per,
        held,
        steps,
        then,
    } = it;
    let step = |Step { at, then }: &Step| format!("{at} {}", goal(policy, *then));
    let mut apart = vec![format!("{window:?}"), format!("{per:?}")];
    apart.extend(steps.iter().map(step));
    Told {
        scope: Some(*scope),
        is: ceiling(policy, it),
        measures: vec![
            Measure::AtMost(Some(*amount_pico)),
            // Another time, share or step is another bound.
            Measure::one(&apart.join(", ")),
            match held {
                Held::Most => Measure::strict(),
                Held::Estimate => Measure::any(),
            },
            match then {
                Then::Deny => Measure::strict(),
                Then::Warn => Measure::any(),
                Then::Class(_) => Measure::one(&goal(policy, *then)),
            },
        ],
    }
}

fn goal(policy: &Policy, then: Then) -> String {
    match then {
        Then::Deny => "deny".to_owned(),
        Then::Warn => "warn".to_owned(),
        Then::Class(class) => {
            let class = policy.classes.get(class.index());
            format!("class {}", class.map_or("", |class| &class.name))
        }
    }
}

/// What is counted, and in which time.
type Kind = (claw_table::policy::Counted, u64);

/// Every kind of amount that some limit bounds.
fn rates(old: &Policy, new: &Policy) -> BTreeSet<Kind> {
    let limits = old.limits.iter().chain(&new.limits);
    let rates = limits.flat_map(|limit| &limit.rates);
    rates.map(|it| (it.rate.of, it.rate.per_ms)).collect()
}

fn of_limit(kinds: &BTreeSet<Kind>, it: &Limit) -> Told {
    let Limit {
        name: _,
        scope,
        concurrent,
        rates,
        per,
        fail,
    } = it;
    let own = rates.iter().map(|Allowance { rate, burst }| {
        let amount = u128::from(rate.amount);
        let burst = burst.map_or(amount, u128::from);
        ((rate.of, rate.per_ms), (amount, burst))
    });
    let own: BTreeMap<Kind, (u128, u128)> = own.collect();
    let mut measures = vec![
        Measure::AtMost(concurrent.map(u128::from)),
        Measure::one(&format!("{per:?}")),
        failing(*fail),
    ];
    for kind in kinds {
        let said = own.get(kind);
        measures.push(Measure::AtMost(said.map(|(amount, _)| *amount)));
        measures.push(Measure::AtMost(said.map(|(_, burst)| *burst)));
    }
    Told {
        scope: Some(*scope),
        is: limit(it),
        measures,
    }
}

fn failing(fail: Fail) -> Measure {
    match fail {
        Fail::Closed => Measure::strict(),
        Fail::Open => Measure::any(),
    }
}

fn of_cache(it: &Cache) -> Told {
    let Cache {
        name: _,
        scope,
        keep_ms,
        size_bytes,
        coalesce,
        sharing,
        fail,
    } = it;
    Told {
        scope: Some(*scope),
        is: cache(it),
        measures: vec![
            Measure::one(&format!("{keep_ms} {size_bytes} {coalesce}")),
            match sharing {
                Sharing::Client => Measure::strict(),
                Sharing::Everybody => Measure::any(),
            },
            failing(*fail),
        ],
    }
}

fn of_notify(it: &Notify) -> Told {
    let Notify {
        name: _,
        webhook: _,
        key: _,
        on: _,
    } = it;
    Told {
        scope: None,
        is: notify(it),
        measures: Vec::new(),
    }
}
