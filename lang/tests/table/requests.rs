//! Random requests, close to what models ask: their literals, and one byte more or less.

use std::net::IpAddr;

use claw_lang::model::{Member, shown};
use claw_lang::moment::Moment;
use claw_lang::oracle::Request;
use claw_table::{Can, Fact, Kind};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::select;

use super::models::{self, NETS, NUMBERS, PATHS, TEXTS, facts};

/// A text of the models, or a neighbour of one.
fn text() -> impl Strategy<Value = String> {
    (select(&TEXTS[..]), select(&TEXTS[..]), 0..8u8).prop_map(|(text, other, how)| {
        let mut near = text.to_owned();
        match how {
            0 => near.push('x'),
            1 => near.insert(0, 'x'),
            2 => drop(near.pop()),
            3 if !near.is_empty() => drop(near.remove(0)),
            4 => near.push_str(other),
            _ => {}
        }
        near
    })
}

/// Header values need not be text.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    (text(), 0..16u8).prop_map(|(text, how)| {
        let mut bytes = text.into_bytes();
        if how == 0 {
            bytes.push(0xff);
        }
        bytes
    })
}

fn number() -> impl Strategy<Value = u64> {
    (select(&NUMBERS[..]), 0..4u8).prop_map(|(number, how)| match how {
        0 => number.saturating_sub(1),
        1 => number.saturating_add(1),
        _ => number,
    })
}

/// The first address of a range of the models, or the one before or after it.
fn address() -> impl Strategy<Value = IpAddr> {
    (select(&NETS[..]), any::<u32>(), 0..4u8).prop_map(|(net, inside, how)| {
        let (ip, _) = net.split_once('/').unwrap_or((net, ""));
        let first = claw_table::address(ip.parse().expect("an address"));
        shown(match how {
            0 => first.wrapping_sub(1),
            1 => first.wrapping_add(1),
            2 => first ^ u128::from(inside),
            _ => first,
        })
    })
}

/// An address, and who calls from there, or with a key.
fn caller() -> impl Strategy<Value = (IpAddr, &'static str)> {
    (address(), 0..4u8).prop_map(|(ip, how)| match how {
        0 => (ip, "cy"),
        _ => (ip, models::caller(ip)),
    })
}

/// Members at the pointers of the models, as one body can have them.
fn members() -> impl Strategy<Value = Vec<(String, Member)>> {
    let member = || {
        proptest::prop_oneof![
            Just(Member::Null),
            any::<bool>().prop_map(Member::Flag),
            number().prop_map(Member::Number),
            text().prop_map(Member::Text),
            Just(Member::Nested),
        ]
    };
    let each = || weighted(0.8, member());
    (each(), each(), each()).prop_map(|(a, a_b, ab)| {
        let outer = if a_b.is_some() {
            Some(Member::Nested)
        } else {
            a
        };
        let all = [("/a", outer), ("/a/b", a_b), ("/ab", ab)];
        let there = all
            .into_iter()
            .filter_map(|(at, member)| Some((at.to_owned(), member?)));
        there.collect()
    })
}

/// A path, and what it asks for.
fn path() -> impl Strategy<Value = (String, String)> {
    let known = select(&PATHS[..]).prop_map(|(path, word)| (path.to_owned(), word.to_owned()));
    proptest::prop_oneof![known, text().prop_map(|path| (path, "other".to_owned()))]
}

fn named(names: &'static [&'static str]) -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    vec((select(names).prop_map(str::to_owned), bytes()), 0..4)
}

/// A minute of some weeks in which clocks change, and of one in which they do not.
fn moment() -> impl Strategy<Value = Moment> {
    let weeks = select(vec![
        "2026-03-02 00:00",
        "2026-03-25 00:00",
        "2026-10-21 00:00",
        "2026-10-28 00:00",
        "2026-07-01 00:00",
    ]);
    (weeks, 0..7 * 24 * 60i64, any::<bool>()).prop_map(|(from, minute, is_full)| {
        let minute = if is_full { minute / 60 * 60 } else { minute };
        let from = Moment::read(from).expect("a moment");
        Moment {
            minute: from.minute + minute,
            ..from
        }
    })
}

