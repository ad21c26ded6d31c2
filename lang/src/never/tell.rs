//! A broken claim in the operator's words: the claim, the arms, the class, the term, a request.

use std::fmt::Write as _;

use claw_table::policy::{Policy, Target};
use claw_table::{Can, decimal};

use super::{Broken, Why};
use crate::codes::Code;
use crate::diagram::ordinary;
use crate::explain::{self, count, dollars, name, time};
use crate::model::{Claim, ClassPlaces, Model};
use crate::moment::Moment;
use crate::moves::Move;
use crate::oracle::{self, Request};
use crate::report::Diagnostic;
use crate::span::Span;
use crate::syntax::escape;
use crate::worst::{Gap, Shape, Worst};

/// What is reported of a broken claim: no place that could be left out.
pub(crate) fn tell(model: &Model, broken: &Broken) -> Option<Diagnostic> {
    let never = model.claims.nevers.get(broken.never)?;
    let class = model.policy.classes.get(broken.class.index())?;
    let places = model.claims.classes.get(broken.class.index())?;
    let told = Told::of(&model.policy, broken, (&never.claim, places));
    let claim = format!("`never {}`", never.name);
    let message = match broken.why {
        Why::Unknown(..) => format!(
            "what class `{}` costs has no bound, so {claim} cannot be proved",
            class.name
        ),
        Why::Costs(_) | Why::Takes(_) | Why::Tries(_) | Why::Reaches(_) => {
            format!("class `{}` {}, which breaks {claim}", class.name, told.does)
        }
    };
    let code = match broken.why {
        Why::Unknown(..) => Code::NeverUnknown,
        Why::Costs(_) | Why::Takes(_) | Why::Tries(_) | Why::Reaches(_) => Code::NeverBroken,
    };
    let mut found = Diagnostic::new(code, never.span, message).label("claimed here");
    let taken = oracle::decide(model, &broken.witness).taken;
    let spans = taken.iter().map(|arm| arm_span(model, *arm));
    let count = taken.len();
    for (at, span) in spans.enumerate() {
        let text = if at + 1 == count {
            format!("takes `{}`", written(&broken.witness))
        } else {
            "leads it on".to_owned()
        };
        found = found.and(span, text);
    }
    for one in &broken.chain {
        found = found.and(one.place, moved(&model.policy, *one));
    }
    let place = match told.place {
        Place::Class => places.class,
        Place::Retry => places.retry.unwrap_or(places.class),
        Place::Timeout => places.timeout.unwrap_or(places.class),
        Place::Target(target) => {
            let at = class.targets.iter().position(|known| *known == target);
            let place = at.and_then(|at| places.targets.get(at));
            place.copied().unwrap_or(places.class)
        }
    };
    if place != places.class {
        found = found.and(places.class, "the class it goes to");
    }
    Some(found.and(place, told.term).help(told.help))
}

/// What a ceiling does with a request.
pub(crate) fn moved(policy: &Policy, one: Move) -> String {
    let name = policy.ceilings.get(one.ceiling);
    let class = policy.classes.get(one.to.index());
    format!(
        "ceiling `{}` moves it to class `{}`",
        name.map_or("", |ceiling| &ceiling.name),
        class.map_or("", |class| &class.name)
    )
}

fn arm_span(model: &Model, id: claw_table::ArmId) -> Span {
    let mut arms = model.arms();
    arms.find(|arm| arm.id == id)
        .map(|arm| arm.span)
        .unwrap_or_default()
}

/// The place of the term that breaks a claim.
enum Place {
    Class,
    Retry,
    Timeout,
    Target(Target),
}

/// What is said of one way to break a claim.
struct Told {
    /// What the class does.
    does: String,
    /// The term that is too large, and where it is written.
    term: String,
    place: Place,
    help: String,
}

impl Told {
    fn of(policy: &Policy, broken: &Broken, (claim, places): (&Claim, &ClassPlaces)) -> Self {
        let class = policy.classes.get(broken.class.index());
        let total = class.and_then(|class| class.total_ms);
        let class = class.map_or("", |class| class.name.as_str());
        let every = format!("`clawc explain class {class}` shows every term");
        match &broken.why {
            Why::Costs(worst) => Self::costs(policy, worst, &every),
            Why::Unknown(target, gap) => Self::unknown(policy, (*target, *gap)),
            Why::Takes(worst) => Self::takes((worst, total), (broken.load.shape, claim), &every),
            Why::Tries(worst) => Self {
                does: format!("can put {} requests on the wire", worst.attempts.most),
                term: match places.retry {
                    Some(_) => format!("its retry allows {} attempts", worst.attempts.most),
                    None => format!(
                        "it names no retry, so it has {} attempts",
                        worst.attempts.most
                    ),
                },
                place: Place::Retry,
                help: match claim {
                    Claim::TriesOver(limit) => format!(
                        "give the class a retry with `attempts {limit}`, or claim `tries over {}`",
                        worst.attempts.most
                    ),
                    Claim::CostsOver(_) | Claim::TakesOver(_) | Claim::Reaches(_) => every,
                },
            },
            Why::Reaches(target) => Self {
                does: format!("can reach {}", name(policy, *target)),
                term: "this target is what must not be reached".to_owned(),
                place: Place::Target(*target),
                help:
                    "take the target out of the class, or lead these requests to a class without it"
                        .to_owned(),
            },
        }
    }

    fn unknown(policy: &Policy, (target, gap): (Target, Gap)) -> Self {
        let model = name(policy, target);
        Self {
            does: String::new(),
            term: gap.why().replace("the model", "the model of this target"),
            place: Place::Target(target),
            help: gap.help(&model),
        }
    }

