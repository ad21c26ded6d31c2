//! Clients with keys: made by `clawgate key`, known from files, revoked while connected.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use claw_runtime::identity::key::hashed;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{House, loader, policy};
use crate::provider::{self, Conduct};

/// Sends one request for the models on a connection that stays open, and tells its status.
async fn models(socket: &mut TcpStream, key: &str) -> u16 {
    let request =
        format!("GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    loop {
        assert_ne!(socket.read_buf(&mut seen).await.unwrap(), 0, "closed");
        let text = String::from_utf8_lossy(&seen);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.unwrap().parse::<usize>().unwrap() {
            return head[9..12].parse().unwrap();
        }
    }
}

#[tokio::test]
async fn a_key_is_revoked_and_replaced_by_its_file_on_connections_that_stay_open() {
    let url = format!("http://{}/v1", provider::start(Conduct::Answer, None).await);
    let folder = tempfile::tempdir().unwrap();
    let hash = folder.path().join("bot.sha256");
    // As `sha256sum` writes it.
    fs::write(&hash, format!("{}  -\n", hashed(b"first"))).unwrap();
    let text = policy(&url, "m", "key none")
        + "client bot { key sha256 file \"bot.sha256\" }\nclient desk { from 192.0.2.0/24 }\n";
    fs::write(folder.path().join("p.claw"), text).unwrap();
    let path = folder.path().to_owned();
    let mut house = House::of(folder, path, crate::house::BY_EVENTS).unwrap();
    let mut socket = TcpStream::connect(house.listen()).await.unwrap();
    assert_eq!(models(&mut socket, "first").await, 200);
    assert_eq!(models(&mut socket, "second").await, 401);

    fs::write(&hash, hashed(b"second")).unwrap();
    house.policy_event("taken").await;
    assert_eq!(models(&mut socket, "first").await, 401);
    assert_eq!(models(&mut socket, "second").await, 200);

    // What is no hash is refused, and the last good one stays.
    fs::write(&hash, "second").unwrap();
    assert_eq!(
        house.policy_event("refused").await["code"],
        "clients_unusable"
    );
    assert_eq!(models(&mut socket, "second").await, 200);
    drop(socket);
    house.end();
}

#[test]
fn clients_that_cannot_be_told_apart_or_have_no_hash_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one"), hashed(b"k")).unwrap();
    fs::write(folder.path().join("short"), "abc").unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    let refused = |clients: &str| {
        let text = policy("http://127.0.0.1:9/v1", "m", "key none") + clients;
        fs::write(folder.path().join("p.claw"), text).unwrap();
        let refusal = loader(folder.path().to_owned())
            .load(None)
            .result
            .unwrap_err();
        format!("{}: {refusal}", refusal.code())
    };
    let inline = format!("client a {{ key sha256 \"{}\" }}\n", hashed(b"k"));
    let texts = [
        refused(&(inline + "client b { key sha256 file \"one\" }")),
        refused("client a { key sha256 file \"short\" }"),
        refused("client a { key sha256 file \"empty\" }"),
        refused("client a { key sha256 file \"missing\" }"),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

fn key(arguments: &[&str], input: &[u8]) -> (bool, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_clawgate"))
        .arg("key")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A child that needs no input may be gone before it comes.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_new_key_is_printed_once_with_a_line_that_knows_it() {
    let (ended_well, said, _) = key(&["new", "bot-7"], b"");
    assert!(ended_well);
    let lines: Vec<&str> = said.lines().collect();
    let (made, line) = (lines[0], lines[lines.len() - 1]);
    assert_eq!(said.matches(made).count(), 1);
    let hash = hashed(made.as_bytes());
    assert_eq!(line, format!("client bot-7 {{ key sha256 \"{hash}\" }}"));
    let text = policy("http://127.0.0.1:9/v1", "m", "key none") + line;
    crate::refusals::table(&text);

    // The same line comes of the key alone, with or without the line end that a file has.
    for input in [made.to_owned(), format!("{made}\n")] {
        let (_, again, _) = key(&["hash", "bot-7"], input.as_bytes());
        assert_eq!(again.trim_end(), line);
    }
    // A key that got into a policy is found.
    let leaked = format!("provider p {{ api openai; url \"https://x/v1\"; key \"{made}\" }}");
    let source = claw_lang::Source {
        path: "p.claw".to_owned(),
        text: leaked,
    };
    let report = claw_lang::compile(vec![source]).report.human();
    assert!(report.contains("this text looks like a key"), "{report}");
}

#[test]
fn what_is_no_key_is_refused_with_what_to_write() {
    let refused = |input: &[u8]| {
        let (ended_well, said, error) = key(&["hash"], input);
        assert!(!ended_well && said.is_empty());
        error
    };
    let texts = [
        refused(b""),
        refused(b"two words"),
        refused("ké".as_bytes()),
        refused(&[b'k'; 5000]),
    ];
    insta::assert_snapshot!(texts.concat());
}
