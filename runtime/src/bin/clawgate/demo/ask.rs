//! A small client: one request, its answer shown as it comes.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) text: String,
    /// The code and sentence of an error event.
    pub(super) error: Option<(String, String)>,
    /// Whether the stream said that it is complete.
    pub(super) done: bool,
    /// Whether the connection broke before the answer's end.
    pub(super) broken: bool,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(have, _)| have == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Sends a question, as any client would, and gives each piece of text to `show`.
pub(super) async fn stream(
    gateway: SocketAddr,
    script: Option<&str>,
    question: &str,
    mut show: impl FnMut(&str),
) -> Result<Answer, String> {
    let body = serde_json::json!({
        "model": "main",
        "stream": true,
        "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": question}],
    });
    let mut request = http::Request::post("/v1/chat/completions")
        .header("host", gateway.to_string())
        .header("content-type", "application/json");
    if let Some(script) = script {
        request = request.header("x-sim", script);
    }
    let request = request
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(|error| error.to_string())?;
    let response = send(gateway, request).await?;
    let headers = response.headers().iter();
    let mut answer = Answer {
        status: response.status().as_u16(),
        headers: headers
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect(),
        ..Answer::default()
    };
    let mut body = response.into_body();
    let mut lines = Lines::default();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            answer.broken = true;
            break;
        };
        for data in lines.feed(frame.data_ref().map_or(&[], |bytes| bytes)) {
            take(&mut answer, &data, &mut show);
        }
    }
    Ok(answer)
}

/// Gets a page of the admin listener.
pub(super) async fn page(admin: SocketAddr, path: &str) -> Result<Value, String> {
    let request = http::Request::get(path)
        .header("host", admin.to_string())
        .body(Full::new(Bytes::new()))
        .map_err(|error| error.to_string())?;
    let response = send(admin, request).await?;
    let body = response.into_body().collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    serde_json::from_slice(&body).map_err(|error| format!("{path}: {error}"))
}

async fn send(
    to: SocketAddr,
    request: http::Request<Full<Bytes>>,
) -> Result<http::Response<hyper::body::Incoming>, String> {
    let unreachable = |error: &dyn std::fmt::Display| format!("{to}: {error}");
    let link = TcpStream::connect(to)
        .await
        .map_err(|error| unreachable(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(link))
        .await
        .map_err(|error| unreachable(&error))?;
    // It ends with the answer; how it ended is told by the body.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    sender
        .send_request(request)
        .await
        .map_err(|error| unreachable(&error))
}

fn take(answer: &mut Answer, data: &str, show: &mut impl FnMut(&str)) {
    if data == "[DONE]" {
        answer.done = true;
        return;
    }
    let Ok(event) = serde_json::from_str::<Value>(data) else {
        return;
    };
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    if let Some(piece) = text("/choices/0/delta/content") {
        answer.text += piece;
        show(piece);
    }
    if let Some(message) = text("/error/message") {
        let code = text("/error/code").unwrap_or_default();
        answer.error = Some((code.to_owned(), message.to_owned()));
    }
}

/// Cuts a stream into the data of its events.
#[derive(Debug, Default)]
struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(bytes);
        let mut found = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', &self.rest) {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            found.extend(line.trim_end().strip_prefix("data: ").map(str::to_owned));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn a_line_in_two_pieces_is_one() {
        let mut lines = Lines::default();
        assert!(lines.feed(b"data: on").is_empty());
        assert_eq!(lines.feed(b"e\n\ndata: two\n"), ["one", "two"]);
    }
}
