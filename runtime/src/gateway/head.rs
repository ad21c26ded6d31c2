//! What a request's head must be before anything else is looked at.

use std::net::IpAddr;

use claw_table::policy::Policy;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version, header};

use crate::clock::Dice;
use crate::dialect::Dialect;
use crate::fault::{Fault, Kind};
use crate::identity::credential::{self, Credential};
use crate::identity::roster::{Caller, Roster};
use crate::limits::Limits;
use crate::request::endpoint::{Endpoint, api};
use crate::request::path;
use crate::request::peek::Peek;

/// Where a request goes inside the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// To a provider, by the policy.
    Ask(Endpoint),
    /// The list of models that the caller may name.
    Models,
    /// One of them.
    Model,
    /// A sign of life.
    Hello,
}

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const MODELS: &str = "/models";
const HELLO: &str = "/api/hello";

/// Whether the head is short enough, its lines counted as they were sent.
pub(super) fn check_size(parts: &Parts, limits: &Limits) -> Result<(), Fault> {
    let asked = parts.uri.path().len() + parts.uri.query().map_or(0, |query| query.len() + 1);
    let first = parts.method.as_str().len() + asked + "  HTTP/1.1\r\n".len();
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    let bytes = first + parts.headers.iter().map(line).sum::<usize>() + "\r\n".len();
    if bytes > limits.head_bytes_max {
        return Err(Fault::early(Kind::HeadTooLarge));
    }
    Ok(())
}

/// Who calls, from `address`.
pub(super) fn caller<'r>(
    parts: &Parts,
    roster: &'r Roster,
    address: IpAddr,
) -> Result<Caller<'r>, Fault> {
    credential::check_query(parts.uri.query())?;
    if roster.is_empty() {
        // Whatever is sent as a key then means nothing.
        return roster.caller(Credential::None, address);
    }
    roster.caller(credential::credential(&parts.headers)?, address)
}

/// The path in its one normal form, where it has one.
pub(super) fn path(parts: &Parts) -> Option<&str> {
    path::normal(parts.uri.path())
}

/// The protocol in which a client expects to be answered, whatever else is wrong with its request.
pub(super) fn dialect(parts: &Parts, path: Option<&str>, base: Option<&str>) -> Dialect {
    let asked = Endpoint::of(api(path.unwrap_or_default(), base));
    match asked {
        Some(endpoint) => endpoint.dialect(),
        None if parts.headers.contains_key(ANTHROPIC_VERSION) => Dialect::Messages,
        None => Dialect::Chat,
    }
}

/// Where a normal path leads.
pub(super) fn route(parts: &Parts, path: &str, base: Option<&str>) -> Result<Route, Fault> {
    let api = api(path, base);
    let is_hello = path == HELLO || api == HELLO;
    match (Endpoint::of(api), &parts.method) {
        (Some(Endpoint::Responses), &Method::GET) if is_websocket(&parts.headers) => {
            Err(Fault::early(Kind::WebSocket))
        }
        (None, &Method::GET | &Method::HEAD) if is_hello => Ok(Route::Hello),
        (Some(endpoint), &Method::POST) => Ok(Route::Ask(endpoint)),
        (None, &Method::GET | &Method::HEAD) if api == MODELS => Ok(Route::Models),
        (None, &Method::GET | &Method::HEAD) if model(api).is_some() => Ok(Route::Model),
        (None, _) if api != MODELS && !is_hello => Err(Fault::early(Kind::NotFound)),
        _ => Err(Fault::early(Kind::MethodNotAllowed)),
    }
}

/// The name behind the list of models, where the API's path goes on to one of it.
pub(super) fn model(api: &str) -> Option<&str> {
    let name = api.strip_prefix(MODELS)?.strip_prefix('/')?;
    (!name.is_empty()).then_some(name)
}

