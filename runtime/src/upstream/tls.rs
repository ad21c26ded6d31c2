//! TLS towards providers: whom to trust, and nothing weaker than TLS 1.2.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

/// Why no TLS can be spoken.
#[derive(Debug, thiserror::Error)]
pub enum NoRoots {
    /// The platform has none.
    #[error("the platform's roots cannot be read ({0}); install them or write `ca \"file.pem\"`")]
    Platform(rustls::Error),
    /// The file is not PEM.
    #[error("it is not a PEM file ({0})")]
    NotPem(rustls::pki_types::pem::Error),
    /// The file holds no certificate.
    #[error("it holds no certificate; a root begins with `-----BEGIN CERTIFICATE-----`")]
    Empty,
    /// A certificate in the file cannot be a root.
    #[error("a certificate in it cannot be used as a root ({0})")]
    Root(rustls::Error),
    /// The library was built without what we ask of it.
    #[error("no TLS 1.2 or 1.3 in this build ({0})")]
    Versions(rustls::Error),
}

/// How to speak TLS to a provider: its own roots alone where it names some, else the platform's.
pub fn config(ca_pem: Option<&[u8]>) -> Result<Arc<ClientConfig>, NoRoots> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(NoRoots::Versions)?;
    let trusting = match ca_pem {
        Some(pem) => builder.with_root_certificates(roots(pem)?),
        None => builder
            .with_platform_verifier()
            .map_err(NoRoots::Platform)?,
    };
    let mut config = trusting.with_no_client_auth();
    // One connection per live stream; HTTP/2 is not offered, so it cannot be chosen.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn roots(pem: &[u8]) -> Result<RootCertStore, NoRoots> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        store
            .add(certificate.map_err(NoRoots::NotPem)?)
            .map_err(NoRoots::Root)?;
    }
    if store.is_empty() {
        return Err(NoRoots::Empty);
    }
    Ok(store)
}

#[cfg(test)]
mod tests;
