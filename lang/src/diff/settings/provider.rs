//! Providers and their models, as far as no class shows what differs.

use claw_table::policy::{Model, Policy, Provider};

use super::super::Difference;
use super::super::sheet::{differing, of_model, of_provider};
use super::{Pair, Setting, Told, paired};
use crate::diff::Verdict;
use crate::explain::urls;

pub(super) fn providers(old: &Policy, new: &Policy, told: &Told<'_>) -> Vec<Setting> {
    let mut found = Vec::new();
    for (name, pair) in paired((&old.providers, &new.providers), |provider| &provider.name) {
        let of = format!("provider {name}");
        match pair {
            Pair::Both(before, after) => {
                let differs = differing(&rules(before), &rules(after)).into_iter();
                let differs = differs.filter(|one| !told.of_provider(name, one));
                found.extend(differs.map(|one| {
                    let rule = format!("{of}: {}", one.rule);
                    Setting::new(Verdict::Different, Difference { rule, ..one })
                }));
                found.extend(models(name, (&before.models, &after.models), told));
            }
            Pair::Gone(it) => found.push(Setting::gone(Verdict::Different, of, urls(it))),
            Pair::Fresh(it) => found.push(Setting::fresh(Verdict::Different, of, urls(it))),
        }
    }
    found
}

fn models(provider: &str, models: (&[Model], &[Model]), told: &Told<'_>) -> Vec<Setting> {
    let mut found = Vec::new();
    for (name, pair) in paired(models, |model| &model.name) {
        let of = format!("{provider}/{name}");
        match pair {
            Pair::Both(before, after) => {
                let differs = differing(&of_model(before), &of_model(after)).into_iter();
                let named = differs.map(|one| Difference {
                    rule: format!("{of}: {}", one.rule),
                    ..one
                });
                let differs = named.filter(|one| !told.of_target(one));
                found.extend(differs.map(|one| Setting::new(Verdict::Different, one)));
            }
            Pair::Gone(_) => {
                found.push(Setting::gone(Verdict::Different, of, "offered".to_owned()));
            }
            Pair::Fresh(_) => {
                found.push(Setting::fresh(Verdict::Different, of, "offered".to_owned()));
            }
        }
    }
    found
}

fn rules(provider: &Provider) -> Vec<(String, String)> {
    let mut rules = Vec::new();
    of_provider(provider, &mut |what: &str, value| {
        rules.push((what.to_owned(), value));
    });
    rules
}
