//! `provider`: where requests go.

mod address;
mod timeout;

use claw_table::policy::{Api, Provider, Secret};

use super::catalog::{self, Catalog};
use super::model::{self, Read};
use super::names::{self, Names};
use super::{edit, fields, header, health, price};
use crate::codes::Code;
use crate::model::{Ages, Catalogued, Need};
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

pub(super) use address::bad_url;
pub(super) use timeout::timeouts;

/// A provider, and what the class checks need of it beside.
#[derive(Debug)]
pub(super) struct Checked {
    /// The provider as far as it could be read.
    pub provider: Provider,
    /// Its models could not all be read, so an unknown one is nobody's fault.
    pub is_unsure: bool,
    /// How old it is what is said of its models.
    pub ages: Ages,
}

/// Reads `provider NAME { … }`.
pub(super) fn provider(
    (it, declared): (&Statement, &[Catalog]),
    needs: &mut Vec<Need>,
    names: &mut Names,
    report: &mut Report,
) -> Checked {
    let mut work = Work {
        out: blank(it),
        needs,
        report,
        is_unsure: false,
        url_spans: Vec::new(),
        models: Vec::new(),
        catalog: None,
        declared,
    };
    let list = fields::read(it, vocab::PROVIDER, names, work.report);
    for field in list.iter() {
        work.field(field, names);
    }
    for word in ["api", "url", "key"] {
        list.require(word, work.report);
    }
    if !list.tried("models") {
        list.require("model", work.report);
    }
    work.key_in_the_clear();
    work.api_in_urls();
    let ages = work.shelve();
    let is_unsure = work.is_unsure || it.block.is_none() || list.may_lack("model");
    Checked {
        provider: work.out,
        is_unsure,
        ages,
    }
}

fn blank(it: &Statement) -> Provider {
    let name = it
        .groups
        .iter()
        .flatten()
        .next()
        .map(|name| name.text.clone());
    Provider {
        name: name.unwrap_or_default(),
        ..Provider::default()
    }
}

struct Work<'a> {
    out: Provider,
    needs: &'a mut Vec<Need>,
    report: &'a mut Report,
    is_unsure: bool,
    /// Where each address of `out` is written.
    url_spans: Vec<Span>,
    /// The models, in the order of their ids.
    models: Vec<Read>,
    /// The catalog that it names, and where.
    catalog: Option<(Catalog, Span)>,
    declared: &'a [Catalog],
}

