//! The request as one provider gets it: the path of its protocol, its key, and what of the
//! client's head goes on.

use claw_table::policy::Api;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};

use crate::fault::{Fault, Kind};
use crate::upstream::attempt::{Ask, Place};
use crate::upstream::chain::Chain;
use crate::upstream::{Credential, Whose};

/// What of a client's head goes on; everything else stays here, its credentials above all.
static PASSED: [HeaderName; 7] = [
    header::ACCEPT,
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("x-client-request-id"),
    HeaderName::from_static("idempotency-key"),
    // Scripts our own simulator, request by request. To any other provider it says nothing.
    HeaderName::from_static("x-sim"),
    header::USER_AGENT,
];
const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
static OPENAI: [HeaderName; 1] = [HeaderName::from_static("openai-beta")];
static ANTHROPIC: [HeaderName; 2] = [VERSION, HeaderName::from_static("anthropic-beta")];

/// What of it goes to providers that speak this protocol.
fn passed_to(api: Api) -> &'static [HeaderName] {
    match api {
        Api::OpenAi => &OPENAI,
        Api::Anthropic => &ANTHROPIC,
        Api::Gemini => &[],
    }
}

/// The version a request gets that names none.
const ANTHROPIC_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// Where what is asked is answered.
fn uri(ask: &Ask<'_>, place: Place<'_>) -> Result<Uri, Fault> {
    let uri = match place.upstream.paths.fixed(place.step.asked) {
        Some(uri) => Ok(uri.clone()),
        None => path(ask, place).try_into(),
    };
    uri.map_err(|_| Fault::early(Kind::Internal))
}

/// The same where it has to be written. Gemini's paths name the model, and how the answer is wanted.
fn path(ask: &Ask<'_>, place: Place<'_>) -> String {
    let asked = place.step.asked;
    let path = asked.path(place.upstream.paths.base());
    if !asked.names_model() {
        return path;
    }
    let model = &place.step.model.wire;
    let model = encoded(model.strip_prefix("models/").unwrap_or(model));
    let method = if ask.streaming {
        // Without the word it is one long array.
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    };
    format!("{path}/{model}:{method}")
}

/// A name as it may stand in a path.
fn encoded(name: &str) -> String {
    use std::fmt::Write as _;
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

/// The request for the target of `place`.
pub(super) fn request(
    ask: &Ask<'_>,
    place: Place<'_>,
    body: Chain,
) -> Result<Request<Chain>, Fault> {
    let (asked, upstream) = (place.step.asked, place.upstream);
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri(ask, place)?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, upstream.authority.clone());
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    // The body is read as it passes, so it must come as it is.
    let identity = HeaderValue::from_static("identity");
    headers.insert(header::ACCEPT_ENCODING, identity);
    let api = asked.api();
    // What was said to another vendor is not for this one.
    let vendors = if ask.endpoint == asked {
        passed_to(api)
    } else {
        &[]
    };
    // A head has few lines more than there are names, and to look a name up costs more than to
    // compare it.
    for (name, value) in ask.headers {
        if PASSED.contains(name) || vendors.contains(name) {
            headers.append(name, value.clone());
        }
    }
    if api == Api::Anthropic && !headers.contains_key(VERSION) {
        headers.insert(VERSION, ANTHROPIC_VERSION);
    }
    if let Some(class) = ask.class {
        class.head(ask.headers, headers);
    }
    for (name, value) in &upstream.headers {
        headers.insert(name.clone(), value.clone());
    }
    if let Some(provider) = ask.changes.provider(place.step.target.provider) {
        provider.head(ask.headers, headers);
    }
    match ask.key {
        Whose::Ours => {
            if let Some(credential) = &upstream.credential {
                headers.insert(credential.name.clone(), credential.value.clone());
            }
        }
        Whose::Callers(key) => {
            let credential = Credential::of_caller(api, key);
            let credential = credential.ok_or(Fault::early(Kind::NoCallerKey))?;
            headers.insert(credential.name, credential.value);
        }
    }
    Ok(request)
}
