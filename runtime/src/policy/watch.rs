//! Watches the policy's files. What the system tells is a hint only: every look reads all of it.
//!
//! Editors save in three ways (write over, truncate and write, write beside and rename), and
//! Kubernetes swaps the link of a whole folder. All of them show in the folder or in the folder
//! above, so those are watched and never a single file. A slow poll finds what no event told of.

mod eyes;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::reload::{Reloader, Trigger};
use crate::clock::Clock;
use eyes::Eyes;

/// How the files are watched.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Events within this of each other are one change.
    pub quiet: Duration,
    /// A change is looked at after this, even if events keep coming.
    pub quiet_max: Duration,
    /// The files are looked at this often without any event.
    pub poll: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            quiet: Duration::from_millis(100),
            quiet_max: Duration::from_millis(400),
            poll: Duration::from_secs(2),
        }
    }
}

/// Looks at the policy whenever its files may have changed and whenever `asked` says so, until
/// `stop` turns true. Ends early if nobody can stop it any more.
pub async fn watch(
    mut reloader: Reloader,
    pace: Pace,
    mut asked: mpsc::Receiver<()>,
    mut stop: watch::Receiver<bool>,
) {
    // One slot: a hint that waits stands for all hints.
    let (hint, mut hints) = mpsc::channel(1);
    let mut eyes = Eyes::new(hint.clone());
    loop {
        eyes = aim(eyes, &reloader, &hint).await;
        let trigger = tokio::select! {
            _ = stop.changed() => return,
            Some(()) = hints.recv() => {
                settle(&mut hints, pace).await;
                Trigger::Files
            }
            Some(()) = asked.recv() => Trigger::Signal,
            () = sleep(pace.poll) => Trigger::Files,
        };
        reloader.look(trigger).await;
    }
}

/// Aims anew where folders came or went. Files may stand on a network that hangs, so that is done
/// beside this thread, which also answers the operator.
async fn aim(mut eyes: Eyes, reloader: &Reloader, hint: &mpsc::Sender<()>) -> Eyes {
    let (loader, beside) = (Arc::clone(reloader.loader()), reloader.beside().to_vec());
    let aimed = tokio::task::spawn_blocking(move || {
        let blind = eyes.aim(&loader.origin, &beside);
        (eyes, blind)
    });
    let Ok((eyes, blind)) = aimed.await else {
        return Eyes::new(hint.clone());
    };
    if let Some(blind) = blind {
        let told = json!({ "text": blind, "help": "the policy is polled instead" });
        reloader.events().tell(Clock.wall_ms(), "watch", told);
    }
    eyes
}

/// Waits until no hint has come for a while, but not for ever.
async fn settle(hints: &mut mpsc::Receiver<()>, pace: Pace) {
    let end = Clock.now() + pace.quiet_max;
    while Clock.now() < end {
        if timeout(pace.quiet, hints.recv()).await.is_err() {
            return;
        }
    }
}
