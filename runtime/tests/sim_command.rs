//! `clawgate sim` as a reader uses it: the list, a served request, and what it says when it cannot.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: a failure here is a failed test"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use claw_runtime::sim::faults::FAULTS;

fn clawgate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_clawgate"))
        .args(args)
        .output()
        .unwrap()
}

/// A running `clawgate sim`, ended with the test.
struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(args: &[&str]) -> (Self, String) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_clawgate"))
            .args(["sim", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut running = Self { child, lines };
        let line = running.line();
        let address = line.trim().split("://").nth(1).unwrap();
        let address = address.trim_end_matches("/v1").to_owned();
        (running, address)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_list_has_a_line_for_each_fault() {
    let output = clawgate(&["sim", "--list"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert_eq!(text.lines().count(), FAULTS.len());
    for (line, fault) in text.lines().zip(FAULTS) {
        assert!(
            line.starts_with(fault.example) && line.ends_with(fault.does),
            "{line}"
        );
    }
}

#[test]
fn it_serves_by_its_script_and_tells_each_request() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(
        &script,
        "request 1 -> 503, close\nalways -> words 2, close\n",
    )
    .unwrap();
    let (mut sim, address) =
        Running::start(&["--name", "backup", "--script", script.to_str().unwrap()]);
    for (status, told) in [
        ("503", "backup #1 m: 503, close -> 0 events, whole\n"),
        ("200", "backup #2 m: words 2, close -> 0 events, whole\n"),
    ] {
        let mut link = TcpStream::connect(&address).unwrap();
        link.set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let body = r#"{"model":"m","messages":[]}"#;
        let length = body.len();
        let head =
            format!("POST /v1/chat/completions HTTP/1.1\r\ncontent-length: {length}\r\n\r\n");
        link.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        link.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert_eq!(sim.line(), told);
    }
}

#[test]
fn what_cannot_be_done_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    std::fs::write(&script, "always -> cutt after 5").unwrap();
    let (_sim, taken) = Running::start(&[]);
    for (args, told) in [
        (
            vec!["sim", "--script", script.to_str().unwrap()],
            "line 1: `cutt after 5` is no fault",
        ),
        (
            vec!["sim", "--script", "/nowhere/script"],
            "cannot read /nowhere/script",
        ),
        (
            vec!["sim", "--listen", &taken],
            "name another with `--listen`",
        ),
        (
            vec!["sim", "--tls-cert", "x.pem", "--tls-key", "y.pem"],
            "cannot read x.pem",
        ),
    ] {
        let output = clawgate(&args);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(told), "{text}");
    }
    assert_eq!(
        clawgate(&["sim", "--tls-key", "y.pem"]).status.code(),
        Some(2)
    );
}
