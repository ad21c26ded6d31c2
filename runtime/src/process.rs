//! One running gateway: workers for traffic, one thread for everything else.
//!
//! ```text
//! background thread   admin · watch and reload · names
//! log thread          lines of requests
//! worker threads      traffic, one runtime and one listener each
//! ```

mod background;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::admin::Admin;
use crate::clock::Clock;
use crate::gateway::Common;
use crate::limits::Limits;
use crate::observe::event::Events;
use crate::observe::log::Log;
use crate::observe::metrics::Metrics;
use crate::observe::record::Sink;
use crate::observe::recorder::Recorder;
use crate::policy::live::Live;
use crate::policy::load::{Loader, Refusal};
use crate::policy::reload::{Reloader, Started};
use crate::policy::watch::Pace;
use crate::server::{Stop, Workers};
use background::{Background, Duties};

/// Where traffic is taken if neither policy nor command line says so.
pub const LISTEN: &str = "127.0.0.1:8080";
/// Where the operator looks in if neither policy nor command line says so.
pub const ADMIN: &str = "127.0.0.1:9090";
/// How long the last lines of the log may take.
const LOG_WAIT: Duration = Duration::from_secs(2);

/// What to start.
pub struct Start {
    /// Loads the policy.
    pub loader: Loader,
    /// Where to take traffic, instead of where the policy says.
    pub listen: Option<String>,
    /// Where the operator looks in, instead of where the policy says.
    pub admin: Option<String>,
    /// Threads for traffic.
    pub workers: usize,
    /// Where the lines of requests go.
    pub log: Box<dyn Write + Send>,
    /// Where events go.
    pub events: Events,
    /// How the policy's files are watched.
    pub pace: Pace,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum NoStart {
    /// There is no policy to start with.
    #[error("{0}")]
    Policy(Refusal),
    /// An address cannot be read.
    #[error("`{value}` is no address for `{setting}`; write it like `127.0.0.1:8080`")]
    Address {
        /// `--listen` or `--admin`.
        setting: &'static str,
        /// What was written.
        value: String,
    },
    /// An address cannot be had.
    #[error(
        "cannot listen on {address} for `{setting}` ({why}); stop what uses it or choose another"
    )]
    Bind {
        /// `--listen` or `--admin`.
        setting: &'static str,
        /// Which address.
        address: SocketAddr,
        /// What the operating system said.
        why: io::Error,
    },
    /// The system gives no thread or no file.
    #[error("the system refuses what a gateway needs ({0})")]
    System(#[from] io::Error),
}

/// A gateway that runs.
#[derive(Debug)]
pub struct Process {
    /// The policy in force.
    pub live: Arc<Live>,
    /// Where it takes traffic.
    pub listen: SocketAddr,
    /// Where the operator looks in.
    pub admin: SocketAddr,
    draining: Arc<AtomicBool>,
    stop: watch::Sender<Stop>,
    workers: Workers,
    background: Background,
    log: Log,
    events: Events,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start")
            .field("loader", &self.loader)
            .finish_non_exhaustive()
    }
}

impl Process {
    /// Starts a gateway. Blocks until it takes traffic.
    pub fn start(start: Start) -> Result<Self, NoStart> {
        let started_ms = Clock.wall_ms();
        // What the command line says is looked at before a policy that takes time to compile.
        for (setting, wanted) in [("--listen", &start.listen), ("--admin", &start.admin)] {
            address(setting, wanted.clone(), LISTEN)?;
        }
        let Started {
            live,
            status,
            draining,
            reloader,
        } = Reloader::start(start.loader, start.events.clone()).map_err(NoStart::Policy)?;
        let settings = live.peek().table.policy().gateway.clone();
        let listen = address("--listen", start.listen.or(settings.listen), LISTEN)?;
        let admin = address("--admin", start.admin.or(settings.admin), ADMIN)?;
        // Workers share their port among each other, and by that with any other gateway of this
        // user. An ordinary listener first finds out whether somebody is there already.
        drop(bind("--listen", listen)?);
        let admin_listener = bind("--admin", admin)?;
        admin_listener.set_nonblocking(true)?;
        let admin = admin_listener.local_addr()?;

        let metrics = Arc::new(Metrics::default());
        let log = Log::start(start.log)?;
        let window = Admin {
            live: Arc::clone(&live),
            status,
            metrics: Arc::clone(&metrics),
            log: log.clone(),
            draining: Arc::clone(&draining),
            started_ms,
        };
        // First, so that names have addresses before the first request comes.
        let background = Background::start(Duties {
            window,
            listener: admin_listener,
            reloader,
            pace: start.pace,
        })?;

        let sink = || Arc::new(Recorder::new(&metrics, &log)) as Arc<dyn Sink>;
        let sinks: Vec<_> = (0..start.workers.max(1)).map(|_| sink()).collect();
        let (stop, stopping) = watch::channel(Stop::Serving);
        let common = Common::new(Arc::clone(&live), Limits::default());
        let workers =
            Workers::start(&common, listen, sinks, &stopping).map_err(|why| NoStart::Bind {
                setting: "--listen",
                address: listen,
                why,
            })?;
        Ok(Self {
            listen: workers.address(),
            live,
            admin,
            draining,
            stop,
            workers,
            background,
            log,
            events: start.events,
        })
    }

    /// Has the policy read anew, whatever its files look like.
    pub fn reload(&self) {
        self.background.reload();
    }

    /// Where events go.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Readiness fails from now on and no policy is taken; traffic goes on.
    pub fn unready(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// A handle that stops the workers, for whoever does not wait for them.
    pub fn stopper(&self) -> watch::Sender<Stop> {
        self.stop.clone()
    }

    /// Waits for the workers to end, which they do once told to stop, and for the log's last lines.
    pub fn join(self) -> io::Result<()> {
        let ended = self.workers.join();
        self.background.end();
        self.log.flush(LOG_WAIT);
        ended
    }
}

fn address(
    setting: &'static str,
    wanted: Option<String>,
    default: &str,
) -> Result<SocketAddr, NoStart> {
    let value = wanted.unwrap_or_else(|| default.to_owned());
    let found = value
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next());
    found.ok_or(NoStart::Address { setting, value })
}

fn bind(setting: &'static str, address: SocketAddr) -> Result<TcpListener, NoStart> {
    TcpListener::bind(address).map_err(|why| NoStart::Bind {
        setting,
        address,
        why,
    })
}
