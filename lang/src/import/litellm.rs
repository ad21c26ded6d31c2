//! `LiteLLM`'s proxy: deployments under public names, and lists of names to fall back to.
//!
//! ```text
//! model_name a: deployment, deployment   →  pool, and a class over it
//! fallbacks: - a: [b, c]                 →  fallback: the deployments of b, then those of c
//! ```

mod deployment;
pub(super) use deployment::is_variable;
mod settings;

use std::collections::BTreeMap;

use super::ImportError;
use super::at::{At, Notes};
use super::draft::{Arm, Ceiling, Class, Draft, Pool};
use super::note::Weight;
use super::stock::Stock;
use super::text::Taken;
use deployment::Deployment;
use settings::Settings;

/// Reads a whole file.
pub(super) fn read(root: &At<'_>) -> Result<Draft, ImportError> {
    let Some(list) = root.get("model_list") else {
        return Err(ImportError::NoConfig(
            "there is no `model_list` in it: name the file that the proxy is started with".into(),
        ));
    };
    let mut work = Work::default();
    for at in list.entries(&mut work.notes) {
        let Some(found) =
            deployment::read(&at, (&mut work.stock, &mut work.taken, &mut work.notes))
        else {
            work.notes.none(&at);
            continue;
        };
        let name = found.group.clone();
        if !work.groups.contains_key(&name) {
            work.order.push(name.clone());
        }
        work.groups.entry(name).or_default().push(found);
    }
    let settings = Settings::read(root, &mut work.notes);
    if let Some(at) = root.get("environment_variables") {
        work.notes.left(
            &at,
            "the policy names variables; their values stay where they are set",
        );
    }
    work.draft(root, &settings)
}

/// How a leg begins that is the model which the client names.
const ASKED: &str = "requested from ";

#[derive(Default)]
struct Work {
    stock: Stock,
    taken: Taken,
    notes: Notes,
    /// The deployments of each public name.
    groups: BTreeMap<String, Vec<Deployment>>,
    /// The public names in the order of the file.
    order: Vec<String>,
}

impl Work {
    fn draft(mut self, root: &At<'_>, settings: &Settings<'_>) -> Result<Draft, ImportError> {
        if self.groups.is_empty() {
            let why = self
                .notes
                .0
                .iter()
                .map(|note| format!("\n  {}: {}", note.path, note.text));
            let why: String = why.take(20).collect();
            return Err(ImportError::NoConfig(format!(
                "no model in it can be carried over{why}"
            )));
        }
        let mut draft = Draft {
            name: self.taken.fresh("imported", "policy"),
            head: vec![
                "Made by `clawc import litellm` from the config of a LiteLLM proxy.".into(),
                "Read it, then: clawc check, clawc test --coverage, and delete what you do not need."
                    .into(),
            ],
            attempts: settings.attempts,
            ..Draft::default()
        };
        if settings.attempts.is_some() {
            self.taken.fresh("imported", "retry");
        }
        let mut legs: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for group in &self.order.clone() {
            let found = self.legs(group, settings, &mut draft);
            legs.insert(group.clone(), found);
        }
        for group in self.order.clone() {
            let class = self.class(&group, settings, &legs);
            let mut models = vec![group.clone()];
            self.aliases(settings, &mut models);
            draft.arms.push(Arm {
                models,
                class: class.name.clone(),
            });
            draft.classes.push(class);
        }
        // A name by itself goes before a star, and a long star before a short one.
        draft.arms.sort_by_key(|arm| {
            let stars = arm.models.iter().filter(|name| name.contains('*'));
            stars
                .map(|name| 1_000_usize.saturating_sub(name.len()))
                .max()
        });
        settings.strangers(&self.order, &mut self.notes);
        root.rest(settings::left, &mut self.notes);
        draft.ceiling = settings.budget.clone().map(|(amount, unit, path)| Ceiling {
            name: self.taken.fresh("budget", "ceiling"),
            amount,
            unit,
            path,
        });
        draft.providers = self.stock.providers;
        draft.notes = self.notes.0;
        Ok(draft)
    }

    /// The targets of one public name, in the order in which they are tried: those of one `order`
    /// share requests, so they are a pool.
    fn legs(&mut self, group: &str, settings: &Settings<'_>, draft: &mut Draft) -> Vec<String> {
        let mut ranks: BTreeMap<u64, Vec<(String, u64)>> = BTreeMap::new();
        for found in self.groups.get(group).into_iter().flatten() {
            let of_rank = self.groups.get(group).into_iter().flatten();
            let others = of_rank.filter(|other| other.order == found.order);
            let is_alone = others.count() == 1 || group.contains('*');
            if let Some(path) = &found.weighed {
                let (weight, told) = if is_alone {
                    (Weight::Left, "it shares its requests with no other")
                } else {
                    (Weight::Exact, "its weight in the pool")
                };
                self.notes.say(weight, path, told);
            }
            let rank = ranks.entry(found.order).or_default();
            match rank.iter_mut().find(|(known, _)| *known == found.target) {
                // Twice the same deployment is twice its share.
                Some((_, weight)) => *weight = weight.saturating_add(found.weight).min(1_000),
                None => rank.push((found.target.clone(), found.weight)),
            }
        }
        let mut legs: Vec<String> = Vec::new();
        if group.contains('*') {
            // The first that has the model: providers of a star share no requests.
            let all = ranks.into_values().flatten();
            let from = all.filter_map(|(leg, _)| leg.strip_prefix(ASKED).map(str::to_owned));
            let from: Vec<String> = from.collect();
            legs.push(format!("{ASKED}{}", from.join(", ")));
            return legs;
        }
        for members in ranks.into_values() {
            if let [(target, _)] = members.as_slice() {
                legs.push(target.clone());
                continue;
            }
            let name = self.taken.fresh(&format!("{group}-pool"), "pool");
            legs.push(name.clone());
            draft.pools.push(Pool {
                name,
                balance: settings.balance,
                members,
            });
        }
        legs
    }

