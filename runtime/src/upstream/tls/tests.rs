//! Whom a provider's TLS trusts, shown by handshakes with a server of our own.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{NoRoots, config};

static TLS12_ALONE: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn authority(name: &str) -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority {
        issuer: Issuer::new(params, key),
        pem,
    }
}

fn leaf(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

struct Server {
    certificate: Certificate,
    key: KeyPair,
    versions: &'static [&'static SupportedProtocolVersion],
}

impl Server {
    fn signed(params: &CertificateParams, by: &Authority) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &by.issuer).unwrap();
        Self {
            certificate,
            key,
            versions: rustls::ALL_VERSIONS,
        }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = vec![self.certificate.der().clone()];
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// What a client that trusts `ca` makes of a server, when it means to speak to `llm.test`: the
/// answer, or why there is none. Whatever happens, the question must not travel in the clear.
async fn ask(ca: &Authority, server: &Server) -> Result<String, String> {
    let (client_io, server_io) = duplex(64 * 1024);
    let acceptor = server.acceptor();
    let serving = tokio::spawn(async move {
        let mut io = acceptor.accept(server_io).await?;
        let mut question = [0; 8];
        io.read_exact(&mut question).await?;
        io.write_all(b"answer").await?;
        io.shutdown().await?;
        Ok::<_, std::io::Error>(question)
    });
    let connector = TlsConnector::from(config(Some(ca.pem.as_bytes())).unwrap());
    let name = ServerName::try_from("llm.test").unwrap();
    let mut io = connector
        .connect(name, client_io)
        .await
        .map_err(|e| e.to_string())?;
    let version = io.get_ref().1.protocol_version().unwrap();
    io.write_all(b"question").await.unwrap();
    let mut answer = String::new();
    io.read_to_string(&mut answer).await.unwrap();
    assert_eq!(&serving.await.unwrap().unwrap(), b"question");
    Ok(format!("{answer} over {version:?}"))
}

#[tokio::test]
async fn a_leaf_of_the_named_root_with_the_right_name_is_trusted() {
    let ca = authority("ours");
    let mut server = Server::signed(&leaf("llm.test"), &ca);
    assert_eq!(ask(&ca, &server).await.unwrap(), "answer over TLSv1_3");
    server.versions = TLS12_ALONE;
    assert_eq!(ask(&ca, &server).await.unwrap(), "answer over TLSv1_2");
}

#[tokio::test]
async fn wrong_name_expired_early_foreign_and_self_signed_are_refused() {
    let (ca, foreign, impostor) = (authority("ours"), authority("foreign"), authority("ours"));
    let mut expired = leaf("llm.test");
    expired.not_before = date_time_ymd(2019, 1, 1);
    expired.not_after = date_time_ymd(2020, 1, 1);
    let mut early = leaf("llm.test");
    early.not_before = date_time_ymd(3000, 1, 1);
    early.not_after = date_time_ymd(3001, 1, 1);
    let own_key = KeyPair::generate().unwrap();
    let self_signed = Server {
        certificate: leaf("llm.test").self_signed(&own_key).unwrap(),
        key: own_key,
        versions: rustls::ALL_VERSIONS,
    };
    for (server, reason) in [
        (
            Server::signed(&leaf("evil.test"), &ca),
            "not valid for name",
        ),
        (Server::signed(&expired, &ca), "expired"),
        (Server::signed(&early, &ca), "not valid yet"),
        (Server::signed(&leaf("llm.test"), &foreign), "UnknownIssuer"),
        (Server::signed(&leaf("llm.test"), &impostor), "BadSignature"),
        (self_signed, "UnknownIssuer"),
    ] {
        let refused = ask(&ca, &server).await.unwrap_err();
        assert!(refused.contains(reason), "{reason}: {refused}");
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_gets_no_question_in_the_clear() {
    let ca = authority("ours");
    let (client_io, mut server_io) = duplex(64 * 1024);
    let plain = tokio::spawn(async move {
        let mut heard = vec![0; 4096];
        let n = server_io.read(&mut heard).await.unwrap();
        server_io
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        drop(server_io);
        heard.truncate(n);
        heard
    });
    let connector = TlsConnector::from(config(Some(ca.pem.as_bytes())).unwrap());
    let name = ServerName::try_from("llm.test").unwrap();
    assert!(connector.connect(name, client_io).await.is_err());
    // A TLS record of the handshake, and nothing that reads like a request.
    let heard = plain.await.unwrap();
    assert_eq!(heard[0], 0x16);
    assert!(!heard.windows(4).any(|w| w == b"HTTP" || w == b"POST"));
}

#[test]
fn a_file_that_names_no_root_is_refused_with_its_reason() {
    let said = |pem: &str| config(Some(pem.as_bytes())).unwrap_err().to_string();
    assert!(matches!(config(Some(b"")).unwrap_err(), NoRoots::Empty));
    assert!(said("no pem at all\n").contains("-----BEGIN CERTIFICATE-----"));
    assert!(
        said("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").contains("root")
    );
    assert!(said("-----BEGIN CERTIFICATE-----\nAAAA\n").contains("PEM"));
    // A key file by mistake holds no certificate, and its text is not repeated.
    let key = KeyPair::generate().unwrap().serialize_pem();
    assert!(matches!(
        config(Some(key.as_bytes())).unwrap_err(),
        NoRoots::Empty
    ));
}

#[test]
fn http_1_is_the_only_protocol_offered() {
    let ca = authority("ours");
    let config = config(Some(ca.pem.as_bytes())).unwrap();
    assert_eq!(config.alpn_protocols, [b"http/1.1"]);
}
