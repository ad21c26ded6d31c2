//! `client`: who may call. A caller is exactly one client, so that no two may answer to one key or
//! to one address.

use std::collections::BTreeMap;

use claw_table::ClientId;
use claw_table::policy::{Auth, Client, KeyHash, Prefix, Scope};

use super::address::net;
use super::names::Names;
use super::{ceiling, fields};
use crate::codes::Code;
use crate::model::{Need, Net};
use crate::report::{Diagnostic, Report};
use crate::span::Span;
use crate::syntax::ast::{Statement, Value};
use crate::syntax::lexer::Kind;
use crate::vocab;

/// Where what must be told apart was first seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    keys: BTreeMap<KeyHash, (String, Span)>,
    prefixes: BTreeMap<Prefix, (String, Span)>,
}

/// Reads `client NAME { … }`.
pub(super) fn client(
    (it, id): (&Statement, ClientId),
    (seen, needs, ceilings): (&mut Seen, &mut Vec<Need>, &mut Vec<ceiling::Read>),
    names: &mut Names,
    report: &mut Report,
) -> Client {
    let name = it.groups.iter().flatten().next();
    let mut out = Client {
        name: name.map(|name| name.text.clone()).unwrap_or_default(),
        keys: Vec::new(),
        from: Vec::new(),
        auth: Auth::Known,
        tags: Vec::new(),
    };
    needs.push(Need {
        feature: "clients",
        span: it.span,
    });
    let list = fields::read(it, vocab::CLIENT, names, report);
    let (mut from, mut auth, mut number) = (Vec::new(), None, 0);
    for field in list.iter() {
        match field.keyword.text.as_str() {
            "key" => keys(field, (&mut out, seen), report),
            "from" => from = ranges(field, report),
            "auth" => auth = read_auth(field, report),
            "ceiling" => {
                needs.push(ceiling::need(field.keyword.span));
                number += 1;
                let name = format!("{}/{number}", out.name);
                let of = ("client", name, Scope::Client(id));
                ceilings.extend(ceiling::inside(field, of, names, report));
            }
            _ => tags(field, &mut out, report),
        }
    }
    out.from = from.iter().map(|(prefix, _)| *prefix).collect();
    // A key that could not be read is a key all the same.
    let has_key = list.iter().any(|field| field.keyword.is_word("key"));
    let has_from = list.iter().any(|field| field.keyword.is_word("from"));
    if !has_key {
        told_apart(&out.name, &from, seen, report);
    }
    if let Some((word, span)) = auth {
        out.auth = word;
        if word == Auth::Caller {
            needs.push(Need {
                feature: "caller-keys",
                span,
            });
        }
        if has_key {
            report.add(useless_auth(span));
        }
    }
    if !has_key && !has_from && !list.may_lack("key") && it.block.is_some() {
        report.add(
            Diagnostic::new(
                Code::FieldMissing,
                it.span,
                "this client has neither `key` nor `from`",
            )
            .label("nobody could be it, or everybody")
            .help("write `key sha256 \"…\"`, `from 10.0.0.0/8`, or `from any` for everybody else"),
        );
    }
    out
}

fn keys(field: &Statement, (out, seen): (&mut Client, &mut Seen), report: &mut Report) {
    if field.groups.is_empty() {
        fields::shape::<()>(field, "client", None, report);
    }
    for group in &field.groups {
        let (key, at) = match group.as_slice() {
            [kind, hash] if kind.is_word("sha256") => (hashed(hash, report), hash),
            [kind, file, path] if kind.is_word("sha256") && file.is_word("file") => {
                let read = fields::text(path, "the path of a file", report);
                (read.map(|path| KeyHash::File(path.to_owned())), path)
            }
            [first, ..] => {
                report.add(not_hashed(first, group));
                continue;
            }
            [] => continue,
        };
        let Some(key) = key else { continue };
        let own = (out.name.clone(), at.span);
        if let Some((first, place)) = seen.keys.get(&key) {
            let message = if *first == out.name {
                "this key stands twice in this client".to_owned()
            } else {
                format!("this key is that of client `{first}`")
            };
            report.add(
                Diagnostic::new(Code::ClientTwice, at.span, message)
                    .and(*place, "the same key")
                    .help("a key is one client's; give each its own"),
            );
        } else {
            seen.keys.insert(key.clone(), own);
            out.keys.push(key);
        }
    }
}

