//! What a client shows of itself: at most one key, in one of the headers that SDKs use for it.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::fault::{Fault, Kind};

/// Headers that carry a key and nothing else.
static BARE: [HeaderName; 3] = [
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-goog-api-key"),
];

/// Query parameters that would carry a key into logs and histories of others.
const QUERY: [&str; 5] = ["key", "api_key", "api-key", "apikey", "access_token"];

/// What a request shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'h> {
    /// Nothing.
    None,
    /// A key.
    Key(&'h [u8]),
    /// Something that is no key: another scheme, or nothing behind it.
    Other,
}

impl std::fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Key(_) => "Key(…)",
            Self::Other => "Other",
        })
    }
}

/// Reads it. Two that differ leave open who calls, so they are refused.
pub fn credential(headers: &HeaderMap) -> Result<Credential<'_>, Fault> {
    let bearers = headers.get_all(header::AUTHORIZATION).iter().map(bearer);
    let bare = BARE.iter().flat_map(|name| headers.get_all(name));
    let bare = bare.map(|value| present(value.as_bytes()));
    let mut shown = Credential::None;
    for next in bearers.chain(bare) {
        if shown != Credential::None && shown != next {
            return Err(Fault::early(Kind::TwoKeys));
        }
        shown = next;
    }
    Ok(shown)
}

/// Refuses a key in the query: addresses are logged by everyone on the way.
pub fn check_query(query: Option<&str>) -> Result<(), Fault> {
    let names = query.unwrap_or_default().split('&');
    let mut names = names.map(|pair| pair.split_once('=').unwrap_or((pair, "")).0);
    if names.any(|name| QUERY.iter().any(|key| name.eq_ignore_ascii_case(key))) {
        return Err(Fault::early(Kind::KeyInQuery));
    }
    Ok(())
}

fn bearer(value: &HeaderValue) -> Credential<'_> {
    let bytes = value.as_bytes();
    match bytes.split_at_checked(7) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case(b"bearer ") => present(key),
        Some(_) | None => Credential::Other,
    }
}

fn present(key: &[u8]) -> Credential<'_> {
    match key.trim_ascii() {
        [] => Credential::Other,
        key => Credential::Key(key),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::{Credential, check_query, credential};
    use crate::fault::{Fault, Kind};

    fn read(pairs: &[(&str, &str)]) -> Result<String, Kind> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::try_from(*name).unwrap();
            headers.append(name, HeaderValue::try_from(*value).unwrap());
        }
        match credential(&headers) {
            Ok(Credential::None) => Ok("none".to_owned()),
            Ok(Credential::Other) => Ok("other".to_owned()),
            Ok(Credential::Key(key)) => Ok(String::from_utf8_lossy(key).into_owned()),
            Err(Fault { kind, .. }) => Err(kind),
        }
    }

    #[test]
    fn every_header_that_sdks_use_is_read() {
        let of = |pair| read(&[pair]).unwrap();
        assert_eq!(of(("authorization", "Bearer k1")), "k1");
        assert_eq!(of(("authorization", "bEARER   k1 ")), "k1");
        assert_eq!(of(("x-api-key", "k1")), "k1");
        assert_eq!(of(("api-key", "k1")), "k1");
        assert_eq!(of(("x-other", "k1")), "none");
        for empty in ["Bearer", "Bearer ", "", "Basic YTpi", "k1", "Bearerk1"] {
            assert_eq!(of(("authorization", empty)), "other", "{empty}");
        }
        assert_eq!(of(("x-api-key", "")), "other");
    }

    #[test]
    fn the_same_key_twice_is_one_and_two_keys_are_refused() {
        let bearer = ("authorization", "Bearer k1");
        assert_eq!(read(&[bearer, ("x-api-key", "k1")]).unwrap(), "k1");
        assert_eq!(read(&[bearer, bearer]).unwrap(), "k1");
        for other in [
            ("authorization", "Bearer k2"),
            ("authorization", "Basic k1"),
            ("x-api-key", "k2"),
            ("x-api-key", ""),
        ] {
            assert_eq!(read(&[bearer, other]), Err(Kind::TwoKeys), "{other:?}");
        }
    }

    #[test]
    fn a_key_in_the_query_is_refused() {
        for query in ["key=x", "a=1&API_KEY=x", "access_token", "api-key="] {
            let kind = check_query(Some(query)).unwrap_err().kind;
            assert_eq!(kind, Kind::KeyInQuery, "{query}");
        }
        for query in [None, Some(""), Some("keys=1"), Some("a=key"), Some("&&")] {
            assert!(check_query(query).is_ok(), "{query:?}");
        }
    }
}
