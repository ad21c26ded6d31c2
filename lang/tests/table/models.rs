//! Random models, built directly: any fact, any nesting, routes that lead to later routes.

use std::net::IpAddr;

use claw_lang::model::{
    Arm, Ask, Cond, Goal, Guard, Model, Net, Pattern, Route, RouteId, Scoped, World,
};
use claw_lang::span::Span;
use claw_lang::vocab::ENDPOINTS;
use claw_table::policy::{self, Action, Causes, Class, Deny, Hours, Policy};
use claw_table::{ArmId, Can, ClassId, DenyId, Fact, Kind};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::select;

/// Texts that are prefixes, suffixes and neighbours of one another.
pub(crate) const TEXTS: [&str; 14] = [
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "b",
    "bc",
    "cba",
    "ba",
    "POST",
    "gpt-5",
    "gpt-5-mini",
    "-mini",
    "é",
];

/// What some paths ask for; all others ask for something else.
pub(crate) const PATHS: [(&str, &str); 5] = [
    ("/v1/chat/completions", "chat"),
    ("/v1/responses", "responses"),
    ("/v1/messages", "messages"),
    ("/v1/embeddings", "embeddings"),
    ("/v1/messages/count_tokens", "count-tokens"),
];

/// Everybody who calls.
pub(crate) const CLIENTS: [&str; 3] = ["ann", "bob", "cy"];

/// Numbers whose neighbours matter.
pub(crate) const NUMBERS: [u64; 7] = [0, 1, 2, 10, 11, 100_000, u64::MAX];

/// Ranges of both families, one in another, side by side, and as wide as can be.
pub(crate) const NETS: [&str; 14] = [
    "0.0.0.0/0",
    "10.0.0.0/8",
    "10.0.0.0/9",
    "10.128.0.0/9",
    "10.0.0.5",
    "9.0.0.0/8",
    "255.255.255.255",
    "::/0",
    "::/64",
    "::ffff:0:0/95",
    "::1",
    "fe80::/10",
    "ffff:ffff::/32",
    "::ffff:10.0.0.0/105",
];

/// Zones that change their clocks on different days, and one that never does.
pub(crate) const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Asia/Kolkata"];

/// Windows of the week, also over midnight and over Sunday, and all of it.
fn hours() -> impl Strategy<Value = Vec<Hours>> {
    let minutes = select(vec![(0, 1440), (1320, 360), (540, 1020), (150, 180)]);
    let days = select(vec![0x7f, 0x1f, 0x60, 0x40]);
    let one = (days, minutes).prop_map(|(days, (from_minute, to_minute))| Hours {
        days,
        from_minute,
        to_minute,
        zone: String::new(),
    });
    vec(one, 1..3)
}

fn nets() -> impl Strategy<Value = Vec<Net>> {
    vec(select(&NETS[..]), 1..4).prop_map(|texts| {
        let mut nets: Vec<Net> = texts
            .into_iter()
            .filter_map(|one| Net::read(one).ok())
            .collect();
        nets.sort_unstable();
        nets.dedup();
        nets
    })
}

pub(crate) fn facts() -> Vec<Fact> {
    let mut facts = vec![
        Fact::Method,
        Fact::Path,
        Fact::Host,
        Fact::Ip,
        Fact::Client,
        Fact::Endpoint,
        Fact::Header("x-a".to_owned()),
        Fact::Header("x-b".to_owned()),
        Fact::Query("q".to_owned()),
        Fact::Model,
        Fact::Streaming,
        Fact::CallerKey,
        Fact::Tokens,
        Fact::MaxOutput,
        Fact::Messages,
        Fact::Temperature,
        Fact::Session,
        Fact::Time(ZONES[0].to_owned()),
        Fact::Body("/a".to_owned()),
        Fact::Body("/a/b".to_owned()),
        Fact::Body("/ab".to_owned()),
    ];
    facts.extend(Can::ASKED.map(Fact::Has));
    let lists: [&[&str]; 5] = [&["b"], &["ab"], &["abc", "cba"], &["-mini"], &["é"]];
    facts.extend(lists.map(|list| Fact::Mentions(list.iter().map(|&one| one.into()).collect())));
    facts
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let own = PATHS.iter().map(|(path, _)| *path);
    let texts: Vec<&str> = TEXTS.iter().copied().chain(own).collect();
    let texts = (select(texts), select(&TEXTS[..]));
    (0..6u8, texts).prop_map(|(kind, (text, more))| match kind {
        0 => Pattern::Prefix(text.to_owned()),
        1 => Pattern::Suffix(text.to_owned()),
        2 => Pattern::Infix(text.to_owned()),
        3 => Pattern::Around(text.to_owned(), more.to_owned()),
        _ => Pattern::Exact(text.to_owned()),
    })
}