pub(crate) fn request() -> impl Strategy<Value = Request> {
    let single = || weighted(0.85, text());
    // What every request has is absent from none.
    let texts = (
        text().prop_map(Some),
        path(),
        single(),
        (single(), caller()),
    );
    let lists = (named(&["x-a", "x-b", "x-c"]), named(&["q", "r"]));
    let body = (
        any::<bool>(),
        0..1u16 << Can::ASKED.len(),
        weighted(0.85, number()),
    );
    let numbers = (
        weighted(0.8, number()),
        number().prop_map(Some),
        weighted(0.8, number()),
    );
    let prompt = vec((text(), any::<bool>()), 0..4).prop_map(|parts| {
        let parts = parts.into_iter();
        let shout = |(part, loud): (String, bool)| if loud { part.to_uppercase() } else { part };
        parts.map(shout).collect::<Vec<_>>()
    });
    let body = (body, (numbers, members(), (single(), prompt, moment())));
    (texts, lists, body).prop_map(
        |(
            (method, (path, endpoint), host, (model, (ip, client))),
            (headers, query),
            ((streaming, has, tokens), said),
        )| {
            let ((max_output, messages, temperature), body, (session, prompt, at)) = said;
            Request {
                method,
                path: Some(path),
                host,
                endpoint: Some(endpoint),
                headers,
                query,
                ip: Some(ip),
                client: Some(client.to_owned()),
                caller_key: client == "ann" && streaming,
                model,
                streaming,
                has,
                tokens,
                max_output,
                messages,
                temperature,
                body,
                prompt,
                session,
                at: Some(at),
            }
        },
    )
}

/// A request with up to three of the values of the crowded header.
pub(crate) fn crowded() -> impl Strategy<Value = Request> {
    let value = (0..12u8, 0..8u8).prop_map(|(value, how)| {
        let tail = if how == 0 { "x" } else { "" };
        ("x-a".to_owned(), format!("v{value}{tail}").into_bytes())
    });
    (request(), vec(value, 0..4)).prop_map(|(request, headers)| Request { headers, ..request })
}

/// Puts what `other` says of one fact into `request`.
pub(crate) fn graft(request: &mut Request, other: &Request, which: usize) {
    let facts = facts();
    let fact = &facts[which % facts.len()];
    match fact {
        Fact::Method => request.method.clone_from(&other.method),
        Fact::Path | Fact::Endpoint => {
            request.path.clone_from(&other.path);
            request.endpoint.clone_from(&other.endpoint);
        }
        Fact::Host => request.host.clone_from(&other.host),
        Fact::Ip | Fact::Client => {
            request.ip = other.ip;
            request.client.clone_from(&other.client);
        }
        Fact::Model => request.model.clone_from(&other.model),
        Fact::Header(_) => request.headers.clone_from(&other.headers),
        Fact::Query(_) => request.query.clone_from(&other.query),
        Fact::Tokens => request.tokens = other.tokens,
        Fact::MaxOutput => request.max_output = other.max_output,
        Fact::Messages => request.messages = other.messages,
        Fact::Temperature => request.temperature = other.temperature,
        Fact::Body(_) => request.body.clone_from(&other.body),
        // No policy asks it.
        Fact::Contains(_) => {}
        Fact::Mentions(_) => request.prompt.clone_from(&other.prompt),
        Fact::Session => request.session.clone_from(&other.session),
        Fact::Time(_) => request.at.clone_from(&other.at),
        Fact::Streaming => request.streaming = other.streaming,
        Fact::CallerKey => request.caller_key = !request.caller_key,
        Fact::Has(can) => request.has ^= can.bit(),
    }
}

/// Whether the request has two different values of a fact.
pub(crate) fn repeats(request: &Request, fact: &Fact) -> bool {
    let values: Vec<&[u8]> = request.values(fact).collect();
    fact.kind() == Kind::Text && values.iter().any(|value| *value != values[0])
}
