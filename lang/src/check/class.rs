//! `class`: what serves a kind of work.

mod effect;
mod requested;
mod serving;

use std::collections::BTreeSet;

use claw_table::policy::{Class, Leg, Requested, Retry, Scope, Target};
use claw_table::{ClassId, PoolId};

use super::names::{Names, Sort};
use super::provider::{Checked, timeouts};
use super::{ceiling, defaults, fields, like, pool, target};
use crate::codes::Code;
use crate::model::{ClassPlaces, Need};
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;

/// What a class may refer to.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// Every provider, by its id.
    pub providers: &'a [Checked],
    /// Every retry, by its position.
    pub retries: &'a [Retry],
    /// Every pool, by its id.
    pub pools: &'a [pool::Read],
    /// Every class as it is written, by its id.
    pub classes: &'a [&'a Statement],
}

/// Reads `class NAME { … }`.
pub(super) fn class(
    it: &Statement,
    known: &Known<'_>,
    names: &mut Names,
    report: &mut Report,
) -> Read {
    let name = it
        .groups
        .iter()
        .flatten()
        .next()
        .map(|name| name.text.clone());
    let out = Class {
        name: name.unwrap_or_default(),
        retry: defaults::retry(),
        ..Class::default()
    };
    let (lists, is_all) = like::lists(it, known.classes, names, report);
    let mut work = Work {
        out,
        known,
        names,
        report,
        places: ClassPlaces {
            class: it.span,
            ..ClassPlaces::default()
        },
        needs: Vec::new(),
        required: Vec::new(),
        ceilings: Vec::new(),
        id: class_id(it, known.classes),
        requests: Vec::new(),
        request_spans: Vec::new(),
        asked: BTreeSet::new(),
    };
    // The primary comes first wherever it is written.
    for is_primary in [true, false] {
        let fields = like::fields(&lists);
        for field in fields.filter(|f| (f.keyword.text == "primary") == is_primary) {
            work.field(field);
        }
    }
    // What it takes from a class that is not there may have been it.
    if is_all
        && !lists.iter().any(|list| list.tried("primary"))
        && let Some(list) = lists.first()
    {
        list.require("primary", work.report);
    }
    // What others take from it may have its effect there.
    let is_base = known
        .classes
        .iter()
        .any(|class| like::other(class).is_some_and(|other| other.text == work.out.name));
    if let Some(own) = lists.first().filter(|_| !is_base) {
        work.idle(own);
    }
    work.finish();
    Read {
        class: work.out,
        places: work.places,
        needs: work.needs,
        ceilings: work.ceilings,
        requests: work.requests,
    }
}

/// A class, and what stands in it beside.
#[derive(Debug)]
pub(super) struct Read {
    /// The class as far as it could be read.
    pub class: Class,
    /// Where its parts are written.
    pub places: ClassPlaces,
    /// What it asks of a gateway.
    pub needs: Vec<Need>,
    /// Its ceilings.
    pub ceilings: Vec<ceiling::Read>,
    /// Its lists of providers, by which its legs count them.
    pub requests: Vec<Requested>,
}

/// The id of a class, which is its position.
fn class_id(it: &Statement, classes: &[&Statement]) -> ClassId {
    let at = classes.iter().position(|class| class.span == it.span);
    ClassId(at.and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX))
}

struct Work<'a> {
    out: Class,
    known: &'a Known<'a>,
    names: &'a mut Names,
    report: &'a mut Report,
    places: ClassPlaces,
    needs: Vec<Need>,
    /// The tags that every target must have.
    required: Vec<Value>,
    ceilings: Vec<ceiling::Read>,
    id: ClassId,
    /// Its lists of providers, and the positions of targets that only these lead to.
    requests: Vec<Requested>,
    request_spans: Vec<Vec<Span>>,
    asked: BTreeSet<usize>,
}

