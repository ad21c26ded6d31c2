//! The gateway itself: where it listens, whom it believes, where it keeps what it counts.

use super::client::Prefix;
use super::provider::{Secret, Url};

/// Settings of the gateway. Read at start only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gateway {
    /// `host:port` of the data plane.
    pub listen: Option<String>,
    /// `host:port` of the admin listener.
    pub admin: Option<String>,
    /// Who may say where a request really comes from, in text order.
    pub trust: Vec<Trust>,
    /// Where it keeps what must outlive it.
    pub state: Option<State>,
    /// What stands before the path of every API, without a slash at its end: `/v1/openai`.
    pub base: Option<String>,
}

/// A hop that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// Its addresses.
    pub from: Prefix,
    /// How it says where a request comes from.
    pub via: Via,
}

/// How a hop says where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// The PROXY protocol, before the first byte.
    ProxyProtocol,
    /// The header `x-forwarded-for`: its last address that is not a trusted hop.
    XForwardedFor,
    /// The header `forwarded`, the same.
    Forwarded,
}

impl Via {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::ProxyProtocol, Self::XForwardedFor, Self::Forwarded];

    /// The language's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::ProxyProtocol => "proxy-protocol",
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Where a gateway keeps what must outlive it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// In a folder of its own.
    Embedded(String),
    /// In a Redis that several gateways share.
    Redis(Secret),
}

/// Who is told of what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notify {
    /// Its name in the policy.
    pub name: String,
    /// Where it is told.
    pub webhook: Url,
    /// What signs what is told; [`Secret::None`] if nothing does.
    pub key: Secret,
    /// What is told, as bits of [`Event`].
    pub on: u32,
}

/// Something that is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Event {
    /// A request was served by another target than the first.
    Failover,
    /// A ceiling moved, warned of, or refused a request.
    Ceiling,
    /// An address was ejected, or came back.
    Eject,
    /// A policy was not taken.
    ReloadFailed,
}

impl Event {
    /// Every event, in the order of their numbers.
    pub const ALL: [Self; 4] = [
        Self::Failover,
        Self::Ceiling,
        Self::Eject,
        Self::ReloadFailed,
    ];

    /// The language's word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failover => "failover",
            Self::Ceiling => "ceiling",
            Self::Eject => "eject",
            Self::ReloadFailed => "reload-failed",
        }
    }

    /// The bit that stands for it in [`Notify::on`].
    pub fn bit(self) -> u32 {
        1 << (self as u8)
    }
}