    fn class(
        &mut self,
        group: &str,
        settings: &Settings<'_>,
        legs: &BTreeMap<String, Vec<String>>,
    ) -> Class {
        let mut class = Class {
            name: self
                .taken
                .fresh(if group == "*" { "other-models" } else { group }, "class"),
            docs: format!("What asks for {group}.").replace(char::is_control, " "),
            first_token_s: settings.first_token_s,
            total_s: settings.total_s,
            ..Class::default()
        };
        let mut used = Vec::new();
        self.add(&mut class, &mut used, (group, legs));
        let own = class.legs.len();
        for (name, at) in settings.fallbacks(group) {
            match name {
                // What all fall back to does not.
                _ if name == group && at.path.contains("default_fallbacks") => {}
                _ if name == group => self.notes.left(&at, "a model that falls back to itself"),
                _ if legs.contains_key(name) => {
                    let before = class.legs.len();
                    self.add(&mut class, &mut used, (name, legs));
                    if class.legs.len() == before {
                        self.notes
                            .near(&at, format!("all that serves `{name}` is tried before"));
                    } else {
                        let told = format!("`{group}` falls back to what serves `{name}`");
                        self.notes.exact(&at, told);
                    }
                }
                _ => self
                    .notes
                    .left(&at, format!("`{name}` is no model of this file")),
            }
        }
        self.sets(&mut class, (group, own));
        class
    }

    /// Adds the other names of a name, as far as they are free.
    fn aliases(&mut self, settings: &Settings<'_>, models: &mut Vec<String>) {
        let group = models.first().cloned().unwrap_or_default();
        for alias in settings.aliases(&group) {
            let is_taken = self.groups.contains_key(&alias.name) || models.contains(&alias.name);
            let (weight, told) = if is_taken {
                (Weight::Left, "there is a model of this name")
            } else if alias.is_hidden {
                let told = "what an arm names is listed at `/v1/models`";
                (Weight::Approximate, told)
            } else {
                (Weight::Exact, "an arm names it beside the model")
            };
            self.notes.say(weight, &alias.path, told);
            if !is_taken {
                models.push(alias.name.clone());
            }
        }
    }

    /// What all deployments of a name set alike, where the client sets nothing.
    fn sets(&mut self, class: &mut Class, (group, own): (&str, usize)) {
        let Some(all) = self.groups.get(group) else {
            return;
        };
        let mut members: Vec<&str> = Vec::new();
        for said in all.iter().flat_map(|found| &found.presets) {
            let same = |found: &Deployment| {
                let mut presets = found.presets.iter();
                presets.any(|it| it.member == said.member && it.value == said.value)
            };
            let (weight, told) = if !all.iter().all(same) {
                let told = "a class sets the same for all that serves its name";
                (Weight::Left, told)
            } else if class.legs.len() > own {
                (Weight::Approximate, "what it falls back to gets it too")
            } else {
                (Weight::Exact, "`set default` in its class")
            };
            self.notes.say(weight, &said.path, told);
            if weight != Weight::Left && !members.contains(&said.member) {
                members.push(said.member);
                class
                    .sets
                    .push(format!("default {} {}", said.member, said.value));
            }
        }
    }

    /// Adds what serves a public name, but for what the class tries already: a class reaches each
    /// target once.
    fn add(
        &self,
        class: &mut Class,
        used: &mut Vec<String>,
        (group, legs): (&str, &BTreeMap<String, Vec<String>>),
    ) {
        let targets = |leg: &str| -> Vec<String> {
            let own = self.groups.get(group).into_iter().flatten();
            let own: Vec<String> = own.map(|found| found.target.clone()).collect();
            if leg.contains('/') {
                vec![leg.to_owned()]
            } else {
                own
            }
        };
        for leg in legs.get(group).into_iter().flatten() {
            let targets = targets(leg);
            let is_new = |target: &String| !used.contains(target);
            if targets.iter().all(is_new) {
                class.legs.push(leg.clone());
            } else {
                // Of a pool that is tried in part, the rest.
                let rest = targets.iter().filter(|target| is_new(target)).cloned();
                let mut rest: Vec<String> = rest.collect();
                rest.dedup();
                class.legs.append(&mut rest);
            }
            used.extend(targets);
        }
    }
}