impl Work<'_> {
    fn field(&mut self, field: &Statement) {
        match field.keyword.text.as_str() {
            "primary" => self.primary(field),
            "fallback" => self.fallback(field),
            "require" => self.require(field),
            "retry" => {
                let Some(value) = fields::one(field, "class", self.report) else {
                    return;
                };
                let at = self.names.resolve(value, Sort::Retry, self.report);
                if let Some(retry) = at.and_then(|at| self.known.retries.get(at)) {
                    self.out.retry = retry.clone();
                    self.places.retry = Some(field.span);
                }
            }
            "timeout" => self.timeout(field),
            "ceiling" => self.ceiling(field),
            _ => self.serving(field),
        }
    }

    fn ceiling(&mut self, field: &Statement) {
        self.needs.push(ceiling::need(field.keyword.span));
        let name = format!("{}/{}", self.out.name, self.ceilings.len() + 1);
        let of = ("class", name, Scope::Class(self.id));
        self.ceilings
            .extend(ceiling::inside(field, of, self.names, self.report));
    }

    fn primary(&mut self, field: &Statement) {
        if Self::is_requested(field.groups.first()) {
            let used = self.requested(field, &field.groups);
            if let Some(extra) = field.groups.get(used).and_then(|group| group.first()) {
                fields::shape::<()>(field, "requested", Some(extra), self.report);
            }
        } else if let Some(value) = fields::one(field, "class", self.report) {
            self.target(value);
        }
    }

    fn is_requested(group: Option<&Vec<Value>>) -> bool {
        let first = group.and_then(|group| group.first());
        first.is_some_and(|first| first.is_word("requested"))
    }

    fn fallback(&mut self, field: &Statement) {
        if field.groups.is_empty() {
            fields::shape::<()>(field, "class", None, self.report);
        }
        let mut rest = field.groups.as_slice();
        while let Some(group) = rest.first() {
            let used = if Self::is_requested(Some(group)) {
                self.requested(field, rest)
            } else {
                match group.as_slice() {
                    [value] => self.target(value),
                    _ => {
                        fields::shape::<()>(field, "class", group.get(1), self.report);
                    }
                }
                1
            };
            rest = rest.get(used..).unwrap_or_default();
        }
    }

    fn target(&mut self, value: &Value) {
        let is_pool = self.names.sort(&value.text) == Some(Sort::Pool);
        if value.kind == Kind::Word && is_pool {
            let at = self.names.resolve(value, Sort::Pool, self.report);
            let id = at.and_then(|at| u16::try_from(at).ok());
            if let Some(id) = id {
                self.leg(Leg::Pool(PoolId(id)), value);
            }
            return;
        }
        if value.kind != Kind::Path {
            self.not_a_target(value);
            return;
        }
        if let Some(target) = target::target(value, self.known, (self.names, self.report)) {
            self.leg(Leg::Target(target), value);
        }
    }

    fn leg(&mut self, leg: Leg, value: &Value) {
        for (target, span) in members(leg, self.known.pools, value.span) {
            let known = self.out.targets.iter().position(|known| *known == target);
            // What may be asked for may stand by itself too.
            if known.is_some_and(|at| self.asked.contains(&at)) {
                continue;
            }
            if let Some(first) = known.and_then(|at| self.places.targets.get(at)) {
                let first = *first;
                self.report
                    .add(twice((value, leg), &self.out.name, (span, first)));
                return;
            }
            self.out.targets.push(target);
            self.places.targets.push(span);
        }
        self.out.legs.push(leg);
    }

    fn require(&mut self, field: &Statement) {
        if field.groups.is_empty() {
            fields::shape::<()>(field, "class", None, self.report);
        }
        for group in &field.groups {
            match group.as_slice() {
                [tag] => {
                    let known =
                        target::known_tag(tag, self.known.providers, (self.names, self.report));
                    self.required.extend(known.map(|_| tag.clone()));
                }
                _ => {
                    fields::shape::<()>(field, "class", group.get(1), self.report);
                }
            }
        }
    }

    /// Proves what concerns all targets together.
    fn finish(&mut self) {
        self.lent();
        let required = self.required.iter();
        self.places.required = required.map(|tag| (tag.text.clone(), tag.span)).collect();
        for tag in &self.required {
            for (target, span) in self.out.targets.iter().zip(&self.places.targets) {
                let Some(known) = self.known.providers.get(target.provider.index()) else {
                    continue;
                };
                let provider = &known.provider;
                if provider.tags.contains(&tag.text) {
                    continue;
                }
                self.report.add(
                    Diagnostic::new(
                        Code::TagLacking,
                        *span,
                        format!(
                            "class `{}` requires `{}`, and provider `{}` is not tagged so",
                            self.out.name, tag.text, provider.name
                        ),
                    )
                    .label("it can be sent here")
                    .and(tag.span, "required here")
                    .help("take the target out, or add the tag to the provider if it is true"),
                );
            }
        }
    }

    fn not_a_target(&mut self, value: &Value) {
        let text = &value.text;
        if value.kind == Kind::Word && self.names.is_excused(text) {
            return;
        }
        let found = Diagnostic::new(
            Code::WrongValue,
            value.span,
            format!("`{}` is not a target", fields::shown(value)),
        );
        let near = self.near_target(text);
        let found = match (self.names.sort(text), near) {
            (Some(Sort::Provider), _) => {
                // It is named here, if only by half.
                self.names.resolve(value, Sort::Provider, self.report);
                found.help(format!("name one of its models: `{text}/MODEL`"))
            }
            (None, Some(near)) => {
                // What was probably meant is not unused on top of it.
                self.names.touch(&near);
                found.meant(value.span, &near)
            }
            (Some(_) | None, _) => found
                .help("a target is a model of a provider, `PROVIDER/MODEL`, or the name of a pool"),
        };
        self.report.add(found);
    }

    /// The pool, or the model with its provider, that was probably meant.
    fn near_target(&self, text: &str) -> Option<String> {
        let models = self.known.providers.iter().flat_map(|known| {
            let provider = &known.provider;
            let models = provider.models.iter();
            models.map(|model| {
                (
                    model.name.as_str(),
                    format!("{}/{}", provider.name, model.name),
                )
            })
        });
        let targets: Vec<(&str, String)> = models.collect();
        if let Some((_, target)) = targets.iter().find(|(model, _)| *model == text) {
            return Some(target.clone());
        }
        let pools = self.names.of_sort(Sort::Pool);
        let near = nearest(text, pools.chain(targets.iter().map(|(model, _)| *model)))?;
        let target = targets.iter().find(|(model, _)| *model == near);
        Some(target.map_or_else(|| near.to_owned(), |(_, target)| target.clone()))
    }

    fn timeout(&mut self, field: &Statement) {
        self.places.timeout = Some(field.span);
        let words = ["connect", "first-token", "idle", "total"];
        for (word, ms) in timeouts(field, "class", &words, self.report) {
            match word {
                "connect" => self.out.deadlines.connect_ms = Some(ms),
                "first-token" => self.out.deadlines.first_token_ms = Some(ms),
                "idle" => self.out.deadlines.idle_ms = Some(ms),
                _ => self.out.total_ms = Some(ms),
            }
        }
    }
}

