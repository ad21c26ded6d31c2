//! The thread for everything that is not traffic: the operator's window, the policy's files, names.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};

use crate::admin::{self, Admin};
use crate::policy::load::Loader;
use crate::policy::reload::Reloader;
use crate::policy::watch::{Pace, watch};

/// Threads for what blocks: compiling, reading files, the system's resolver.
const BLOCKING_MAX: usize = 16;
/// How often names are looked over; each is asked for when it is due.
const NAMES_TICK: Duration = Duration::from_secs(1);
/// How long the first answers to names may hold up the start.
const NAMES_WAIT: Duration = Duration::from_secs(2);

/// What the thread does.
pub(super) struct Duties {
    pub(super) window: Admin,
    pub(super) listener: TcpListener,
    pub(super) reloader: Reloader,
    pub(super) pace: Pace,
}

/// The thread.
#[derive(Debug)]
pub(super) struct Background {
    asked: mpsc::Sender<()>,
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
}

impl Background {
    /// Starts it and waits until names have been asked for once.
    pub(super) fn start(duties: Duties) -> io::Result<Self> {
        let (asked, asks) = mpsc::channel(1);
        let (stop, stopping) = watch::channel(false);
        let (up, is_up) = sync_channel(1);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_MAX)
            .build()?;
        let thread = thread::Builder::new().name("claw-background".to_owned());
        let thread = thread.spawn(move || {
            runtime.block_on(async {
                let loader = Arc::clone(duties.reloader.loader());
                loader.names.refresh(NAMES_WAIT).await;
                // Whoever started us may have gone; then `stop` says so.
                let _started = up.send(());
                tokio::select! {
                    () = watch(duties.reloader, duties.pace, asks, stopping) => {}
                    () = keep_names(&loader) => {}
                    () = listen(duties.window, duties.listener) => {}
                }
            });
            // A resolver or a disk that hangs must not hold up the end.
            runtime.shutdown_background();
        })?;
        is_up
            .recv()
            .map_err(|_| io::Error::other("the background thread did not start"))?;
        Ok(Self {
            asked,
            stop,
            thread,
        })
    }

    pub(super) fn reload(&self) {
        // Full means that a reload is about to happen anyway.
        let _waits = self.asked.try_send(());
    }

    pub(super) fn end(self) {
        self.stop.send_replace(true);
        // If it panicked there is nothing left to end.
        let _ended = self.thread.join();
    }
}

async fn keep_names(loader: &Loader) {
    loop {
        tokio::time::sleep(NAMES_TICK).await;
        // Nobody waits here, so a tick may as well wait for its answers a little.
        loader.names.refresh(NAMES_TICK).await;
    }
}

async fn listen(window: Admin, listener: TcpListener) {
    match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => admin::serve(window, listener).await,
        // The window is gone; traffic and reload go on without it.
        Err(_) => std::future::pending().await,
    }
}
