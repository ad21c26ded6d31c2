//! The simulated provider: as little work as it can, so that the proxies are what is measured.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::pacer::{Pacer, Rhythm};
use crate::{Failure, wire};

/// No request of this bench comes near it.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Answers whoever connects.
pub(crate) async fn serve(listener: TcpListener) -> Result<(), Failure> {
    let pacer = Pacer::start();
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let pacer = pacer.clone();
        // A proxy that hangs up is no failure of the provider.
        tokio::task::spawn_local(async move { answer(socket, pacer).await });
    }
}

async fn answer(mut socket: TcpStream, pacer: Pacer) -> Result<(), Failure> {
    let [asked, sent] = [
        wire::answer(wire::MODEL_ASKED),
        wire::answer(wire::MODEL_SENT),
    ];
    let rewritten = memchr::memmem::Finder::new(wire::MODEL_SENT);
    let streamed = memchr::memmem::Finder::new(r#""stream":true"#);
    let bursts = memchr::memmem::Finder::new(wire::BURSTS);
    let slow = memchr::memmem::Finder::new(wire::SLOW);
    let mut received = Vec::with_capacity(REQUEST_BYTES_MAX);
    loop {
        let end = loop {
            if let Some(message) = wire::message(&received) {
                let body_bytes = message.body_bytes.ok_or("a request without length")?;
                let end = message.head_bytes + body_bytes;
                if received.len() >= end {
                    break end;
                }
            }
            if received.len() > REQUEST_BYTES_MAX || socket.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        };
        let request = &received[..end];
        if streamed.find(request).is_some() {
            socket.write_all(&wire::stream_start()).await?;
            let rhythm = if bursts.find(request).is_some() {
                Rhythm::Bursts
            } else if slow.find(request).is_some() {
                Rhythm::Slow
            } else {
                Rhythm::Alone
            };
            pacer.take(socket, rhythm);
            return Ok(());
        }
        let answer = if rewritten.find(request).is_some() {
            &sent
        } else {
            &asked
        };
        socket.write_all(answer).await?;
        received.drain(..end);
    }
}
