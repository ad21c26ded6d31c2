//! `request { … }`: what a made-up request says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use claw_table::Fact;

use super::Reading;
use crate::check::cond::had;
use crate::check::names::Sort;
use crate::check::{body, fields, header, values};
use crate::codes::Code;
use crate::model::{Member, Says};
use crate::report::Diagnostic;
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::escape;
use crate::syntax::lexer::Kind;
use crate::vocab;

impl Reading<'_> {
    pub(super) fn request(&mut self, it: &Statement) -> Vec<Says> {
        if let Some(extra) = it.groups.iter().flatten().next() {
            fields::shape::<()>(it, "test", Some(extra), self.report);
        } else if it.block.is_none() {
            fields::shape::<()>(it, "test", None, self.report);
        }
        let mut says = Vec::new();
        let mut members: BTreeMap<&str, Span> = BTreeMap::new();
        let all = fields::read(it, vocab::REQUEST, self.names, self.report);
        for field in all.iter() {
            match field.keyword.text.as_str() {
                "header" | "query" => says.extend(self.named(field)),
                "has" => says.extend(self.has(field)),
                "prompt" => says.extend(self.prompt(field)),
                "body" => {
                    self.once(field, &mut members);
                    says.extend(self.member(field));
                }
                "streaming" => {
                    if let Some(extra) = field.groups.iter().flatten().next() {
                        fields::shape::<()>(field, "request", Some(extra), self.report);
                    }
                    says.push(Says::Yes(Fact::Streaming));
                }
                _ => says.extend(self.single(field)),
            }
        }
        let all: Vec<&Statement> = all.iter().collect();
        self.fits(&all);
        says
    }

    /// A fact with one value.
    fn single(&mut self, field: &Statement) -> Option<Says> {
        let value = fields::one(field, "request", self.report)?;
        let fact = match field.keyword.text.as_str() {
            "client" => Fact::Client,
            "ip" => Fact::Ip,
            "endpoint" => Fact::Endpoint,
            "method" => Fact::Method,
            "path" => Fact::Path,
            "host" => Fact::Host,
            "session" => Fact::Session,
            "tokens" => Fact::Tokens,
            "messages" => Fact::Messages,
            "max-output" => Fact::MaxOutput,
            "temperature" => Fact::Temperature,
            _ => Fact::Model,
        };
        if value.is_word("absent") && !fact.is_always() && fact != Fact::Client {
            return Some(Says::Absent(fact));
        }
        match fact {
            Fact::Tokens | Fact::Messages | Fact::MaxOutput => {
                let count = values::any_count(value, self.report)?;
                Some(Says::Number(fact, count))
            }
            Fact::Temperature => {
                let rank = values::any_decimal(value, self.report)?;
                Some(Says::Number(fact, rank))
            }
            Fact::Client => {
                self.names.resolve(value, Sort::Client, self.report)?;
                Some(Says::Text(fact, value.text.clone()))
            }
            Fact::Ip => {
                let ip: Option<IpAddr> = value.text.parse().ok();
                if ip.is_none() {
                    fields::shape::<()>(field, "request", Some(value), self.report);
                }
                ip.map(Says::From)
            }
            Fact::Endpoint => {
                let words: Vec<(&str, ())> = vocab::ENDPOINTS.iter().map(|w| (*w, ())).collect();
                fields::choice(value, "an endpoint", &words, self.report)?;
                Some(Says::Text(fact, value.text.clone()))
            }
            Fact::Method if value.kind == Kind::Word => Some(Says::Text(fact, value.text.clone())),
            Fact::Method
            | Fact::Path
            | Fact::Host
            | Fact::Model
            | Fact::Session
            | Fact::CallerKey
            | Fact::Header(_)
            | Fact::Query(_)
            | Fact::Streaming
            | Fact::Has(_)
            | Fact::Body(_)
            | Fact::Time(_)
            | Fact::Mentions(_)
            | Fact::Contains(..) => {
                let text = fields::text(value, "what a request says", self.report)?;
                Some(Says::Text(fact, text.to_owned()))
            }
        }
    }

    /// `header "x-team" "ml"`
    fn named(&mut self, field: &Statement) -> Vec<Says> {
        let values = Self::flat(field);
        let [name, texts @ ..] = values.as_slice() else {
            fields::shape::<()>(field, "request", None, self.report);
            return Vec::new();
        };
        if texts.is_empty() {
            fields::shape::<()>(field, "request", None, self.report);
        }
        let fact = if field.keyword.is_word("header") {
            header::header_name(name, self.report).map(Fact::Header)
        } else {
            let name = fields::text(name, "the name of a query parameter", self.report);
            name.map(|name| Fact::Query(name.to_owned()))
        };
        let mut says = Vec::new();
        for text in texts {
            if text.is_word("absent") || text.is_word("present") {
                self.report.add(unsaid(field, text));
                continue;
            }
            let text = fields::text(text, "a value", self.report);
            if let (Some(fact), Some(text)) = (&fact, text) {
                says.push(Says::Text(fact.clone(), text.to_owned()));
            }
        }
        says
    }

    fn has(&mut self, field: &Statement) -> Vec<Says> {
        let words = had();
        let mut says = Vec::new();
        if field.groups.is_empty() {
            fields::shape::<()>(field, "request", None, self.report);
        }
        for word in field.groups.iter().flatten() {
            let fact = fields::choice(word, "something a request has", &words, self.report);
            says.extend(fact.map(Says::Yes));
        }
        says
    }

    /// `prompt "one part", "another"`
    fn prompt(&mut self, field: &Statement) -> Vec<Says> {
        if field.groups.is_empty() {
            fields::shape::<()>(field, "request", None, self.report);
        }
        let mut says = Vec::new();
        for value in field.groups.iter().flatten() {
            let part = fields::text(value, "a part of the prompt", self.report);
            says.extend(part.map(|part| Says::Part(part.to_owned())));
        }
        says
    }

    /// A member of the body has one value.
    fn once<'v>(&mut self, field: &'v Statement, known: &mut BTreeMap<&'v str, Span>) {
        let Some(pointer) = field.groups.iter().flatten().next() else {
            return;
        };
        let Some(first) = known.insert(&pointer.text, pointer.span) else {
            return;
        };
        let message = format!(
            "`body {}` stands twice in this request",
            escape(&pointer.text)
        );
        let found = Diagnostic::new(Code::FieldTwice, pointer.span, message);
        self.report
            .add(found.and(first, "first here").help("keep one of them"));
    }

    /// `body "/metadata/tier" "gold"`
    fn member(&mut self, field: &Statement) -> Option<Says> {
        let values = Self::flat(field);
        let [pointer, value] = values.as_slice() else {
            let extra = values.get(2).copied();
            return fields::shape(field, "request", extra, self.report);
        };
        let pointer = body::pointer(pointer, self.report)?;
        let member = match (value.kind, value.text.as_str()) {
            (Kind::Text, text) => Member::Text(text.to_owned()),
            (Kind::Amount | Kind::Negative, _) => {
                Member::Number(values::any_decimal(value, self.report)?)
            }
            (Kind::Word, "null") => Member::Null,
            (Kind::Word, "true") => Member::Flag(true),
            (Kind::Word, "false") => Member::Flag(false),
            // An array or an object: all that can be asked of one is whether it is there.
            (Kind::Word, "present") => Member::Nested,
            _ => return fields::shape(field, "request", Some(value), self.report),
        };
        Some(Says::Member(pointer, member))
    }
}

/// `header "x" absent`: what is not written down is not sent.
fn unsaid(field: &Statement, word: &Value) -> Diagnostic {
    let what = &field.keyword.text;
    let message = format!("`{}` is no value of a {what}", word.text);
    let found = Diagnostic::new(Code::WrongValue, word.span, message);
    found.help(if word.is_word("absent") {
        format!("leave this line out: a {what} that a request does not name is not sent")
    } else {
        format!("write one that it has: `{what} \"x-team\" \"ml\"`")
    })
}
