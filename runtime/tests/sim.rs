//! The simulator does what it says: every fault in its list, byte for byte, and exact usage.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests: a failure here is a failed test"
)]

use std::fmt::Write as _;
use std::time::Duration;

use claw_runtime::sim::exchange::Seen;
use claw_runtime::sim::faults::{FAULTS, Part};
use claw_runtime::sim::play::Ended;
use claw_runtime::sim::provider::{Setup, Sim};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

const STREAM: &str = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi there"}],"tools":[{"type":"function","function":{"name":"look","parameters":{"properties":{"n":{"type":"integer"}}}}}]}"#;
const PLAIN: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi there"}],"tools":[{"type":"function","function":{"name":"look","parameters":{"properties":{"n":{"type":"integer"}}}}}]}"#;

fn request(body: &str, script: &str) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: sim\r\nauthorization: Bearer sk-abcdefghijklmnop\r\n\
         x-sim: {script}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// One exchange over a pipe, time paused: what came, when, and how it ended.
async fn exchange(body: &str, script: &str) -> (String, Seen) {
    let sim = Sim::start(Setup::named("primary")).await.unwrap();
    let mut link = sim.connect();
    link.write_all(request(body, script).as_bytes())
        .await
        .unwrap();
    let began = Instant::now();
    let mut told = String::new();
    let mut bytes = Vec::new();
    let mut last = Duration::ZERO;
    let patience = Duration::from_secs(40);
    let end = loop {
        // What a whole answer leaves open is told apart from silence by what the simulator noted.
        let mut piece = Vec::new();
        let left = patience.saturating_sub(began.elapsed());
        match timeout(left, link.read_buf(&mut piece)).await {
            Err(_) => break "open",
            Ok(Ok(0) | Err(_)) => break "closed",
            Ok(Ok(_)) => {}
        }
        if began.elapsed() > last {
            told += &readable(&std::mem::take(&mut bytes));
            last = began.elapsed();
            writeln!(told, "  after {last:?}").unwrap();
        }
        bytes.append(&mut piece);
    };
    told += &readable(&bytes);
    drop(link);
    let seen = sim
        .until(|seen| seen.iter().all(|seen| seen.ended.is_some()))
        .await;
    let seen = seen.into_iter().next().unwrap();
    writeln!(
        told,
        "  -- {end}, {:?}, {} events",
        seen.ended.unwrap(),
        seen.events
    )
    .unwrap();
    (told, seen)
}

/// Bytes as lines, without what is the same in each answer.
fn readable(bytes: &[u8]) -> String {
    let text: String = bytes.escape_ascii().to_string().replace("\\\"", "\"");
    let same = "\"created\":1795255200,\"model\":\"m\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_simulated\",";
    let text = text
        .replace(same, "")
        .replace("\"object\":\"chat.completion.chunk\",", "")
        .replace("\"id\":\"chatcmpl-sim000001\",", "")
        .replace("\"index\":0,", "")
        .replace("\"logprobs\":null,", "")
        .replace(
            "\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0",
            "…",
        )
        .replace(",\"audio_tokens\":0", "");
    let text = short_runs(&text);
    let mut out = String::new();
    for line in text.split_inclusive("\\r\\n") {
        // A date moves with the clock of the machine.
        let line = if line.ends_with("GMT\\r\\n") {
            "retry-after: (a date)\\r\\n"
        } else {
            line
        };
        writeln!(out, "  {line}").unwrap();
    }
    out
}

/// Long runs of one letter, counted.
fn short_runs(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut count = 1;
        while letters.next_if_eq(&letter).is_some() {
            count += 1;
        }
        match count {
            ..20 => out.extend(std::iter::repeat_n(letter, count)),
            _ => write!(out, "{letter}×{count}").unwrap(),
        }
    }
    out
}

/// Few words make a transcript short; where the fault sets the length itself, it stays.
fn script(example: &str, part: Part) -> String {
    if matches!(part, Part::Length | Part::Kind) {
        return example.to_owned();
    }
    format!("{example}, words 6")
}

/// What each fault in the list does to a request, as it differs from an answer without a fault.
async fn every_fault(body: &str) -> String {
    let (ok, _) = exchange(body, "ok, words 6").await;
    let mut all = format!("{ok}\n");
    for fault in FAULTS.iter().skip(1) {
        let (told, _) = exchange(body, &script(fault.example, fault.part)).await;
        writeln!(
            all,
            "{}: {}\n{}",
            fault.example,
            fault.does,
            difference(&ok, &told)
        )
        .unwrap();
    }
    all
}

