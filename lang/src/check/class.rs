//! `retry` and `class`: what serves a kind of work, and what happens when it fails.

mod requested;
mod serving;

use std::collections::BTreeSet;

use claw_table::policy::{Cause, Causes, Class, Leg, Requested, Retry, Scope, Target};
use claw_table::{ClassId, ModelId, PoolId, ProviderId};

use super::names::{Names, Sort};
use super::provider::{Checked, timeouts};
use super::{ceiling, defaults, fields, like, pool, values};
use crate::codes::Code;
use crate::model::{ClassPlaces, Need};
use crate::near::nearest;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

/// Reads `retry NAME { … }`.
pub(super) fn retry(it: &Statement, names: &mut Names, report: &mut Report) -> Retry {
    let mut out = defaults::retry();
    let list = fields::read(it, vocab::RETRY, names, report);
    for field in list.iter() {
        match field.keyword.text.as_str() {
            "on" => out.on = causes(field, report),
            "attempts" => {
                let Some(value) = fields::one(field, "retry", report) else {
                    continue;
                };
                let number = values::plain(value, "the number of attempts", (1, 100), report);
                out.attempts = number
                    .and_then(|n| u32::try_from(n).ok())
                    .unwrap_or(out.attempts);
            }
            "backoff" => {
                let Some(value) = fields::one(field, "retry", report) else {
                    continue;
                };
                if let Some((low, high)) = values::duration_range(value, report) {
                    (out.backoff_min_ms, out.backoff_max_ms) = (low, high);
                }
            }
            _ => honor(field, &mut out, report),
        }
    }
    list.require("on", report);
    out
}

fn honor(field: &Statement, out: &mut Retry, report: &mut Report) {
    match field.groups.as_slice() {
        [group] => match group.as_slice() {
            [what, up, to, time]
                if what.is_word("retry-after") && up.is_word("up") && to.is_word("to") =>
            {
                out.honor_retry_after_ms =
                    values::duration(time, report).unwrap_or(out.honor_retry_after_ms);
            }
            _ => {
                fields::shape::<()>(field, "retry", group.first(), report);
            }
        },
        _ => {
            fields::shape::<()>(field, "retry", None, report);
        }
    }
}

fn causes(field: &Statement, report: &mut Report) -> Causes {
    let words: Vec<(&str, Cause)> = Cause::ALL.into_iter().map(|c| (c.word(), c)).collect();
    let mut out = Causes::default();
    if field.groups.is_empty() {
        fields::shape::<()>(field, "retry", None, report);
    }
    for group in &field.groups {
        let [value] = group.as_slice() else {
            fields::shape::<()>(field, "retry", group.get(1), report);
            continue;
        };
        if value.kind == Kind::Amount {
            let status = values::plain(value, "a status that fails", (400, 599), report);
            let status = status.and_then(|n| u16::try_from(n).ok());
            out.statuses.extend(status.map(|n| (n, n)));
        } else if value.kind == Kind::Range {
            out.statuses.extend(status_range(value, report));
        } else {
            let cause = fields::choice(value, "a cause of failure", &words, report);
            out.named |= cause.map_or(0, Cause::bit);
        }
    }
    out.statuses = merged(out.statuses);
    out
}

fn status_range(value: &Value, report: &mut Report) -> Option<(u16, u16)> {
    let (low, high) = value.text.split_once("..")?;
    let range = low.parse::<u16>().ok().zip(high.parse::<u16>().ok());
    let range = range.filter(|(low, high)| low <= high && *low >= 400 && *high <= 599);
    if range.is_none() {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                format!("`{}` is not a range of statuses that fail", value.text),
            )
            .help("write a range within `400..599`"),
        );
    }
    range
}

/// Sorted, with what touches put together.
fn merged(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.sort_unstable();
    let mut out: Vec<(u16, u16)> = Vec::new();
    for (low, high) in ranges {
        match out.last_mut() {
            Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
            _ => out.push((low, high)),
        }
    }
    out
}

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
    let lists = like::lists(it, known.classes, names, report);
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
    if !lists.iter().any(|list| list.tried("primary"))
        && let Some(list) = lists.first()
    {
        list.require("primary", work.report);
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
        if let Some(target) = target(value, self.known, (self.names, self.report)) {
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
                    let known = known_tag(tag, self.known.providers, (self.names, self.report));
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
        let found = match self.names.sort(text) {
            Some(Sort::Provider) => {
                // It is named here, if only by half.
                self.names.resolve(value, Sort::Provider, self.report);
                found.help(format!("name one of its models: `{text}/MODEL`"))
            }
            _ => found.help("a target is a model of a provider: `PROVIDER/MODEL`"),
        };
        self.report.add(found);
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

/// A tag that some provider has. One that nobody has is a slip.
pub(super) fn known_tag(
    tag: &Value,
    providers: &[Checked],
    (names, report): (&Names, &mut Report),
) -> Option<String> {
    let tags = || providers.iter().flat_map(|known| &known.provider.tags);
    if tags().any(|known| *known == tag.text) {
        return Some(tag.text.clone());
    }
    if !names.is_excused(&tag.text) {
        let found = Diagnostic::new(
            Code::UnknownName,
            tag.span,
            format!("no provider is tagged `{}`", fields::shown(tag)),
        );
        report.add(match nearest(&tag.text, tags().map(String::as_str)) {
            Some(near) => found.meant(tag.span, near),
            None => found.help("name a tag that some provider lists in its `tags`"),
        });
    }
    None
}

/// The target that `provider/model` names; faults are reported.
pub(super) fn target(
    value: &Value,
    known: &Known<'_>,
    (names, report): (&mut Names, &mut Report),
) -> Option<Target> {
    let (provider, model) = value.text.split_once('/')?;
    let width = u32::try_from(provider.len()).unwrap_or(0);
    let split = value.span.start.saturating_add(width);
    let part = |text: &str, span| Value {
        kind: Kind::Word,
        text: text.into(),
        span,
    };
    let provider = part(
        provider,
        Span {
            end: split,
            ..value.span
        },
    );
    let model = part(
        model,
        Span {
            start: split.saturating_add(1),
            ..value.span
        },
    );
    let at = names.resolve(&provider, Sort::Provider, report)?;
    let known = known.providers.get(at)?;
    let models = &known.provider.models;
    let Some(found) = models.iter().position(|known| known.name == model.text) else {
        if !known.is_unsure && !names.is_excused(&model.text) {
            let near = nearest(&model.text, models.iter().map(|m| m.name.as_str()));
            report.add(unknown_model(&provider, &model, near));
        }
        return None;
    };
    Some(Target {
        provider: ProviderId(u16::try_from(at).ok()?),
        model: ModelId(u16::try_from(found).ok()?),
    })
}

fn unknown_model(provider: &Value, model: &Value, near: Option<&str>) -> Diagnostic {
    let found = Diagnostic::new(
        Code::UnknownModel,
        model.span,
        format!("provider `{}` has no model `{}`", provider.text, model.text),
    );
    match near {
        Some(near) => found.meant(model.span, near),
        None => found.help(format!(
            "add `model {} {{ … }}` to provider `{}`",
            model.text, provider.text
        )),
    }
}
