//! `gateway` and `notify`: where requests come in, who is believed, who is told.

use std::net::SocketAddr;

use claw_table::policy::{Event, Gateway, Notify, Secret, State, Trust, Via};

use super::address::net;
use super::names::Names;
use super::provider::bad_url;
use super::{client, fields, url};
use crate::codes::Code;
use crate::model::Need;
use crate::report::{Diagnostic, Report};
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

/// Where clients come to, if nothing is said.
const LISTEN: &str = "127.0.0.1:8080";
/// And the operator.
const ADMIN: &str = "127.0.0.1:9090";

/// Reads `gateway { … }`.
pub(super) fn gateway(
    it: &Statement,
    needs: &mut Vec<Need>,
    names: &mut Names,
    report: &mut Report,
) -> Gateway {
    let mut gateway = Gateway::default();
    let (mut listen, mut admin) = (None, None);
    for field in fields::read(it, vocab::GATEWAY, names, report).iter() {
        let word = field.keyword.text.as_str();
        let feature = match word {
            "trust" => Some("trust"),
            "state" => Some("state"),
            "base" => Some("base"),
            _ => None,
        };
        needs.extend(feature.map(|feature| Need {
            feature,
            span: field.keyword.span,
        }));
        match word {
            "trust" => gateway.trust = trust(field, report),
            "state" => gateway.state = state(field, report),
            "base" => gateway.base = base(field, report),
            "listen" => {
                listen = Some(field.span);
                gateway.listen = listener(field, report);
            }
            _ => {
                admin = Some(field.span);
                gateway.admin = listener(field, report);
            }
        }
    }
    if let Some(at) = admin.or(listen)
        && one_door(&gateway)
    {
        let found = Diagnostic::new(Code::BadUrl, at, "`listen` and `admin` are one address");
        let found = found.label("only one of them can be had");
        let found = match listen.filter(|listen| *listen != at) {
            Some(listen) => found.and(listen, "the other one"),
            None => found,
        };
        report.add(found.help("give one of them another port; without a line they are `\"127.0.0.1:8080\"` and `\"127.0.0.1:9090\"`"));
    }
    gateway
}

/// Whether clients and operator would be listened to at one address. Where one of them takes every
/// address of the machine, it takes the other's too.
fn one_door(gateway: &Gateway) -> bool {
    let at = |own: &Option<String>, usual: &str| -> Option<SocketAddr> {
        let own = own.as_deref().unwrap_or(usual);
        own.replace("localhost", "127.0.0.1").parse().ok()
    };
    let listen = at(&gateway.listen, LISTEN);
    let Some((listen, admin)) = listen.zip(at(&gateway.admin, ADMIN)) else {
        return false;
    };
    let is_any = listen.ip().is_unspecified() || admin.ip().is_unspecified();
    let meets = listen.ip() == admin.ip() || is_any && listen.is_ipv4() == admin.is_ipv4();
    // Any free port is another one each time.
    meets && listen.port() == admin.port() && listen.port() != 0
}

fn listener(field: &Statement, report: &mut Report) -> Option<String> {
    let value = fields::one(field, "gateway", report)?;
    let text = fields::text(value, "an address", report)?;
    if let Err(why) = url::listener(text) {
        report.add(bad_url(value, why, "127.0.0.1:8080"));
    }
    Some(text.to_owned())
}

/// Reads `trust 10.0.0.2 via proxy-protocol, 10.1.0.0/16 via x-forwarded-for`.
fn trust(field: &Statement, report: &mut Report) -> Vec<Trust> {
    let words: Vec<(&str, Via)> = Via::ALL.into_iter().map(|via| (via.word(), via)).collect();
    let mut hops: Vec<Trust> = Vec::new();
    if field.groups.is_empty() {
        fields::shape::<()>(field, "gateway", None, report);
    }
    for group in &field.groups {
        let (address, way) = match group.as_slice() {
            [address, via, way]
                if via.is_word("via") && matches!(address.kind, Kind::Ip4 | Kind::Ip6) =>
            {
                (address, way)
            }
            [address] if matches!(address.kind, Kind::Ip4 | Kind::Ip6) => {
                fields::shape::<()>(field, "gateway", Some(address), report);
                continue;
            }
            other => {
                let at = other
                    .iter()
                    .find(|value| !matches!(value.kind, Kind::Ip4 | Kind::Ip6));
                fields::shape::<()>(field, "gateway", at, report);
                continue;
            }
        };
        let what = "a way in which a hop tells an address";
        let via = fields::choice(way, what, &words, report);
        let Some((from, via)) = net(address, report).map(client::prefix).zip(via) else {
            continue;
        };
        if hops.iter().any(|hop| hop.from == from) {
            let found = Diagnostic::new(Code::FieldTwice, address.span, "this hop stands twice");
            report.add(found.help("keep one of them"));
            continue;
        }
        hops.push(Trust { from, via });
    }
    hops
}

