//! A simulated provider that listens, and the handle by which a test scripts and questions it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::exchange::{Seen, Shared, lock};
use super::script::{Misreads, Script};

/// What a simulator is told at its start.
#[derive(Debug, Clone)]
pub struct Setup {
    /// It names itself so in its answers.
    pub name: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its certificate, if it speaks TLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The one key it takes; any if nothing.
    pub key: Option<String>,
    /// The models it lists. It answers for any.
    pub models: Vec<String>,
    /// What it does with which request.
    pub script: Script,
    /// Called once for each request that ended.
    pub told: fn(&str, &Seen),
}

impl Setup {
    /// A simulator on a free port of this machine, without TLS, key or script.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            key: None,
            models: vec!["sim-large".to_owned(), "sim-small".to_owned()],
            script: Script::default(),
            told: |_, _| {},
        }
    }
}

/// A simulated provider. It stops when this is dropped.
#[derive(Debug)]
pub struct Sim {
    shared: Arc<Shared>,
    addr: SocketAddr,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Sim {
    /// Starts a simulator on the runtime of the caller.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        let listener = TcpListener::bind(setup.listen).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(Shared::new(setup));
        let task = tokio::spawn(accept(Arc::clone(&shared), listener));
        Ok(Self {
            shared,
            addr,
            listening: Mutex::new(Some(task)),
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What a policy writes as its `url`.
    pub fn url(&self) -> String {
        let scheme = if self.shared.setup.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}/v1", self.addr)
    }

    /// Replaces the script; its `request` rules count from here.
    ///
    /// # Errors
    /// Every line that cannot be followed.
    pub fn script(&self, text: &str) -> Result<(), Misreads> {
        let script = Script::read(text)?;
        let mut state = self.shared.state();
        state.script = script;
        state.script_from = state.requests;
        Ok(())
    }

    /// The newest requests, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.state().seen.iter().cloned().collect()
    }

    /// How many requests for an answer came so far.
    pub fn count(&self) -> usize {
        self.shared.state().requests
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Returns what was seen once it satisfies `enough`. A test bounds the wait.
    pub async fn until(&self, enough: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let mut changes = self.shared.changes.subscribe();
        loop {
            changes.borrow_and_update();
            let done = enough(self.shared.state().seen.make_contiguous());
            // The sender lives as long as `self`, so a failure to wait cannot happen; end anyway.
            if done || changes.changed().await.is_err() {
                return self.requests();
            }
        }
    }

    /// A connection to it without a socket, for tests whose time is paused.
    pub fn connect(&self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 << 10);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move { shared.serve(far).await });
        near
    }

    /// Dies as a process does: connections end where they are, new ones are refused.
    pub async fn down(&self) {
        let task = lock(&self.listening).take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    /// Comes back at the same address.
    ///
    /// # Errors
    /// The address was taken meanwhile.
    pub async fn up(&self) -> io::Result<()> {
        self.down().await;
        let listener = TcpListener::bind(self.addr).await?;
        let task = tokio::spawn(accept(Arc::clone(&self.shared), listener));
        *lock(&self.listening) = Some(task);
        Ok(())
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        if let Some(task) = lock(&self.listening).take() {
            task.abort();
        }
    }
}

/// Accepts until it is aborted; the connections die with it, as the set that holds them drops.
async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection(Arc::clone(&shared), stream));
            }
            // Out of files, most likely: the connections that end make room.
            Err(_) => {
                connections.join_next().await;
            }
        }
    }
}

async fn connection(shared: Arc<Shared>, stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    match shared.setup.tls.clone() {
        None => shared.serve(stream).await,
        Some(config) => {
            if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
                shared.serve(stream).await;
            }
        }
    }
}
