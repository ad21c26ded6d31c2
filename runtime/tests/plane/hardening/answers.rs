//! What a provider answers to break a gateway, and what a client sends to reach one.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use claw_runtime::upstream::connect::{Dial, Dialling};
use claw_runtime::upstream::socket::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::GOOD;
use crate::client::{chat, exchange, post};
use crate::house::{House, Plan};

/// The ids that are held here.
pub(super) const IDS: [&str; 11] = [
    "H12", "K7", "U4", "U6", "U7", "U8", "U9", "U10", "U11", "U13", "S7",
];

/// A provider that writes these bytes and closes.
#[derive(Debug)]
struct Writes {
    bytes: Vec<u8>,
    /// Whether it reads the request before.
    first: Reads,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    All,
    Nothing,
}

impl Dial for Writes {
    fn dial(&self, _: SocketAddr) -> Dialling {
        let (near, mut far) = tokio::io::duplex(64 << 10);
        let (bytes, first) = (self.bytes.clone(), self.first);
        tokio::spawn(async move {
            let mut request = Vec::new();
            while first == Reads::All && !request.ends_with(b"]}") {
                if far.read_buf(&mut request).await.unwrap_or(0) == 0 {
                    return;
                }
            }
            let _ = far.write_all(&bytes).await;
        });
        Box::pin(async move { Ok(Wire::Other(Box::new(near))) })
    }
}

async fn house(bytes: &[u8], first: Reads) -> House {
    let mut plan = Plan::over(&["a"]);
    plan.class().retry.attempts = 1;
    plan.limits.answer_bytes_max = 256 * 1024;
    let bytes = bytes.to_vec();
    let sims = crate::house::sims(&plan).await;
    let address = vec![vec!["127.0.0.1:1".parse().unwrap()]];
    House::with(plan, sims, address, Arc::new(Writes { bytes, first }))
}

const WHOLE: &str = r#"{"id":"1","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;

fn json(lines: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{lines}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test(start_paused = true)]
async fn whatever_a_provider_answers_the_client_reads_one_sound_answer() {
    let redirect = |status: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
        )
        .into_bytes()
    };
    let echo = br#"HTTP/1.1 401 Unauthorized
content-type: application/json
content-length: 61

