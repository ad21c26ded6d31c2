//! `provider`: where requests go.

use claw_table::policy::{Api, Provider, Replica, Secret, Url};

use super::catalog::{self, Catalog};
use super::model::{self, Read};
use super::names::{self, Names};
use super::{edit, fields, header, health, price, url, values};
use crate::codes::Code;
use crate::model::{Ages, Catalogued, Need};
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

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

    fn urls(&mut self, field: &Statement) {
        if field.groups.is_empty() {
            fields::shape::<()>(field, "provider", None, self.report);
        }
        for group in &field.groups {
            let (value, weight) = match group.as_slice() {
                [value] => (value, Some(1)),
                [value, word, weight] if word.is_word("weight") => {
                    let what = "the weight of an address";
                    let weight = values::plain(weight, what, (1, 1_000), self.report);
                    (value, weight.and_then(|weight| u32::try_from(weight).ok()))
                }
                [_, word] if word.is_word("weight") => {
                    fields::shape::<()>(field, "provider", Some(word), self.report);
                    continue;
                }
                _ => {
                    fields::shape::<()>(field, "provider", group.get(1), self.report);
                    continue;
                }
            };
            if let (Some(url), Some(weight)) = (self.url(value), weight) {
                self.out.urls.push(Replica { url, weight });
                self.url_spans.push(value.span);
            }
        }
        if let [_, second, ..] = self.url_spans[..] {
            self.needs.push(Need {
                feature: "provider-urls",
                span: second,
            });
        }
    }

    fn url(&mut self, value: &Value) -> Option<Url> {
        let text = fields::text(value, "an address", self.report)?;
        let url = url::parse(text)
            .map_err(|why| {
                let found = bad_url(value, why, "https://api.example.com/v1");
                self.report.add(found);
            })
            .ok()?;
        let known = self.out.urls.iter().position(|known| known.url == url);
        if let Some(first) = known.and_then(|at| self.url_spans.get(at)) {
            self.report.add(
                Diagnostic::new(Code::FieldTwice, value.span, "this address stands twice")
                    .and(*first, "first here")
                    .help("keep one of them; a larger share is a larger `weight`"),
            );
            return None;
        }
        Some(url)
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

    fn key_in_the_clear(&mut self) {
        if self.out.keys.iter().all(|key| *key == Secret::None) {
            return;
        }
        for (Replica { url, .. }, span) in self.out.urls.iter().zip(&self.url_spans) {
            if url.tls || url::is_near(&url.host) {
                continue;
            }
            self.report.add(
                Diagnostic::new(
                    Code::KeyInTheClear,
                    *span,
                    format!(
                        "the key of `{}` would cross the network unencrypted",
                        self.out.name
                    ),
                )
                .label(format!("plain http to `{}`", url.host))
                .help("write `https://`, or `key none` if this server needs no key"),
            );
        }
    }
}

/// Reads `timeout WORD TIME, WORD TIME`.
pub(super) fn timeouts<'a>(
    field: &Statement,
    block: &str,
    words: &[&'a str],
    report: &mut Report,
) -> Vec<(&'a str, u64)> {
    let mut out: Vec<(&str, u64)> = Vec::new();
    if field.groups.is_empty() {
        fields::shape::<()>(field, block, None, report);
    }
    let slots: Vec<(&str, &'a str)> = words.iter().map(|word| (*word, *word)).collect();
    for group in &field.groups {
        match group.as_slice() {
            [word, time] if word.kind == Kind::Word => {
                let slot = fields::choice(word, &format!("a timeout of a {block}"), &slots, report);
                let ms = values::duration(time, report);
                let Some((slot, ms)) = slot.zip(ms) else {
                    continue;
                };
                if out.iter().any(|(known, _)| *known == slot) {
                    report.add(
                        Diagnostic::new(
                            Code::FieldTwice,
                            word.span,
                            format!("the timeout `{slot}` stands twice"),
                        )
                        .help("keep one of them"),
                    );
                }
                out.push((slot, ms));
            }
            // `timeout 30` or `timeout 30s`: which of the times is meant?
            [time]
                if time.kind == Kind::Amount && time.text.bytes().all(|b| b.is_ascii_digit()) =>
            {
                values::duration(time, report);
            }
            [first, ..] if group.len() < 3 => {
                fields::shape::<()>(field, block, Some(first), report);
            }
            _ => {
                fields::shape::<()>(field, block, group.get(2), report);
            }
        }
    }
    out
}

/// An address that cannot be used, with the reason.
pub(super) fn bad_url(value: &Value, why: &str, example: &str) -> Diagnostic {
    Diagnostic::new(
        Code::BadUrl,
        value.span,
        format!("`\"{}\"` cannot be used as an address", value.text),
    )
    .label(why.to_owned())
    .help(format!("write an address such as `\"{example}\"`"))
}