fn is(text: &str) -> Pattern {
    Pattern::Exact(text.to_owned())
}

fn test() -> impl Strategy<Value = Cond> {
    let clients = vec(select(&CLIENTS[..]).prop_map(is), 1..3);
    let endpoints = vec(select(ENDPOINTS).prop_map(is), 1..4);
    let texts = (vec(pattern(), 1..4), nets(), (clients, endpoints), hours());
    let numbers = vec(select(&NUMBERS[..]), 1..4);
    (select(facts()), texts, numbers, 0..12u8).prop_map(
        |(fact, (patterns, nets, (clients, endpoints), hours), mut numbers, which)| {
            let number = numbers[0];
            numbers.sort_unstable();
            numbers.dedup();
            let ask = match (fact.kind(), which) {
                (Kind::Flag, _) => Ask::Yes,
                _ if fact == Fact::Endpoint => Ask::Matches(endpoints),
                _ if fact == Fact::Client => Ask::Matches(clients),
                _ if fact.zone().is_some() => Ask::During(zoned(hours, &fact)),
                (_, 0) => Ask::Present,
                (Kind::Address, _) => Ask::In(nets),
                (Kind::Text, _) | (Kind::Json, 5..8) => Ask::Matches(patterns),
                (Kind::Json, 1) => Ask::Null,
                (Kind::Json, 2..4) => Ask::Is(which == 2),
                (Kind::Json, 4) => Ask::Nested,
                (Kind::Number | Kind::Json, 1..9) => Ask::AtLeast(number),
                (Kind::Number | Kind::Json, 9) => Ask::Equals(numbers),
                (Kind::Number | Kind::Json, _) => Ask::Below(number),
            };
            Cond::Test(fact, ask)
        },
    )
}

fn zoned(mut hours: Vec<Hours>, fact: &Fact) -> Vec<Hours> {
    for one in &mut hours {
        fact.zone().unwrap_or_default().clone_into(&mut one.zone);
    }
    hours
}

pub(crate) fn cond() -> impl Strategy<Value = Cond> {
    test().prop_recursive(3, 12, 3, |inner| {
        proptest::prop_oneof![
            vec(inner.clone(), 1..4).prop_map(Cond::All),
            vec(inner.clone(), 1..4).prop_map(Cond::Any),
            inner.prop_map(|part| Cond::Not(Box::new(part))),
        ]
    })
}

/// Up to 40 arms in up to 4 routes, each ending in an `otherwise`, behind up to 3 guards.
pub(crate) fn model() -> impl Strategy<Value = Model> {
    let bounds = vec(cond(), 0..3);
    (routes(), vec(cond(), 0..4), bounds).prop_map(|(routes, conds, bounds)| {
        let mut model = made(routes);
        model.scopes.extend(bounds.into_iter().map(|cond| Scoped {
            of: "something".to_owned(),
            cond,
            span: Span::default(),
        }));
        for cond in conds {
            forbid(&mut model, cond);
        }
        model
    })
}