/// Reads `state embedded "var/claw"` or `state redis env REDIS_URL`.
fn state(field: &Statement, report: &mut Report) -> Option<State> {
    let [group] = field.groups.as_slice() else {
        let at = field.groups.get(1).and_then(|group| group.first());
        return fields::shape(field, "gateway", at, report);
    };
    match group.as_slice() {
        [word, path] if word.is_word("embedded") => {
            let path = fields::text(path, "the path of a folder", report)?;
            if path.is_empty() {
                return fields::shape(field, "gateway", group.get(1), report);
            }
            Some(State::Embedded(path.to_owned()))
        }
        [word, rest @ ..] if word.is_word("redis") => secret(rest).map_or_else(
            || fields::shape(field, "gateway", rest.last().or(Some(word)), report),
            |secret| Some(State::Redis(secret)),
        ),
        other => fields::shape(field, "gateway", other.first(), report),
    }
}

/// `env NAME` or `file "path"`.
fn secret(values: &[Value]) -> Option<Secret> {
    match values {
        [word, name] if word.is_word("env") && name.kind == Kind::Word => {
            Some(Secret::Env(name.text.clone()))
        }
        [word, path]
            if word.is_word("file") && path.kind == Kind::Text && !path.text.is_empty() =>
        {
            Some(Secret::File(path.text.clone()))
        }
        _ => None,
    }
}

/// Reads `base "/v1/openai"`.
fn base(field: &Statement, report: &mut Report) -> Option<String> {
    let value = fields::one(field, "gateway", report)?;
    let text = fields::text(value, "a path", report)?;
    let mut parts = text.split('/').skip(1);
    let is_plain = text.starts_with('/')
        && text.len() > 1
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"?#%\\".contains(&b))
        && parts.all(|part| !matches!(part, "" | "." | ".."));
    if !is_plain {
        report.add(
            Diagnostic::new(
                Code::WrongValue,
                value.span,
                format!("`{}` is not the beginning of a path", fields::shown(value)),
            )
            .help("write what stands before the path of the API: `base \"/v1/openai\"`"),
        );
        return None;
    }
    Some(text.to_owned())
}

/// Reads `notify NAME { … }`; nothing if some part of it is at fault, which is then reported.
pub(super) fn notify(
    it: &Statement,
    needs: &mut Vec<Need>,
    (names, report): (&mut Names, &mut Report),
) -> Option<Notify> {
    needs.push(Need {
        feature: "notify",
        span: it.keyword.span,
    });
    let name = it.groups.iter().flatten().next()?;
    let list = fields::read(it, vocab::NOTIFY, names, report);
    let (mut webhook, mut on) = (None, 0);
    for field in list.iter() {
        if field.keyword.is_word("webhook") {
            webhook = self::webhook(field, report);
        } else {
            on = events(field, report);
        }
    }
    list.require("webhook", report);
    list.require("on", report);
    let (url, key) = webhook?;
    Some(Notify {
        name: name.text.clone(),
        webhook: url,
        key,
        on,
    })
}

/// Reads `webhook "https://…" key env NAME`.
fn webhook(field: &Statement, report: &mut Report) -> Option<(claw_table::policy::Url, Secret)> {
    let values: Vec<&Value> = field.groups.iter().flatten().collect();
    let (address, key) = match values.as_slice() {
        [address] => (*address, Secret::None),
        [address, word, rest @ ..] if word.is_word("key") => {
            let rest: Vec<Value> = rest.iter().map(|value| (*value).clone()).collect();
            let Some(key) = secret(&rest) else {
                return fields::shape(field, "notify", Some(word), report);
            };
            (*address, key)
        }
        [] => return fields::shape(field, "notify", None, report),
        [_, other, ..] => return fields::shape(field, "notify", Some(other), report),
    };
    let text = fields::text(address, "an address", report)?;
    let url = url::parse(text)
        .map_err(|why| report.add(bad_url(address, why, "https://hooks.example.com/claw")))
        .ok()?;
    if key == Secret::None {
        report.add(
            Diagnostic::new(
                Code::WebhookNoKey,
                address.span,
                "anybody who knows this address can tell it anything",
            )
            .label("nothing signs what is told here")
            .help("write `key env NAME` behind it: what the gateway tells is then signed"),
        );
    } else if !url.tls && !url::is_near(&url.host) {
        report.add(
            Diagnostic::new(
                Code::KeyInTheClear,
                address.span,
                "what is told would cross the network unencrypted",
            )
            .label(format!("plain http to `{}`", url.host))
            .help("write `https://`"),
        );
    }
    Some((url, key))
}

fn events(field: &Statement, report: &mut Report) -> u32 {
    let words: Vec<(&str, Event)> = Event::ALL.into_iter().map(|it| (it.word(), it)).collect();
    let mut on = 0;
    if field.groups.is_empty() {
        fields::shape::<()>(field, "notify", None, report);
    }
    for group in &field.groups {
        let [value] = group.as_slice() else {
            fields::shape::<()>(field, "notify", group.get(1), report);
            continue;
        };
        let found = fields::choice(value, "something that is told", &words, report);
        on |= found.map_or(0, Event::bit);
    }
    on
}
