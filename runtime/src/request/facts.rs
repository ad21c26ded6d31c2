//! What a policy may ask about a request, answered only when it is asked.

use std::borrow::Cow;
use std::net::IpAddr;

use claw_table::{Can, Fact, Facts, Member, SESSION_HEADERS, Said};
use http::{HeaderMap, Method};

use crate::json::Text;
use crate::request::endpoint::{self, Endpoint};
use crate::request::peek::{Found, Peek, Pointers};
use crate::request::prompt;
use crate::request::tokens::Size;
use crate::zones::Zones;

/// One request as the walk sees it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path in its one normal form.
    pub path: &'a str,
    /// Everything behind the `?`, as sent.
    pub query: Option<&'a str>,
    /// The host the client named, lower case, without port.
    pub host: Option<&'a str>,
    /// The address the request comes from.
    pub ip: IpAddr,
    /// When its head came, in milliseconds since 1970.
    pub at_ms: u64,
    /// The time zones that the policy asks for.
    pub zones: &'a Zones,
    /// Who calls, where there are clients.
    pub client: Option<&'a str>,
    /// Whether the key that is shown is the caller's own for a provider.
    pub lends: Lends,
    /// What the path asks for.
    pub endpoint: Option<Endpoint>,
    /// The client's headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// The members that the policy asks for.
    pub pointers: &'a Pointers,
    /// What the pass over the body found.
    pub peek: &'a Peek,
    /// How many tokens of input it has.
    pub size: &'a Size<'a>,
}

/// Whether a caller brings a key of its own for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lends {
    /// It does.
    Key,
    /// It does not.
    Nothing,
}

impl Facts for Asked<'_> {
    fn texts(&self, fact: &Fact, mut each: impl FnMut(&[u8])) {
        match fact {
            Fact::Method => each(self.method.as_str().as_bytes()),
            Fact::Path => each(self.path.as_bytes()),
            Fact::Host => {
                if let Some(host) = self.host {
                    each(host.as_bytes());
                }
            }
            Fact::Endpoint => each(self.endpoint.map_or("other", Endpoint::word).as_bytes()),
            Fact::Header(name) => {
                for value in self.headers.get_all(name) {
                    each(value.as_bytes());
                }
            }
            Fact::Query(name) => {
                for value in query_values(self.query.unwrap_or_default(), name) {
                    each(&value);
                }
            }
            Fact::Model => {
                if let Some(model) = &self.peek.model {
                    each(model.name.as_bytes());
                }
            }
            Fact::Session => {
                let named = SESSION_HEADERS
                    .iter()
                    .filter_map(|name| self.headers.get(*name));
                if let Some(value) = named.into_iter().find(|value| !value.is_empty()) {
                    each(value.as_bytes());
                }
            }
            Fact::Client => {
                if let Some(client) = self.client {
                    each(client.as_bytes());
                }
            }
            Fact::Ip
            | Fact::CallerKey
            | Fact::Streaming
            | Fact::Has(_)
            | Fact::MaxOutput
            | Fact::Messages
            | Fact::Temperature
            | Fact::Body(_)
            | Fact::Mentions(_)
            | Fact::Contains(..)
            | Fact::Time(_)
            | Fact::Tokens => {}
        }
    }

    fn number(&self, fact: &Fact) -> Option<u64> {
        match fact {
            Fact::Tokens => Some(self.size.tokens()),
            Fact::MaxOutput => self.peek.output_tokens_max,
            Fact::Messages => Some(self.peek.messages.into()),
            Fact::Temperature => self.peek.temperature,
            Fact::Time(_) => self.zones.week_minute(fact, self.at_ms),
            Fact::Method
            | Fact::Path
            | Fact::Host
            | Fact::Ip
            | Fact::Client
            | Fact::CallerKey
            | Fact::Endpoint
            | Fact::Header(_)
            | Fact::Query(_)
            | Fact::Session
            | Fact::Model
            | Fact::Streaming
            | Fact::Has(_)
            | Fact::Mentions(_)
            | Fact::Contains(..)
            | Fact::Body(_) => None,
        }
    }

    fn member(&self, fact: &Fact, mut each: impl FnMut(Member<'_>)) {
        let Fact::Body(pointer) = fact else { return };
        let number = self.pointers.number(pointer);
        let found = number.and_then(|number| self.peek.found.get(number));
        match found.and_then(Option::as_ref) {
            None => {}
            Some(Found::Null) => each(Member::Null),
            Some(Found::Flag(flag)) => each(Member::Flag(*flag)),
            Some(Found::Number(rank)) => each(Member::Number(*rank)),
            Some(Found::Nested) => each(Member::Nested),
            Some(Found::Text(range, escapes)) => {
                let text = Text {
                    raw: self.body.get(range.clone()).unwrap_or_default(),
                    at: range.start,
                    escapes: *escapes,
                };
                each(Member::Text(&text.lossy()));
            }
        }
    }

    fn prompt(&self, each: impl FnMut(Said<'_>)) {
        prompt::prompt(self.body, each);
    }

    fn address(&self, fact: &Fact) -> Option<u128> {
        (*fact == Fact::Ip).then(|| claw_table::address(self.ip))
    }

    fn flag(&self, fact: &Fact) -> bool {
        if let Fact::Has(can) = fact {
            self.peek.can & Can::bit(*can) != 0
        } else if *fact == Fact::CallerKey {
            self.lends == Lends::Key
        } else {
            *fact == Fact::Streaming && self.peek.stream
        }
    }
}

/// What a path asks for below this base, in the language's words.
pub fn endpoint(path: &str, base: Option<&str>) -> &'static str {
    Endpoint::of(endpoint::api(path, base)).map_or("other", Endpoint::word)
}

/// Every value of one query parameter, decoded. A parameter without `=` has an empty value.
fn query_values<'q>(query: &'q str, name: &str) -> impl Iterator<Item = Cow<'q, [u8]>> {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let named = !pair.is_empty() && *decoded(key) == *name.as_bytes();
        named.then(|| decoded(value))
    })
}

fn decoded(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (byte, _) => bytes.push(*byte),
        }
    }
    Cow::Owned(bytes)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::query_values;

    fn values(query: &str, name: &str) -> Vec<String> {
        let values = query_values(query, name);
        values
            .map(|value| String::from_utf8_lossy(&value).into_owned())
            .collect()
    }

    #[test]
    fn a_query_parameter_gives_every_value_decoded() {
        assert_eq!(values("a=1&b=2&a=x%20y+z", "a"), ["1", "x y z"]);
        assert_eq!(values("a&b=", "a"), [""]);
        assert_eq!(values("a%62=1", "ab"), ["1"]);
        assert_eq!(values("a=%zz&&", "a"), ["%zz"]);
        assert_eq!(values("", ""), Vec::<String>::new());
    }
}
