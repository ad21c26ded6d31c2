//! Where a request really comes from: what a believed hop says in a header.
//!
//! The last address counts that is not itself a believed hop. What stands before it was written by
//! whoever sent it, and says nothing.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use claw_table::policy::{Trust, Via};
use http::{HeaderMap, HeaderName, header};

use crate::fault::{Fault, Kind};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of who sent the request that came from `peer`.
pub fn origin(peer: IpAddr, headers: &HeaderMap, trust: &[Trust]) -> Result<IpAddr, Fault> {
    let peer = peer.to_canonical();
    let Some(via) = way(peer, trust) else {
        return Ok(peer);
    };
    let unclear = || Fault::early(Kind::UnclearOrigin);
    let told = match via {
        Via::ProxyProtocol => return Ok(peer),
        Via::XForwardedFor => told(headers, &X_FORWARDED_FOR, |text| Some(text.into())),
        Via::Forwarded => told(headers, &header::FORWARDED, forwarded_for),
    };
    let told = told.ok_or_else(unclear)?;
    // A hop that says nothing has asked for itself.
    let mut origin = peer;
    for address in told.iter().rev() {
        origin = *address;
        if way(origin, trust) != Some(via) {
            break;
        }
    }
    Ok(origin)
}

/// How this hop says where its requests come from, if it is believed.
pub fn way(hop: IpAddr, trust: &[Trust]) -> Option<Via> {
    let address = claw_table::address(hop.to_canonical());
    // The longest prefix, as for clients.
    let known = trust.iter().filter(|one| one.from.holds(address));
    known.max_by_key(|one| one.from.bits).map(|one| one.via)
}

/// Every address in a header, in order; nothing if one of them is none.
fn told(
    headers: &HeaderMap,
    name: &HeaderName,
    read: impl Fn(&str) -> Option<Cow<'_, str>>,
) -> Option<Vec<IpAddr>> {
    let mut addresses = Vec::new();
    for value in headers.get_all(name) {
        for element in value.to_str().ok()?.split(',') {
            addresses.push(address(&read(element.trim())?)?);
        }
    }
    Some(addresses)
}

/// An address, with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let alone = bare.unwrap_or(text).parse();
    let found = alone.or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    found.ok().map(|address: IpAddr| address.to_canonical())
}

/// `for=…` of one element. A comma inside quotes splits an element that was never an address.
fn forwarded_for(element: &str) -> Option<Cow<'_, str>> {
    let mut found = None;
    for pair in element.split(';') {
        let (name, value) = pair.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("for") {
            continue;
        }
        let value = value.trim();
        let quoted = value
            .strip_prefix('"')
            .map(|rest| rest.strip_suffix('"').unwrap_or_default());
        if found.replace(quoted.unwrap_or(value)).is_some() {
            return None;
        }
    }
    found.map(Into::into)
}

#[cfg(test)]
mod tests {
    use claw_table::policy::{Prefix, Trust, Via};
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::origin;

    const PROXY: &str = "10.0.0.2";
    const INNER: &str = "10.0.0.3";

    fn trust(via: Via) -> Vec<Trust> {
        [PROXY, INNER]
            .map(|hop| Trust {
                from: Prefix {
                    first: claw_table::address(hop.parse().unwrap()),
                    bits: 128,
                },
                via,
            })
            .to_vec()
    }

    fn from(peer: &str, via: Via, values: &[&str]) -> Option<String> {
        let name = match via {
            Via::Forwarded => "forwarded",
            Via::XForwardedFor | Via::ProxyProtocol => "x-forwarded-for",
        };
        let mut headers = HeaderMap::new();
        for value in values {
            let name = HeaderName::from_static(name);
            headers.append(name, HeaderValue::try_from(*value).unwrap());
        }
        let found = origin(peer.parse().unwrap(), &headers, &trust(via));
        found.ok().map(|address| address.to_string())
    }

    #[test]
    fn the_last_address_counts_that_is_no_believed_hop() {
        let of = |values: &[&str]| from(PROXY, Via::XForwardedFor, values).unwrap();
        assert_eq!(of(&["203.0.113.7"]), "203.0.113.7");
        assert_eq!(of(&["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(
            of(&["198.51.100.1", "203.0.113.7, 10.0.0.3"]),
            "203.0.113.7"
        );
        assert_eq!(of(&["10.0.0.3"]), "10.0.0.3");
        assert_eq!(of(&[]), PROXY);
        assert_eq!(of(&["203.0.113.7:4711"]), "203.0.113.7");
        assert_eq!(of(&["2001:db8::1"]), "2001:db8::1");
        assert_eq!(of(&["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(of(&["::ffff:203.0.113.7"]), "203.0.113.7");
    }

    #[test]
    fn nobody_else_is_believed() {
        for via in Via::ALL {
            assert_eq!(from("10.0.0.9", via, &["203.0.113.7"]).unwrap(), "10.0.0.9");
        }
        let proxied = from(PROXY, Via::ProxyProtocol, &["203.0.113.7"]);
        assert_eq!(proxied.unwrap(), PROXY);
    }

    #[test]
    fn what_is_no_address_is_refused_and_never_guessed() {
        for text in ["unknown", "", "203.0.113", "203.0.113.7,", "a, 203.0.113.7"] {
            assert_eq!(from(PROXY, Via::XForwardedFor, &[text]), None, "{text}");
        }
        for text in [
            "for=unknown",
            "for=_hidden",
            "203.0.113.7",
            "for=\"a,b\"",
            "for=a;for=b",
            "by=x",
        ] {
            assert_eq!(from(PROXY, Via::Forwarded, &[text]), None, "{text}");
        }
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes() {
        let of = |values: &[&str]| from(PROXY, Via::Forwarded, values).unwrap();
        assert_eq!(of(&["for=203.0.113.7"]), "203.0.113.7");
        assert_eq!(
            of(&["For=\"[2001:db8::1]:4711\";proto=https"]),
            "2001:db8::1"
        );
        assert_eq!(
            of(&["for=198.51.100.1, for=203.0.113.7;by=10.0.0.2"]),
            "203.0.113.7"
        );
    }
}
