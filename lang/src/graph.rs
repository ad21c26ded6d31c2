//! A policy as a graph: routes lead to classes and refusals, classes to the models of providers.
//!
//! Ids are made from positions, never from what is written, and nothing is sorted: the same policy
//! gives the same graph. What no class uses is left out.

mod dot;
mod mermaid;

use std::collections::{BTreeSet, VecDeque};

use claw_table::policy::{Action, Class, Leg, Policy, Provider};

use crate::explain::{condition, guarded, on_one_line, providers, shares, urls};
use crate::model::{Arm, Goal, Model};
use crate::report::Report;
use crate::unseen::on_its_line;

/// Nodes and edges with the words on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The name of the policy.
    pub name: String,
    /// Routes, classes and refusals.
    pub nodes: Vec<Node>,
    /// Providers, each with the models that some class uses.
    pub groups: Vec<Group>,
    /// What leads where.
    pub edges: Vec<Edge>,
}

/// One thing in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Letters and digits only.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// What stands on it.
    pub label: String,
}

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The guards, all together.
    Guards,
    /// A route.
    Route,
    /// A class.
    Class,
    /// A refusal.
    Deny,
    /// One of several targets: a pool, or what is requested.
    Choice,
    /// A model of a provider.
    Target,
}

/// Models of one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Letters and digits only.
    pub id: String,
    /// What stands on it.
    pub label: String,
    /// The models.
    pub nodes: Vec<Node>,
}

/// One way from a node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Where it begins.
    pub from: String,
    /// Where it ends.
    pub to: String,
    /// What stands on it.
    pub label: String,
    /// Whether it is taken only when another failed.
    pub is_fallback: bool,
}

/// A longer text hides the graph.
const LABEL_CHARS_MAX: usize = 80;

impl Graph {
    /// The graph of a checked policy, with the words of its text.
    pub fn of(model: &Model, report: &Report) -> Self {
        let policy = &model.policy;
        let mut graph = Self {
            name: label(&policy.name),
            nodes: Vec::new(),
            groups: Vec::new(),
            edges: Vec::new(),
        };
        if !model.guards.is_empty() {
            graph.node("g".to_owned(), Kind::Guards, "every request: guards");
        }
        for (at, route) in model.routes.iter().enumerate() {
            let is_start = at == usize::from(model.root.0) && model.guards.is_empty();
            let start = if is_start { "every request: " } else { "" };
            let text = format!("{start}route {}", route.name);
            graph.node(format!("r{at}"), Kind::Route, &text);
        }
        for (at, class) in policy.classes.iter().enumerate() {
            graph.node(
                format!("c{at}"),
                Kind::Class,
                &format!("class {}", class.name),
            );
        }
        for (at, deny) in policy.denies.iter().enumerate() {
            let text = format!("deny {}: {}", deny.status, deny.text);
            graph.node(format!("d{at}"), Kind::Deny, &text);
        }
        let targets = policy.classes.iter().flat_map(|class| &class.targets);
        let used = targets.map(|target| (target.provider.index(), target.model.index()));
        let used = used.collect();
        for provider in policy.providers.iter().enumerate() {
            graph.groups.extend(group(provider, &used));
        }
        graph.guards(model, report);
        for (at, route) in model.routes.iter().enumerate() {
            for (nth, arm) in (1..).zip(&route.arms) {
                let text = on_one_line(report.text(arm.span));
                let text = format!("{nth}: {}", condition(&text));
                graph.edges.extend(arm_edge(format!("r{at}"), arm, &text));
            }
        }
        graph.choices(policy);
        for (at, class) in policy.classes.iter().enumerate() {
            graph.edges.extend(leg_edges(at, class));
        }
        graph
    }

