//! A client that says what it sent and shows what came, byte for byte.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing in these tests takes this long; what does is stuck.
pub(crate) const STUCK: Duration = Duration::from_mins(1);

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The one value of a header; none or several is a failure.
    pub(crate) fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        let found: Vec<_> = self
            .head
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix))
            .collect();
        assert_eq!(found.len(), 1, "`{name}` in {}", self.head);
        found[0]
    }
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> Answer {
    exchange(
        address,
        &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"),
    )
    .await
}

/// A chat request for a stream.
pub(crate) async fn stream(address: SocketAddr) -> Answer {
    exchange(address, &chat(address)).await
}

pub(crate) fn chat(address: SocketAddr) -> String {
    let body = r#"{"model":"any","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) async fn exchange(address: SocketAddr, request: &str) -> Answer {
    let talk = async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        rest(&mut socket).await
    };
    timeout(STUCK, talk).await.expect("an answer that ends")
}

/// Reads an answer to the end of its connection.
pub(crate) async fn rest(socket: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A connection that is reset after its last words still said them.
    let _ended = socket.read_to_end(&mut bytes).await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}
