//! Takes a new policy, or keeps the old one and says why.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use claw_table::policy::Gateway;
use serde_json::{Value, json};

use super::live::{Live, Snapshot};
use super::load::{Fingerprint, Loaded, Loader, Refusal, hex, same};
use super::status::{Refused, Standing, Status};
use crate::clock::Clock;
use crate::observe::event::Events;

/// How long a policy with new names waits for their first addresses before it is put in force.
const NAMES_WAIT: Duration = Duration::from_secs(2);

/// Why the policy is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Something may have changed on disk.
    Files,
    /// Somebody asked for it.
    Signal,
}

/// What a look at the policy led to.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Nothing on disk has changed since the last look.
    Unchanged,
    /// It was read anew and is what is in force already.
    Same,
    /// A new policy is in force.
    Taken,
    /// The old one stays in force.
    Refused(Arc<Refusal>),
}

/// What a reload works with.
#[derive(Debug)]
pub struct Reloader {
    loader: Arc<Loader>,
    live: Arc<Live>,
    status: Standing,
    events: Events,
    /// Settings that the process was started with; they stay as they are.
    started: Gateway,
    draining: Arc<AtomicBool>,
    seen: Option<Fingerprint>,
    beside: Vec<PathBuf>,
}

/// A gateway's policy at its start, and who will keep it fresh.
#[derive(Debug)]
pub struct Started {
    /// The policy in force.
    pub live: Arc<Live>,
    /// What is known of it.
    pub status: Standing,
    /// Set once the gateway is on its way out: no policy is taken any more.
    pub draining: Arc<AtomicBool>,
    /// Keeps it fresh.
    pub reloader: Reloader,
}

impl Reloader {
    /// Loads the first policy. Without one there is no gateway. Blocks.
    pub fn start(loader: Loader, events: Events) -> Result<Started, Refusal> {
        let Loaded {
            fingerprint,
            beside,
            warnings,
            result,
        } = loader.load(None);
        let snapshot = result?;
        let started = snapshot.table.policy().gateway.clone();
        let live = Arc::new(Live::new(Arc::new(snapshot)));
        let status = Status::first(Clock.wall_ms(), warnings.text);
        let draining = Arc::new(AtomicBool::new(false));
        Ok(Started {
            live: Arc::clone(&live),
            status: Arc::clone(&status),
            draining: Arc::clone(&draining),
            reloader: Self {
                loader: Arc::new(loader),
                live,
                status,
                events,
                started,
                draining,
                seen: Some(fingerprint),
                beside,
            },
        })
    }

    /// The loader, for those who keep its names fresh and watch its files.
    pub fn loader(&self) -> &Arc<Loader> {
        &self.loader
    }

    /// The files beside the policy that it names, as last seen.
    pub fn beside(&self) -> &[PathBuf] {
        &self.beside
    }

    /// Where events go.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Looks at the policy on disk and takes it if it is new and sound.
    pub async fn look(&mut self, trigger: Trigger) -> Outcome {
        if self.draining.load(Ordering::Relaxed) {
            return Outcome::Refused(Arc::new(Refusal::Draining));
        }
        if trigger == Trigger::Files && self.is_unchanged().await {
            return Outcome::Unchanged;
        }
        let (loader, previous) = (Arc::clone(&self.loader), self.live.take());
        let load = move || loader.load(Some(&previous));
        let Ok(found) = tokio::task::spawn_blocking(load).await else {
            // The loader panicked or the runtime is ending: nothing is known, so nothing changes.
            return Outcome::Unchanged;
        };
        let passes = found.result.as_ref().is_err_and(Refusal::passes);
        self.seen = (!passes).then_some(found.fingerprint);
        self.beside = found.beside;
        match found.result {
            Ok(next) => self.take(next, found.warnings.text, trigger).await,
            Err(why) => self.refuse(why),
        }
    }

    async fn is_unchanged(&self) -> bool {
        let Some(seen) = self.seen else { return false };
        let (loader, beside) = (Arc::clone(&self.loader), self.beside.clone());
        let now = tokio::task::spawn_blocking(move || loader.fingerprint(&beside)).await;
        now.is_ok_and(|now| now == seen)
    }

    async fn take(&self, next: Snapshot, warnings: String, trigger: Trigger) -> Outcome {
        let current = self.live.take();
        let now = Clock.wall_ms();
        let before = self.status.load_full();
        let mut status = Status {
            sound_ms: now,
            refusal: None,
            needs_restart: needs_restart(&self.started, &next.table.policy().gateway),
            warnings,
            ..Status::clone(&before)
        };
        if same(&next, &current) {
            self.status.store(Arc::new(status));
            // Whoever asked, or read of a refusal, wants to know; an editor that saved the same
            // bytes does not.
            if before.refusal.is_some() || trigger == Trigger::Signal {
                let told = json!({ "result": "same", "digest": digest(&current) });
                self.events.tell(now, "policy", told);
            }
            return Outcome::Same;
        }
        self.loader.names.refresh(NAMES_WAIT).await;
        status.loaded_ms = now;
        status.taken += 1;
        let told = json!({
            "result": "taken",
            "digest": digest(&next),
            "source": hex(&next.table.about().source),
            "behaviour": if next.digest == current.digest { "same" } else { "changed" },
            "warnings": status.warnings,
            "needs_restart": status.needs_restart,
        });
        self.live.swap(Arc::new(next));
        self.status.store(Arc::new(status));
        self.events.tell(now, "policy", told);
        Outcome::Taken
    }

    fn refuse(&self, why: Refusal) -> Outcome {
        let now = Clock.wall_ms();
        let why = Arc::new(why);
        let status = self.status.load_full();
        self.status.store(Arc::new(Status {
            refused: status.refused + 1,
            refusal: Some(Refused {
                at_ms: now,
                why: Arc::clone(&why),
            }),
            ..Status::clone(&status)
        }));
        self.events.tell(
            now,
            "policy",
            json!({
                "result": "refused",
                "code": why.code(),
                "text": why.to_string(),
                "diagnostics": why.diagnostics(),
                "digest": digest(&self.live.peek()),
            }),
        );
        Outcome::Refused(why)
    }
}

/// The digest of the policy in force, for an event.
fn digest(snapshot: &Snapshot) -> Value {
    snapshot.digest.to_str().unwrap_or_default().into()
}

/// The settings that differ from those the process runs with, each with what to know.
fn needs_restart(started: &Gateway, wanted: &Gateway) -> Vec<String> {
    let settings = [
        ("listen", &started.listen, &wanted.listen),
        ("admin", &started.admin, &wanted.admin),
    ];
    let changed = settings
        .into_iter()
        .filter(|(_, runs, wants)| runs != wants);
    let said = changed.map(|(name, runs, wants)| {
        let value = |setting: &Option<String>| match setting {
            Some(address) => format!("`{address}`"),
            None => "its default".to_owned(),
        };
        format!(
            "`gateway {{ {name} }}` is now {}; {} stays in force until a restart",
            value(wants),
            value(runs)
        )
    });
    said.collect()
}
