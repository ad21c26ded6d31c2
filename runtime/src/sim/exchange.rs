//! One request after another: what came, what was scripted for it, how it went.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use super::acts::{self, Scene};
use super::answer::{Ask, Only};
use super::anthropic;
use super::behaviour::{Behaviour, Keep, Refusal, Reply};
use super::gemini;
use super::http::{self, Inbox, Keeps, Request, Unread};
use super::openai::{self, refusal};
use super::play::{Ended, Link, play};
use super::provider::Setup;
use super::responses;
use super::script::{Script, read_header};
use super::speech::Speech;

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

/// What a simulator's connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) setup: Setup,
    state: Mutex<State>,
    /// Counts changes of `state`, for those who wait.
    pub(super) changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) script: Script,
    /// Requests before the script was set: rules count from there.
    pub(super) script_from: usize,
    pub(super) connections: usize,
    pub(super) requests: usize,
    /// The newest requests, with a bound on number and bytes.
    pub(super) seen: VecDeque<Seen>,
    seen_bytes: usize,
}

/// A simulator that runs for days keeps no more than this of what it has seen.
const SEEN_MAX: usize = 4096;
const SEEN_BYTES_MAX: usize = 64 << 20;

impl Shared {
    pub(super) fn new(setup: Setup) -> Self {
        let state = State {
            script: setup.script.clone(),
            ..State::default()
        };
        Self {
            setup,
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    pub(super) async fn serve(&self, mut link: impl Link) {
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
                    let body = refusal::error("invalid_request_error", "bad_http", why);
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
        if request.method == "POST" {
            if path.ends_with("/chat/completions") {
                let asked = openai::ask::ask(&request.body);
                let asked = (Speech::OpenAi, asked);
                return self
                    .exchange((connection, request), asked, (inbox, link))
                    .await;
            }
            if path.ends_with("/embeddings") {
                let asked = (Speech::OpenAi, openai::embeddings::ask(&request.body));
                return self
                    .exchange((connection, request), asked, (inbox, link))
                    .await;
            }
            if path.ends_with("/responses") {
                let asked = (Speech::Responses, responses::ask(&request.body));
                return self
                    .exchange((connection, request), asked, (inbox, link))
                    .await;
            }
            if let Some((model, delivery)) = gemini::ask::place(&path) {
                let asked = gemini::ask::ask(model, delivery, &request.body);
                return self
                    .exchange(
                        (connection, request),
                        (Speech::Gemini, asked),
                        (inbox, link),
                    )
                    .await;
            }
            let counts = path.ends_with("/messages/count_tokens");
            if counts || path.ends_with("/messages") {
                let only = counts.then_some(Only::Tokens);
                let asked = anthropic::ask::ask(&request.body).map(|ask| Ask { only, ..ask });
                let asked = (Speech::Anthropic, asked);
                return self
                    .exchange((connection, request), asked, (inbox, link))
                    .await;
            }
        }
        let (status, body) = match path.split_once("/models") {
            Some((_, "")) if request.method == "GET" => (200, openai::models(&self.setup.models)),
            Some((_, model)) if request.method == "GET" => {
                let model = model.trim_start_matches('/');
                match self.setup.models.iter().find(|have| *have == model) {
                    Some(model) => (200, openai::model(model)),
                    None => refusal::refusal(Refusal::NoModel, model, ""),
                }
            }
            _ => {
                let text = format!("Unknown request URL: {} {path}.", request.method);
                (
                    404,
                    refusal::error("invalid_request_error", "unknown_url", &text),
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

    async fn exchange(
        &self,
        (connection, request): (usize, Request),
        (speech, asked): (Speech, Result<Ask, String>),
        (inbox, link): (&mut Inbox, &mut impl Link),
    ) -> (Ended, Keep) {
        let model = asked
            .as_ref()
            .map(|ask| ask.model.clone())
            .unwrap_or_default();
        let key = key(&request).to_owned();
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
            Err(text) => {
                return self
                    .refuse(number, link, speech.complaint("bad_sim_script", &text))
                    .await;
            }
        };
        let ask = match asked {
            Ok(ask) => ask,
            Err(text) => {
                return self
                    .refuse(number, link, speech.complaint("invalid_value", &text))
                    .await;
            }
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
        self.end(number, ended);
        (ended, acts.keep)
    }

    async fn refuse(&self, number: usize, link: &mut impl Link, body: String) -> (Ended, Keep) {
        let sent = link.write_all(&document(400, &body)).await;
        let ended = if sent.is_ok() {
            Ended::Whole
        } else {
            Ended::ClientGone
        };
        self.end(number, ended);
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

    fn end(&self, number: usize, ended: Ended) {
        self.update(number, |seen| {
            seen.ended = Some(ended);
            (self.setup.told)(&self.setup.name, seen);
        });
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

/// The key that came with a request, in any of its places.
fn key(request: &Request) -> &str {
    let value = request.header("authorization");
    let value = value.or(request.header("x-api-key"));
    let value = value
        .or(request.header("x-goog-api-key"))
        .unwrap_or_default();
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

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
