//! From the providers of a table to upstreams that can be dialled.

use std::path::PathBuf;
use std::sync::Arc;

use claw_table::policy::{Policy, Provider, Secret, Url};
use http::{HeaderName, HeaderValue};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::Refusal;
use super::files::BESIDE_BYTES_MAX;
use crate::keys::{Vault, regular_file};
use crate::upstream::names::Names;
use crate::upstream::{Credential, Paths, Tls, Upstream, tls};

/// The files beside the policy that it names, as they stand on disk: keys and roots.
pub(super) fn beside(policy: &Policy, vault: &Vault) -> Vec<PathBuf> {
    let files = policy.providers.iter().flat_map(|provider| {
        let keys = provider.keys.iter().filter_map(|key| match key {
            Secret::File(file) => Some(file),
            Secret::None | Secret::Env(_) => None,
        });
        keys.chain(&provider.ca)
    });
    let mut files: Vec<PathBuf> = files.map(|file| vault.path(file)).collect();
    files.sort();
    files.dedup();
    files
}

/// Makes upstreams. What an upstream of the table in force already has (its TLS sessions, its
/// addresses) is taken over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Upstreams<'u> {
    /// Where keys and roots are.
    pub(super) vault: &'u Vault,
    /// Where hosts are.
    pub(super) names: &'u Names,
    /// Those in force.
    pub(super) previous: &'u [Arc<Upstream>],
}

impl Upstreams<'_> {
    /// One upstream for each provider, in order.
    pub(super) fn of(&self, policy: &Policy) -> Result<Vec<Arc<Upstream>>, Refusal> {
        policy
            .providers
            .iter()
            .map(|provider| self.upstream(provider).map(Arc::new))
            .collect()
    }

    fn upstream(&self, provider: &Provider) -> Result<Upstream, Refusal> {
        // A table with a second address or key needs what this build does not enforce, so that it
        // never gets here; verification proves that there is a first.
        let (Some(url), Some(key)) = (provider.first_url(), provider.keys.first()) else {
            return Err(unusable(provider, "it has no address or no key"));
        };
        let roots = self.roots(provider)?;
        let pool_key = pool_key(url, roots.as_deref());
        let key = self.vault.key(key);
        let key = key.map_err(|why| Refusal::KeyMissing {
            provider: provider.name.clone(),
            why,
        })?;
        Ok(Upstream {
            name: provider.name.clone(),
            pool_key,
            authority: authority(provider, url)?,
            paths: Paths::of(provider.api, &url.base),
            credential: key.and_then(|key| Credential::new(provider.api, &key)),
            headers: headers(provider)?,
            tls: self.tls((provider, url), roots.as_deref(), pool_key)?,
            addresses: self.names.addresses(&url.host, url.port),
        })
    }

    fn roots(&self, provider: &Provider) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(path) = &provider.ca else {
            return Ok(None);
        };
        let read = regular_file(&self.vault.path(path), BESIDE_BYTES_MAX);
        let read = read.map_err(|why| Refusal::RootsUnreadable {
            provider: provider.name.clone(),
            path: path.clone(),
            why,
        });
        read.map(Some)
    }

    fn tls(
        &self,
        (provider, url): (&Provider, &Url),
        roots: Option<&[u8]>,
        pool_key: u64,
    ) -> Result<Option<Tls>, Refusal> {
        if !url.tls {
            return Ok(None);
        }
        let host = bare(&url.host).to_owned();
        let server_name = ServerName::try_from(host).map_err(|_| {
            unusable(
                provider,
                "its host cannot stand in a certificate; write a DNS name or an address",
            )
        })?;
        let known = self
            .previous
            .iter()
            .find(|upstream| upstream.pool_key == pool_key);
        let known = known.and_then(|upstream| upstream.tls.as_ref());
        let config: Arc<ClientConfig> = match known {
            Some(known) => Arc::clone(&known.config),
            None => tls::config(roots).map_err(|why| Refusal::RootsUnusable {
                provider: provider.name.clone(),
                path: provider.ca.clone(),
                why,
            })?,
        };
        Ok(Some(Tls {
            config,
            server_name,
        }))
    }
}

/// Scheme, host, port and roots: connections that agree in these may be shared.
fn pool_key(url: &Url, roots: Option<&[u8]>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[u8::from(url.tls), u8::from(roots.is_some())]);
    hasher.update(&url.port.to_le_bytes());
    hasher.update(&(url.host.len() as u64).to_le_bytes());
    hasher.update(url.host.as_bytes());
    hasher.update(roots.unwrap_or_default());
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    u64::from_le_bytes(first)
}

fn authority(provider: &Provider, url: &Url) -> Result<HeaderValue, Refusal> {
    let host = if bare(&url.host).contains(':') {
        format!("[{}]", bare(&url.host))
    } else {
        url.host.clone()
    };
    let default_port = if url.tls { 443 } else { 80 };
    let authority = if url.port == default_port {
        host
    } else {
        format!("{host}:{}", url.port)
    };
    HeaderValue::try_from(authority).map_err(|_| {
        unusable(
            provider,
            "its host cannot stand in a `host` header; write it in ASCII",
        )
    })
}

fn headers(provider: &Provider) -> Result<Vec<(HeaderName, HeaderValue)>, Refusal> {
    let header = |(name, value): &(String, String)| {
        let read = (HeaderName::try_from(name), HeaderValue::try_from(value));
        let (Ok(name), Ok(value)) = read else {
            // The value may be a secret that somebody wrote into a policy.
            return Err(unusable(
                provider,
                &format!("the header `{name}` has a name or value that HTTP does not allow"),
            ));
        };
        Ok((name, value))
    };
    provider.headers.iter().map(header).collect()
}

/// An address without the brackets that a URL puts around IPv6.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

fn unusable(provider: &Provider, what: &str) -> Refusal {
    Refusal::Provider {
        provider: provider.name.clone(),
        what: what.to_owned(),
    }
}
