//! Upstream addresses: taken apart once, and judged for sending keys in the clear.

use std::net::IpAddr;

use claw_table::policy::Url;

/// Takes an address apart.
///
/// # Errors
/// What is wrong with it, as a phrase.
pub(crate) fn parse(text: &str) -> Result<Url, &'static str> {
    let (tls, rest) = match text.split_once("://") {
        Some(("https", rest)) => (true, rest),
        Some(("http", rest)) => (false, rest),
        Some(_) => return Err("its scheme is neither `https` nor `http`"),
        None => return Err("it does not begin with `https://` or `http://`"),
    };
    if rest.contains(['?', '#']) {
        return Err("it has a query or a fragment");
    }
    if rest
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii())
    {
        return Err("it holds a blank or a character that belongs in no address");
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if authority.contains('@') {
        return Err("it holds a user name; a key is named by `key`");
    }
    let (host, port) = split_port(authority, if tls { 443 } else { 80 })?;
    let base = path.trim_end_matches('/');
    if base.contains("//") || base.split('/').any(|part| part == "." || part == "..") {
        return Err("its path is not in its normal form");
    }
    Ok(Url {
        tls,
        host: host.to_ascii_lowercase(),
        port,
        base: base.to_owned(),
    })
}

/// Takes `host:port` apart, as a listener has it.
///
/// # Errors
/// What is wrong with it, as a phrase.
pub(super) fn listener(text: &str) -> Result<(), &'static str> {
    if text.contains("://") || text.contains('/') {
        return Err("it is not of the form `host:port`");
    }
    let (host, port) = split_port(text, 0)?;
    if port == 0 && !text.ends_with(":0") {
        return Err("it has no port");
    }
    let is_address = host == "localhost" || host.parse::<IpAddr>().is_ok();
    if is_address {
        Ok(())
    } else {
        Err("its host is neither an address nor `localhost`")
    }
}

fn split_port(authority: &str, default: u16) -> Result<(&str, u16), &'static str> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, tail) = rest.split_once(']').ok_or("its `[` is not closed")?;
        let host = host.parse::<std::net::Ipv6Addr>().map(|_| host);
        let host = host.map_err(|_| "what stands in brackets is no IPv6 address")?;
        let port = tail.strip_prefix(':');
        if port.is_none() && !tail.is_empty() {
            return Err("something stands between `]` and the port");
        }
        (host, port)
    } else {
        let (host, port) = authority
            .split_once(':')
            .map_or((authority, None), |(h, p)| (h, Some(p)));
        if port.is_some_and(|port| port.contains(':')) {
            return Err("an IPv6 address stands in brackets: `[::1]:8080`");
        }
        if !is_host(host) {
            return Err("its host is missing or malformed");
        }
        (host, port)
    };
    let Some(port) = port else {
        return Ok((host, default));
    };
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let port = port.parse().ok().filter(|_| digits);
    Ok((host, port.ok_or("its port is not a number up to 65535")?))
}

fn is_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    (1..=253).contains(&host.len()) && host.split('.').all(label)
}

/// Whether nobody between the gateway and this host could read along: this machine, or an address
/// that is not routed on the internet. A name could resolve to anything, so only `localhost` counts.
pub(crate) fn is_near(host: &str) -> bool {
    if host == "localhost" || host.ends_with(".localhost") {
        return true;
    }
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> String {
        match parse(text) {
            Ok(url) => format!("{} {} {} {:?}", url.tls, url.host, url.port, url.base),
            Err(why) => why.to_owned(),
        }
    }

    #[test]
    fn an_address_is_scheme_host_port_and_base() {
        assert_eq!(
            shape("https://api.openai.com/v1"),
            "true api.openai.com 443 \"/v1\""
        );
        assert_eq!(
            shape("http://127.0.0.1:9101/v1/"),
            "false 127.0.0.1 9101 \"/v1\""
        );
        assert_eq!(shape("http://[::1]:80"), "false ::1 80 \"\"");
        assert_eq!(
            shape("https://API.example.com"),
            "true api.example.com 443 \"\""
        );
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "api.openai.com",
            "ftp://x",
            "https://",
            "https://u:p@x",
            "https://x/?a",
            "https://x#a",
            "https://x:99999",
            "https://x:",
            "https://x:+80",
            "https://a b",
            "https://x/../y",
            "https://-x",
            "https://[::1",
            "https://::1",
            "https://[x]",
            "https://x..y",
            "https://é.example",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_listener_is_an_address_with_a_port() {
        for good in ["127.0.0.1:8080", "0.0.0.0:0", "[::1]:9090", "localhost:80"] {
            assert_eq!(listener(good), Ok(()), "{good}");
        }
        for bad in [
            "8080",
            "127.0.0.1",
            ":8080",
            "http://127.0.0.1:80",
            "example.com:80",
            "::1:80",
        ] {
            assert!(listener(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_this_machine_and_private_addresses_are_near() {
        for near in [
            "localhost",
            "127.0.0.1",
            "10.4.0.17",
            "192.168.1.1",
            "172.16.0.1",
            "::1",
            "fd00::1",
        ] {
            assert!(is_near(near), "{near}");
        }
        for far in [
            "example.com",
            "8.8.8.8",
            "172.32.0.1",
            "2001:db8::1",
            "edge.internal",
        ] {
            assert!(!is_near(far), "{far}");
        }
    }
}
