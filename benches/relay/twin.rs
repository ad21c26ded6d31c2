//! The twin: the least a proxy of hyper can do. What the gateway costs above it is ours.
//!
//! One thread, one keep-alive pool, bodies passed through unseen; no deadline, no bound, no log.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::{Failure, process};

/// Serves until the driver is gone. The port goes to standard output.
pub(crate) fn run(upstream: SocketAddr) -> Result<(), Failure> {
    process::end_with_driver();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let pool = Arc::new(Pool {
            upstream,
            idle: Mutex::default(),
        });
        loop {
            let (socket, _) = listener.accept().await?;
            socket.set_nodelay(true)?;
            let pool = Arc::clone(&pool);
            let service = service_fn(move |request| forward(Arc::clone(&pool), request));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
        }
    })
}

async fn forward(pool: Arc<Pool>, request: Request<Incoming>) -> Result<Response<Lent>, Failure> {
    let mut sender = pool.take().await?;
    let answer = sender.send_request(request).await?;
    Ok(answer.map(|body| Lent {
        body,
        lease: Some((pool, sender)),
    }))
}

struct Pool {
    upstream: SocketAddr,
    idle: Mutex<Vec<SendRequest<Incoming>>>,
}

impl Pool {
    async fn take(&self) -> Result<SendRequest<Incoming>, Failure> {
        while let Some(mut sender) = self.pop() {
            if sender.ready().await.is_ok() {
                return Ok(sender);
            }
        }
        let socket = TcpStream::connect(self.upstream).await?;
        socket.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(socket)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    fn pop(&self) -> Option<SendRequest<Incoming>> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    fn put(&self, sender: SendRequest<Incoming>) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sender);
    }
}

/// An answer's body that gives its connection back once it has been read to the end.
struct Lent {
    body: Incoming,
    lease: Option<(Arc<Pool>, SendRequest<Incoming>)>,
}

impl Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some((pool, sender)) = self.lease.take()
            && self.body.is_end_stream()
        {
            pool.put(sender);
        }
    }
}
