//! One HTTP/1.1 connection to a provider, driven by whoever uses it.
//!
//! There is no task and no channel between the two connections of a stream: the body that the
//! client's connection polls drives the provider's connection itself, and dropping it closes the
//! provider's socket at once.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;

use crate::limits::Limits;
use crate::upstream::chain::Chain;
use crate::upstream::socket::Wire;
use crate::wake::hushed;

/// A connection that can carry one request at a time.
pub(crate) struct Link {
    sender: SendRequest<Chain>,
    connection: Pin<Box<Connection<TokioIo<Wire>, Chain>>>,
    closed: bool,
}

impl Link {
    /// Speaks HTTP/1.1 over `wire`. Nothing is written yet.
    pub(crate) async fn over(wire: Wire, limits: &Limits) -> Result<Self, hyper::Error> {
        let (sender, connection) = Builder::new()
            .max_buf_size(limits.buffer_bytes_max)
            .max_headers(limits.headers_max)
            .handshake(TokioIo::new(wire))
            .await?;
        Ok(Self {
            sender,
            connection: Box::pin(connection),
            closed: false,
        })
    }

    /// Lets the connection read and write what it can.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.closed && self.connection.as_mut().poll(cx).is_ready() {
            self.closed = true;
        }
    }

    /// Whether the next request could be sent. Nobody is woken.
    pub(crate) fn is_ready(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.closed && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of its answer. The request is handed on before
    /// anything is awaited, so it is no part of what waits.
    pub(crate) fn send(
        &mut self,
        request: Request<Chain>,
    ) -> impl Future<Output = Result<Response<Incoming>, Unanswered>> {
        let reply = self.sender.try_send_request(request);
        let connection = &mut self.connection;
        let closed = &mut self.closed;
        async move {
            let mut reply = std::pin::pin!(reply);
            std::future::poll_fn(|cx| {
                if !*closed && connection.as_mut().poll(cx).is_ready() {
                    *closed = true;
                }
                // Only the connection can bring the reply, and it was just polled.
                reply.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            })
            .await
            .map_err(unanswered)
        }
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

fn unanswered(mut error: TrySendError<Request<Chain>>) -> Unanswered {
    match error.take_message() {
        Some(request) => Unanswered::Unsent(Box::new(request)),
        None if error.error().is_parse() || error.error().is_parse_too_large() => {
            Unanswered::Malformed
        }
        None => Unanswered::Cut,
    }
}

/// Why no head came.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// The connection was dead before a byte was written; here is the request again.
    Unsent(Box<Request<Chain>>),
    /// The connection ended first.
    Cut,
    /// What came is not HTTP.
    Malformed,
}

/// The body of an answer together with the connection that feeds it.
#[derive(Debug)]
pub(crate) struct Flow {
    incoming: Incoming,
    /// Taken once the body has ended.
    link: Option<Link>,
}

/// How the body of an answer broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

impl Flow {
    /// The body of the answer that came over `link`.
    pub(crate) fn new(incoming: Incoming, link: Link) -> Self {
        Self {
            incoming,
            link: Some(link),
        }
    }

    /// The next bytes; nothing at the proper end. Trailers are dropped.
    pub(crate) fn poll_bytes(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        loop {
            let frame = match self.poll_queued() {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    if let Some(link) = &mut self.link {
                        link.drive(cx);
                    }
                    std::task::ready!(self.poll_queued())
                }
            };
            match frame {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(Broken))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => return Poll::Ready(Some(Ok(bytes))),
                    Err(_trailers) => {}
                },
            }
        }
    }

    /// What the connection has already read. Only `drive` can add to it, and that registers the
    /// task, so this needs no waker; and who takes something drives on before he waits, so the
    /// connection need not be woken for it either.
    fn poll_queued(&mut self) -> Poll<Option<Result<http_body::Frame<Bytes>, hyper::Error>>> {
        let mut nobody = Context::from_waker(Waker::noop());
        hushed(|| Pin::new(&mut self.incoming).poll_frame(&mut nobody)).0
    }

    /// Whether all that was announced has come.
    pub(crate) fn is_over(&self) -> bool {
        self.incoming.is_end_stream()
    }

    /// The next bytes.
    pub(crate) async fn next(&mut self) -> Option<Result<Bytes, Broken>> {
        std::future::poll_fn(|cx| self.poll_bytes(cx)).await
    }

    /// The connection, to be used again once the body has ended.
    pub(crate) fn take_link(&mut self) -> Option<Link> {
        self.link.take()
    }
}