/// Lines of `told`; long runs at its ends that are as in `ok` are only counted.
fn difference(ok: &str, told: &str) -> String {
    let (ok, told): (Vec<&str>, Vec<&str>) = (ok.lines().collect(), told.lines().collect());
    let most = ok.len().min(told.len());
    let head = (0..most).take_while(|at| ok[*at] == told[*at]).count();
    let same_end = |at: &usize| ok[ok.len() - 1 - at] == told[told.len() - 1 - at];
    let tail = (0..most - head).take_while(same_end).count();
    let mut out = String::new();
    if head > 0 {
        writeln!(out, "  … as ok for {head} lines").unwrap();
    }
    for line in &told[head..told.len() - tail] {
        writeln!(out, "{line}").unwrap();
    }
    if tail > 0 {
        writeln!(out, "  … as the last {tail} lines of ok").unwrap();
    }
    out
}

#[tokio::test(start_paused = true)]
async fn every_listed_fault_streamed() {
    insta::assert_snapshot!(every_fault(STREAM).await);
}

#[tokio::test(start_paused = true)]
async fn every_listed_fault_plain() {
    insta::assert_snapshot!(every_fault(PLAIN).await);
}

#[tokio::test(start_paused = true)]
async fn no_two_faults_put_the_same_on_the_wire() {
    // A pipe shows a reset as a close, what a split does is the number of writes, and to continue
    // nobody is asked here.
    let told_apart_elsewhere = [
        "reset",
        "reset after 5",
        "split",
        "coalesce",
        "refuses to continue",
    ];
    let mut known: Vec<(String, &str)> = Vec::new();
    let listed = FAULTS.iter();
    for fault in listed.filter(|fault| !told_apart_elsewhere.contains(&fault.example)) {
        let stream = exchange(STREAM, &script(fault.example, fault.part)).await.0;
        let plain = exchange(PLAIN, &script(fault.example, fault.part)).await.0;
        let told = stream + &plain;
        if let Some((_, other)) = known.iter().find(|(have, _)| *have == told) {
            panic!("`{}` does the same as `{other}`", fault.example);
        }
        known.push((told, fault.example));
    }
}

#[tokio::test]
async fn a_reset_is_a_reset_and_a_cut_is_an_end() {
    let sim = Sim::start(Setup::named("primary")).await.unwrap();
    for (script, reset, events) in [
        ("reset", true, 0),
        ("reset after 2", true, 2),
        ("down", false, 0),
        ("cut after 2", false, 2),
    ] {
        let mut link = tokio::net::TcpStream::connect(sim.addr()).await.unwrap();
        link.write_all(request(STREAM, script).as_bytes())
            .await
            .unwrap();
        let mut bytes = Vec::new();
        let end = timeout(Duration::from_secs(10), link.read_to_end(&mut bytes))
            .await
            .unwrap();
        let kind = end.err().map(|error| error.kind());
        let wanted = reset.then_some(std::io::ErrorKind::ConnectionReset);
        assert_eq!(kind, wanted, "{script}");
        assert_eq!(
            String::from_utf8_lossy(&bytes).matches("data: ").count(),
            events,
            "{script}"
        );
    }
}