    fn costs(policy: &Policy, worst: &Worst, every: &str) -> Self {
        let most = worst.cost.most_pico.unwrap_or(u128::MAX);
        let dearest = worst.cost.dearest;
        let of = |target: &Target| {
            let known = worst.cost.targets.iter();
            known.clone().find(|(known, _)| known == target)?.1.ok()
        };
        let term = dearest
            .as_ref()
            .and_then(of)
            .map_or_else(String::new, |one| {
                format!(
                    "{} of up to {} each: {} tokens in, {} out",
                    attempts(worst.cost.attempts),
                    dollars(one.pico),
                    count(one.in_tokens),
                    count(one.out_tokens)
                )
            });
        let model = dearest.map_or_else(String::new, |target| name(policy, target));
        let fewer = match worst.cost.attempts {
            1 => "",
            _ => "the `attempts` of its retry, or ",
        };
        Self {
            does: format!("can cost {}", dollars(most)),
            term,
            place: dearest.map_or(Place::Class, Place::Target),
            help: format!("lower {fewer}`max-output` or `context` of `{model}`; {every}"),
        }
    }

    fn takes(
        (worst, total): (&Worst, Option<u64>),
        (shape, claim): (Shape, &Claim),
        every: &str,
    ) -> Self {
        let it = &worst.time;
        let limit = match claim {
            Claim::TakesOver(limit) => time(*limit),
            Claim::CostsOver(_) | Claim::TriesOver(_) | Claim::Reaches(_) => String::new(),
        };
        let what = match shape {
            Shape::Stream => "streams",
            Shape::Plain => "answers",
        };
        let term = if it.most_ms == it.total_ms {
            let whose = match total {
                Some(_) => "its `total` is",
                None => "it says no `total`, so that is",
            };
            format!(
                "{whose} {}; {what} could take {} without it",
                time(it.total_ms),
                time(it.sum_ms)
            )
        } else {
            format!("{what} take up to {}, all terms together", time(it.sum_ms))
        };
        Self {
            does: format!("can take {}", time(it.most_ms)),
            term,
            place: Place::Timeout,
            help: format!("write `timeout total {limit}` in the class; {every}"),
        }
    }
}

fn attempts(count: u32) -> String {
    match count {
        1 => "1 attempt".to_owned(),
        n => format!("{n} attempts"),
    }
}

/// When a request comes, as a test writes it; nothing of the ordinary moment.
pub fn said_at(request: &Request) -> Option<String> {
    let at = request.at.as_ref()?;
    (*at != Moment::ordinary()).then(|| format!("at {at}"))
}

/// A request as a test writes it: what it says beside the ordinary.
pub fn written(request: &Request) -> String {
    let usual = ordinary();
    let mut parts = Vec::new();
    let mut one = |fact: &str, own: &Option<String>, usual: &Option<String>| match own {
        Some(text) if own != usual => parts.push(format!("{fact} {}", escape(text))),
        None if own != usual => parts.push(format!("{fact} absent")),
        Some(_) | None => {}
    };
    one("method", &request.method, &usual.method);
    one("path", &request.path, &usual.path);
    one("host", &request.host, &usual.host);
    // A name is always said: without one a request is hard to imagine. So is that there is none.
    one("model", &request.model, &Some(String::new()));
    match &request.endpoint {
        Some(word) if request.endpoint != usual.endpoint => parts.push(format!("endpoint {word}")),
        Some(_) | None => {}
    }
    if let Some(client) = &request.client {
        parts.insert(0, format!("client {client}"));
    }
    if request.ip != usual.ip {
        let ip = request.ip.map_or("absent".to_owned(), |ip| ip.to_string());
        parts.push(format!("ip {ip}"));
    }
    for (fact, list) in [("header", &request.headers), ("query", &request.query)] {
        for (name, value) in list {
            let value = escape(&String::from_utf8_lossy(value));
            parts.push(format!("{fact} {} {value}", escape(name)));
        }
    }
    if let Some(session) = &request.session {
        parts.push(format!("session {}", escape(session)));
    }
    let mut number = |fact: &str, own: Option<u64>, usual: Option<u64>| match own {
        _ if own == usual => {}
        Some(own) => parts.push(format!("{fact} {}", count(own))),
        None => parts.push(format!("{fact} absent")),
    };
    number("tokens", request.tokens, usual.tokens);
    number("messages", request.messages, usual.messages);
    number("max-output", request.max_output, None);
    if let Some(rank) = request.temperature {
        parts.push(format!("temperature {}", decimal::written(rank)));
    }
    if !request.prompt.is_empty() {
        let list: Vec<String> = request.prompt.iter().map(|part| escape(part)).collect();
        parts.push(format!("prompt {}", list.join(", ")));
    }
    for (pointer, member) in &request.body {
        parts.push(format!(
            "body {} {}",
            escape(pointer),
            explain::member(member)
        ));
    }
    if request.streaming {
        parts.push("streaming".to_owned());
    }
    parts.extend(has(request));
    let mut out = said_at(request).map_or_else(String::new, |at| format!("{at}; "));
    // Writing to a text cannot fail.
    let _ = match parts.as_slice() {
        [] => write!(out, "request {{ }}"),
        parts => write!(out, "request {{ {} }}", parts.join("; ")),
    };
    out
}

/// What a request uses, if anything.
fn has(request: &Request) -> Option<String> {
    let used = Can::ASKED.into_iter().filter(|can| request.uses(*can));
    let used = used.map(Can::word);
    let has: Vec<&str> = used
        .chain(request.caller_key.then_some("caller-key"))
        .collect();
    (!has.is_empty()).then(|| format!("has {}", has.join(", ")))
}
