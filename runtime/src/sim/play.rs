//! Acts on a socket.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::server::TlsStream;

use super::acts::Act;
use super::http::Inbox;

/// A byte stream whose connection can be reset.
pub trait Link: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Makes the drop that follows a reset instead of a close.
    fn arm_reset(&self);
}

impl Link for TcpStream {
    fn arm_reset(&self) {
        // With a linger of zero the kernel answers a close with RST and drops what is unsent.
        let _ = socket2::SockRef::from(self).set_linger(Some(std::time::Duration::ZERO));
    }
}

impl Link for TlsStream<TcpStream> {
    fn arm_reset(&self) {
        self.get_ref().0.arm_reset();
    }
}

impl Link for DuplexStream {
    // A pipe in memory knows no reset: the other side reads an end.
    fn arm_reset(&self) {}
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything was sent.
    Whole,
    /// The script closed the connection.
    Closed,
    /// The script reset the connection.
    Reset,
    /// The client left first.
    ClientGone,
}

impl Ended {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::ClientGone => "client left",
        }
    }
}

/// Does every act, telling `sent` how many events each write completed.
pub async fn play(
    link: &mut impl Link,
    inbox: &mut Inbox,
    (acts, mut sent): (Vec<Act>, impl FnMut(usize)),
) -> Ended {
    for act in acts {
        let done = match act {
            Act::Send(bytes, events) => {
                let written = send(link, &bytes).await;
                if written.is_ok() {
                    sent(events);
                }
                written.is_ok()
            }
            Act::Wait(time) => tokio::select! {
                () = sleep(time) => true,
                () = client_leaves(link, inbox) => false,
            },
            Act::Repeat(every, bytes) => loop {
                let stays = tokio::select! {
                    () = sleep(every) => true,
                    () = client_leaves(link, inbox) => false,
                };
                if !stays || send(link, &bytes).await.is_err() {
                    break false;
                }
            },
            Act::Hang => {
                client_leaves(link, inbox).await;
                false
            }
            Act::Close => return Ended::Closed,
            Act::Reset => {
                link.arm_reset();
                return Ended::Reset;
            }
        };
        if !done {
            return Ended::ClientGone;
        }
    }
    Ended::Whole
}

async fn send(link: &mut impl Link, bytes: &[u8]) -> io::Result<()> {
    link.write_all(bytes).await?;
    link.flush().await
}

/// Returns once the client has closed its side or the connection failed.
async fn client_leaves(link: &mut impl Link, inbox: &mut Inbox) {
    while inbox.receive(link).await.is_ok_and(|bytes| bytes > 0) {}
}
