//! Ceilings, whether declared or inside a class or client: how much may be spent.
//!
//! ```text
//! ceiling NAME { when COND; allow $400 per month "ZONE" estimated; per client; at 80% then CLASS; then deny }
//! ceiling $200 per day per client at 80% then CLASS then deny
//! ```

use claw_table::policy::{Calendar, Ceiling, Held, Per, Scope, Step, Then, Unit, Window};
use claw_table::{ClassId, GuardId};

use super::cond::Reader;
use super::names::{Names, Sort};
use super::{calendar, fields, header, values};
use crate::codes::Code;
use crate::model::{CeilingPlaces, Need, Scoped};
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

/// A ceiling, and where its parts are written.
pub(super) type Read = (Ceiling, CeilingPlaces);

/// What a ceiling counts, where nothing says more.
fn blank(name: String, scope: Scope, whole: Span) -> Read {
    let ceiling = Ceiling {
        name,
        scope,
        amount_pico: 0,
        window: Window::Request,
        per: Vec::new(),
        held: Held::Most,
        steps: Vec::new(),
        then: Then::Deny,
    };
    let places = CeilingPlaces {
        whole,
        ..CeilingPlaces::default()
    };
    (ceiling, places)
}

/// What a gateway has to do for a ceiling.
pub(super) fn need(span: Span) -> Need {
    Need {
        feature: "ceiling",
        span,
    }
}

/// Reads `ceiling NAME { … }`; nothing if some part of it is at fault, which is then reported.
pub(super) fn declared(
    it: &Statement,
    scopes: &mut Vec<Scoped>,
    reader: &mut Reader<'_, '_>,
) -> Option<Read> {
    let name = it.groups.iter().flatten().next();
    let name = name.map(|name| name.text.clone()).unwrap_or_default();
    let list = fields::read(it, vocab::CEILING, reader.names, reader.report);
    let scope = scoped(&list, &format!("ceiling `{name}`"), scopes, reader);
    let (names, report) = (&mut *reader.names, &mut *reader.report);
    let mut work = Work {
        out: blank(name, scope.unwrap_or(Scope::All), it.span),
        block: "ceiling",
        names,
        report,
        is_whole: scope.is_some(),
    };
    for field in list.iter() {
        let is_amount = field.keyword.is_word("allow");
        if field.keyword.is_word("per") {
            for group in &field.groups {
                work.rest(field, Some(&field.keyword), group);
            }
            if field.groups.is_empty() {
                work.unfit(field, None);
            }
            continue;
        }
        match field.groups.as_slice() {
            [group] if is_amount => work.amount(field, group),
            [group] => work.rest(field, Some(&field.keyword), group),
            [] => work.unfit(field, None),
            [_, second, ..] => work.unfit(field, second.first()),
        }
    }
    list.require("allow", work.report);
    // Without an amount nothing more can be said of it.
    work.is_whole &= list.iter().any(|field| field.keyword.is_word("allow"));
    work.finish()
}

/// Which requests a declaration is about; nothing if its condition is at fault.
pub(super) fn scoped(
    list: &fields::Fields<'_>,
    of: &str,
    scopes: &mut Vec<Scoped>,
    reader: &mut Reader<'_, '_>,
) -> Option<Scope> {
    let Some(when) = list.when() else {
        return Some(Scope::All);
    };
    let cond = reader.condition(&when.cond)?;
    let id = u16::try_from(scopes.len()).ok()?;
    scopes.push(Scoped {
        of: of.to_owned(),
        cond,
        span: when.span,
    });
    Some(Scope::When(GuardId(id)))
}

/// Reads the field `ceiling` of a class or client.
pub(super) fn inside(
    field: &Statement,
    (block, name, scope): (&'static str, String, Scope),
    names: &mut Names,
    report: &mut Report,
) -> Option<Read> {
    let mut work = Work {
        out: blank(name, scope, field.span),
        block,
        names,
        report,
        is_whole: true,
    };
    match field.groups.as_slice() {
        [group] => work.amount(field, group),
        [] => work.unfit(field, None),
        [_, second, ..] => work.unfit(field, second.first()),
    }
    work.finish()
}

struct Work<'a> {
    out: Read,
    block: &'static str,
    names: &'a mut Names,
    report: &'a mut Report,
    is_whole: bool,
}

