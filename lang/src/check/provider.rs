//! `gateway`, `provider` and `model`: where requests come in and where they go.

use claw_table::Can;
use claw_table::policy::{Api, Deadlines, Gateway, Model, Price, Provider, Secret};

use super::names::Names;
use super::{fields, names, url, values};
use crate::codes::Code;
use crate::model::Need;
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::syntax::lower::not_yet;
use crate::vocab;

/// A provider, and what the class checks need of it beside.
#[derive(Debug)]
pub(super) struct Checked {
    /// The provider as far as it could be read.
    pub provider: Provider,
    /// What is said about it.
    pub tags: Vec<String>,
    /// Its models could not all be read, so an unknown one is nobody's fault.
    pub is_unsure: bool,
}

/// Reads `gateway { … }`.
pub(super) fn gateway(it: &Statement, names: &mut Names, report: &mut Report) -> Gateway {
    let mut gateway = Gateway::default();
    for field in fields::read(it, vocab::GATEWAY, names, report).iter() {
        let Some(value) = fields::one(field, "gateway", report) else {
            continue;
        };
        let Some(text) = fields::text(value, "an address", report) else {
            continue;
        };
        if let Err(why) = url::listener(text) {
            report.add(bad_url(value, why, "127.0.0.1:8080"));
        }
        let slot = if field.keyword.text == "listen" {
            &mut gateway.listen
        } else {
            &mut gateway.admin
        };
        *slot = Some(text.to_owned());
    }
    gateway
}

/// Reads `provider NAME { … }`.
pub(super) fn provider(
    it: &Statement,
    needs: &mut Vec<Need>,
    names: &mut Names,
    report: &mut Report,
) -> Checked {
    let mut work = Work {
        out: blank(it),
        needs,
        report,
        is_unsure: false,
        url_span: None,
        tags: Vec::new(),
    };
    let list = fields::read(it, vocab::PROVIDER, names, work.report);
    for field in list.iter() {
        work.field(field, names);
    }
    for word in ["api", "url", "key", "model"] {
        list.require(word, work.report);
    }
    work.key_in_the_clear();
    let is_unsure = work.is_unsure || it.block.is_none() || list.may_lack("model");
    Checked {
        provider: work.out,
        tags: work.tags,
        is_unsure,
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
        api: Api::OpenAi,
        url: claw_table::policy::Url {
            tls: true,
            host: String::new(),
            port: 0,
            base: String::new(),
        },
        key: Secret::None,
        ca: None,
        headers: Vec::new(),
        deadlines: Deadlines::default(),
        attempt_ms: None,
        models: Vec::new(),
    }
}

struct Work<'a> {
    out: Provider,
    needs: &'a mut Vec<Need>,
    report: &'a mut Report,
    is_unsure: bool,
    url_span: Option<Span>,
    tags: Vec<String>,
}