/// The targets that a leg leads to, each with its place: that of the member, in a pool.
fn members(leg: Leg, pools: &[pool::Read], span: Span) -> Vec<(Target, Span)> {
    let mut found: Vec<(Target, Span)> = Vec::new();
    let mut opened = BTreeSet::new();
    let mut rest = vec![(leg, span)];
    while let Some((leg, span)) = rest.pop() {
        match leg {
            Leg::Target(target) => {
                if found.iter().all(|(known, _)| *known != target) {
                    found.push((target, span));
                }
            }
            Leg::Pool(id) => {
                let Some(read) = pools.get(id.index()).filter(|_| opened.insert(id)) else {
                    continue;
                };
                let legs = read.pool.members.iter().map(|member| member.leg);
                let members: Vec<(Leg, Span)> = legs.zip(read.spans.iter().copied()).collect();
                rest.extend(members.into_iter().rev());
            }
            // These are not listed by themselves.
            Leg::Requested(_) => {}
        }
    }
    found
}

fn twice((value, leg): (&Value, Leg), class: &str, (span, first): (Span, Span)) -> Diagnostic {
    let text = &value.text;
    let found = match leg {
        Leg::Target(_) => Diagnostic::new(
            Code::TargetTwice,
            value.span,
            format!("`{text}` is listed twice in class `{class}`"),
        ),
        Leg::Pool(_) => Diagnostic::new(
            Code::TargetTwice,
            value.span,
            format!("pool `{text}` brings a target that class `{class}` has already"),
        )
        .and(span, "this one"),
        Leg::Requested(_) => Diagnostic::new(
            Code::TargetTwice,
            value.span,
            format!("`{text}` is asked for twice in class `{class}`"),
        ),
    };
    found
        .and(first, "first here")
        .help("delete one; trying the same target again is what `attempts` is for")
}
