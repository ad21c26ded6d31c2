//! https towards a provider, from the policy's `ca` to the answer a client gets.

use std::fs;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::Value;
use tokio_rustls::TlsAcceptor;

use crate::ask;
use crate::command::Gateway;
use crate::house::{BY_EVENTS, House, policy};
use crate::provider::{self, Conduct};

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority {
        issuer: Issuer::new(params, key),
        pem,
    }
}

fn acceptor(by: &Authority, params: &CertificateParams) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &by.issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn leaf(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

/// What a client gets through a gateway that dials `https://HOST` and trusts `ca` alone, and the
/// cause in the log.
async fn through(ca: &Authority, tls: Option<TlsAcceptor>, host: &str) -> (u16, String, Value) {
    let address = provider::start(Conduct::Answer, tls).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), &ca.pem).unwrap();
    let url = format!("https://{host}:{}/v1", address.port());
    let text = policy(&url, "m", "key env CANARY_KEY; ca \"ca.pem\"");
    // One try: a certificate does not get better.
    let text = text.replace(
        "class work {",
        "retry once { on 500..599; attempts 1 }\nclass work {",
    );
    let text = text.replace("up/m }", "up/m; retry once }");
    fs::write(folder.path().join("p.claw"), text).unwrap();
    let path = folder.path().to_owned();
    let house = House::of(folder, path, BY_EVENTS).unwrap();
    let answer = ask::stream(house.listen()).await;
    let (log, _) = house.end();
    let record: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    (
        answer.status,
        answer.body,
        record["attempts"][0]["cause"].clone(),
    )
}

#[tokio::test]
async fn a_provider_with_the_named_root_is_served_by_address_and_by_name() {
    let ca = authority();
    for host in ["127.0.0.1", "localhost"] {
        let tls = acceptor(&ca, &leaf(host));
        let (status, body, cause) = through(&ca, Some(tls), host).await;
        assert_eq!((status, cause), (200, Value::Null), "{host}: {body}");
        assert!(body.contains("data: [DONE]"));
    }
}

#[tokio::test]
async fn a_provider_that_cannot_prove_itself_is_no_connection() {
    let (ca, foreign) = (authority(), authority());
    let mut expired = leaf("127.0.0.1");
    expired.not_before = date_time_ymd(2019, 1, 1);
    expired.not_after = date_time_ymd(2020, 1, 1);
    for (case, tls) in [
        ("wrong name", Some(acceptor(&ca, &leaf("localhost")))),
        ("expired", Some(acceptor(&ca, &expired))),
        ("untrusted", Some(acceptor(&foreign, &leaf("127.0.0.1")))),
        ("no tls", None),
    ] {
        let (status, body, cause) = through(&ca, tls, "127.0.0.1").await;
        assert_eq!((status, &cause), (502, &"connect".into()), "{case}: {body}");
        assert!(!body.contains("canary"));
    }
}

/// The platform's roots are what `SSL_CERT_FILE` says, as for every program on it.
#[tokio::test]
async fn the_platforms_roots_are_trusted_unless_the_policy_names_its_own() {
    let (platform, other) = (authority(), authority());
    let tls = acceptor(&platform, &leaf("127.0.0.1"));
    let address = provider::start(Conduct::Answer, Some(tls)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let roots = file("platform.pem", &platform.pem);
    file("other.pem", &other.pem);
    for (key, status) in [("key none", 200), ("key none; ca \"other.pem\"", 502)] {
        let url = format!("https://{address}/v1");
        let text = policy(&url, "m", key).replace("up/m }", "up/m; retry once }");
        let text = format!("{text}retry once {{ on 500..599; attempts 1 }}\n");
        file("p.claw", &text);
        let gateway = Gateway::start(
            folder.path(),
            &["--drain-delay", "0"],
            &[("SSL_CERT_FILE", roots.as_path())],
        );
        let answer = ask::stream(gateway.listen).await;
        assert_eq!(answer.status, status, "{key}: {answer:?}");
        gateway.signal("-TERM");
        assert_eq!(gateway.end().0, Some(0));
    }
}