    /// What a class leads to that is one of several targets, each once.
    fn choices(&mut self, policy: &Policy) {
        let mut known = BTreeSet::new();
        let mut open: VecDeque<Leg> = policy
            .classes
            .iter()
            .flat_map(|it| &it.legs)
            .copied()
            .collect();
        while let Some(leg) = open.pop_front() {
            let from = leg_id(leg);
            match leg {
                Leg::Target(_) => {}
                Leg::Pool(id) => {
                    let Some(pool) = policy.pools.get(id.index()) else {
                        continue;
                    };
                    if !known.insert(from.clone()) {
                        continue;
                    }
                    let text = format!("one of pool {}", pool.name);
                    self.node(from.clone(), Kind::Choice, &text);
                    for (member, share) in pool.members.iter().zip(shares(&pool.members)) {
                        let share = match share.trim() {
                            "" => "evenly",
                            share => share,
                        };
                        self.edge((&from, leg_id(member.leg)), share);
                        open.push_back(member.leg);
                    }
                }
                Leg::Requested(list) => {
                    if !known.insert(from.clone()) {
                        continue;
                    }
                    let names: Vec<&str> = providers(policy, list).collect();
                    let text = format!(
                        "the model that is named, at the first of {}",
                        names.join(", ")
                    );
                    self.node(from.clone(), Kind::Choice, &text);
                    for target in policy.offered_by(list) {
                        self.edge((&from, leg_id(Leg::Target(target))), "if named");
                    }
                }
            }
        }
    }

    fn edge(&mut self, (from, to): (&str, String), text: &str) {
        self.edges.push(Edge {
            from: from.to_owned(),
            to,
            label: label(text),
            is_fallback: false,
        });
    }

    /// Each guard leads to its refusal, and what none refuses to the first route.
    fn guards(&mut self, model: &Model, report: &Report) {
        for guard in &model.guards {
            let text = on_one_line(report.text(guard.arm.span));
            let text = format!("{}: {}", guard.name, guarded(&text));
            self.edges
                .extend(arm_edge("g".to_owned(), &guard.arm, &text));
        }
        if !model.guards.is_empty() {
            self.edges.push(Edge {
                from: "g".to_owned(),
                to: format!("r{}", model.root.0),
                label: "refused by none".to_owned(),
                is_fallback: false,
            });
        }
    }

    fn node(&mut self, id: String, kind: Kind, text: &str) {
        let label = label(text);
        self.nodes.push(Node { id, kind, label });
    }
}

fn group((at, provider): (usize, &Provider), used: &BTreeSet<(usize, usize)>) -> Option<Group> {
    let models = provider.models.iter().enumerate();
    let nodes: Vec<Node> = models
        .filter(|(model, _)| used.contains(&(at, *model)))
        .map(|(number, model)| Node {
            id: target_id(at, number),
            kind: Kind::Target,
            label: label(&model.name),
        })
        .collect();
    let text = format!("provider {} at {}", provider.name, urls(provider));
    (!nodes.is_empty()).then(|| Group {
        id: format!("p{at}"),
        label: label(&text),
        nodes,
    })
}

fn target_id(provider: usize, model: usize) -> String {
    format!("t{provider}x{model}")
}

fn arm_edge(from: String, arm: &Arm, text: &str) -> Option<Edge> {
    let to = match arm.to {
        Goal::Route(route) => format!("r{}", route.0),
        Goal::End(Action::Class(class)) => format!("c{}", class.index()),
        Goal::End(Action::Deny(deny)) => format!("d{}", deny.index()),
        // The goal of an arm that leads to a route is that route.
        Goal::End(Action::Route) => return None,
    };
    Some(Edge {
        from,
        to,
        label: label(text),
        is_fallback: false,
    })
}

/// The id of what a class tries.
fn leg_id(leg: Leg) -> String {
    match leg {
        Leg::Target(target) => target_id(target.provider.index(), target.model.index()),
        Leg::Pool(id) => format!("s{}", id.index()),
        Leg::Requested(id) => format!("q{}", id.index()),
    }
}

fn leg_edges(at: usize, class: &Class) -> impl Iterator<Item = Edge> {
    let count = class.legs.len();
    class.legs.iter().enumerate().map(move |(nth, leg)| Edge {
        from: format!("c{at}"),
        to: leg_id(*leg),
        label: match (nth, count) {
            (0, _) => "primary".to_owned(),
            (_, 2) => "fallback".to_owned(),
            (nth, _) => format!("fallback {nth}"),
        },
        is_fallback: nth > 0,
    })
}

/// A text on one line, cut where it would hide the graph.
fn label(text: &str) -> String {
    let text = on_its_line(text);
    if text.chars().count() <= LABEL_CHARS_MAX {
        return text;
    }
    text.chars()
        .take(LABEL_CHARS_MAX - 1)
        .chain(['…'])
        .collect()
}
