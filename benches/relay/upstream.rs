//! The simulated provider: as little work as it can, so that the proxies are what is measured.

use std::net::TcpListener;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::pacer::Pacers;
use crate::{Failure, process, wire};

/// No request of this bench comes near it.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Serves until the driver is gone. The port goes to standard output.
pub(crate) fn run() -> Result<(), Failure> {
    process::end_with_driver();
    let pacers = Pacers::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        println!("{}", listener.local_addr()?);
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            let pacers = pacers.clone();
            // A proxy that hangs up is no failure of the provider.
            tokio::spawn(async move { serve(socket, pacers).await });
        }
    })
}

async fn serve(mut socket: TcpStream, pacers: Pacers) -> Result<(), Failure> {
    let [asked, sent] = [
        wire::answer(wire::MODEL_ASKED),
        wire::answer(wire::MODEL_SENT),
    ];
    let rewritten = memchr::memmem::Finder::new(wire::MODEL_SENT);
    let streamed = memchr::memmem::Finder::new(r#""stream":true"#);
    let bursts = memchr::memmem::Finder::new(wire::BURSTS);
    let mut received = Vec::with_capacity(REQUEST_BYTES_MAX);
    loop {
        let end = loop {
            if let Some(message) = wire::message(&received) {
                let end =
                    message.head_bytes + message.body_bytes.ok_or("a request without length")?;
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
            let pacer = if bursts.find(request).is_some() {
                &pacers.bursts
            } else {
                &pacers.alone
            };
            return Ok(pacer.send(socket.into_std()?)?);
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
