//! A folder with a policy, a gateway that serves by it, and an ear on what it says.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claw_runtime::keys::Vault;
use claw_runtime::observe::event::Events;
use claw_runtime::policy::load::{COMPILE_WAIT, Compiler, Loader, Origin};
use claw_runtime::policy::watch::Pace;
use claw_runtime::process::{NoStart, Process, Start};
use claw_runtime::server::Stop;
use claw_runtime::upstream::names::Names;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::ask::STUCK;

/// Events only: a change that no event tells of is not seen within any test.
pub(crate) const BY_EVENTS: Pace = Pace {
    quiet: Duration::from_millis(5),
    quiet_max: Duration::from_millis(50),
    poll: Duration::from_hours(1),
};

/// The environment of every gateway here.
pub(crate) fn env(name: &str) -> Option<String> {
    (name == "CANARY_KEY").then(|| "sk-canary-env".to_owned())
}

pub(crate) fn compiler() -> Compiler {
    Compiler {
        program: env!("CARGO_BIN_EXE_clawgate").into(),
        arguments: vec!["compile".into()],
        wait: COMPILE_WAIT,
    }
}

pub(crate) fn loader(path: PathBuf) -> Loader {
    let origin = Origin::of(path);
    Loader {
        vault: Vault::with_env(origin.folder(), env),
        compiler: compiler(),
        names: Names::new(),
        origin,
    }
}

/// One provider and one class; `more` are further fields of the provider.
pub(crate) fn policy(url: &str, model: &str, more: &str) -> String {
    format!(
        r#"policy house
provider up {{
  api openai
  url "{url}"
  {more}
  model {model} {{ price free; context 8k; max-output 1k }}
}}
class work {{ primary up/{model} }}
route {{ otherwise -> work }}
"#
    )
}

/// A gateway that runs.
pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) process: Process,
    pub(crate) told: Vec<Value>,
    events: UnboundedReceiver<Vec<u8>>,
    log: Arc<Mutex<Vec<u8>>>,
}

impl House {
    /// Starts one with this text in its folder.
    pub(crate) fn start(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("p.claw"), text).unwrap();
        let path = folder.path().to_owned();
        Self::of(folder, path, BY_EVENTS).unwrap()
    }

    /// Starts one with the policy at `path`, which stands somewhere in `folder`.
    pub(crate) fn of(folder: TempDir, path: PathBuf, pace: Pace) -> Result<Self, NoStart> {
        let (sender, events) = unbounded_channel();
        let log = Arc::new(Mutex::new(Vec::new()));
        let process = Process::start(Start {
            loader: loader(path),
            listen: Some("127.0.0.1:0".to_owned()),
            admin: Some("127.0.0.1:0".to_owned()),
            workers: 2,
            log: Box::new(Kept(Arc::clone(&log))),
            events: Events::new(Box::new(Told(sender))),
            pace,
        })?;
        Ok(Self {
            folder,
            process,
            told: Vec::new(),
            events,
            log,
        })
    }

    pub(crate) fn listen(&self) -> SocketAddr {
        self.process.listen
    }

    pub(crate) fn digest(&self) -> String {
        self.process.live.peek().digest.to_str().unwrap().to_owned()
    }

    /// Saves as careful editors do: beside, then over it.
    pub(crate) fn save(&self, text: &str) {
        save(&self.folder.path().join("p.claw"), text);
    }

    /// The next event about the policy with this result. Any other result is a failure.
    pub(crate) async fn policy_event(&mut self, result: &str) -> Value {
        loop {
            let event = self.event().await;
            if event["event"] == "policy" {
                assert_eq!(event["result"], result, "{event}");
                return event;
            }
        }
    }

    pub(crate) async fn event(&mut self) -> Value {
        let line = timeout(STUCK, self.events.recv())
            .await
            .expect("an event")
            .unwrap();
        let event: Value = serde_json::from_slice(&line).unwrap();
        self.told.push(event.clone());
        event
    }

    /// Asks for a reload and waits until it has found that nothing is new.
    pub(crate) async fn expect_same(&mut self) {
        self.process.reload();
        self.policy_event("same").await;
    }

    /// Ends it. Gives the log of requests and every event.
    pub(crate) fn end(mut self) -> (String, String) {
        self.process.stopper().send_replace(Stop::Ended);
        self.process.join().unwrap();
        while let Ok(line) = self.events.try_recv() {
            self.told.push(serde_json::from_slice(&line).unwrap());
        }
        let told: Vec<String> = self.told.iter().map(Value::to_string).collect();
        let log = String::from_utf8(self.log.lock().unwrap().clone()).unwrap();
        (log, told.join("\n"))
    }
}

pub(crate) fn save(path: &Path, text: &str) {
    let beside = path.with_extension("claw.tmp");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, path).unwrap();
}

struct Told(UnboundedSender<Vec<u8>>);

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // After the test's end nobody listens.
        let _heard = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
