//! A simulated provider that listens, and the handle by which a test scripts and questions it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::acts::{self, Scene};
use super::behaviour::{Behaviour, Keep, Refusal, Reply};
use super::http::{self, Inbox, Keeps, Request, Unread};
use super::openai;
use super::play::{Ended, Link, play};
use super::script::{Misreads, Script, read_header};

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

/// One request for an answer that a simulator received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its number, from 1.
    pub number: usize,
    /// The number of the connection it came on, from 1.
    pub connection: usize,
    /// The request itself.
    pub request: Request,
    /// The model it names.
    pub model: String,
    /// What was scripted for it, in the script's words.
    pub scripted: String,
    /// Events that were sent whole.
    pub events: usize,
    /// How it ended; nothing while it runs.
    pub ended: Option<Ended>,
}

#[derive(Debug)]
struct Shared {
    setup: Setup,
    state: Mutex<State>,
    /// Counts changes of `state`, for those who wait.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    script: Script,
    /// Requests before the script was set: rules count from there.
    script_from: usize,
    connections: usize,
    requests: usize,
    /// The newest requests, with a bound on number and bytes.
    seen: VecDeque<Seen>,
    seen_bytes: usize,
}

/// A simulator that runs for days keeps no more than this of what it has seen.
const SEEN_MAX: usize = 4096;
const SEEN_BYTES_MAX: usize = 64 << 20;

impl Sim {
    /// Starts a simulator on the runtime of the caller.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        let listener = TcpListener::bind(setup.listen).await?;
        let addr = listener.local_addr()?;
        let state = State {
            script: setup.script.clone(),
            ..State::default()
        };
        let shared = Shared {
            setup,
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
        };
        let shared = Arc::new(shared);
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
            let seen = self.requests();
            // The sender lives as long as `self`, so a failure to wait cannot happen; end anyway.
            if enough(&seen) || changes.changed().await.is_err() {
                return seen;
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    async fn serve(&self, mut link: impl Link) {
        let connection = {
            let mut state = self.state();
            state.connections += 1;
            state.connections
        };
        let mut inbox = Inbox::default();
        loop {
            let request = match receive(&mut inbox, &mut link).await {
                Ok(request) => request,
                Err(Unread::Bad(why)) => {
                    let body = openai::error("invalid_request_error", "bad_http", why);
                    let _ = link.write_all(&document(400, &body)).await;
                    break;
                }
                Err(Unread::Closed | Unread::Io(_)) => return,
            };
            let keeps = request.keeps;
            let keep = match self
                .answer(connection, request, (&mut inbox, &mut link))
                .await
            {
                (Ended::Whole, keep) => keep,
                (Ended::Closed | Ended::Reset | Ended::ClientGone, _) => return,
            };
            if keep == Keep::Close || keeps == Keeps::No {
                break;
            }
        }
        let _ = link.shutdown().await;
    }

    async fn answer(
        &self,
        connection: usize,
        request: Request,
        (inbox, link): (&mut Inbox, &mut impl Link),
    ) -> (Ended, Keep) {
        let path = request.path().to_owned();
        if request.method == "POST" && path.ends_with("/chat/completions") {
            return self.chat(connection, request, (inbox, link)).await;
        }
        let (status, body) = match path.split_once("/models") {
            Some((_, "")) if request.method == "GET" => (200, openai::models(&self.setup.models)),
            Some((_, model)) if request.method == "GET" => {
                let model = model.trim_start_matches('/');
                match self.setup.models.iter().find(|have| *have == model) {
                    Some(model) => (200, openai::model(model)),
                    None => openai::refusal(Refusal::NoModel, model, ""),
                }
            }
            _ => {
                let text = format!("Unknown request URL: {} {path}.", request.method);
                (
                    404,
                    openai::error("invalid_request_error", "unknown_url", &text),
                )
            }
        };
        let sent = link.write_all(&document(status, &body)).await;
        (
            if sent.is_ok() {
                Ended::Whole
            } else {
                Ended::ClientGone
            },
            Keep::AsAsked,
        )
    }

    async fn chat(
        &self,
        connection: usize,
        request: Request,
        (inbox, link): (&mut Inbox, &mut impl Link),
    ) -> (Ended, Keep) {
        let asked = openai::ask(&request.body);
        let model = asked
            .as_ref()
            .map(|ask| ask.model.clone())
            .unwrap_or_default();
        let key = bearer(&request).to_owned();
        let header = request.header("x-sim").map(str::to_owned);
        let number = self.note(Seen {
            number: 0,
            connection,
            request,
            model: model.clone(),
            scripted: String::new(),
            events: 0,
            ended: None,
        });
        let (behaviour, words) = match self.behaviour(number, &model, header.as_deref()) {
            Ok(due) => due,
            Err(text) => return self.refuse(number, (link, "bad_sim_script", &text)).await,
        };
        let ask = match asked {
            Ok(ask) => ask,
            Err(text) => return self.refuse(number, (link, "invalid_value", &text)).await,
        };
        self.update(number, |seen| seen.scripted = words);
        let behaviour = match &self.setup.key {
            Some(wanted) if *wanted != key => Behaviour {
                reply: Reply::Refusal(Refusal::BadKey),
                ..Behaviour::default()
            },
            Some(_) | None => behaviour,
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "a date in a header, read by nobody here"
        )]
        let now = SystemTime::now();
        let scene = Scene {
            name: &self.setup.name,
            number,
            ask: &ask,
            key: &key,
            now,
        };
        let acts = acts::acts(scene, &behaviour);
        let sent = |events| {
            if events > 0 {
                self.update(number, |seen| seen.events += events);
            }
        };
        let ended = play(link, inbox, (acts.list, sent)).await;
        self.update(number, |seen| seen.ended = Some(ended));
        (ended, acts.keep)
    }