impl Work<'_> {
    fn field(&mut self, field: &Statement, names: &mut Names) {
        match field.keyword.text.as_str() {
            "api" => self.api(field),
            "url" => self.urls(field),
            "key" => self.keys(field),
            "ca" => self.ca(field),
            "header" => self.header(field),
            "tags" => self.tags(field),
            "timeout" => self.timeout(field),
            "health" => {
                self.need("provider-health", field);
                self.out.health = health::health(field, names, self.report);
            }
            "limit" => {
                self.need("provider-limit", field);
                self.out.capacity = health::capacity(field, self.report);
            }
            "models" => self.catalog(field, names),
            "set" | "unset" => {
                self.need("edits", field);
                edit::edits((field, "provider"), &mut self.out.edits, self.report);
            }
            _ => self.model(field, names),
        }
    }

    fn need(&mut self, feature: &'static str, field: &Statement) {
        self.needs.push(Need {
            feature,
            span: field.keyword.span,
        });
    }

    fn api(&mut self, field: &Statement) {
        const WORDS: &[(&str, Api)] = &[
            ("openai", Api::OpenAi),
            ("anthropic", Api::Anthropic),
            ("gemini", Api::Gemini),
        ];
        let Some(value) = fields::one(field, "provider", self.report) else {
            return;
        };
        let Some(api) = fields::choice(value, "a protocol", WORDS, self.report) else {
            return;
        };
        let feature = match api {
            Api::OpenAi => None,
            Api::Anthropic => Some("api-anthropic"),
            Api::Gemini => Some("api-gemini"),
        };
        self.needs.extend(feature.map(|feature| Need {
            feature,
            span: value.span,
        }));
        self.out.api = api;
    }

    fn keys(&mut self, field: &Statement) {
        if field.groups.is_empty() {
            fields::shape::<()>(field, "provider", None, self.report);
        }
        for group in &field.groups {
            let Some(key) = self.key(field, group) else {
                continue;
            };
            let at = group.last().map_or(field.span, |value| value.span);
            if self.out.keys.contains(&key) {
                self.report.add(
                    Diagnostic::new(Code::FieldTwice, at, "this key stands twice")
                        .help("keep one of them"),
                );
            } else if key == Secret::None && field.groups.len() > 1 {
                self.report.add(
                    Diagnostic::new(
                        Code::WrongValue,
                        at,
                        "`none` stands beside a key, and no key is not one of several",
                    )
                    .help("write `key none` alone, or take `none` out"),
                );
            } else {
                self.out.keys.push(key);
            }
        }
        if let Some(second) = field.groups.get(1).and_then(|group| group.first()) {
            self.needs.push(Need {
                feature: "provider-keys",
                span: second.span,
            });
        }
    }

    fn key(&mut self, field: &Statement, group: &[Value]) -> Option<Secret> {
        match group {
            [word] if word.is_word("none") => Some(Secret::None),
            [word, name] if word.is_word("env") && name.kind == Kind::Word => {
                Some(Secret::Env(name.text.clone()))
            }
            [word, path]
                if word.is_word("file") && path.kind == Kind::Text && !path.text.is_empty() =>
            {
                Some(Secret::File(path.text.clone()))
            }
            // A key written out is reported by `secrets`, with the reason.
            [text] if super::secrets::looks_like_key(&text.text) && text.kind == Kind::Text => None,
            [_, other] | [other] => fields::shape(field, "provider", Some(other), self.report),
            _ => fields::shape(field, "provider", group.get(2), self.report),
        }
    }

    fn ca(&mut self, field: &Statement) {
        let Some(value) = fields::one(field, "provider", self.report) else {
            return;
        };
        self.out.ca = fields::text(value, "a path", self.report).map(str::to_owned);
    }

    fn header(&mut self, field: &Statement) {
        if field.groups.is_empty() {
            fields::shape::<()>(field, "provider", None, self.report);
        }
        for group in &field.groups {
            let [name, value] = group.as_slice() else {
                fields::shape::<()>(field, "provider", group.get(2), self.report);
                continue;
            };
            self.out
                .headers
                .extend(header::header((name, value), self.report));
        }
    }

    fn tags(&mut self, field: &Statement) {
        if field.groups.is_empty() {
            fields::shape::<()>(field, "provider", None, self.report);
        }
        for group in &field.groups {
            match group.as_slice() {
                [tag] => {
                    if names::is_name(tag, "tag", self.report) {
                        self.out.tags.push(tag.text.clone());
                    }
                }
                _ => {
                    fields::shape::<()>(field, "provider", group.get(1), self.report);
                }
            }
        }
    }

    fn timeout(&mut self, field: &Statement) {
        let words = ["connect", "first-token", "idle", "attempt"];
        for (word, ms) in timeouts(field, "provider", &words, self.report) {
            match word {
                "connect" => self.out.deadlines.connect_ms = Some(ms),
                "first-token" => self.out.deadlines.first_token_ms = Some(ms),
                "idle" => self.out.deadlines.idle_ms = Some(ms),
                _ => self.out.attempt_ms = Some(ms),
            }
        }
    }

    fn model(&mut self, field: &Statement, names: &mut Names) {
        let Some((name, wire)) = model::named(field, self.report) else {
            self.is_unsure = true;
            return;
        };
        if self.models.iter().any(|read| read.model.name == name.text) {
            self.report.add(
                Diagnostic::new(
                    Code::Duplicate,
                    name.span,
                    format!("`{}` already has a model `{}`", self.out.name, name.text),
                )
                .help("keep one of them"),
            );
            return;
        }
        let read = model::read(field, (name, wire), names, self.report);
        self.models.push(read);
    }

    fn catalog(&mut self, field: &Statement, names: &mut Names) {
        let mut values = field.groups.iter().flatten();
        let (word, name, extra) = (values.next(), values.next(), values.next());
        let fits = word.is_some_and(|word| word.is_word("catalog")) && extra.is_none();
        let Some(name) = name.filter(|name| fits && name.kind == Kind::Word) else {
            self.is_unsure = true;
            let at = if word.is_some_and(|word| word.is_word("catalog")) {
                extra.or(name).or(word)
            } else {
                word
            };
            fields::shape::<()>(field, "provider", at, self.report);
            return;
        };
        let found = catalog::named(name, self.declared, names, self.report);
        self.is_unsure |= found.as_ref().is_none_or(|found| found.is_unsure);
        self.catalog = found.map(|found| (found, name.span));
    }

    /// Puts its own models and those of its catalog together. What an own line says stands in
    /// place of what the catalog says there.
    fn shelve(&mut self) -> Ages {
        let mut ages = Ages::default();
        if let Some((catalog, span)) = self.catalog.take() {
            ages.catalog = catalog.snapshot.map(|snapshot| Catalogued {
                name: catalog.name.clone(),
                snapshot,
                span,
            });
            for read in catalog.models {
                let same = |own: &&mut Read| own.model.name == read.model.name;
                match self.models.iter_mut().find(same) {
                    Some(own) => own.besides(read),
                    None => self.models.push(Read {
                        price: span,
                        ..read
                    }),
                }
            }
        }
        let api = self.out.api;
        for read in &mut self.models {
            price::fill(&mut read.model, api, (read.price, self.report));
        }
        for read in std::mem::take(&mut self.models) {
            ages.shutdowns.push(read.shutdown);
            self.out.models.push(read.model);
        }
        ages
    }
}
