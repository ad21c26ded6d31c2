//! `OpenClaw`'s config: its providers, and which model each kind of work asks for.
//!
//! ```text
//! agents.defaults.model { primary, fallbacks }  →  class main-work, asked for as `main`
//! agents.defaults.heartbeat.model               →  class heartbeat, asked for as `heartbeat`
//! ```
//!
//! Afterwards `OpenClaw` has one provider, this gateway, and the kinds of work as its models.

mod provider;

use super::ImportError;
use super::at::{At, Notes};
use super::draft::{Arm, Class, Draft, Model};
use super::house::named;
use super::stock::{Place, Stock};
use super::text::Taken;
use provider::Known;

/// A slot for a kind of work: where it stands, how it is asked for, what its class is called.
const SLOTS: &[(&str, &str, &str)] = &[
    ("model", "main", "main-work"),
    ("utilityModel", "utility", "utility"),
    ("imageModel", "vision", "vision"),
    ("pdfModel", "pdf", "pdf"),
    ("compaction", "compaction", "compaction"),
    ("heartbeat", "heartbeat", "heartbeat"),
    ("subagents", "subagents", "subagents"),
];

/// Reads a whole file.
pub(super) fn read(root: &At<'_>) -> Result<Draft, ImportError> {
    let defaults = root.get("agents").and_then(|agents| agents.get("defaults"));
    let Some(defaults) = defaults else {
        return Err(ImportError::NoConfig(
            "there is no `agents.defaults` in it: name OpenClaw's `openclaw.json`".into(),
        ));
    };
    let mut work = Work::default();
    if let Some(at) = root
        .get("models")
        .and_then(|models| models.get("providers"))
    {
        for (name, at) in at.members(&mut work.notes) {
            match provider::read(name, &at, &mut work.notes) {
                Some(found) if found.place.is_some() => work.known.push(found),
                found => {
                    work.notes.none(&at);
                    work.known.extend(found);
                }
            }
        }
    }
    work.agents(root);
    work.draft(root, &defaults)
}

#[derive(Default)]
struct Work {
    stock: Stock,
    taken: Taken,
    notes: Notes,
    known: Vec<Known>,
}

