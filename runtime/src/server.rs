//! Sockets and threads: one thread per core, each with its own listener, runtime and pool.
//!
//! ```text
//! Common (policy, limits) ─┬─ Gateway (sink, pool) ── serve(listener) ── serve_io(connection) …
//!                          └─ Gateway              ── serve(listener) …     one per worker
//! ```

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use crate::clock::Dice;
use crate::gateway::{Common, Gateway};
use crate::observe::record::Sink;

/// How far stopping has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Not stopping.
    Serving,
    /// No new connection, no keep-alive; what runs goes on.
    Draining,
    /// What still runs is dropped.
    Ended,
}

/// A listener that shares its port with those of the other workers.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
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
    let _ = (gateway, listener, stop);
    Ok(())
}

/// Serves one connection over any byte stream, as if it came from `peer`.
pub async fn serve_io<I>(gateway: &Gateway, io: I, peer: SocketAddr, stop: watch::Receiver<Stop>)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let _ = (gateway, io, peer, stop);
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
