//! The request of a test: what it does not say is ordinary.

use claw_table::policy::Policy;
use claw_table::{Fact, Kind, SESSION_HEADERS};

use crate::diagram::ordinary;
use crate::model::{Says, Test, endpoint, path_of};
use crate::oracle::Request;
use crate::request::caller;

/// The request that a test sends.
pub(super) fn of(policy: &Policy, test: &Test) -> Request {
    let mut request = ordinary();
    if let Some(at) = &test.at {
        request.at = Some(at.clone());
    }
    let (mut has_endpoint, mut has_path) = (false, false);
    for says in &test.says {
        match says {
            Says::From(ip) => request.ip = Some(*ip),
            Says::Number(fact, number) => count(&mut request, fact, Some(*number)),
            Says::Yes(Fact::Has(can)) => request.has |= can.bit(),
            Says::Yes(Fact::CallerKey) => request.caller_key = true,
            Says::Yes(_) => request.streaming = true,
            Says::Member(pointer, member) => {
                request.body.push((pointer.clone(), member.clone()));
            }
            Says::Part(part) => request.prompt.push(part.clone()),
            Says::Absent(fact) => absent(&mut request, fact),
            Says::Text(fact, said) => {
                has_endpoint |= *fact == Fact::Endpoint;
                has_path |= *fact == Fact::Path;
                say(&mut request, fact, Some(said));
            }
        }
    }
    let path = request.path.as_deref().unwrap_or_default();
    if has_endpoint && !has_path {
        let known = request.endpoint.as_deref().and_then(path_of);
        request.path = known.map(str::to_owned).or(request.path);
    } else {
        request.endpoint = Some(endpoint(path, policy.gateway.base.as_deref()).to_owned());
    }
    if request.client.is_none() {
        request.client = caller(&policy.clients, request.ip);
    }
    if request.session.is_none() {
        request.session = session(&request.headers);
    }
    request
}

/// What a session is named by: the first header of those that do.
fn session(headers: &[(String, Vec<u8>)]) -> Option<String> {
    let named = SESSION_HEADERS.iter().find_map(|name| {
        let mut all = headers.iter();
        all.find(|(own, value)| own == name && !value.is_empty())
    });
    named.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

fn absent(request: &mut Request, fact: &Fact) {
    if fact.kind() == Kind::Number {
        count(request, fact, None);
    } else {
        say(request, fact, None);
    }
}

fn count(request: &mut Request, fact: &Fact, number: Option<u64>) {
    let slot = match fact {
        Fact::Tokens => &mut request.tokens,
        Fact::Messages => &mut request.messages,
        Fact::MaxOutput => &mut request.max_output,
        Fact::Temperature => &mut request.temperature,
        Fact::Method
        | Fact::Path
        | Fact::Host
        | Fact::Ip
        | Fact::Client
        | Fact::CallerKey
        | Fact::Endpoint
        | Fact::Header(_)
        | Fact::Query(_)
        | Fact::Model
        | Fact::Streaming
        | Fact::Has(_)
        | Fact::Body(_)
        | Fact::Session
        | Fact::Time(_)
        | Fact::Mentions(_)
        | Fact::Contains(..) => return,
    };
    *slot = number;
}

fn say(request: &mut Request, fact: &Fact, text: Option<&str>) {
    let own = text.map(str::to_owned);
    let named = |name: &String| text.map(|text| (name.clone(), text.as_bytes().to_vec()));
    match fact {
        Fact::Method => request.method = own,
        Fact::Path => request.path = own,
        Fact::Host => request.host = own,
        Fact::Client => request.client = own,
        Fact::Session => request.session = own,
        Fact::Model => request.model = own,
        Fact::Endpoint => {
            request.endpoint = own;
        }
        Fact::Header(name) => request.headers.extend(named(name)),
        Fact::Query(name) => request.query.extend(named(name)),
        Fact::Ip
        | Fact::CallerKey
        | Fact::Streaming
        | Fact::Has(_)
        | Fact::Tokens
        | Fact::Messages
        | Fact::MaxOutput
        | Fact::Temperature
        | Fact::Body(_)
        | Fact::Time(_)
        | Fact::Mentions(_)
        | Fact::Contains(..) => {}
    }
}