impl Work {
    fn draft(mut self, root: &At<'_>, defaults: &At<'_>) -> Result<Draft, ImportError> {
        let mut draft = Draft {
            name: self.taken.fresh("openclaw", "policy"),
            ..Draft::default()
        };
        for (slot, asked, class) in SLOTS {
            let Some(at) = defaults.get(slot) else {
                continue;
            };
            let at = match *slot {
                // What stands beside the model there is OpenClaw's own concern.
                "compaction" | "heartbeat" | "subagents" => at.get("model"),
                _ => Some(at),
            };
            let Some(at) = at else { continue };
            let legs = self.legs(&at);
            if legs.is_empty() {
                self.notes
                    .left(&at, format!("nothing is left to serve `{asked}`"));
                continue;
            }
            let class = self.taken.fresh(class, "class");
            self.notes.exact(&at, format!("asked for as `{asked}` now"));
            draft.arms.push(Arm {
                models: vec![(*asked).to_owned()],
                class: class.clone(),
            });
            draft.classes.push(Class {
                name: class,
                docs: format!("What OpenClaw asks for in `agents.defaults.{slot}`."),
                legs,
                ..Class::default()
            });
        }
        if draft.classes.is_empty() {
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
        draft.head = head(&draft.arms);
        root.rest(stays, &mut self.notes);
        draft.providers = self.stock.providers;
        draft.notes = self.notes.0;
        Ok(draft)
    }

    /// The targets of a slot: a name, or an object with `primary` and `fallbacks`.
    fn legs(&mut self, at: &At<'_>) -> Vec<String> {
        let mut wanted = Vec::new();
        if at.value.is_object() {
            wanted.extend(at.get("primary"));
            if let Some(list) = at.get("fallbacks") {
                wanted.extend(list.entries(&mut self.notes));
            }
        } else {
            wanted.push(at.clone());
        }
        let mut legs: Vec<String> = Vec::new();
        for at in wanted {
            let Some(target) = self.target(&at) else {
                continue;
            };
            if legs.contains(&target) {
                self.notes.left(&at, "it is tried before already");
            } else {
                legs.push(target);
            }
        }
        legs
    }

    /// `provider/model-id`, where the id may have slashes of its own.
    fn target(&mut self, at: &At<'_>) -> Option<String> {
        let text = at.text(&mut self.notes)?;
        let Some((name, id)) = text.split_once('/').filter(|(_, id)| !id.is_empty()) else {
            self.notes.left(
                at,
                format!("`{text}` names no provider: write `PROVIDER/MODEL`"),
            );
            return None;
        };
        let known = self.known.iter().position(|known| known.name == name);
        let (place, model) = if let Some(known) = known.and_then(|at| self.known.get_mut(at)) {
            let Some(place) = known.place.clone() else {
                let told = format!("provider `{name}` could not be carried over");
                self.notes.left(at, told);
                return None;
            };
            (place, known.model(id))
        } else {
            self.house(at, (name, id))?
        };
        let work = (at, &mut self.taken, &mut self.notes);
        Some(self.stock.target(place, model, work))
    }

    /// A model of a provider that the file does not describe, where everybody knows it.
    fn house(&mut self, at: &At<'_>, (name, id): (&str, &str)) -> Option<(Place, Model)> {
        let house = named(name);
        let Some((house, url)) = house.and_then(|house| Some((house, house.url?))) else {
            let told = format!("`{name}` is no provider of this file, nor one that is known");
            self.notes.left(at, told);
            return None;
        };
        let told = format!("`{name}` is taken for {url}, with its usual key");
        self.notes.near(at, told);
        let wire = id.to_owned();
        let model = Model {
            wire,
            ..Model::default()
        };
        Some((Place::of(house, url.to_owned()), model))
    }

    /// Agents and jobs that have models of their own.
    fn agents(&mut self, root: &At<'_>) {
        let part = |one: &str, other: &str| root.peek(one).and_then(|at| at.peek(other));
        let agents = part("agents", "list").map(|list| list.peeks());
        let told = "an agent with a model of its own: give it a class, and an arm such as \
                    `when header \"x-clawrouter-agent-id\" is \"…\"`";
        for agent in agents.into_iter().flatten() {
            for (key, _, _) in SLOTS {
                if let Some(at) = agent.peek(key) {
                    self.notes.left(&at, told);
                }
            }
        }
        let jobs = part("cron", "jobs").map(|list| list.peeks());
        for job in jobs.into_iter().flatten() {
            for holder in [Some(job.clone()), job.peek("payload")]
                .into_iter()
                .flatten()
            {
                if let Some(at) = holder.peek("model") {
                    let told = "a job with a model of its own: give it a class, and an arm that asks \
                                for the class's name, such as `when model is \"nightly\"`";
                    self.notes.left(&at, told);
                }
            }
        }
    }
}

/// What to do about a part that has no like.
fn stays(key: &str) -> &'static str {
    match key {
        "headers" => "write `header \"NAME\" \"VALUE\"` in the provider, and no secret in it",
        "env" | "auth" => "keys come from the variables and files that the policy names",
        _ => "it stays with OpenClaw, or is not needed any more",
    }
}

/// What has to change in `OpenClaw`.
fn head(arms: &[Arm]) -> Vec<String> {
    let mut lines: Vec<String> = [
        "Made by `clawc import openclaw` from OpenClaw's own config.",
        "Read it, then: clawc check, clawc test --coverage, and delete what you do not need.",
        "",
        "OpenClaw then has one provider, this gateway, and no fallbacks of its own:",
        "",
        "  models.providers.claw { baseUrl: \"http://127.0.0.1:8080/v1\", api: \"openai-completions\", … }",
        "  agents.defaults.model { primary: \"claw/main\", fallbacks: [] }",
    ]
    .map(str::to_owned)
    .to_vec();
    let names = arms.iter().flat_map(|arm| &arm.models);
    let names: Vec<String> = names.map(|name| format!("claw/{name}")).collect();
    lines.push(format!("  and so on with {}", names.join(", ")));
    lines.push(String::new());
    lines.push(
        "What is served by Claude is best asked for with `api: \"anthropic-messages\"`: nothing is"
            .into(),
    );
    lines.push("translated then, and prompt caches stay warm.".into());
    lines
}