/// 64 hexadecimal digits.
fn hashed(value: &Value, report: &mut Report) -> Option<KeyHash> {
    const HELP: &str = "write the 64 digits that `printf %s \"$KEY\" | sha256sum` prints";
    let text = fields::text(value, "a hash", report)?;
    let mut hash = [0; 32];
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    let is_hex = digits.len() == text.chars().count();
    if !is_hex || digits.len() != 64 {
        let message = if is_hex {
            format!(
                "a SHA-256 has 64 hexadecimal digits, and this has {}",
                digits.len()
            )
        } else {
            "this is not the SHA-256 of a key".to_owned()
        };
        report.add(Diagnostic::new(Code::WrongValue, value.span, message).help(HELP));
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
        let number = pair.iter().fold(0, |sum, digit| sum * 16 + digit);
        *byte = u8::try_from(number).ok()?;
    }
    Some(KeyHash::Sha256(hash))
}

/// A key that is not given as a hash.
fn not_hashed(first: &Value, group: &[Value]) -> Diagnostic {
    let at = group
        .iter()
        .skip(1)
        .fold(first.span, |at, value| at.to(value.span));
    Diagnostic::new(
        Code::WrongValue,
        at,
        "a client's key is known by its hash only",
    )
    .help("write `key sha256 \"…\"` or `key sha256 file \"path\"`: a policy is read by many")
}

fn ranges(field: &Statement, report: &mut Report) -> Vec<(Prefix, Span)> {
    let mut found = Vec::new();
    if field.groups.is_empty() {
        fields::shape::<()>(field, "client", None, report);
    }
    for group in &field.groups {
        let [value] = group.as_slice() else {
            fields::shape::<()>(field, "client", group.get(1), report);
            continue;
        };
        if value.is_word("any") {
            found.extend(ANY.map(|prefix| (prefix, value.span)));
        } else if matches!(value.kind, Kind::Ip4 | Kind::Ip6) {
            found.extend(net(value, report).map(|net| (prefix(net), value.span)));
        } else {
            fields::shape::<()>(field, "client", Some(value), report);
        }
    }
    found
}

/// Every address of IPv4, which lie where IPv6 maps them, and every other.
const ANY: [Prefix; 2] = [
    Prefix {
        first: 0xffff << 32,
        bits: 96,
    },
    Prefix { first: 0, bits: 0 },
];

/// A range as the table writes it.
pub(super) fn prefix(net: Net) -> Prefix {
    Prefix {
        first: net.first(),
        bits: net.bits(),
    }
}

/// Without a key an address decides, and the longest range that has it in it. Two of one length
/// would leave it open.
fn told_apart(name: &str, from: &[(Prefix, Span)], seen: &mut Seen, report: &mut Report) {
    for (prefix, span) in from {
        match seen.prefixes.get(prefix) {
            // `any` is two ranges in one place.
            Some((_, place)) if place == span => {}
            Some((first, place)) => {
                let message = if first == name {
                    "these addresses stand twice in this client".to_owned()
                } else {
                    format!("these addresses are those of client `{first}`")
                };
                let found = Diagnostic::new(Code::ClientTwice, *span, message);
                report.add(
                    found
                        .and(*place, "the same addresses")
                        .help("give one of them a key or another range: the longest range decides"),
                );
                return;
            }
            None => {
                seen.prefixes.insert(*prefix, (name.to_owned(), *span));
            }
        }
    }
}

fn read_auth(field: &Statement, report: &mut Report) -> Option<(Auth, Span)> {
    let value = fields::one(field, "client", report)?;
    let words = [("ignore", Auth::Ignore), ("caller", Auth::Caller)];
    let auth = fields::choice(value, "what an unknown key means", &words, report)?;
    Some((auth, field.span))
}

fn useless_auth(span: Span) -> Diagnostic {
    Diagnostic::new(Code::AuthUseless, span, "this `auth` excuses nobody")
        .label("a client with a key of its own is known by that key")
        .help("`auth` stands in a client that has `from` and no `key`")
}

fn tags(field: &Statement, out: &mut Client, report: &mut Report) {
    if field.groups.is_empty() {
        fields::shape::<()>(field, "client", None, report);
    }
    for group in &field.groups {
        match group.as_slice() {
            [tag] if tag.kind == Kind::Word => out.tags.push(tag.text.clone()),
            _ => {
                fields::shape::<()>(field, "client", group.first(), report);
            }
        }
    }
    out.tags.sort_unstable();
    out.tags.dedup();
}
