//! Two simulated providers and a gateway between them.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use claw_runtime::sim::provider::{Setup, Sim};
use serde_json::Value;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use super::{ask, silent};

/// The policy of the demo: the file that the README shows, as it was when this was built.
const QUICKSTART: &str = include_str!("../../../../../examples/quickstart/quickstart.claw");
/// Where the file says that the providers are, to be replaced by where the simulators are.
const PRIMARY: &str = "http://127.0.0.1:9101/v1";
const BACKUP: &str = "http://127.0.0.1:9102/v1";

/// The gateway has this long to begin to serve, and to tell of a request that is over.
const PATIENCE: Duration = Duration::from_secs(20);
/// Lines that may wait to be shown; beyond it the gateway's own log takes care.
const LINES_MAX: usize = 1024;

/// Everything the demo runs. It is torn down when this is dropped.
#[derive(Debug)]
pub(super) struct House {
    pub(super) primary: Sim,
    pub(super) backup: Sim,
    pub(super) gateway: SocketAddr,
    pub(super) admin: SocketAddr,
    /// The copy of the policy that the gateway runs.
    pub(super) policy: PathBuf,
    /// Where each arm is written, by its label.
    places: Vec<(String, String)>,
    lines: Receiver<String>,
    _process: Process,
    _folder: Folder,
}

impl House {
    pub(super) async fn build(listen: SocketAddr, admin: SocketAddr) -> Result<Self, String> {
        free(listen, "--listen")?;
        free(admin, "--admin")?;
        let primary = simulator("primary").await?;
        let backup = simulator("backup").await?;
        let folder = Folder::make()?;
        let text = QUICKSTART
            .replace(PRIMARY, &primary.url())
            .replace(BACKUP, &backup.url());
        let policy = folder.0.join("quickstart.claw");
        let cannot_write = |error| format!("cannot write {}: {error}", policy.display());
        fs::write(&policy, text).map_err(cannot_write)?;
        let (process, lines) = Process::start(&folder.0, (listen, admin))?;
        let mut house = Self {
            primary,
            backup,
            gateway: listen,
            admin,
            policy,
            places: Vec::new(),
            lines,
            _process: process,
            _folder: folder,
        };
        house.wait_until_it_serves().await?;
        house.look().await;
        Ok(house)
    }

    /// Waits for the line in which the gateway says where it serves.
    async fn wait_until_it_serves(&mut self) -> Result<(), String> {
        let mut said = Vec::new();
        let ready = timeout(PATIENCE, async {
            while let Some(line) = self.lines.recv().await {
                if let Some((gateway, admin)) = addresses(&line) {
                    return Some((gateway, admin));
                }
                said.push(line);
            }
            None
        });
        let Some((gateway, admin)) = ready.await.ok().flatten() else {
            let said = said.join("\n");
            return Err(format!(
                "the gateway does not begin to serve; it said:\n{said}"
            ));
        };
        (self.gateway, self.admin) = (gateway, admin);
        Ok(())
    }

    /// Reads again where each arm is written.
    pub(super) async fn look(&mut self) {
        if let Ok(page) = ask::page(self.admin, "/policy").await {
            self.places = places(&page);
        }
    }

    /// The next line that the gateway says; nothing once it has ended.
    pub(super) async fn line(&mut self) -> Option<String> {
        self.lines.recv().await
    }

    /// What the gateway noted of a request.
    pub(super) async fn record(&mut self, request_id: &str) -> Result<Record, String> {
        let found = timeout(PATIENCE, async {
            while let Some(line) = self.lines.recv().await {
                match Line::read(&line) {
                    Some(Line::Request(record)) if record.text("/request_id") == request_id => {
                        return Some(record);
                    }
                    Some(Line::Request(_) | Line::Policy(_)) | None => {}
                }
            }
            None
        });
        let missing = || format!("the gateway's log says nothing of request {request_id}");
        found.await.ok().flatten().ok_or_else(missing)
    }

    /// File and line of an arm.
    pub(super) fn place(&self, arm: &str) -> &str {
        let found = self.places.iter().find(|(label, _)| label == arm);
        found.map_or("", |(_, place)| place)
    }
}

/// A line of the gateway's that the demo shows.
#[derive(Debug)]
pub(super) enum Line {
    /// How a request went.
    Request(Record),
    /// A policy was taken or refused.
    Policy(Record),
}

