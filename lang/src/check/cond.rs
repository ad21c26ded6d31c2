//! Conditions: each fact with the operators and values that fit it.

mod presence;
mod reference;
mod text;

use claw_table::policy::Client;
use claw_table::{Can, Fact};

use super::lets::Lets;
use super::names::Names;
use super::{fields, header};
use crate::codes::Code;
use crate::model::{Ask as Question, Cond};
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{self, Ask, Value};
use crate::syntax::lexer::Kind;

pub(super) use presence::Presence;
pub(super) use reference::no_let;

/// What conditions are read with.
#[derive(Debug)]
pub(super) struct Reader<'a, 'f> {
    /// The folder's names.
    pub names: &'a mut Names,
    /// The folder's clients.
    pub clients: &'a [Client],
    /// The folder's `let`s.
    pub lets: &'a mut Lets<'f>,
    /// Where faults go.
    pub report: &'a mut Report,
}

impl Reader<'_, '_> {
    /// Reads a condition; nothing if some part of it is at fault, which is then reported.
    pub(super) fn condition(&mut self, cond: &ast::Cond) -> Option<Cond> {
        match cond {
            ast::Cond::Any(parts) => self.parts(parts).map(Cond::Any),
            ast::Cond::All(parts) => self.parts(parts).map(Cond::All),
            ast::Cond::Not(part, _) => self.condition(part).map(|part| Cond::Not(Box::new(part))),
            ast::Cond::Ask(ask) => self.ask(ask),
        }
    }

    /// Every part is read, so that each reports its own faults.
    fn parts(&mut self, parts: &[ast::Cond]) -> Option<Vec<Cond>> {
        let read: Vec<Option<Cond>> = parts.iter().map(|part| self.condition(part)).collect();
        read.into_iter().collect()
    }

    fn ask(&mut self, ask: &Ask) -> Option<Cond> {
        let word = ask.subject.text.as_str();
        if ask.subject.kind != Kind::Word {
            wrong(
                ask.subject.span,
                format!("`{}` is not a fact", fields::shown(&ask.subject)),
            )
            .help("a condition begins with what it asks: `model is \"gpt-5.5\"`")
            .add(self.report);
            return None;
        }
        if word != "time" && self.has_windows(ask) {
            return None;
        }
        let fact = match word {
            "method" => Fact::Method,
            "path" => Fact::Path,
            "host" => Fact::Host,
            "endpoint" => Fact::Endpoint,
            "ip" => return self.ip(ask),
            "client" => return self.client(ask),
            "model" => Fact::Model,
            "header" | "query" => return self.named(ask),
            "streaming" => return self.flag(ask, Fact::Streaming),
            "has" => return self.has(ask),
            "session" => Fact::Session,
            "time" => return self.time(ask),
            "tokens" => return self.number(ask, &Fact::Tokens),
            "max-output" => return self.number(ask, &Fact::MaxOutput),
            "messages" => return self.number(ask, &Fact::Messages),
            "temperature" => return self.number(ask, &Fact::Temperature),
            "body" => return self.body(ask),
            "prompt" => return self.prompt(ask),
            _ => return self.reference(ask),
        };
        if let Some(extra) = ask.of.first() {
            self.unexpected(extra, word, "is \"…\"");
            return None;
        }
        self.text(ask, &fact)
    }

    /// `header "x-team" …`
    fn named(&mut self, ask: &Ask) -> Option<Cond> {
        let word = ask.subject.text.as_str();
        let [name] = ask.of.as_slice() else {
            let example = format!("write `{word} \"NAME\" is \"VALUE\"`");
            let span = ask
                .of
                .get(1)
                .map_or(ask.subject.span.after(), |extra| extra.span);
            wrong(span, format!("`{word}` needs one name"))
                .help(example)
                .add(self.report);
            return None;
        };
        let fact = if word == "header" {
            Fact::Header(header::header_name(name, self.report)?)
        } else {
            Fact::Query(
                fields::text(name, "the name of a query parameter", self.report)?.to_owned(),
            )
        };
        self.text(ask, &fact)
    }

    fn flag(&mut self, ask: &Ask, fact: Fact) -> Option<Cond> {
        if let Some(span) = ask
            .of
            .first()
            .map(|v| v.span)
            .or(ask.test.as_ref().map(|t| t.op_span))
        {
            let word = &ask.subject.text;
            operator(
                span,
                format!("`{word}` is yes or no and takes no comparison"),
            )
            .help(format!("write `{word}` or `not {word}`"))
            .add(self.report);
            return None;
        }
        Some(Cond::Test(fact, Question::Yes))
    }

    /// `has tools, images` holds if the request uses any of them.
    fn has(&mut self, ask: &Ask) -> Option<Cond> {
        if let Some(test) = &ask.test {
            operator(test.op_span, "`has` takes no comparison".to_owned())
                .help("write `has tools` or `not has tools`")
                .add(self.report);
            return None;
        }
        if ask.of.is_empty() {
            wrong(
                ask.subject.span.after(),
                "`has` needs a capability".to_owned(),
            )
            .help("write `has tools`")
            .add(self.report);
        }
        let words = had();
        let mut any = Vec::new();
        for word in &ask.of {
            let fact = fields::choice(word, "something a request has", &words, self.report);
            any.extend(fact.map(|fact| Cond::Test(fact, Question::Yes)));
        }
        (any.len() == ask.of.len())
            .then(|| one_or_any(any))
            .flatten()
    }

    pub(super) fn unexpected(&mut self, extra: &Value, word: &str, example: &str) {
        wrong(
            extra.span,
            format!("`{}` does not fit after `{word}`", fields::shown(extra)),
        )
        .help(format!("write `{word} {example}`"))
        .add(self.report);
    }
}

/// The words after `has`, each with its fact.
pub(super) fn had() -> Vec<(&'static str, Fact)> {
    let asked = Can::ASKED
        .into_iter()
        .map(|can| (can.word(), Fact::Has(can)));
    asked.chain([("caller-key", Fact::CallerKey)]).collect()
}

pub(super) fn wrong(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::WrongValue, span, message)
}

pub(super) fn operator(span: Span, message: String) -> Diagnostic {
    Diagnostic::new(Code::WrongOperator, span, message)
}

/// The condition, or its opposite.
#[expect(
    clippy::fn_params_excessive_bools,
    reason = "the operator, already read"
)]
pub(super) fn turned(found: Cond, is_turned: bool) -> Cond {
    if is_turned {
        Cond::Not(Box::new(found))
    } else {
        found
    }
}

pub(super) fn one_or_any(mut any: Vec<Cond>) -> Option<Cond> {
    match any.len() {
        0 => None,
        1 => any.pop(),
        _ => Some(Cond::Any(any)),
    }
}

impl Diagnostic {
    fn add(self, report: &mut Report) {
        report.add(self);
    }
}