/// The key that a caller shows of its own for a provider.
pub(super) fn callers_key(headers: &HeaderMap) -> Result<&[u8], Fault> {
    match credential::credential(headers)? {
        Credential::Key(key) => Ok(key),
        Credential::None | Credential::Other => Err(Fault::early(Kind::NoCallerKey)),
    }
}

/// The model that a body names.
pub(super) fn named(peek: &Peek) -> Option<&str> {
    peek.model.as_ref().map(|model| &*model.name)
}

/// Whether the client would go on in another protocol. It comes back with a POST once it is told
/// that there is none here.
fn is_websocket(headers: &HeaderMap) -> bool {
    let upgrade = headers.get(header::UPGRADE);
    upgrade.is_some_and(|to| to.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// The host the client named, lower case, without port.
pub(super) fn host(parts: &Parts) -> Result<Option<String>, Fault> {
    let bad = || Fault::early(Kind::BadHost);
    let mut values = parts.headers.get_all(header::HOST).iter();
    let (first, second) = (values.next(), values.next());
    if second.is_some() {
        return Err(bad());
    }
    let Some(value) = first else {
        // HTTP/1.0 knows no host; RFC 9112 section 3.2 wants one from everybody else.
        let old = parts.version < Version::HTTP_11;
        return if old { Ok(None) } else { Err(bad()) };
    };
    let text = value.to_str().map_err(|_| bad())?;
    let authority: http::uri::Authority = text.parse().map_err(|_| bad())?;
    let named = parts
        .uri
        .authority()
        .is_none_or(|other| *other == authority);
    if !named || text.contains('@') {
        return Err(bad());
    }
    Ok(Some(authority.host().to_ascii_lowercase()))
}

/// Whether the body is one that can be read here.
pub(super) fn check_body_headers(headers: &HeaderMap) -> Result<(), Fault> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let plain = codings
        .next()
        .is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    if !plain || codings.next().is_some() {
        return Err(Fault::early(Kind::BadFraming));
    }
    let encoding = headers.get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Fault::early(Kind::ContentEncoding));
    }
    // A page in a browser can post any other type to this machine without being asked; this one
    // it must ask for, and nobody here says yes.
    let media = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let media = media.and_then(|media| media.split(|byte| *byte == b';').next());
    match media {
        Some(media) if media.trim_ascii().eq_ignore_ascii_case(b"application/json") => Ok(()),
        Some(_) | None => Err(Fault::early(Kind::ContentType)),
    }
}

/// The client's own request id where it is a sane one, else one of ours.
pub(super) fn request_id(headers: &HeaderMap, dice: &Dice, limits: &Limits) -> String {
    let theirs = headers.get(X_REQUEST_ID).and_then(|id| id.to_str().ok());
    let sane = |id: &&str| {
        (1..=limits.request_id_bytes_max).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_graphic())
    };
    match theirs.filter(sane) {
        Some(id) => id.to_owned(),
        None => rolled(dice),
    }
}

/// Written digit by digit: formatting costs more than the rest of a head.
fn rolled(dice: &Dice) -> String {
    let mut id = String::with_capacity(36);
    id.push_str("req_");
    for byte in [dice.roll(), dice.roll()]
        .map(u64::to_be_bytes)
        .as_flattened()
    {
        let digits = [byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16));
        id.extend(digits.into_iter().flatten());
    }
    id
}

/// A name as it may stand in a log: cut at a character's end.
pub(super) fn cut(name: &str, bytes_max: usize) -> String {
    let end = (0..=bytes_max.min(name.len()))
        .rev()
        .find(|end| name.is_char_boundary(*end));
    end.and_then(|end| name.get(..end))
        .unwrap_or_default()
        .to_owned()
}

/// The name of a class's target, as logs and headers show it.
pub(super) fn label(policy: &Policy, class: claw_table::ClassId) -> Option<&str> {
    policy
        .classes
        .get(class.index())
        .map(|class| class.name.as_str())
}