impl Line {
    pub(super) fn read(line: &str) -> Option<Self> {
        let record = Record(serde_json::from_str(line).ok()?);
        if !record.text("/request_id").is_empty() {
            return Some(Self::Request(record));
        }
        (record.text("/event") == "policy").then_some(Self::Policy(record))
    }
}

/// The fields of a line.
#[derive(Debug)]
pub(super) struct Record(Value);

impl Record {
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.0
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A number as it was written, or nothing.
    pub(super) fn number(&self, pointer: &str) -> Option<String> {
        let found = self.0.pointer(pointer).filter(|value| value.is_number())?;
        Some(found.to_string())
    }

    /// Each attempt: its target, and why it failed if it did.
    pub(super) fn attempts(&self) -> Vec<(String, Option<String>)> {
        let attempts = self
            .0
            .get("attempts")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let word = |value: &Value, key: &str| Some(value.get(key)?.as_str()?.to_owned());
        attempts
            .map(|attempt| {
                (
                    word(attempt, "target").unwrap_or_default(),
                    word(attempt, "cause"),
                )
            })
            .collect()
    }
}

async fn simulator(name: &str) -> Result<Sim, String> {
    let setup = Setup {
        told: silent,
        ..Setup::named(name)
    };
    let sim = Sim::start(setup).await;
    let sim = sim.map_err(|error| format!("cannot listen on a free port: {error}"))?;
    // Slow enough to be seen.
    sim.script("always -> drip 30ms")
        .map_err(|misreads| misreads.to_string())?;
    Ok(sim)
}

/// Says what to do where an address is taken.
fn free(wanted: SocketAddr, flag: &str) -> Result<(), String> {
    TcpListener::bind(wanted).map(drop).map_err(|error| {
        format!(
            "cannot listen on {wanted}: {error}; name another with `{flag} ADDRESS`, \
             or `{flag} 127.0.0.1:0` for a free port"
        )
    })
}

/// The two addresses in the line `clawgate: policy … on http://ADDRESS, admin on http://ADDRESS`.
fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let (gateway, admin) = line
        .split_once(" on http://")?
        .1
        .split_once(", admin on http://")?;
    Some((gateway.parse().ok()?, admin.parse().ok()?))
}

/// Label and place of each arm, from the admin page of the policy.
fn places(page: &Value) -> Vec<(String, String)> {
    let arms = page
        .get("arms")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let word = |arm: &Value, key: &str| Some(arm.get(key)?.as_str()?.to_owned());
    arms.filter_map(|arm| Some((word(arm, "label")?, word(arm, "place")?)))
        .collect()
}

/// The gateway's own process, ended when this is dropped.
#[derive(Debug)]
struct Process(Child);

impl Process {
    fn start(
        folder: &Path,
        (listen, admin): (SocketAddr, SocketAddr),
    ) -> Result<(Self, Receiver<String>), String> {
        let own =
            std::env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
        let mut child = Command::new(own)
            .arg("run")
            .arg(folder)
            .args([
                "--listen",
                &listen.to_string(),
                "--admin",
                &admin.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the gateway: {error}"))?;
        let (lines, received) = channel(LINES_MAX);
        if let Some(out) = child.stdout.take() {
            hear(out, lines.clone());
        }
        if let Some(out) = child.stderr.take() {
            hear(out, lines);
        }
        Ok((Self(child), received))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Hands each line over from a thread of its own; it ends with the process.
fn hear(out: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
}

/// A folder of the demo's own, removed when this is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("claw-demo-{}", std::process::id()));
        let cannot = |error| format!("cannot make {}: {error}", path.display());
        // Never a folder that is there already: somebody else may have made it.
        fs::create_dir(&path).map_err(cannot)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{BACKUP, PRIMARY, QUICKSTART, addresses};

    #[test]
    fn the_quickstart_says_each_address_that_the_demo_replaces_exactly_once() {
        for address in [PRIMARY, BACKUP] {
            let quoted = format!("\"{address}\"");
            assert_eq!(QUICKSTART.matches(&quoted).count(), 1, "{address}");
        }
    }

    #[test]
    fn the_gateway_says_where_it_serves() {
        let line = "clawgate: policy `q` (18e4) on http://127.0.0.1:1, admin on http://[::1]:2";
        let (gateway, admin) = addresses(line).unwrap();
        assert_eq!((gateway.port(), admin.port()), (1, 2));
        assert_eq!(addresses("clawgate: something else"), None);
    }
}