#[tokio::test]
async fn a_dead_provider_refuses_and_comes_back_at_its_address() {
    let sim = Sim::start(Setup::named("primary")).await.unwrap();
    let mut idle = tokio::net::TcpStream::connect(sim.addr()).await.unwrap();
    idle.write_all(request(PLAIN, "ok").as_bytes())
        .await
        .unwrap();
    idle.read_u8().await.unwrap();
    sim.down().await;
    let refused = tokio::net::TcpStream::connect(sim.addr())
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(10), idle.read_to_end(&mut rest))
        .await
        .unwrap();
    sim.up().await.unwrap();
    let mut link = tokio::net::TcpStream::connect(sim.addr()).await.unwrap();
    link.write_all(request(PLAIN, "close").as_bytes())
        .await
        .unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(10), link.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_is_noticed_in_every_wait() {
    for script in [
        "hang",
        "hang after head",
        "only comments 15s",
        "stall after 2",
        "drip 1h",
    ] {
        let sim = Sim::start(Setup::named("primary")).await.unwrap();
        let mut link = sim.connect();
        link.write_all(request(STREAM, script).as_bytes())
            .await
            .unwrap();
        sim.until(|seen| seen.len() == 1).await;
        drop(link);
        let seen = sim.until(|seen| seen[0].ended.is_some()).await;
        assert_eq!(seen[0].ended, Some(Ended::ClientGone), "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_script_decides_by_number_and_model_and_a_header_comes_first() {
    let sim = Sim::start(Setup::named("backup")).await.unwrap();
    sim.script("request 2 -> 503\nmodel \"m\" -> words 1")
        .unwrap();
    let mut link = sim.connect();
    for (script, wanted) in [
        ("primary: 402", "HTTP/1.1 200"),
        ("primary: 402", "HTTP/1.1 503"),
        ("primary: 402; backup: 429", "HTTP/1.1 429"),
        ("nonsense", "HTTP/1.1 400"),
    ] {
        link.write_all(request(PLAIN, script).as_bytes())
            .await
            .unwrap();
        let answer = answer(&mut link).await;
        assert!(answer.starts_with(wanted), "{script}: {answer}");
        assert!(
            !wanted.ends_with("400") || answer.contains("sim --list"),
            "{answer}"
        );
    }
    sim.script("request 1 -> 504").unwrap();
    link.write_all(request(PLAIN, "other: ok").as_bytes())
        .await
        .unwrap();
    assert!(
        answer(&mut link).await.starts_with("HTTP/1.1 504"),
        "numbers count from the script"
    );
    let seen = sim.requests();
    assert_eq!(
        (seen.len(), sim.connections()),
        (5, 1),
        "one connection carried all"
    );
    assert_eq!(seen[2].scripted, "primary: 402; backup: 429");
    assert_eq!(seen[0].request.body, PLAIN.as_bytes());
    assert!(sim.script("always -> nonsense").is_err());
}

/// One answer with a content-length.
async fn answer(link: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    loop {
        link.read_buf(&mut bytes).await.unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .split("content-length: ")
            .nth(1)
            .unwrap()
            .lines()
            .next()
            .unwrap();
        if body.len() >= length.parse().unwrap() {
            return text.into_owned();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn usage_counts_what_was_sent() {
    for script in [
        "words 7",
        "words 7, reasoning 3, cached 2",
        "tool calls 2",
        "refusal",
    ] {
        let (stream, seen) = exchange(STREAM, &format!("{script}, close")).await;
        // Role, finish, usage and [DONE] are no tokens; every other event is one.
        let tokens = seen.events - 4;
        assert!(
            stream.contains(&format!("\"completion_tokens\":{tokens},")),
            "{script}: {stream}"
        );
        assert!(
            stream.contains("\"prompt_tokens\":3,"),
            "two words and one message: {stream}"
        );
        let plain = exchange(PLAIN, &format!("{script}, close")).await.0;
        assert!(
            plain.contains(&format!("\"completion_tokens\":{tokens},")),
            "{script}: {plain}"
        );
    }
}

#[tokio::test]
async fn it_speaks_tls_with_the_certificate_it_is_given() {
    use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
    use std::sync::Arc;

    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&ring))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let setup = Setup {
        tls: Some(Arc::new(server)),
        ..Setup::named("primary")
    };
    let sim = Sim::start(setup).await.unwrap();
    assert!(sim.url().starts_with("https://"));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let link = tokio::net::TcpStream::connect(sim.addr()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut link = tokio_rustls::TlsConnector::from(Arc::new(client))
        .connect(name, link)
        .await
        .unwrap();
    link.write_all(request(PLAIN, "words 2").as_bytes())
        .await
        .unwrap();
    assert!(answer(&mut link).await.contains("one two"));
    // A cut under TLS is a cut: no close_notify comes.
    link.write_all(request(STREAM, "cut after 2").as_bytes())
        .await
        .unwrap();
    let mut bytes = Vec::new();
    let end = timeout(Duration::from_secs(10), link.read_to_end(&mut bytes))
        .await
        .unwrap();
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_is_refused_and_the_models_are_listed() {
    let setup = Setup {
        key: Some("sk-other".into()),
        ..Setup::named("primary")
    };
    let sim = Sim::start(setup).await.unwrap();
    let mut link = sim.connect();
    link.write_all(request(PLAIN, "ok").as_bytes())
        .await
        .unwrap();
    let refused = answer(&mut link).await;
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("invalid_api_key"));
    for (path, wanted) in [
        ("/v1/models", "\"id\":\"sim-large\""),
        ("/v1/models/sim-small", "\"id\":\"sim-small\""),
        ("/v1/models/none", "model_not_found"),
        ("/v1/elsewhere", "unknown_url"),
    ] {
        link.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes())
            .await
            .unwrap();
        assert!(answer(&mut link).await.contains(wanted), "{path}");
    }
}