{"error":{"message":"Incorrect key: sk-of-the-gateway-0123"}}"#;
    let echo = String::from_utf8_lossy(echo)
        .replace('\n', "\r\n")
        .into_bytes();
    let early = "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".repeat(1_000);
    let large = format!(
        "{}{}",
        &WHOLE[..WHOLE.len() - 1],
        format_args!(",\"x\":\"{}\"}}", "x".repeat(300_000))
    );
    let deep = format!("{{\"choices\":{}", "[".repeat(100_000));
    let cases: Vec<(&str, &str, Vec<u8>, &str)> = vec![
        ("U4", "302", redirect("302"), "502 upstream_redirect"),
        ("U4", "307", redirect("307"), "502 upstream_redirect"),
        ("U7", "401 that repeats the key", echo, "503 provider_unavailable"),
        ("U8", "a broken header", json("x-a: a\rb\r\n", WHOLE), "502 upstream_malformed"),
        ("U8", "a head of 1 MiB", json(&format!("x-a: {}\r\n", "x".repeat(1 << 20)), WHOLE), "502 upstream_malformed"),
        ("U8", "cookies and advice", json("set-cookie: a=b\r\nx-should-retry: true\r\nconnection: x-b\r\nx-b: 1\r\nalt-svc: h3\r\n", WHOLE), "200"),
        ("U9", "1 000 heads before the head", [early.as_bytes(), &json("", WHOLE)].concat(), "200"),
        ("U9", "another protocol", b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_vec(), "502 upstream_malformed"),
        ("U9", "no content", b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), "502 upstream_malformed"),
        ("U9", "a page", b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>".to_vec(), "502 upstream_malformed"),
        ("U9", "compressed", json("content-encoding: gzip\r\n", WHOLE), "502 upstream_malformed"),
        ("U10", "shorter than it says", json("", WHOLE)[..200].to_vec(), "502 upstream_cut"),
        ("U10", "longer than it says", [json("", WHOLE), b"HTTP/1.1 200 OK\r\n\r\n".to_vec()].concat(), "200"),
        ("U10", "a chunk that is none", b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}".to_vec(), "502 upstream_cut"),
        ("U10", "no word at all", Vec::new(), "502 upstream_cut"),
        ("U11", "too large", json("", &large), "502 answer_too_large"),
        ("U11", "too deep", json("", &deep), "502 upstream_malformed"),
    ];
    let mut wrong = String::new();
    for (id, what, bytes, due) in cases {
        let house = house(&bytes, Reads::All).await;
        let answer = exchange(house.connect(), &chat(GOOD, "")).await;
        let code = serde_json::from_slice::<serde_json::Value>(&answer.body).ok();
        let code = code.and_then(|json| Some(format!(" {}", json["error"]["code"].as_str()?)));
        let told = format!("{}{}", answer.status, code.unwrap_or_default());
        let text = format!("{}{}", answer.head, answer.text());
        let sound = answer.clean
            && [
                "sk-of-the-gateway",
                "set-cookie",
                "alt-svc",
                "169.254",
                "x-should-retry: true",
            ]
            .iter()
            .all(|word| !text.contains(word));
        if told != due || !sound {
            writeln!(wrong, "{id} {what}: due `{due}`, told `{told}`").unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_before_the_request_was_read_is_one_answer_and_no_deadlock() {
    let house = house(&json("", WHOLE), Reads::Nothing).await;
    let body = format!(
        r#"{{"model":"m","x":"{}","messages":[]}}"#,
        "x".repeat(1 << 20)
    );
    let answer = exchange(house.connect(), &chat(&body, "")).await;
    assert!(matches!(answer.status, 200 | 502), "{}", answer.head);
    assert!(answer.clean);
}

#[tokio::test(start_paused = true)]
async fn no_request_names_where_it_goes_and_none_says_who_it_is() {
    let house = House::piped(Plan::over(&["a"])).await;
    let lies = "connection: close, authorization, x-api-key\r\nproxy-authorization: x\r\nte: trailers\r\n\
                x-tenant: other\r\nx-forwarded-for: 10.0.0.1\r\nx-forwarded-host: evil\r\nforwarded: for=10.0.0.1\r\n\
                x-real-ip: 10.0.0.1\r\nvia: 1.1 evil\r\ncookie: a=b\r\nauthorization: Bearer sk-of-the-client\r\n\
                x-api-base: http://evil\r\nx-claw-client: root\r\nx-original-url: /admin\r\nopenai-organization: org\r\n";
    let body = r#"{"model":"m","base_url":"http://evil","api_base":"http://evil","user_config":{"api_base":"http://evil","api_key":"x"},"messages":[]}"#;
    let request = String::from_utf8(post("/v1/chat/completions", body, lies)).unwrap();
    let request = request.replacen("connection: close\r\n", "", 1);
    let answer = exchange(house.connect(), request.as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = house.sims[0].requests();
    let mut heard: Vec<String> = seen[0]
        .request
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    heard.sort();
    assert_eq!(seen[0].request.target, "/v1/chat/completions");
    assert_eq!(
        heard,
        [
            "accept-encoding: identity",
            "authorization: Bearer sk-of-the-gateway-0123",
            &format!("content-length: {}", body.len() + "wire-a".len() - 1),
            "content-type: application/json",
            "host: provider.test",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn text_that_looks_like_the_end_of_a_stream_is_text() {
    let piece = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"1\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    let stream = [
        piece(r#"{"role":"assistant","content":""}"#, "null"),
        piece(r#"{"content":"a\n\ndata: [DONE]\n\n"}"#, "null"),
        piece(r#"{"content":"b"}"#, "null"),
        piece("{}", "\"stop\""),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let house = house(format!("{head}{stream}").as_bytes(), Reads::All).await;
    let asked = r#"{"model":"m","stream":true,"messages":[]}"#;
    let answer = exchange(house.connect(), &chat(asked, "")).await;
    assert_eq!(answer.text(), stream);
    assert!(answer.clean);
}
