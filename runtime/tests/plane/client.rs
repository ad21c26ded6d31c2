//! A client that keeps every byte.

use std::fmt::Write as _;

use claw_runtime::observe::record::Record;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(crate) const STREAM: &str = r#"{"model":"gpt-5.5","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi there"}]}"#;
pub(crate) const PLAIN: &str =
    r#"{"model":"gpt-5.5","messages":[{"role":"user","content":"hi there"}]}"#;

/// A request for a chat completion as bytes. `head` adds whole header lines.
pub(crate) fn chat(body: &str, head: &str) -> Vec<u8> {
    post("/v1/chat/completions", body, head)
}

/// A request to any path as bytes.
pub(crate) fn post(path: &str, body: &str, head: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\
         content-type: application/json\r\n{head}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What came back on a connection that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    /// Whether the body ended as its framing says it should.
    pub clean: bool,
}

/// Sends bytes and reads until the other side closes.
pub(crate) async fn exchange(
    mut link: impl AsyncRead + AsyncWrite + Unpin,
    request: &[u8],
) -> Answer {
    link.write_all(request).await.unwrap();
    rest(link, Vec::new()).await
}

/// Reads until the other side closes; a reset ends the reading like an end.
pub(crate) async fn rest(mut link: impl AsyncRead + Unpin, mut bytes: Vec<u8>) -> Answer {
    loop {
        match link.read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return answer(&bytes),
            Ok(_) => {}
        }
    }
}

/// Takes one answer apart.
pub(crate) fn answer(bytes: &[u8]) -> Answer {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head[9..12].parse().unwrap();
    let (body, clean) = if head.contains("transfer-encoding: chunked") {
        dechunk(&bytes[end..])
    } else {
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap_or("0").parse().unwrap();
        let body = bytes[end..].to_vec();
        let clean = body.len() == length;
        (body, clean)
    };
    Answer {
        status,
        head,
        body,
        clean,
    }
}

fn dechunk(mut bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(line) = memchr::memmem::find(bytes, b"\r\n") {
        let size = std::str::from_utf8(&bytes[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        bytes = &bytes[line + 2..];
        if size == 0 {
            return (body, bytes == b"\r\n");
        }
        body.extend_from_slice(&bytes[..size.min(bytes.len())]);
        bytes = bytes.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The data of every event.
    pub(crate) fn events(&self) -> Vec<String> {
        let text = self.text();
        let events = text
            .split("\n\n")
            .filter_map(|event| event.strip_prefix("data: "));
        events.map(str::to_owned).collect()
    }

    /// The answer's words, whether streamed or not.
    pub(crate) fn words(&self) -> String {
        let part = |json: &str, pointer: &str| -> String {
            let json: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
            let part = json.pointer(pointer).and_then(|part| part.as_str());
            part.unwrap_or_default().to_owned()
        };
        if self.header("content-type") == Some("application/json") {
            return part(&self.text(), "/choices/0/message/content");
        }
        let events = self.events();
        events
            .iter()
            .map(|event| part(event, "/choices/0/delta/content"))
            .collect()
    }

    /// How often an answer was begun.
    pub(crate) fn roles(&self) -> usize {
        memchr::memmem::find_iter(&self.body, "\"role\":\"assistant\"").count()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.text().ends_with("data: [DONE]\n\n")
    }

    /// The error in an answer or in its last event.
    pub(crate) fn error(&self) -> serde_json::Value {
        let last = self.events().pop().unwrap_or_else(|| self.text());
        let json: serde_json::Value = serde_json::from_str(&last).expect("JSON");
        json["error"].clone()
    }
}

/// The attempts of a record in one line.
pub(crate) fn attempts(record: &Record) -> String {
    let mut line = String::new();
    for attempt in &record.attempts {
        let cause = attempt.cause.as_deref().unwrap_or("served");
        let separator = if line.is_empty() { "" } else { ", " };
        write!(line, "{separator}{} {cause}", attempt.target).unwrap();
    }
    line
}
