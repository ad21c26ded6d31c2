//! `clawgate run` as a process: exit codes, signals, and the end.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::ask::{self, STUCK};
use crate::house::policy;
use crate::provider::{self, Conduct};

const URL: &str = "http://127.0.0.1:9/v1";

fn clawgate() -> Command {
    let mut command = piped(env!("CARGO_BIN_EXE_clawgate"));
    command.arg("run");
    command
}

fn piped(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn said(output: &Output) -> (i32, String) {
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "",
        "the log is for requests"
    );
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr.clone()).unwrap(),
    )
}

#[test]
fn what_keeps_it_from_starting_has_a_code_and_an_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |arguments: &[&str]| said(&clawgate().arg(path).args(arguments).output().unwrap());
    let free = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];

    let (status, text) = run(&free);
    assert_eq!(status, 1);
    assert!(text.contains("(policy_empty)"), "{text}");

    fs::write(
        path.join("p.claw"),
        policy(URL, "m", "key env NOBODY_SET_THIS"),
    )
    .unwrap();
    let (status, text) = run(&free);
    assert_eq!(status, 1);
    assert!(
        text.contains("`NOBODY_SET_THIS`") && text.contains("(key_missing)"),
        "{text}"
    );

    fs::write(
        path.join("p.claw"),
        policy(URL, "m", "key none").replace("-> work", "-> wrok"),
    )
    .unwrap();
    let (status, text) = run(&free);
    assert_eq!(status, 1);
    assert!(
        text.contains("p.claw:9") && text.contains("(policy_invalid)"),
        "{text}"
    );

    fs::write(path.join("p.claw"), policy(URL, "m", "key none")).unwrap();
    let (status, text) = run(&["--listen", "nonsense"]);
    assert_eq!(status, 2);
    assert!(
        text.contains("`nonsense` is no address for `--listen`"),
        "{text}"
    );
    let (status, text) = run(&["--drain", "5"]);
    assert_eq!(status, 2);
    assert!(text.contains("write it like"), "{text}");

    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    for (flag, other) in [("--listen", "--admin"), ("--admin", "--listen")] {
        let (status, text) = run(&[flag, &taken, other, "127.0.0.1:0"]);
        assert_eq!(status, 1);
        assert!(
            text.contains("(address_in_use)") && text.contains(flag),
            "{text}"
        );
    }
}