    async fn refuse(
        &self,
        number: usize,
        (link, code, text): (&mut impl Link, &str, &str),
    ) -> (Ended, Keep) {
        let body = openai::error("invalid_request_error", code, text);
        let sent = link.write_all(&document(400, &body)).await;
        let ended = if sent.is_ok() {
            Ended::Whole
        } else {
            Ended::ClientGone
        };
        self.update(number, |seen| seen.ended = Some(ended));
        (ended, Keep::AsAsked)
    }

    /// What to do with a request, and the words that say so. The header comes before the script.
    fn behaviour(
        &self,
        number: usize,
        model: &str,
        header: Option<&str>,
    ) -> Result<(Behaviour, String), String> {
        if let Some(text) = header
            && let Some(behaviour) = read_header(text, &self.setup.name)?
        {
            return Ok((behaviour, text.to_owned()));
        }
        let state = self.state();
        Ok(state.script.behaviour(number - state.script_from, model))
    }

    /// Notes a request; its number.
    fn note(&self, seen: Seen) -> usize {
        let mut state = self.state();
        state.requests += 1;
        let number = state.requests;
        state.seen_bytes += seen.request.body.len();
        state.seen.push_back(Seen { number, ..seen });
        while state.seen.len() > SEEN_MAX
            || (state.seen_bytes > SEEN_BYTES_MAX && state.seen.len() > 1)
        {
            let gone = state
                .seen
                .pop_front()
                .map_or(0, |seen| seen.request.body.len());
            state.seen_bytes -= gone;
        }
        drop(state);
        self.changed();
        number
    }

    fn update(&self, number: usize, change: impl FnOnce(&mut Seen)) {
        let mut state = self.state();
        let first = state.seen.front().map_or(0, |seen| seen.number);
        if let Some(seen) = number
            .checked_sub(first)
            .and_then(|at| state.seen.get_mut(at))
        {
            change(seen);
        }
        drop(state);
        self.changed();
    }
}

async fn receive(inbox: &mut Inbox, link: &mut impl Link) -> Result<Request, Unread> {
    let mut request = http::read_head(inbox, link).await?;
    if request
        .header("expect")
        .is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue"))
    {
        link.write_all(&http::head(100, &[])).await?;
    }
    request.body = http::read_body(&request, inbox, link).await?;
    Ok(request)
}

fn bearer(request: &Request) -> &str {
    let value = request.header("authorization").unwrap_or_default();
    value.strip_prefix("Bearer ").unwrap_or(value)
}

/// A whole answer in JSON.
fn document(status: u16, body: &str) -> Vec<u8> {
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("content-length", body.len().to_string()),
    ];
    let mut out = http::head(status, &headers);
    out.extend_from_slice(body.as_bytes());
    out
}
