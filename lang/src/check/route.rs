//! Routes: arms in order, each with its condition and where it leads.

use claw_table::policy::{Action, Arm as PolicyArm};
use claw_table::{ArmId, ClassId};

use super::cond::Reader;
use super::deny::Denies;
use super::fields;
use super::names::Sort;
use crate::codes::Code;
use crate::model::{Arm, Cond, Goal, Route, RouteId};
use crate::report::Diagnostic;
use crate::span::Span;
use crate::syntax::ast::{self, ArmLine, Value};
use crate::syntax::lexer::Kind;
use crate::syntax::{habits, lower};

/// The routes of a policy as they are put together.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Every route, in the order of their ids.
    pub list: Vec<Route>,
    /// Every arm of every route.
    pub arms: Vec<PolicyArm>,
    /// Every refusal.
    pub denies: Denies,
}

impl Routes {
    /// Reads one route and adds it.
    pub(super) fn add(&mut self, it: &ast::Route, reader: &mut Reader<'_, '_>) {
        let name = it
            .name
            .as_ref()
            .map_or("main", |name| name.text.as_str())
            .to_owned();
        let mut route = Route {
            name,
            exclusive: it.exclusive,
            arms: Vec::new(),
        };
        for line in &it.arms {
            let ArmLine::Arm(arm) = line else { continue };
            self.arm(arm, &mut route, reader);
        }
        ends_well(it, reader);
        self.list.push(route);
    }

    fn arm(&mut self, it: &ast::Arm, route: &mut Route, reader: &mut Reader<'_, '_>) {
        let cond = match &it.when {
            Some(cond) => reader.condition(cond),
            None => Some(Cond::Always),
        };
        let goal = self.goal(it, reader);
        // An arm at fault is left out; the report keeps the model from being used.
        let (Some(cond), Some(to)) = (cond, goal) else {
            return;
        };
        let Ok(number) = u32::try_from(self.arms.len()) else {
            return;
        };
        let label = format!("{}/{}", route.name, route.arms.len() + 1);
        let action = match to {
            Goal::End(action) => action,
            Goal::Route(_) => Action::Route,
        };
        self.arms.push(PolicyArm { label, to: action });
        route.arms.push(Arm {
            id: ArmId(number),
            cond,
            to,
            span: it.span,
        });
    }

    fn goal(&mut self, it: &ast::Arm, reader: &mut Reader<'_, '_>) -> Option<Goal> {
        let (first, rest) = it.goal.split_first()?;
        if let Some(at) = rest
            .iter()
            .find(|v| matches!(v.text.as_str(), "priority" | "weight"))
        {
            reader
                .report
                .add(habits::priority(at.span.to(it.span.after())));
            return excused(&it.goal, reader);
        }
        match first.text.as_str() {
            "deny" => {
                let deny = self.denies.read(first, rest, reader.report);
                deny.map(|deny| Goal::End(Action::Deny(deny)))
            }
            "route" => {
                let [name] = rest else {
                    unfit(first, rest.get(1), "-> route NAME", reader);
                    return excused(rest, reader);
                };
                let at = reader.names.resolve(name, Sort::Route, reader.report)?;
                Some(Goal::Route(RouteId(u16::try_from(at).ok()?)))
            }
            "requested" => {
                let found = lower::not_yet("requested", first.span);
                let found = found.label("an arm leads to a class");
                reader.report.add(found.help(
                    "write `class asked { primary requested from PROVIDER }`, and lead to `asked`",
                ));
                None
            }
            _ if !rest.is_empty() => {
                unfit(first, rest.first(), "-> CLASS", reader);
                excused(&it.goal, reader)
            }
            _ if first.kind == Kind::Path => {
                reader.report.add(
                    Diagnostic::new(
                        Code::WrongKind,
                        first.span,
                        format!("`{}` is a target, and an arm leads to a class", first.text),
                    )
                    .help(format!(
                        "declare `class NAME {{ primary {} }}` and lead to it",
                        first.text
                    )),
                );
                excused(&it.goal, reader)
            }
            _ if first.kind != Kind::Word => {
                unfit(first, Some(first), "-> CLASS", reader);
                None
            }
            _ => {
                let at = reader.names.resolve(first, Sort::Class, reader.report)?;
                Some(Goal::End(Action::Class(ClassId(u16::try_from(at).ok()?))))
            }
        }
    }
}

/// No goal: what the words behind the arrow lead to is not told, and they are not held against whoever
/// they name.
fn excused(words: &[Value], reader: &mut Reader<'_, '_>) -> Option<Goal> {
    for word in words {
        reader.names.excuse_word(&word.text);
    }
    None
}