/// A gateway in a process of its own.
pub(crate) struct Gateway {
    child: Child,
    stderr: BufReader<ChildStderr>,
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Gateway {
    pub(crate) fn start(folder: &Path, more: &[&str], env: &[(&str, &Path)]) -> Self {
        let mut command = clawgate();
        command.envs(env.iter().copied());
        Self::of(command, folder, more)
    }

    fn of(mut command: Command, folder: &Path, more: &[&str]) -> Self {
        let mut child = command
            .arg(folder)
            .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
            .args(more)
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut hello = String::new();
        stderr.read_line(&mut hello).unwrap();
        let addresses: Vec<SocketAddr> = hello
            .split("http://")
            .skip(1)
            .map(|rest| {
                rest.trim_end()
                    .trim_end_matches(", admin on")
                    .parse()
                    .unwrap()
            })
            .collect();
        assert!(hello.starts_with("clawgate: policy `house` ("), "{hello}");
        Self {
            child,
            stderr,
            listen: addresses[0],
            admin: addresses[1],
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let done = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(done.success());
    }

    fn event(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Waits for the end. Gives exit status and log.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut log = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

fn folder(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.claw"), policy(url, "m", "key none")).unwrap();
    folder
}

#[test]
fn hup_and_usr1_look_at_the_policy() {
    let folder = folder(URL);
    let mut gateway = Gateway::start(folder.path(), &["--drain-delay", "0"], &[]);
    for signal in ["-HUP", "-USR1"] {
        gateway.signal(signal);
        let event = gateway.event();
        assert!(
            event.contains(r#""event":"policy""#) && event.contains(r#""result":"same""#),
            "{event}"
        );
    }
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
}

/// A stream that has begun and is held open by its provider.
async fn begun(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket
        .write_all(ask::chat(address).as_bytes())
        .await
        .unwrap();
    socket.readable().await.unwrap();
    socket
}

#[tokio::test]
async fn term_lets_a_running_stream_end_and_takes_no_new_one() {
    let (go, going) = watch::channel(0);
    let url = format!(
        "http://{}/v1",
        provider::start(Conduct::Hold(going), None).await
    );
    let folder = folder(&url);
    let mut gateway = Gateway::start(folder.path(), &["--drain-delay", "0"], &[]);
    let mut running = begun(gateway.listen).await;
    gateway.signal("-TERM");
    assert!(gateway.event().contains("draining"));
    let refused = async {
        // The listener closes a moment after the event.
        while TcpStream::connect(gateway.listen).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(STUCK, refused).await.unwrap();
    assert_eq!(ask::get(gateway.admin, "/readyz").await.status, 503);
    go.send_replace(1);
    let answer = ask::rest(&mut running).await;
    assert!(answer.body.contains("data: [DONE]"), "{answer:?}");
    let (status, log) = gateway.end();
    assert_eq!(status, Some(0));
    assert!(log.contains(r#""outcome":"complete""#), "{log}");
}

#[tokio::test]
async fn a_second_term_ends_what_runs_and_still_writes_its_line() {
    let (_go, going) = watch::channel(0);
    let url = format!(
        "http://{}/v1",
        provider::start(Conduct::Hold(going), None).await
    );
    let folder = folder(&url);
    let mut gateway = Gateway::start(
        folder.path(),
        &["--drain-delay", "1h", "--drain", "1h"],
        &[],
    );
    let mut running = begun(gateway.listen).await;
    gateway.signal("-TERM");
    assert!(gateway.event().contains("draining"));
    // The delay is for the balancer: traffic is still taken.
    assert_eq!(ask::get(gateway.listen, "/v1/models").await.status, 200);
    gateway.signal("-INT");
    let answer = ask::rest(&mut running).await;
    assert!(!answer.body.contains("[DONE]"), "{answer:?}");
    let last = answer
        .body
        .trim_end()
        .lines()
        .rfind(|line| !line.is_empty());
    assert!(
        last.unwrap().contains(r#""code":"shutting_down""#),
        "{answer:?}"
    );
    let (status, log) = gateway.end();
    assert_eq!(status, Some(0));
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(log.contains(r#""outcome":"cut""#), "{log}");
    assert!(log.contains(r#""cause":"stopping""#), "{log}");
}

#[tokio::test]
async fn who_still_waits_when_the_drain_is_over_is_told_to_ask_again() {
    let came = Arc::new(Notify::new());
    let silent = provider::start(Conduct::Silence(Arc::clone(&came)), None).await;
    let folder = folder(&format!("http://{silent}/v1"));
    let waits = ["--drain-delay", "0", "--drain", "0"];
    let gateway = Gateway::start(folder.path(), &waits, &[]);
    let mut waiting = TcpStream::connect(gateway.listen).await.unwrap();
    let request = ask::chat(gateway.listen);
    waiting.write_all(request.as_bytes()).await.unwrap();
    came.notified().await;
    gateway.signal("-TERM");
    let answer = ask::rest(&mut waiting).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(
        answer.body.contains(r#""code":"shutting_down""#),
        "{answer:?}"
    );
    assert!(answer.head.contains("retry-after: 1"), "{answer:?}");
    let (status, log) = gateway.end();
    assert_eq!(status, Some(0));
    assert!(log.contains(r#""outcome":"failed""#), "{log}");
}

#[test]
fn a_service_manager_is_told_when_traffic_is_taken_and_when_no_more() {
    let folder = folder(URL);
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(STUCK)).unwrap();
    let told = || {
        let mut bytes = [0; 512];
        let count = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    };
    let gateway = Gateway::start(
        folder.path(),
        &["--drain-delay", "0"],
        &[("NOTIFY_SOCKET", &socket)],
    );
    let ready = told();
    assert!(ready.starts_with("READY=1\n"), "{ready}");
    assert!(
        ready.contains(&format!("STATUS=policy house on {}\n", gateway.listen)),
        "{ready}"
    );
    gateway.signal("-TERM");
    assert_eq!(told(), "STOPPING=1\n");
    assert_eq!(gateway.end().0, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn it_may_open_as_many_files_as_the_system_allows_and_not_the_few_of_a_shell() {
    let folder = folder(URL);
    let mut few = piped("sh");
    few.args(["-c", r#"ulimit -S -n 256 && exec "$0" run "$@""#]);
    few.arg(env!("CARGO_BIN_EXE_clawgate"));
    let gateway = Gateway::of(few, folder.path(), &["--drain-delay", "0"]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", gateway.child.id())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let words: Vec<&str> = line.unwrap().split_whitespace().collect();
    assert_ne!(words[3], "256", "{words:?}");
    assert_eq!(words[3], words[4], "{words:?}");
    gateway.signal("-TERM");
    assert_eq!(gateway.end().0, Some(0));
}
