//! The clients of a policy, ready to be recognised.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;

use claw_table::policy::{Auth, Client, KeyHash, Policy, Prefix};
use constant_time_eq::constant_time_eq_32;

use super::credential::Credential;
use super::key;
use crate::fault::{Fault, Kind};
use crate::keys::{NoKey, Vault};
use crate::request::facts::Lends;

/// Everyone who may call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Roster {
    names: Vec<String>,
    /// Where each client with a key may call from; nothing where that is not said.
    from: Vec<Vec<Prefix>>,
    keys: HashMap<Hash, usize>,
    /// Clients that are known by their address alone, by the length of the prefix.
    addresses: BTreeMap<u8, HashMap<u128, (usize, Auth)>>,
}

/// The SHA-256 of a key. Two are compared in a time that does not tell where they differ.
#[derive(Debug, Clone, Copy, Eq)]
struct Hash([u8; 32]);

impl PartialEq for Hash {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq_32(&self.0, &other.0)
    }
}

impl std::hash::Hash for Hash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'r> {
    /// Someone on this machine, where no client is declared.
    Local,
    /// This client of the policy.
    Client(&'r str),
    /// This client, who shows a key of its own for a provider.
    Lender(&'r str),
}

impl<'r> Caller<'r> {
    /// The client's name, where there are clients.
    pub fn name(self) -> Option<&'r str> {
        match self {
            Self::Local => None,
            Self::Client(name) | Self::Lender(name) => Some(name),
        }
    }

    /// Whether the key that is shown is the caller's own for a provider, and no client's.
    pub fn lends(self) -> Lends {
        match self {
            Self::Lender(_) => Lends::Key,
            Self::Local | Self::Client(_) => Lends::Nothing,
        }
    }
}

/// Why the clients of a policy cannot be recognised.
#[derive(Debug, thiserror::Error)]
pub enum NoRoster {
    /// The hash of a key cannot be had.
    #[error("client `{client}`: {why}")]
    Key {
        /// Whose.
        client: String,
        /// Why.
        why: NoKey,
    },
    /// Two clients have one key.
    #[error("the clients `{0}` and `{1}` have the same key; give each its own")]
    OneKey(String, String),
}

impl Roster {
    /// The clients of `policy`; hashes in files are read by `vault`.
    pub fn of(policy: &Policy, vault: &Vault) -> Result<Self, NoRoster> {
        let mut roster = Self::default();
        for (number, client) in policy.clients.iter().enumerate() {
            roster.names.push(client.name.clone());
            let has_key = !client.keys.is_empty();
            roster.from.push(client.from.clone());
            for key in &client.keys {
                roster.key(number, key, vault)?;
            }
            if !has_key {
                for prefix in &client.from {
                    let same_length = roster.addresses.entry(prefix.bits).or_default();
                    same_length.insert(prefix.first, (number, client.auth));
                }
            }
        }
        Ok(roster)
    }

    fn key(&mut self, number: usize, key: &KeyHash, vault: &Vault) -> Result<(), NoRoster> {
        let name = |number: usize| self.names.get(number).cloned().unwrap_or_default();
        let hash = match key {
            KeyHash::Sha256(hash) => Ok(*hash),
            KeyHash::File(file) => vault.hash(file),
        };
        let hash = hash.map_err(|why| NoRoster::Key {
            client: name(number),
            why,
        })?;
        match self.keys.get(&Hash(hash)) {
            Some(other) if *other != number => {
                return Err(NoRoster::OneKey(name(*other), name(number)));
            }
            Some(_) | None => {}
        }
        self.keys.insert(Hash(hash), number);
        Ok(())
    }

    /// Whether the policy declares no client, so that only this machine is served.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The one client that `shown` and the address tell.
    pub fn caller(&self, shown: Credential<'_>, address: IpAddr) -> Result<Caller<'_>, Fault> {
        if self.is_empty() {
            return if address.to_canonical().is_loopback() {
                Ok(Caller::Local)
            } else {
                Err(Fault::early(Kind::NotLocal))
            };
        }
        let (number, means) = self.number(shown, claw_table::address(address))?;
        let name = self.names.get(number);
        let name = name.ok_or(Fault::early(Kind::Internal))?;
        Ok(match means {
            Auth::Caller => Caller::Lender(name),
            Auth::Known | Auth::Ignore => Caller::Client(name),
        })
    }

    /// A client, and what the key is that is shown: one of ours, nothing at all, or the caller's.
    fn number(&self, shown: Credential<'_>, address: u128) -> Result<(usize, Auth), Fault> {
        let known = match shown {
            Credential::Key(key) => self.keys.get(&Hash(key::hash(key))),
            Credential::None | Credential::Other => None,
        };
        if let Some(number) = known {
            let from = self.from.get(*number).map_or(&[][..], Vec::as_slice);
            let is_there = from.is_empty() || from.iter().any(|prefix| prefix.holds(address));
            return if is_there {
                Ok((*number, Auth::Known))
            } else {
                Err(Fault::early(Kind::KeyElsewhere))
            };
        }
        let here = self
            .at(address)
            .and_then(|(number, auth)| match (auth, shown) {
                (Auth::Known | Auth::Caller, Credential::None) => Some((number, Auth::Known)),
                (Auth::Caller, Credential::Key(_)) => Some((number, Auth::Caller)),
                (Auth::Known | Auth::Caller, Credential::Key(_) | Credential::Other) => None,
                (Auth::Ignore, _) => Some((number, Auth::Ignore)),
            });
        here.ok_or(Fault::early(Kind::UnknownKey))
    }

    /// The client with the longest prefix that holds the address.
    fn at(&self, address: u128) -> Option<(usize, Auth)> {
        let lengths = self.addresses.iter().rev();
        let mut found = lengths.filter_map(|(bits, same)| same.get(&masked(address, *bits)));
        found.next().copied()
    }
}

/// The files with hashes of keys that a policy names.
pub fn beside(policy: &Policy, vault: &Vault) -> Vec<PathBuf> {
    let keys = policy
        .clients
        .iter()
        .flat_map(|client: &Client| &client.keys);
    let files = keys.filter_map(|key| match key {
        KeyHash::File(file) => Some(vault.path(file)),
        KeyHash::Sha256(_) => None,
    });
    files.collect()
}

fn masked(address: u128, bits: u8) -> u128 {
    address & !u128::MAX.checked_shr(bits.into()).unwrap_or(0)
}
