//! `clawgate demo` from end to end: the show goes right, and says what to do where it cannot begin.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests: a failure here is a failed test"
)]

use std::net::TcpListener;
use std::process::{Command, Output};

fn demo(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_clawgate"))
        .args(["demo", "--once"])
        .args(args)
        // It must work from anywhere, and leave nothing behind.
        .current_dir(folder.path())
        .env("TMPDIR", folder.path())
        .output()
        .inspect(|_| assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0))
        .unwrap()
}

#[test]
fn the_show_goes_as_it_should() {
    let output = demo(&["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    let (told, wrong) = (String::from_utf8(output.stdout).unwrap(), output.stderr);
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&wrong)
    );
    for part in [
        "This is primary, a simulated provider, as large.",
        "This is backup, a simulated provider, as large-2026-11.",
        "primary/large connect, then backup/large served",
        "upstream_cut",
        "quickstart.claw:",
        "every step went as it should",
    ] {
        assert!(told.contains(part), "`{part}` is missing in:\n{told}");
    }
    assert!(
        !told.contains('\x1b'),
        "no colours where there is no terminal"
    );
}

#[test]
fn a_port_in_use_is_told_with_the_flag_that_helps() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for flags in [
        ["--listen", &address, "--admin", "127.0.0.1:0"],
        ["--admin", &address, "--listen", "127.0.0.1:0"],
    ] {
        let output = demo(&flags);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(
            told.contains(&format!("cannot listen on {address}")),
            "{told}"
        );
        assert!(
            told.contains(&format!("`{} 127.0.0.1:0`", flags[0])),
            "{told}"
        );
    }
}
