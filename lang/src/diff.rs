//! What a change of policy changes for requests, whatever it changes in the text.
//!
//! ```text
//! old Model ┐             ┌ pairs of arms ─sheet→ what each arm comes to ─compare→ Change
//! new Model ┴─joint atoms─┴ one request each
//! ```
//!
//! Two policies are compared by what becomes of requests: names of routes, the order of arms that do
//! not meet, a `let` in place of a condition are no change.

mod human;
mod settings;
mod sheet;
mod traffic;

use std::collections::BTreeMap;

use claw_table::ArmId;
use claw_table::policy::Action;
use serde::Serialize;

use crate::diagram::{self, Kept, Pair, TooLarge};
use crate::explain::{Said, Taken, on_one_line, said};
use crate::model::Model;
use crate::oracle::Request;
use crate::report::Report;
use crate::request;
use sheet::{Sheet, Treatment};

pub use human::human;
pub use settings::Setting;
pub use traffic::{Traffic, TrafficError};

/// A policy as it was checked, with the texts it was made from.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The proved policy.
    pub model: &'a Model,
    /// Its texts.
    pub report: &'a Report,
}

/// Everything that differs between two policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// The version of this form.
    pub version: u32,
    /// The changes, the gravest first.
    pub changes: Vec<Change>,
    /// What else is not what it was, the gravest first.
    pub settings: Vec<Setting>,
    /// Model names that clients are offered no longer.
    pub models_removed: Vec<String>,
    /// Model names that clients are offered now.
    pub models_added: Vec<String>,
    /// How many logged requests were looked at; nothing if no log was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
}

/// Requests that are treated otherwise than before, all in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it comes to.
    pub verdict: Verdict,
    /// What became of them: `class code`, `deny 400 "…"`.
    pub old: String,
    /// What becomes of them.
    pub new: String,
    /// What differs in the treatment.
    pub differs: Vec<Difference>,
    /// The arms that took them, each with the arm that takes them now.
    pub arms: Vec<Moved>,
    /// One such request, in the words of the language.
    pub example: Vec<Said>,
    /// The same request as `clawc explain request` reads it.
    pub request: serde_json::Value,
    /// Logged requests that an arm of this change took: at most so many are touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_max: Option<u64>,
}

/// Whether more or less is allowed than before. The gravest stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// What was refused is served, or goes to more places.
    Looser,
    /// Neither more nor less: otherwise.
    Different,
    /// What was served is refused, or goes to fewer places.
    Stricter,
    /// Only a name changes.
    Same,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Looser => "looser",
            Self::Different => "different",
            Self::Stricter => "stricter",
            Self::Same => "same",
        }
    }
}

/// One rule of a treatment that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which rule: `targets`, `attempts`, `primary/large: price`.
    pub rule: String,
    /// What it was; nothing where there was none.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

/// An arm, and the one that takes its requests now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// In the old policy.
    pub old: Taken,
    /// In the new one.
    pub new: Taken,
}

/// Compares two policies over all requests.
///
/// # Errors
/// The two together do not fit into a budget of the compiler.
pub fn diff(old: Side<'_>, new: Side<'_>) -> Result<Diff, TooLarge> {
    diff_kept(old, new, Kept::Diagram)
}

/// The same with both policies as lists of their arms, if that is asked for, however small they are.
///
/// # Errors
/// The two together do not fit into a budget of the compiler.
pub fn diff_kept(old: Side<'_>, new: Side<'_>, kept: Kept) -> Result<Diff, TooLarge> {
    let mut groups: BTreeMap<(Action, Action), Vec<Pair>> = BTreeMap::new();
    for pair in diagram::pairs(old.model, new.model, kept)? {
        if let (Some(before), Some(after)) = (old.action(pair.old), new.action(pair.new)) {
            groups.entry((before, after)).or_default().push(pair);
        }
    }
    let mut changes: Vec<Change> = groups
        .into_iter()
        .filter_map(|((before, after), pairs)| {
            let before = Sheet::of(&old.model.policy, before)?;
            let after = Sheet::of(&new.model.policy, after)?;
            change((old, before), (new, after), &pairs)
        })
        .collect();
    changes.sort_by_key(|change| change.verdict);
    let (offered, offers) = (&old.model.policy.offered, &new.model.policy.offered);
    let without = |these: &[String], those: &[String]| {
        let left = these.iter().filter(|name| !those.contains(name));
        left.cloned().collect()
    };
    Ok(Diff {
        version: 2,
        settings: settings::settings(old, new, &changes),
        changes,
        models_removed: without(offered, offers),
        models_added: without(offers, offered),
        traffic: None,
    })
}

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.settings.is_empty()
            && self.models_added.is_empty()
            && self.models_removed.is_empty()
    }
}

fn change(
    (old, before): (Side<'_>, Sheet),
    (new, after): (Side<'_>, Sheet),
    pairs: &[Pair],
) -> Option<Change> {
    let differs = before.differences(&after);
    if before.name == after.name && differs.is_empty() {
        return None;
    }
    let plainest = pairs.iter().min_by_key(|pair| surprise(&pair.witness))?;
    Some(Change {
        verdict: verdict(&before.treatment, &after.treatment, &differs),
        old: before.name,
        new: after.name,
        differs,
        arms: pairs
            .iter()
            .map(|pair| Moved {
                old: old.taken(pair.old),
                new: new.taken(pair.new),
            })
            .collect(),
        example: said(&plainest.witness),
        request: request::write(&plainest.witness),
        requests_max: None,
    })
}

/// How much a request says that most do not.
fn surprise(request: &Request) -> usize {
    request.headers.len() + request.query.len() + request.has.count_ones() as usize
}

fn verdict(before: &Treatment, after: &Treatment, differs: &[Difference]) -> Verdict {
    match (before, after) {
        (Treatment::Refused, Treatment::Refused) => Verdict::Different,
        (Treatment::Refused, Treatment::Served(_)) => Verdict::Looser,
        (Treatment::Served(_), Treatment::Refused) => Verdict::Stricter,
        (Treatment::Served(_), Treatment::Served(_)) if differs.is_empty() => Verdict::Same,
        (Treatment::Served(before), Treatment::Served(after)) => {
            // What follows from the places is no difference of its own.
            let only_places = differs
                .iter()
                .all(|one| one.rule == sheet::TARGETS || one.rule.starts_with(sheet::WORST));
            let within = |these: &[String], those: &[String]| {
                these.iter().all(|target| those.contains(target))
            };
            match (within(after, before), within(before, after)) {
                (true, false) if only_places => Verdict::Stricter,
                (false, true) if only_places => Verdict::Looser,
                _ => Verdict::Different,
            }
        }
    }
}

impl Side<'_> {
    fn action(&self, arm: ArmId) -> Option<Action> {
        Some(self.model.policy.arms.get(arm.index())?.to)
    }

    fn taken(&self, id: ArmId) -> Taken {
        let label = self.model.policy.arms.get(id.index());
        let mut arms = self.model.arms();
        let span = arms.find(|arm| arm.id == id).map(|arm| arm.span);
        Taken {
            arm: label.map_or_else(String::new, |arm| arm.label.clone()),
            place: span.map_or_else(String::new, |span| self.report.place(span)),
            text: on_one_line(span.map_or("", |span| self.report.text(span))),
        }
    }
}