fn unfit(word: &Value, at: Option<&Value>, example: &str, reader: &mut Reader<'_, '_>) {
    let found = match at {
        Some(value) => Diagnostic::new(
            Code::WrongValue,
            value.span,
            format!("`{}` does not fit after the arrow", fields::shown(value)),
        ),
        None => Diagnostic::new(
            Code::WrongValue,
            word.span.after(),
            format!("`{}` says too little", word.text),
        ),
    };
    reader.report.add(found.help(format!("write `{example}`")));
}

/// `otherwise` stands exactly once, at the end.
fn ends_well(it: &ast::Route, reader: &mut Reader<'_, '_>) {
    let mut otherwise: Option<Span> = None;
    for line in &it.arms {
        let ArmLine::Arm(arm) = line else { continue };
        if let Some(first) = otherwise {
            reader.report.add(
                Diagnostic::new(
                    Code::OtherwiseNotLast,
                    arm.span,
                    "no request gets past `otherwise` to this arm",
                )
                .and(first, "everything ends here")
                .help("move `otherwise` to the end of the route"),
            );
            return;
        }
        otherwise = arm.when.is_none().then_some(arm.span);
    }
    let is_broken = |line: &ArmLine| match line {
        ArmLine::Broken(broken) => broken.words.iter().any(|word| word == "otherwise"),
        ArmLine::Arm(_) => false,
    };
    let last_is_broken = matches!(it.arms.last(), Some(ArmLine::Broken(_)));
    if otherwise.is_some() || last_is_broken || it.arms.iter().any(is_broken) {
        return;
    }
    let name = it.name.as_ref().map_or("this route".to_owned(), |name| {
        format!("route `{}`", name.text)
    });
    reader.report.add(
        Diagnostic::new(
            Code::NoOtherwise,
            it.span,
            format!("{name} does not say what happens to all other requests"),
        )
        .help("add `otherwise -> CLASS` or `otherwise -> deny 404 \"…\"` as the last arm"),
    );
}

/// The most routes that may lead into each other.
const DEPTH_MAX: usize = 64;

/// Reports routes that lead back to themselves, and chains that are too long.
pub(super) fn cycles(routes: &[Route], reader: &mut Reader<'_, '_>) {
    let mut done: Vec<Option<usize>> = vec![None; routes.len()];
    for start in 0..routes.len() {
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((at, arm)) = path.last().copied() {
            let is_done = done.get(at).copied().flatten().is_some();
            let next = routes
                .get(at)
                .and_then(|route| route.arms.get(arm))
                .filter(|_| !is_done);
            let Some(next) = next else {
                finish(&mut done, routes, at);
                path.pop();
                continue;
            };
            if let Some(last) = path.last_mut() {
                last.1 += 1;
            }
            let Goal::Route(to) = next.to else { continue };
            let to = usize::from(to.0);
            if let Some(from) = path.iter().position(|(open, _)| *open == to) {
                ring(routes, path.get(from..).unwrap_or_default(), reader);
                return;
            }
            path.push((to, 0));
        }
    }
    if let Some(at) = done
        .iter()
        .position(|depth| depth.is_some_and(|depth| depth > DEPTH_MAX))
    {
        let span = routes
            .get(at)
            .and_then(|route| route.arms.first())
            .map(|arm| arm.span);
        reader.report.add(
            Diagnostic::new(
                Code::TooLarge,
                span.unwrap_or_default(),
                "routes lead into each other more than 64 deep",
            )
            .help("join routes that only lead on"),
        );
    }
}

/// How many routes a request may go through from here.
fn finish(done: &mut [Option<usize>], routes: &[Route], at: usize) {
    let arms = routes.get(at).map_or(&[][..], |route| &route.arms);
    let below = arms.iter().filter_map(|arm| match arm.to {
        Goal::Route(to) => done.get(usize::from(to.0)).copied().flatten(),
        Goal::End(_) => None,
    });
    let depth = below.max().unwrap_or(0) + 1;
    if let Some(slot) = done.get_mut(at) {
        *slot = Some(depth);
    }
}

fn ring(routes: &[Route], path: &[(usize, usize)], reader: &mut Reader<'_, '_>) {
    let arms: Vec<(Span, &str)> = path
        .iter()
        .filter_map(|(route, next)| {
            let route = routes.get(*route)?;
            Some((
                route.arms.get(next.checked_sub(1)?)?.span,
                route.name.as_str(),
            ))
        })
        .collect();
    let Some(((span, name), rest)) = arms.split_first() else {
        return;
    };
    let mut found = Diagnostic::new(
        Code::Cycle,
        *span,
        format!("route `{name}` leads back to itself"),
    )
    .label("it leads on here")
    .help("a request would never end; lead one of these arms to a class");
    for (span, name) in rest {
        found = found.and(*span, format!("route `{name}` leads on here"));
    }
    reader.report.add(found);
}