impl Work<'_> {
    fn unfit(&mut self, field: &Statement, at: Option<&Value>) {
        self.is_whole = false;
        fields::shape::<()>(field, self.block, at, self.report);
    }

    fn fault(&mut self, found: Diagnostic) {
        self.is_whole = false;
        self.report.add(found);
    }

    /// `$400 per month "ZONE" estimated`, and what may follow it on one line.
    fn amount(&mut self, field: &Statement, group: &[Value]) {
        let [money, per, unit, rest @ ..] = group else {
            return self.unfit(field, group.get(1).or(group.first()));
        };
        if !per.is_word("per") {
            return self.unfit(field, Some(per));
        }
        let amount = values::money(money, self.report);
        self.is_whole &= amount.is_some();
        if amount == Some(0) {
            let found = Diagnostic::new(
                Code::OutOfRange,
                money.span,
                "a ceiling of nothing lets nothing through",
            );
            self.fault(found.help("write how much may be spent, or refuse with `forbid`"));
        }
        self.out.0.amount_pico = amount.unwrap_or(0);
        self.out.1.amount = money.span.to(unit.span);
        let rest = self.window(unit, rest);
        let rest = match rest {
            [word, more @ ..] if word.is_word("estimated") => {
                self.out.0.held = Held::Estimate;
                more
            }
            _ => rest,
        };
        // A declaration has fields for what else there is to say.
        if self.block == "ceiling" {
            if let Some(extra) = rest.first() {
                self.unfit(field, Some(extra));
            }
        } else {
            self.rest(field, None, rest);
        }
    }

    /// The unit of time and its zone; gives what is left.
    fn window<'v>(&mut self, unit: &Value, rest: &'v [Value]) -> &'v [Value] {
        let mut words: Vec<(&str, Option<Unit>)> = vec![("request", None)];
        words.extend(Unit::ALL.map(|unit| (unit.word(), Some(unit))));
        let Some(found) = fields::choice(unit, "a time of a ceiling", &words, self.report) else {
            self.is_whole = false;
            return rest
                .get(1..)
                .filter(|_| is_text(rest.first()))
                .unwrap_or(rest);
        };
        let (zone, left) = match rest.split_first() {
            Some((zone, left)) if zone.kind == Kind::Text => (Some(zone), left),
            _ => (None, rest),
        };
        let Some(unit) = found else {
            if let Some(zone) = zone {
                let found =
                    Diagnostic::new(Code::WrongValue, zone.span, "a request has no time zone");
                self.fault(found.help("write `per request`, or a time such as `per month`"));
            }
            return left;
        };
        let zone = match zone {
            Some(zone) => calendar::zone(zone, self.report),
            None => Some("UTC".to_owned()),
        };
        self.is_whole &= zone.is_some();
        let zone = zone.unwrap_or_default();
        self.out.0.window = Window::Calendar(Calendar { unit, zone });
        left
    }

    /// `per client at 80% then CLASS then deny`, whose first word may be that of the field.
    fn rest(&mut self, field: &Statement, first: Option<&Value>, values: &[Value]) {
        let mut left: Vec<&Value> = first.into_iter().chain(values).collect();
        loop {
            let used = match left.as_slice() {
                [] => return,
                [per, header, name, ..] if per.is_word("per") && header.is_word("header") => {
                    let name = header::header_name(name, self.report);
                    self.is_whole &= name.is_some();
                    self.share(name.map(Per::Header), header.span);
                    3
                }
                [word, what, ..] if word.is_word("per") => {
                    let found = per(what, self.report);
                    self.is_whole &= found.is_some();
                    self.share(found, what.span);
                    2
                }
                [at, share, then, to, ..] if at.is_word("at") && then.is_word("then") => {
                    self.step(share, to);
                    4
                }
                [then, to, ..] if then.is_word("then") => {
                    self.then(then, to);
                    2
                }
                [word, other, ..] => {
                    let is_known = ["per", "at", "then"]
                        .iter()
                        .any(|known| word.is_word(known));
                    return self.unfit(field, Some(if is_known { other } else { word }));
                }
                [other] => {
                    let at = (first != Some(*other)).then_some(*other);
                    return self.unfit(field, at);
                }
            };
            left.drain(..used);
            if first.is_some() && !left.is_empty() {
                return self.unfit(field, left.first().copied());
            }
        }
    }

    fn share(&mut self, per: Option<Per>, span: Span) {
        let Some(per) = per else { return };
        if self.out.0.per.contains(&per) {
            let found = Diagnostic::new(Code::FieldTwice, span, "this share stands twice");
            self.fault(found.help("keep one of them"));
        } else {
            self.out.0.per.push(per);
        }
    }

    fn step(&mut self, share: &Value, to: &Value) {
        let at = values::percent(share, self.report);
        let then = self.goal(to);
        let (Some(at), Some(then)) = (at, then) else {
            self.is_whole = false;
            return;
        };
        if at == 10_000 {
            let found = Diagnostic::new(
                Code::OutOfRange,
                share.span,
                "a step stands below its ceiling",
            );
            return self.fault(found.help(format!("write `then {}` for all of it", to.text)));
        }
        if then == Then::Deny {
            let found = Diagnostic::new(
                Code::WrongValue,
                to.span,
                "what refuses at a share of a ceiling is a lower ceiling",
            );
            return self.fault(found.help("allow less, or name a class or `warn` here"));
        }
        let steps = &mut self.out.0.steps;
        let place = steps.partition_point(|step| step.at < at);
        if steps.get(place).is_some_and(|step| step.at == at) {
            let found = Diagnostic::new(Code::FieldTwice, share.span, "this step stands twice");
            return self.fault(found.help("keep one of them"));
        }
        steps.insert(place, Step { at, then });
        self.out.1.steps.insert(place, to.span);
    }

    fn then(&mut self, word: &Value, to: &Value) {
        let then = self.goal(to);
        self.is_whole &= then.is_some();
        if let Some(first) = self.out.1.then {
            let found = Diagnostic::new(Code::FieldTwice, word.span, "`then` stands twice")
                .and(first, "first here");
            return self.fault(found.help("keep one of them"));
        }
        self.out.0.then = then.unwrap_or_default();
        self.out.1.then = Some(to.span);
    }

    /// `deny`, `warn` or a class.
    fn goal(&mut self, to: &Value) -> Option<Then> {
        if to.is_word("deny") {
            return Some(Then::Deny);
        }
        if to.is_word("warn") {
            return Some(Then::Warn);
        }
        let at = self.names.resolve(to, Sort::Class, self.report)?;
        u16::try_from(at).ok().map(|at| Then::Class(ClassId(at)))
    }

    fn finish(mut self) -> Option<Read> {
        let (ceiling, places) = &mut self.out;
        ceiling.per.sort_unstable();
        let is_each = ceiling.window == Window::Request;
        let (amount, step) = (places.amount, places.steps.first().copied());
        if is_each && self.is_whole && !ceiling.per.is_empty() {
            let found = Diagnostic::new(
                Code::WrongValue,
                amount,
                "each request is counted by itself, and has no shares",
            );
            self.fault(found.help("take `per …` out, or allow an amount `per day`"));
        }
        if let Some(step) = step.filter(|_| is_each && self.is_whole) {
            let found = Diagnostic::new(
                Code::WrongValue,
                step,
                "before a request nothing is spent, so no share of it is reached",
            );
            self.fault(found.help("write `then CLASS`, or allow an amount `per day`"));
        }
        self.is_whole.then_some(self.out)
    }
}

/// `client`, `ip`, `session` or `model`.
pub(super) fn per(what: &Value, report: &mut Report) -> Option<Per> {
    const WORDS: &[(&str, u8)] = &[
        ("client", 0),
        ("ip", 1),
        ("session", 2),
        ("model", 3),
        ("header", 4),
    ];
    let found = fields::choice(what, "what has its own share", WORDS, report)?;
    match found {
        0 => Some(Per::Client),
        1 => Some(Per::Ip),
        2 => Some(Per::Session),
        3 => Some(Per::Model),
        _ => {
            let found = Diagnostic::new(Code::WrongValue, what.span.after(), "which header?");
            report.add(found.help("write `per header \"x-team\"`"));
            None
        }
    }
}

fn is_text(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.kind == Kind::Text)
}
