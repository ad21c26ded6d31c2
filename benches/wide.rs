//! Wide policies: many arms over four facts, each arm a tuple of exact values.

use std::collections::BTreeSet;

use claw_lang::model::{Arm, Ask, Cond, Goal, Model, Pattern, Route, RouteId, World};
use claw_lang::span::Span;
use claw_table::policy::{self, Action, Causes, Class, Policy, Retry};
use claw_table::{ArmId, ClassId, Fact, Facts, Member, Said};

/// What one request says of the four facts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple {
    pub team: String,
    pub path: String,
    pub host: String,
    pub model: String,
}

impl Facts for Tuple {
    fn texts(&self, fact: &Fact, mut each: impl FnMut(&[u8])) {
        match fact {
            Fact::Header(name) if name == "x-team" => each(self.team.as_bytes()),
            Fact::Path => each(self.path.as_bytes()),
            Fact::Host => each(self.host.as_bytes()),
            Fact::Model => each(self.model.as_bytes()),
            _ => {}
        }
    }

    fn number(&self, _: &Fact) -> Option<u64> {
        None
    }

    fn address(&self, _: &Fact) -> Option<u128> {
        None
    }

    fn member(&self, _: &Fact, _: impl FnMut(Member<'_>)) {}

    fn prompt(&self, _: impl FnMut(Said<'_>)) {}

    fn flag(&self, _: &Fact) -> bool {
        false
    }
}

/// A fixed sequence that looks random.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// Different tuples, as many as asked for. The more there are, the more values each fact has.
pub fn tuples(count: usize) -> Vec<Tuple> {
    let mut dice = Dice(7);
    let spread = if count > 1000 { 1 } else { 2 };
    let mut found = BTreeSet::new();
    while found.len() < count {
        found.insert(Tuple {
            team: format!("team-{}", dice.below(20 / spread)),
            path: format!("/v1/projects/{}/chat/completions", dice.below(50 / spread)),
            host: format!("llm-{}.eu.example.com", dice.below(10 / spread)),
            model: format!("vendor/model-{}-preview", dice.below(40 / spread)),
        });
    }
    let mut tuples: Vec<Tuple> = found.into_iter().collect();
    for at in (1..tuples.len()).rev() {
        tuples.swap(at, dice.below(at + 1));
    }
    tuples
}

/// One arm for each tuple, then `otherwise`.
pub fn model(tuples: &[Tuple]) -> Model {
    let is = |fact: Fact, text: &str| {
        Cond::Test(fact, Ask::Matches(vec![Pattern::Exact(text.to_owned())]))
    };
    let conds = tuples.iter().map(|tuple| {
        Cond::All(vec![
            is(Fact::Header("x-team".to_owned()), &tuple.team),
            is(Fact::Path, &tuple.path),
            is(Fact::Host, &tuple.host),
            is(Fact::Model, &tuple.model),
        ])
    });
    of(conds)
}

/// Half the arms on the host, half on the model, in turn: no diagram of them is small.
pub fn crossed(arms: usize) -> Model {
    let is = |fact: Fact, text: String| Cond::Test(fact, Ask::Matches(vec![Pattern::Exact(text)]));
    of((0..arms).map(|at| match at % 2 {
        0 => is(Fact::Host, format!("host-{}", at / 2)),
        _ => is(Fact::Model, format!("model-{}", at / 2)),
    }))
}

/// A policy of these arms.
pub fn of(conds: impl Iterator<Item = Cond>) -> Model {
    let arms: Vec<Arm> = conds
        .chain([Cond::Always])
        .enumerate()
        .map(|(at, cond)| Arm {
            id: ArmId(at as u32),
            cond,
            to: Goal::End(Action::Class(ClassId(at as u16 % 8))),
            span: Span {
                file: 0,
                start: at as u32,
                end: at as u32,
            },
        })
        .collect();
    let policy = Policy {
        name: "wide".to_owned(),
        classes: (0..8).map(|at| class(&format!("class-{at}"))).collect(),
        arms: arms
            .iter()
            .map(|arm| policy::Arm {
                label: format!("main/{}", arm.id.0 + 1),
                to: Action::Class(ClassId(arm.id.0 as u16 % 8)),
            })
            .collect(),
        otherwise: arms.last().map(|arm| arm.id),
        ..Policy::default()
    };
    let routes = vec![Route {
        exclusive: None,
        name: "main".to_owned(),
        arms,
    }];
    Model {
        world: World::of(&policy),
        guards: Vec::new(),
        policy,
        routes,
        root: RouteId(0),
        features: Vec::new(),
        claims: claw_lang::model::Claims::default(),
        accepts: Vec::new(),
        tests: Vec::new(),
        scopes: Vec::new(),
        ceilings: Vec::new(),
        ages: Vec::new(),
    }
}

fn class(name: &str) -> Class {
    Class {
        name: name.to_owned(),
        legs: Vec::new(),
        targets: Vec::new(),
        retry: Retry {
            on: Causes::default(),
            attempts: 1,
            backoff_min_ms: 0,
            backoff_max_ms: 0,
            honor_retry_after_ms: 0,
        },
        ..Class::default()
    }
}
