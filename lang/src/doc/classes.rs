//! Classes: their targets in order, and in words what becomes of a failure and how long it may take.

use claw_table::ProviderId;
use claw_table::policy::{Action, Class, Leg, Policy, Provider};

use super::notes::Notes;
use super::routes::arms_to;
use super::{Block, Page, Run, code, joined, link, several, words};
use crate::explain::{causes, pools, serving, time};
use crate::model::Model;

impl Page {
    pub(super) fn classes(&mut self, model: &Model, notes: &Notes) {
        for (at, class) in model.policy.classes.iter().enumerate() {
            self.heading(3, &format!("class {}", class.name));
            self.blocks.extend(notes.about("class", &class.name));
            self.blocks.push(Block::Paragraph(reached(model, at)));
            self.blocks.push(targets(&model.policy, class));
            let more = serving(&model.policy, class).into_iter();
            let more =
                more.map(|(name, value)| vec![code(&name), words(": "), code(&value), words(".")]);
            let pools = pools(&model.policy, class).into_iter();
            let pools = pools.map(|(name, pool)| {
                let shared = vec![words("Pool "), code(&name), words(" shares requests: ")];
                shared
                    .into_iter()
                    .chain([code(&pool), words(".")])
                    .collect()
            });
            self.blocks.push(Block::List(
                rules(class).into_iter().chain(pools).chain(more).collect(),
            ));
        }
    }
}

fn reached(model: &Model, class: usize) -> Vec<Run> {
    let arms = arms_to(
        model,
        |end| matches!(end, Action::Class(id) if id.index() == class),
    );
    if arms.is_empty() {
        return vec![words("No arm leads here.")];
    }
    let mut text = vec![words("Taken by ")];
    text.extend(joined(arms, ", "));
    text.push(words("."));
    text
}

fn targets(policy: &Policy, class: &Class) -> Block {
    let mut rows = Vec::new();
    for (at, leg) in class.legs.iter().enumerate() {
        let order = match at {
            0 => "first".to_owned(),
            1 => "then".to_owned(),
            n => format!("then ({})", n + 1),
        };
        let several = tried(policy, *leg);
        for (nth, (target, provider)) in several.into_iter().enumerate() {
            let order = if nth == 0 { &*order } else { "or" };
            rows.push(vec![
                vec![words(order)],
                target,
                vec![words(&deadlines(class, provider))],
            ]);
        }
    }
    let head = vec!["order", "target", "an attempt may take"];
    Block::Table { head, rows }
}

/// What a class may try at one place of its order, in words, each with its provider.
fn tried(policy: &Policy, leg: Leg) -> Vec<(Vec<Run>, &Provider)> {
    match leg {
        Leg::Target(_) | Leg::Pool(_) => {
            let targets = policy.reached(&[leg]).into_iter();
            let told = targets.filter_map(|target| {
                let provider = policy.providers.get(target.provider.index())?;
                let model = provider.models.get(target.model.index())?;
                let mut text = vec![
                    code(&format!("{}/{}", provider.name, model.name)),
                    words(" of "),
                    link(&format!("provider {}", provider.name)),
                ];
                if let Leg::Pool(id) = leg {
                    let pool = policy.pools.get(id.index())?;
                    text.extend([words(", by pool "), code(&pool.name)]);
                }
                Some((text, provider))
            });
            told.collect()
        }
        Leg::Requested(list) => {
            let mut offers: Vec<(ProviderId, usize)> = Vec::new();
            for target in policy.offered_by(list) {
                match offers.iter_mut().find(|(id, _)| *id == target.provider) {
                    Some((_, models)) => *models += 1,
                    None => offers.push((target.provider, 1)),
                }
            }
            let told = offers.into_iter().filter_map(|(id, models)| {
                let provider = policy.providers.get(id.index())?;
                let text = vec![
                    words("the model that the request names, where it is one of "),
                    words(&several(models, "model")),
                    words(" of "),
                    link(&format!("provider {}", provider.name)),
                ];
                Some((text, provider))
            });
            told.collect()
        }
    }
}

/// Whether each request has one target.
fn is_single(class: &Class) -> bool {
    matches!(*class.legs, [Leg::Target(_) | Leg::Requested(_)])
}

/// Where class and provider both say a time, the shorter holds.
fn deadlines(class: &Class, provider: &Provider) -> String {
    let (ours, theirs) = (&class.deadlines, &provider.deadlines);
    let shorter = |one: Option<u64>, other: Option<u64>| one.into_iter().chain(other).min();
    let all = [
        ("to connect", shorter(ours.connect_ms, theirs.connect_ms)),
        (
            "to the first content",
            shorter(ours.first_token_ms, theirs.first_token_ms),
        ),
        ("between two pieces", shorter(ours.idle_ms, theirs.idle_ms)),
        ("as a whole", provider.attempt_ms),
    ];
    let said: Vec<String> = all
        .iter()
        .filter_map(|(what, ms)| Some(format!("{} {what}", time((*ms)?))))
        .collect();
    if said.is_empty() {
        "the gateway's defaults".to_owned()
    } else {
        said.join(", ")
    }
}

fn rules(class: &Class) -> Vec<Vec<Run>> {
    let retry = &class.retry;
    let causes = causes(&retry.on);
    let mut moves = vec![words("After ")];
    moves.extend(joined(
        causes.iter().map(|cause| code(cause)).collect(),
        ", ",
    ));
    moves.push(words(if is_single(class) {
        " it is tried again, while attempts are left; any other failure is the answer."
    } else {
        " the next target is tried at once, while attempts are left; any other failure is the \
         answer."
    }));
    let round = if is_single(class) {
        "A new try begins"
    } else {
        "If attempts are left after the last target, a new round begins"
    };
    let attempts = usize::try_from(retry.attempts).unwrap_or(usize::MAX);
    let (low, high) = (time(retry.backoff_min_ms), time(retry.backoff_max_ms));
    let honored = time(retry.honor_retry_after_ms);
    let mut rules = vec![
        vec![words(&format!(
            "At most {} put on the wire for one request, all targets together.",
            match attempts {
                1 => "1 attempt is".to_owned(),
                n => format!("{} are", several(n, "attempt")),
            }
        ))],
        moves,
        vec![
            words(&format!(
                "{round} {low} to {high} later, or after the provider's "
            )),
            code("retry-after"),
            words(&format!(" if that is at most {honored}.")),
        ],
    ];
    rules.push(vec![words(&match class.total_ms {
        Some(ms) => format!("The whole answer is due {} after the request.", time(ms)),
        None => "For the whole answer the gateway's default holds.".to_owned(),
    })]);
    rules
}
