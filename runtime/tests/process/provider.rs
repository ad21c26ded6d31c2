//! A provider of our own that answers by the model it is asked for, and can hold its streams open.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_rustls::TlsAcceptor;

/// What it does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Conduct {
    /// Streams an answer at once.
    Answer,
    /// Streams half an answer, and the rest once the number has grown since the request came.
    Hold(watch::Receiver<u64>),
    /// Says that a request has come, and nothing to whoever sent it.
    Silence(Arc<Notify>),
    /// Refuses the key and repeats it in the refusal.
    EchoKey,
}

/// Starts it; it lives as long as the runtime.
pub(crate) async fn start(conduct: Conduct, tls: Option<TlsAcceptor>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (conduct, tls) = (Arc::new(conduct), Arc::new(tls));
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let (conduct, tls) = (Arc::clone(&conduct), Arc::clone(&tls));
            tokio::spawn(async move {
                // A gateway that hangs up ends the exchange and nothing else.
                match &*tls {
                    None => serve(socket, &conduct).await,
                    Some(tls) => match tls.accept(socket).await {
                        Ok(socket) => serve(socket, &conduct).await,
                        Err(_) => None,
                    },
                }
            });
        }
    });
    address
}

async fn serve(mut io: impl AsyncRead + AsyncWrite + Unpin, conduct: &Conduct) -> Option<()> {
    let mut buffer = Vec::new();
    loop {
        let (head, body) = request(&mut io, &mut buffer).await?;
        match conduct {
            Conduct::Answer => stream(&mut io, &body, None).await?,
            Conduct::Hold(go) => stream(&mut io, &body, Some(go.clone())).await?,
            Conduct::Silence(came) => {
                came.notify_one();
                std::future::pending::<()>().await;
            }
            Conduct::EchoKey => {
                let key = head.lines().find(|line| line.starts_with("authorization"));
                let said = format!(
                    r#"{{"error":{{"message":"bad key {}"}}}}"#,
                    key.unwrap_or("none")
                );
                let head = format!(
                    "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{said}",
                    said.len()
                );
                io.write_all(head.as_bytes()).await.ok()?;
            }
        }
    }
}

async fn request(
    io: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Option<(String, String)> {
    loop {
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text[..end]
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let end = end + 4 + length.map_or(0, |length| length.parse().unwrap());
            if text.len() >= end {
                buffer.drain(..end);
                let (head, body) = text[..end].split_once("\r\n\r\n")?;
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        // The end, or a TLS handshake: no request of HTTP begins with 0x16.
        if io.read_buf(buffer).await.ok()? == 0 || buffer[0] == 0x16 {
            return None;
        }
    }
}

async fn stream(
    io: &mut (impl AsyncWrite + Unpin),
    body: &str,
    hold: Option<watch::Receiver<u64>>,
) -> Option<()> {
    let request: serde_json::Value = serde_json::from_str(body).unwrap();
    let model = request["model"].as_str().unwrap();
    let before = hold.as_ref().map_or(0, |go| *go.borrow());
    io.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    )
    .await
    .ok()?;
    chunk(io, &delta(&format!("model={model} "))).await?;
    if let Some(mut go) = hold {
        // Nobody left who could let it go on: it goes on.
        let _gone = go.wait_for(|now| *now > before).await;
    }
    chunk(io, &delta("done")).await?;
    chunk(io, r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}"#).await?;
    chunk(io, "[DONE]").await?;
    io.write_all(b"0\r\n\r\n").await.ok()?;
    io.flush().await.ok()
}

fn delta(text: &str) -> String {
    format!(
        r#"{{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}]}}"#
    )
}

async fn chunk(io: &mut (impl AsyncWrite + Unpin), data: &str) -> Option<()> {
    let event = format!("data: {data}\n\n");
    let chunk = format!("{:x}\r\n{event}\r\n", event.len());
    io.write_all(chunk.as_bytes()).await.ok()?;
    io.flush().await.ok()
}
