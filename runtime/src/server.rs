//! Sockets and threads: one thread per core, each with its own listener, runtime and pool.
//!
//! ```text
//! Common (policy, limits) ─┬─ Gateway (sink, pool) ── serve(listener) ── serve_io(connection) …
//!                          └─ Gateway              ── serve(listener) …     one per worker
//! ```

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::{Domain, Protocol, Socket as RawSocket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::clock::{Clock, Dice};
use crate::gateway::{Common, Gateway};
use crate::identity::proxy::announced;
use crate::limits::Limits;
use crate::observe::record::Sink;
use crate::relay::socket::{Patience, Socket};
use crate::upstream::connect::watch_peer;
use crate::wake::Light;

/// How far stopping has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not stopping.
    Serving,
    /// No new connection, no keep-alive; what runs goes on.
    Draining,
    /// What still runs is told so in its own protocol, and ends.
    Ending,
    /// What still runs is dropped.
    Ended,
}

/// A listener that shares its port with those of the other workers.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = RawSocket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// Accepts on `listener` and serves until `stop` says otherwise and nothing runs any more.
/// Runs on a current-thread runtime; `listener` comes from [`bind`].
pub async fn serve(
    gateway: Gateway,
    listener: TcpListener,
    stop: watch::Receiver<Stop>,
) -> io::Result<()> {
    let mut told = stop.clone();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut sweep = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            biased;
            () = reached(&mut told, Stop::Draining) => break,
            _ = sweep.tick() => gateway.sweep(),
            accepted = accept(&gateway, &listener) => match accepted {
                Ok((room, stream, peer)) => {
                    let gateway = gateway.clone();
                    let stop = stop.clone();
                    tokio::spawn(async move {
                        serve_io(&gateway, stream, peer, stop).await;
                        drop(room);
                    });
                }
                // Out of descriptors, most likely: what runs must end before more can come.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener);
    tokio::select! {
        () = reached(&mut told, Stop::Ended) => {}
        () = gateway.quiet() => {}
    }
    Ok(())
}

/// Waits until stopping has gone so far. A sender that is gone counts as the end of it: nobody is
/// left who could say it.
async fn reached(stop: &mut watch::Receiver<Stop>, far: Stop) {
    drop(stop.wait_for(|stop| *stop >= far).await);
}

/// Waits until stopping has gone further than `said`, and says how far.
async fn further(stop: &mut watch::Receiver<Stop>, said: Stop) -> Stop {
    let told = stop.wait_for(|stop| *stop > said).await;
    told.map_or(Stop::Ended, |told| *told)
}

type Accepted = (Option<OwnedSemaphorePermit>, TcpStream, SocketAddr);

async fn accept(gateway: &Gateway, listener: &tokio::net::TcpListener) -> io::Result<Accepted> {
    let room = gateway.room().await;
    let (stream, peer) = listener.accept().await?;
    watch_peer(&stream)?;
    Ok((room, stream, peer))
}

/// Serves one connection over any byte stream, as if it came from `peer`.
pub async fn serve_io<I>(
    gateway: &Gateway,
    mut io: I,
    peer: SocketAddr,
    mut stop: watch::Receiver<Stop>,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let _open = gateway.enter();
    let limits = &gateway.limits();
    let peer = if gateway.awaits_announcement(peer) {
        // A balancer that says nothing sensible is closed on: without an address nobody is anybody.
        let announced = tokio::time::timeout(limits.head, announced(&mut io, peer));
        match announced.await {
            Ok(Ok(peer)) => peer,
            Ok(Err(_)) | Err(_) => return,
        }
    } else {
        peer
    };
    let socket = Socket::new(io, patience(limits), Clock);
    let meter = socket.meter();
    let running = Arc::clone(&meter);
    let service = {
        let gateway = gateway.clone();
        // hyper keeps room for this future as long as the connection lives; a box is gone as soon as
        // there is an answer, and a stream holds 6 KiB less.
        service_fn(move |request| {
            // Room first: what is made in its place is not copied there, untouched parts and all.
            let room = Box::new_uninit();
            let answer = gateway.clone().answer(request, peer, Arc::clone(&meter));
            Box::into_pin(Box::write(room, answer))
        })
    };
    let connection = builder(limits).serve_connection(TokioIo::new(socket), service);
    let mut connection = pin!(connection);
    let mut light = Light::default();
    let mut said = Stop::Serving;
    // One wait at a time: a connection is polled often, and each wait costs.
    while said < Stop::Ending {
        said = tokio::select! {
            biased;
            // How a connection ended is in the record of its last request.
            _ended = poll_fn(|cx| light.poll(connection.as_mut(), cx)) => return,
            told = further(&mut stop, said) => told,
        };
        connection.as_mut().graceful_shutdown();
        if said >= Stop::Ending {
            // The request and its body look at this whenever they are polled, and the connection
            // polls them now.
            running.end();
        }
    }
    let _ended = connection.await;
}

/// The socket itself watches how long a head takes and how long a client is silent, with one lazy
/// timer for both; hyper's own would be set and dropped anew for every request.
fn builder(limits: &Limits) -> Builder {
    let mut builder = Builder::new();
    builder
        .header_read_timeout(None)
        .half_close(false)
        .max_buf_size(limits.buffer_bytes_max)
        .max_headers(limits.headers_max);
    builder
}

fn patience(limits: &Limits) -> Patience {
    Patience {
        idle: limits.client_idle,
        head: limits.head,
        stall: limits.client_stall,
    }
}

/// The worker threads of one gateway.
#[derive(Debug)]
pub struct Workers {
    address: SocketAddr,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Workers {
    /// Starts one thread for each sink, all listening on `address` (port 0: one free port for all).
    pub fn start(
        common: &Arc<Common>,
        address: SocketAddr,
        sinks: Vec<Arc<dyn Sink>>,
        stop: &watch::Receiver<Stop>,
    ) -> io::Result<Self> {
        let mut address = address;
        let mut listeners = Vec::with_capacity(sinks.len());
        for _ in &sinks {
            let listener = bind(address)?;
            address = listener.local_addr()?;
            listeners.push(listener);
        }
        let mut threads = Vec::with_capacity(sinks.len());
        for (number, (sink, listener)) in sinks.into_iter().zip(listeners).enumerate() {
            let gateway = Gateway::new(Arc::clone(common), sink, Dice::from_system());
            let stop = stop.clone();
            let thread = std::thread::Builder::new().name(format!("claw-worker-{number}"));
            threads.push(thread.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(serve(gateway, listener, stop))
            })?);
        }
        Ok(Self { address, threads })
    }

    /// Where they listen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for every worker to end, which they do once told to stop.
    pub fn join(self) -> io::Result<()> {
        for thread in self.threads {
            thread
                .join()
                .map_err(|_| io::Error::other("a worker thread panicked"))??;
        }
        Ok(())
    }
}
