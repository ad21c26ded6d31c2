//! A provider as the data plane sees it: where to dial, what to say, whom to trust.

pub mod asking;
pub(crate) mod attempt;
pub(crate) mod budget;
pub(crate) mod chain;
pub mod connect;
pub(crate) mod fallback;
pub(crate) mod link;
pub mod names;
mod outbound;
mod paths;
pub(crate) mod pool;
pub mod socket;
pub mod tls;
pub(crate) mod trail;

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use claw_table::policy::Api;
use http::{HeaderName, HeaderValue, header};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::keys::Key;
pub use paths::Paths;

/// One provider, ready to be dialled. Made when a table is loaded, never on the request path.
#[derive(Debug)]
pub struct Upstream {
    /// The provider's name in the policy.
    pub name: String,
    /// Equal for two providers (of any two snapshots) whose connections may be shared: made of
    /// scheme, host, port and the roots trusted.
    pub pool_key: u64,
    /// `host` or `host:port`, for the `host` header.
    pub authority: HeaderValue,
    /// Where it answers what.
    pub paths: Paths,
    /// Its key; bound to this upstream and never copied elsewhere.
    pub credential: Option<Credential>,
    /// Headers added to every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What TLS to speak, if any. Without it the address is plain http by the policy's own word.
    pub tls: Option<Tls>,
    /// Addresses to dial, kept fresh by the background thread; empty until a name first resolves.
    pub addresses: Arc<ArcSwap<Vec<SocketAddr>>>,
}

/// The header by which a provider knows this gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Which header its protocol has for it.
    pub name: HeaderName,
    /// Its value, marked sensitive.
    pub value: HeaderValue,
}

impl Credential {
    /// A key in the place where the protocol has it; nothing if it cannot stand in a header.
    pub fn new(api: Api, key: &Key) -> Option<Self> {
        let (name, value) = match api {
            Api::OpenAi => (header::AUTHORIZATION, key.bearer()),
            Api::Anthropic => (HeaderName::from_static("x-api-key"), key.plain()),
            Api::Gemini => (HeaderName::from_static("x-goog-api-key"), key.plain()),
        };
        value.map(|value| Self { name, value })
    }

    /// The key that a caller shows, in the place where its provider has it.
    pub(crate) fn of_caller(api: Api, shown: &[u8]) -> Option<Self> {
        let (name, value) = match api {
            Api::OpenAi => (header::AUTHORIZATION, [b"Bearer ", shown].concat()),
            Api::Anthropic => (HeaderName::from_static("x-api-key"), shown.to_vec()),
            Api::Gemini => (HeaderName::from_static("x-goog-api-key"), shown.to_vec()),
        };
        let mut value = HeaderValue::from_bytes(&value).ok()?;
        value.set_sensitive(true);
        Some(Self { name, value })
    }

    /// The key alone.
    pub(crate) fn key(&self) -> &[u8] {
        let value = self.value.as_bytes();
        value.strip_prefix(b"Bearer ").unwrap_or(value)
    }
}

/// With whose key a request is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose<'h> {
    /// The gateway's own, if its provider has one.
    Ours,
    /// The caller's, and no other. It goes to no second provider, and its failures are the
    /// caller's to hear of.
    Callers(&'h [u8]),
}

impl std::fmt::Debug for Whose<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ours => "Ours",
            Self::Callers(_) => "Callers(…)",
        })
    }
}

/// How to speak TLS to one upstream.
#[derive(Clone)]
pub struct Tls {
    /// Roots, versions and provider of cryptography.
    pub config: Arc<ClientConfig>,
    /// The name the certificate must carry.
    pub server_name: ServerName<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}