/// One route whose arms ask the clocks of several zones, and whether a stream is asked for. What
/// clocks can show at once grows with the product of their cuts, so other facts are left out.
pub(crate) fn timed() -> impl Strategy<Value = Model> {
    let clock = || {
        let cond = (select(&ZONES[..]), hours()).prop_map(|(zone, hours)| {
            let fact = Fact::Time(zone.to_owned());
            let hours = zoned(hours, &fact);
            Cond::Test(fact, Ask::During(hours))
        });
        (cond, 0..3u8).prop_map(|(cond, how)| match how {
            0 => Cond::Not(Box::new(cond)),
            _ => cond,
        })
    };
    let arm = (clock(), clock(), 0..4u8).prop_map(|(one, two, how)| match how {
        0 => one,
        1 => Cond::All(vec![one, Cond::Test(Fact::Streaming, Ask::Yes)]),
        2 => Cond::Any(vec![one, two]),
        _ => Cond::All(vec![one, two]),
    });
    vec((arm, any::<u8>()), 1..10).prop_map(|arms| made(vec![arms]))
}

/// Puts one more guard in front of a policy, behind those it has.
pub(crate) fn forbid(model: &mut Model, cond: Cond) {
    let at = model.policy.arms.len() as u32;
    let deny = DenyId(1 + model.guards.len() as u16 % 2);
    let name = format!("g{}", model.guards.len());
    model.policy.arms.push(policy::Arm {
        label: format!("forbid {name}"),
        to: Action::Deny(deny),
    });
    let arm = Arm {
        id: ArmId(at),
        cond,
        to: Goal::End(Action::Deny(deny)),
        span: Span {
            file: 0,
            start: at,
            end: at + 1,
        },
    };
    model.guards.push(Guard { name, arm });
}

/// The arms of such a policy, route by route.
pub(crate) fn routes() -> impl Strategy<Value = Vec<Vec<(Cond, u8)>>> {
    vec(vec((cond(), any::<u8>()), 0..10), 1..5)
}

/// The arms of a smaller policy. Two are compared arm by arm with each other, as lists too, which
/// takes long where many conditions of many facts stand in both.
pub(crate) fn few() -> impl Strategy<Value = Vec<Vec<(Cond, u8)>>> {
    vec(vec((cond(), any::<u8>()), 0..6), 1..4)
}

/// One route whose arms ask one or two of ten values of one header, and something else at times.
pub(crate) fn crowded() -> impl Strategy<Value = Model> {
    let value = || {
        (0..10u8, 0..8u8).prop_map(|(value, kind)| {
            let pattern = match kind {
                0 => Pattern::Prefix(format!("v{value}")),
                _ => Pattern::Exact(format!("v{value}")),
            };
            Cond::Test(Fact::Header("x-a".to_owned()), Ask::Matches(vec![pattern]))
        })
    };
    let arm = (value(), value(), test(), 0..4u8).prop_map(|(one, two, other, how)| match how {
        0 => Cond::All(vec![one, two]),
        1 => Cond::All(vec![one, other]),
        2 => Cond::All(vec![one, Cond::Not(Box::new(two))]),
        _ => one,
    });
    vec((arm, any::<u8>()), 20..40).prop_map(|arms| made(vec![arms]))
}

/// How many different patterns a model asks of a fact.
pub(crate) fn patterns(model: &Model, fact: &Fact) -> usize {
    let mut found = std::collections::BTreeSet::new();
    let mut open: Vec<&Cond> = model.conditions().collect();
    while let Some(cond) = open.pop() {
        match cond {
            Cond::All(parts) | Cond::Any(parts) => open.extend(parts),
            Cond::Not(part) => open.push(part),
            Cond::Test(own, Ask::Matches(patterns)) if own == fact => found.extend(patterns),
            Cond::Test(..) | Cond::Always => {}
        }
    }
    found.len()
}

