//! Routes as tables in the order in which their arms are tried, and the names that they use.

use claw_table::policy::Action;

use super::notes::Notes;
use super::{Block, Documented, Page, Run, code, joined, link, words};
use crate::explain::{condition, guarded, on_one_line};
use crate::model::{Arm, Cond, Goal, Model};

impl Page {
    pub(super) fn routes(&mut self, it: Documented<'_>, notes: &Notes) {
        for route in &it.model.routes {
            self.heading(3, &format!("route {}", route.name));
            self.blocks.extend(notes.about("route", &route.name));
            let rows = route.arms.iter().map(|arm| {
                vec![
                    label(it, arm),
                    when(it, arm),
                    goal(it, arm),
                    notes.arm(arm.span),
                ]
            });
            self.reasoned(vec!["arm", "when", "then", "why"], rows.collect());
        }
    }

    /// What is refused before any route, in the order in which one answers for all that match.
    pub(super) fn guards(&mut self, it: Documented<'_>, notes: &Notes) {
        let rows = it.model.guards.iter().map(|guard| {
            let text = on_one_line(it.report.text(guard.arm.span));
            vec![
                vec![words(&guard.name)],
                vec![code(guarded(&text))],
                goal(it, &guard.arm),
                notes.arm(guard.arm.span),
            ]
        });
        self.reasoned(vec!["guard", "when", "then", "why"], rows.collect());
    }

    /// A table whose last column is left out where it is empty.
    fn reasoned(&mut self, mut head: Vec<&'static str>, mut rows: Vec<Vec<Vec<Run>>>) {
        if rows.iter().all(|row| row.last().is_none_or(Vec::is_empty)) {
            head.pop();
            for row in &mut rows {
                row.pop();
            }
        }
        self.blocks.push(Block::Table { head, rows });
    }

    /// Every refusal once, with the arms that give it.
    pub(super) fn refusals(&mut self, model: &Model) {
        let denies = model.policy.denies.iter().enumerate();
        let rows = denies.map(|(at, deny)| {
            let by = arms_to(
                model,
                |end| matches!(end, Action::Deny(id) if id.index() == at),
            );
            vec![
                vec![words(&deny.status.to_string())],
                vec![words(&deny.text)],
                joined(by, ", "),
            ]
        });
        let head = vec!["status", "what the client reads", "by"];
        let rows = rows.collect();
        self.blocks.push(Block::Table { head, rows });
    }

    pub(super) fn claims(&mut self, notes: &Notes) {
        for (name, claim) in &notes.claims {
            self.heading(3, &format!("never {name}"));
            self.blocks.extend(notes.about("never", name));
            self.blocks.push(Block::Paragraph(vec![code(claim)]));
        }
    }

    pub(super) fn names(&mut self, notes: &Notes) {
        for (name, right) in &notes.lets {
            self.heading(3, &format!("let {name}"));
            self.blocks.extend(notes.about("let", name));
            self.blocks.push(Block::Paragraph(vec![code(right)]));
        }
    }
}

/// The arms that end there, as the log names them, each leading to its route.
pub(super) fn arms_to(model: &Model, is_it: impl Fn(Action) -> bool) -> Vec<Run> {
    let mut found = Vec::new();
    for guard in &model.guards {
        if matches!(guard.arm.to, Goal::End(end) if is_it(end)) {
            found.push(Run::Link {
                words: format!("forbid {}", guard.name),
                to: "Guards".to_owned(),
            });
        }
    }
    for route in &model.routes {
        for arm in &route.arms {
            if matches!(arm.to, Goal::End(end) if is_it(end)) {
                let label = model.policy.arms.get(arm.id.index());
                found.push(Run::Link {
                    words: label.map_or("", |arm| arm.label.as_str()).to_owned(),
                    to: format!("route {}", route.name),
                });
            }
        }
    }
    found
}

/// The arm's name in the log.
fn label(it: Documented<'_>, arm: &Arm) -> Vec<Run> {
    let known = it.model.policy.arms.get(arm.id.index());
    vec![words(known.map_or("", |arm| arm.label.as_str()))]
}

fn when(it: Documented<'_>, arm: &Arm) -> Vec<Run> {
    if arm.cond == Cond::Always {
        return vec![words("everything else")];
    }
    let text = on_one_line(it.report.text(arm.span));
    vec![code(condition(&text))]
}

fn goal(it: Documented<'_>, arm: &Arm) -> Vec<Run> {
    let policy = &it.model.policy;
    let name = match arm.to {
        Goal::Route(id) => {
            let route = it.model.routes.get(usize::from(id.0));
            route.map(|route| format!("route {}", route.name))
        }
        Goal::End(Action::Class(id)) => {
            let class = policy.classes.get(id.index());
            class.map(|class| format!("class {}", class.name))
        }
        Goal::End(Action::Deny(id)) => {
            let deny = policy.denies.get(id.index());
            let text = deny.map(|deny| format!("refused with {}: {}", deny.status, deny.text));
            return vec![words(&text.unwrap_or_default())];
        }
        Goal::End(Action::Route) => None,
    };
    name.map(|name| link(&name)).into_iter().collect()
}
