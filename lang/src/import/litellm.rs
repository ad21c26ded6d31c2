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

use serde_json::Value;

use super::ImportError;
use super::at::{At, Notes};
use super::draft::{Arm, Class, Draft, Pool};
use super::stock::Stock;
use super::text::Taken;
use deployment::Deployment;
use settings::Settings;

/// The parts of the file that are read; the rest is noted.
const PARTS: &[&str] = &[
    "model_list",
    "router_settings",
    "litellm_settings",
    "general_settings",
    "environment_variables",
];

/// Reads a whole file.
pub(super) fn read(value: &Value) -> Result<Draft, ImportError> {
    let root = At::root(value);
    let Some(list) = root.get("model_list") else {
        return Err(ImportError::NoConfig(
            "there is no `model_list` in it: name the file that the proxy is started with".into(),
        ));
    };
    let mut work = Work::default();
    for at in list.entries(&mut work.notes) {
        if let Some(found) =
            deployment::read(&at, (&mut work.stock, &mut work.taken, &mut work.notes))
        {
            work.groups
                .entry(found.group.clone())
                .or_insert_with(|| {
                    work.order.push(found.group.clone());
                    Vec::new()
                })
                .push(found);
        }
    }
    let settings = Settings::read(&root, &mut work.notes);
    root.rest(PARTS, &mut work.notes);
    if let Some(at) = root.get("environment_variables") {
        work.notes.left(
            &at,
            "the policy names variables; their values stay where they are set",
        );
    }
    work.draft(&settings)
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
    fn draft(mut self, settings: &Settings<'_>) -> Result<Draft, ImportError> {
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
            for alias in settings.aliases(&group) {
                let is_taken = self.groups.contains_key(&alias) || models.contains(&alias);
                if !is_taken {
                    models.push(alias);
                }
            }
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
        draft.providers = self.stock.providers;
        draft.notes = self.notes.0;
        Ok(draft)
    }

    /// The targets of one public name, in the order in which they are tried: those of one `order`
    /// share requests, so they are a pool.
    fn legs(&mut self, group: &str, settings: &Settings<'_>, draft: &mut Draft) -> Vec<String> {
        let mut ranks: BTreeMap<u64, Vec<(String, u64)>> = BTreeMap::new();
        for found in self.groups.get(group).into_iter().flatten() {
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
        class
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