impl Work<'_> {
    fn field(&mut self, field: &Statement, names: &mut Names) {
        match field.keyword.text.as_str() {
            "api" => self.api(field),
            "url" => self.url(field),
            "key" => self.key(field),
            "ca" => self.ca(field),
            "header" => self.header(field),
            "tags" => self.tags(field),
            "timeout" => self.timeout(field),
            _ => self.model(field, names),
        }
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

    fn url(&mut self, field: &Statement) {
        let weight = field
            .groups
            .iter()
            .flatten()
            .find(|value| value.is_word("weight"));
        if let Some(weight) = weight {
            self.report.add(not_yet("weight", weight.span));
            return;
        }
        if let [_, second, ..] = field.groups.as_slice()
            && let Some(second) = second.first()
        {
            self.report.add(
                Diagnostic::new(
                    Code::NotYet,
                    second.span,
                    "a second address is not in this version of claw",
                )
                .help("write one address; a second replica is a provider of its own for now"),
            );
            return;
        }
        let Some(value) = fields::one(field, "provider", self.report) else {
            return;
        };
        let Some(text) = fields::text(value, "an address", self.report) else {
            return;
        };
        match url::parse(text) {
            Ok(url) => {
                self.out.url = url;
                self.url_span = Some(value.span);
            }
            Err(why) => self
                .report
                .add(bad_url(value, why, "https://api.example.com/v1")),
        }
    }

    fn key(&mut self, field: &Statement) {
        if let [_, second, ..] = field.groups.as_slice()
            && let Some(second) = second.first()
        {
            self.report.add(
                Diagnostic::new(
                    Code::NotYet,
                    second.span,
                    "a second key is not in this version of claw",
                )
                .help("write one key: `key env NAME`, `key file \"path\"` or `key none`"),
            );
            return;
        }
        let group = field.groups.first().map_or(&[][..], Vec::as_slice);
        let key = match group {
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
        };
        self.out.key = key.unwrap_or(Secret::None);
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
            let Some(header) = header_name(name, self.report) else {
                continue;
            };
            let Some(text) = fields::text(value, "the value of a header", self.report) else {
                continue;
            };
            if GATEWAYS_OWN.contains(&header.as_str()) {
                self.report.add(
                    Diagnostic::new(
                        Code::WrongValue,
                        name.span,
                        format!("the gateway sets `{header}` itself"),
                    )
                    .help("name another header"),
                );
            } else if KEYS_OWN.contains(&header.as_str()) {
                self.report.add(
                    Diagnostic::new(Code::LiteralKey, value.span, format!("`{header}` carries a key"))
                        .help("write `key env NAME` or `key file \"path\"`; the gateway sends it where it belongs"),
                );
            } else if text.bytes().any(|b| b.is_ascii_control() || !b.is_ascii()) {
                self.report.add(
                    Diagnostic::new(
                        Code::WrongValue,
                        value.span,
                        "a header holds a character that cannot be sent",
                    )
                    .help("write plain ASCII without line ends"),
                );
            } else {
                self.out.headers.push((header, text.to_owned()));
            }
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
                        self.tags.push(tag.text.clone());
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
        let group = field.groups.first().map_or(&[][..], Vec::as_slice);
        let is_named = |name: &Value| {
            matches!(
                name.kind,
                Kind::Word | Kind::Path | Kind::Odd | Kind::Amount
            )
        };
        let (name, wire) = match group {
            [name] if is_named(name) => (name, &name.text),
            [name, wire] if is_named(name) && wire.kind == Kind::Text && !wire.text.is_empty() => {
                (name, &wire.text)
            }
            _ => {
                self.is_unsure = true;
                let at = group.iter().find(|value| !is_named(value)).or(group.get(1));
                fields::shape::<()>(field, "provider", at, self.report);
                return;
            }
        };
        if let Some(extra) = field.groups.get(1).and_then(|group| group.first()) {
            self.is_unsure = true;
            fields::shape::<()>(field, "provider", Some(extra), self.report);
            return;
        }
        if self.out.models.iter().any(|model| model.name == name.text) {
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
        let model = Model {
            name: name.text.clone(),
            wire: wire.clone(),
            price: None,
            context_tokens: None,
            output_tokens_max: None,
            can: None,
        };
        let model = model_fields(field, model, names, self.report);
        self.out.models.push(model);
    }

    fn key_in_the_clear(&mut self) {
        let Some(span) = self.url_span else { return };
        let url = &self.out.url;
        if url.tls || self.out.key == Secret::None || url::is_near(&url.host) {
            return;
        }
        self.report.add(
            Diagnostic::new(
                Code::KeyInTheClear,
                span,
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

fn model_fields(it: &Statement, mut model: Model, names: &mut Names, report: &mut Report) -> Model {
    for field in fields::read(it, vocab::MODEL, names, report).iter() {
        match field.keyword.text.as_str() {
            "price" => model.price = price(field, report),
            "context" => model.context_tokens = tokens(field, report),
            "max-output" => model.output_tokens_max = tokens(field, report),
            _ => model.can = can(field, report),
        }
    }
    model
}

fn tokens(field: &Statement, report: &mut Report) -> Option<u64> {
    let value = fields::one(field, "model", report)?;
    let count = values::count(value, report)?;
    if count == 0 {
        report.add(
            Diagnostic::new(
                Code::OutOfRange,
                value.span,
                format!("`{}` cannot be zero", field.keyword.text),
            )
            .help("write the number of tokens, or take the line out if it is not known"),
        );
    }
    Some(count)
}

fn can(field: &Statement, report: &mut Report) -> Option<u16> {
    if field.groups.is_empty() {
        return fields::shape(field, "model", None, report);
    }
    let words: Vec<(&str, Can)> = Can::ALL.into_iter().map(|can| (can.word(), can)).collect();
    let mut bits = 0;
    for group in &field.groups {
        match group.as_slice() {
            [word] if vocab::CAN_LATER.contains(&word.text.as_str()) => {
                report.add(not_yet(&word.text, word.span));
            }
            [word] => {
                bits |= fields::choice(word, "a capability", &words, report).map_or(0, Can::bit);
            }
            _ => return fields::shape(field, "model", group.get(1), report),
        }
    }
    Some(bits)
}

fn price(field: &Statement, report: &mut Report) -> Option<Price> {
    const LATER: &[&str] = &[
        "above",
        "tier",
        "during",
        "from",
        "cache-write",
        "cache-write-1h",
        "audio-in",
        "audio-out",
        "call",
        "web-search",
    ];
    const RATES: &[(&str, usize)] = &[("in", 0), ("out", 1), ("cached", 2)];
    let mut rates = [None; 3];
    if let [group] = field.groups.as_slice()
        && let [free] = group.as_slice()
        && free.is_word("free")
    {
        return Some(Price {
            in_pico: 0,
            out_pico: Some(0),
            cached_pico: Some(0),
        });
    }
    for group in &field.groups {
        let (word, rate) = match group.as_slice() {
            [word, ..] if LATER.contains(&word.text.as_str()) => {
                report.add(not_yet(&word.text, word.span));
                return None;
            }
            [word, rate] => (word, rate),
            [only] => return fields::shape(field, "model", Some(only), report),
            _ => return fields::shape(field, "model", group.get(2), report),
        };
        let slot =
            fields::choice(word, "a rate", RATES, report).and_then(|at| rates.get_mut(at))?;
        if slot.is_some() {
            report.add(
                Diagnostic::new(
                    Code::FieldTwice,
                    word.span,
                    format!("the rate `{}` stands twice", word.text),
                )
                .help("keep one of them"),
            );
        }
        *slot = Some(values::price(rate, report)?);
    }
    let [Some(in_pico), out_pico, cached_pico] = rates else {
        let found = Diagnostic::new(Code::FieldMissing, field.span, "this price has no `in`");
        report.add(found.help("write what input costs: `price in $5/M, out $30/M`"));
        return None;
    };
    Some(Price {
        in_pico,
        out_pico,
        cached_pico,
    })
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

/// Headers that the gateway and HTTP itself decide.
const GATEWAYS_OWN: &[&str] = &[
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "content-type",
    "te",
    "trailer",
    "upgrade",
    "keep-alive",
    "proxy-connection",
    "expect",
    "accept-encoding",
];

/// Headers that carry keys.
const KEYS_OWN: &[&str] = &[
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "proxy-authorization",
    "cookie",
];

/// The name of a header, lower case; faults are reported.
pub(super) fn header_name(value: &Value, report: &mut Report) -> Option<String> {
    let text = fields::text(value, "the name of a header", report)?;
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if text.is_empty() || !text.bytes().all(is_token) {
        report.add(
            Diagnostic::new(
                Code::WrongValue,
                value.span,
                format!("`\"{text}\"` is not the name of a header"),
            )
            .help("a header's name holds letters, digits and `-`: `\"x-team\"`"),
        );
        return None;
    }
    Some(text.to_ascii_lowercase())
}

fn bad_url(value: &Value, why: &str, example: &str) -> Diagnostic {
    Diagnostic::new(
        Code::BadUrl,
        value.span,
        format!("`\"{}\"` cannot be used as an address", value.text),
    )
    .label(why.to_owned())
    .help(format!("write an address such as `\"{example}\"`"))
}