/// A model of routes given as conditions, each with a number that picks where the arm leads.
pub(crate) fn made(routes: Vec<Vec<(Cond, u8)>>) -> Model {
    let count = routes.len();
    let mut id = 0;
    let mut made = Vec::new();
    let mut arms = Vec::new();
    for (index, conds) in routes.into_iter().enumerate() {
        let name = name_of(index);
        let otherwise = (Cond::Always, 0);
        let list =
            conds
                .into_iter()
                .chain([otherwise])
                .enumerate()
                .map(|(position, (cond, pick))| {
                    let later = index + 1 + usize::from(pick) % count;
                    let to = match pick % 4 {
                        0 | 1 if pick != 0 && later < count => Goal::Route(RouteId(later as u16)),
                        2 => Goal::End(Action::Deny(DenyId(0))),
                        _ => Goal::End(Action::Class(ClassId(u16::from(pick) % 2))),
                    };
                    arms.push(policy::Arm {
                        label: format!("{name}/{}", position + 1),
                        to: match to {
                            Goal::End(action) => action,
                            Goal::Route(_) => Action::Route,
                        },
                    });
                    id += 1;
                    Arm {
                        id: ArmId(id - 1),
                        cond,
                        to,
                        span: Span {
                            file: 0,
                            start: id,
                            end: id + 1,
                        },
                    }
                });
        made.push(Route {
            name: name.clone(),
            exclusive: None,
            arms: list.collect(),
        });
    }
    let otherwise = made[0].arms.last().map(|arm| arm.id);
    let policy = Policy {
        name: "random".to_owned(),
        clients: clients(),
        classes: vec![class("one"), class("two")],
        denies: denies(),
        arms,
        otherwise,
        ..Policy::default()
    };
    Model {
        world: World::of(&policy),
        policy,
        guards: Vec::new(),
        scopes: Vec::new(),
        ceilings: Vec::new(),
        routes: made,
        root: RouteId(0),
        features: Vec::new(),
        claims: claw_lang::model::Claims::default(),
        accepts: Vec::new(),
        tests: Vec::new(),
        ages: Vec::new(),
    }
}

fn name_of(route: usize) -> String {
    if route == 0 {
        "main".to_owned()
    } else {
        format!("r{route}")
    }
}

fn denies() -> Vec<Deny> {
    let deny = |text: &str| Deny {
        status: 400,
        text: text.to_owned(),
    };
    ["no", "not so", "not at all"].map(deny).to_vec()
}

/// Any of them, the first of whom may bring a key of her own.
fn prefix(first: u32, bits: u8) -> policy::Prefix {
    policy::Prefix {
        first: 0xffff_0000_0000 | u128::from(first),
        bits: 96 + bits,
    }
}

/// Who calls from an address: nobody but `cy` needs a key.
pub(crate) fn caller(ip: IpAddr) -> &'static str {
    let address = claw_table::address(ip);
    match (
        prefix(0x0a80_0000, 9).holds(address),
        prefix(0x0a00_0000, 8).holds(address),
    ) {
        (true, _) => "bob",
        (false, true) => "ann",
        (false, false) => "cy",
    }
}

fn clients() -> Vec<policy::Client> {
    let all = CLIENTS.iter().enumerate();
    let client = |(at, name): (usize, &&str)| policy::Client {
        name: (*name).to_owned(),
        keys: if at == 2 {
            vec![policy::KeyHash::Sha256([7; 32])]
        } else {
            Vec::new()
        },
        from: match at {
            0 => vec![prefix(0x0a00_0000, 8)],
            1 => vec![prefix(0x0a80_0000, 9)],
            _ => Vec::new(),
        },
        auth: if at == 0 {
            policy::Auth::Caller
        } else {
            policy::Auth::Known
        },
        tags: Vec::new(),
    };
    all.map(client).collect()
}

fn class(name: &str) -> Class {
    Class {
        name: name.to_owned(),
        legs: Vec::new(),
        targets: Vec::new(),
        retry: policy::Retry {
            on: Causes::default(),
            attempts: 1,
            backoff_min_ms: 0,
            backoff_max_ms: 0,
            honor_retry_after_ms: 0,
        },
        ..Class::default()
    }
}

/// Whether the arm is the last one of its route.
pub(crate) fn is_otherwise(model: &Model, arm: ArmId) -> bool {
    model
        .routes
        .iter()
        .any(|route| route.arms.last().is_some_and(|last| last.id == arm))
}
