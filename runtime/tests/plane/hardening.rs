//! Bytes that are meant to break a gateway, each with the answer that is due. `HARDENING.md` says
//! what each id stands for; here it is held complete.

#[path = "hardening/answers.rs"]
mod answers;
#[path = "hardening/bodies.rs"]
mod bodies;
#[path = "hardening/heads.rs"]
mod heads;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use claw_runtime::identity::key::hashed;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Duration, Instant};

use crate::client::answer;
use crate::house::{House, Plan};

/// Bytes and the answer to them.
pub(crate) struct Case {
    pub id: &'static str,
    pub what: String,
    pub bytes: Vec<u8>,
    /// Status, code if the answer has one, and `close` if the connection ends with it.
    pub due: &'static str,
}

pub(crate) fn case(
    id: &'static str,
    what: &str,
    bytes: impl Into<Vec<u8>>,
    due: &'static str,
) -> Case {
    Case {
        id,
        what: what.to_owned(),
        bytes: bytes.into(),
        due,
    }
}

/// A request with these header lines and whatever is behind its head.
pub(crate) fn post(lines: &str, rest: &str) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n\
         {lines}\r\n{rest}"
    )
}

/// A request with this body, as it should be.
pub(crate) fn sized(body: &str) -> String {
    post(&format!("content-length: {}\r\n", body.len()), body)
}

pub(crate) const GOOD: &str = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;

/// What a gateway makes of the bytes, and how often its provider was asked.
async fn told(house: &House, bytes: &[u8]) -> (String, usize) {
    let began = Instant::now();
    let (mut reading, mut writing) = tokio::io::split(house.connect());
    let mut got = Vec::new();
    let sending = async {
        // A gateway that has refused reads no further.
        let _ = writing.write_all(bytes).await;
        // Held open: that nothing more comes is for the gateway to find out.
        std::future::pending::<()>().await;
    };
    let reading = async { while reading.read_buf(&mut got).await.is_ok_and(|read| read > 0) {} };
    tokio::select! {
        () = sending => {}
        () = reading => {}
    }
    let asked = house.sims.iter().map(|sim| sim.count()).sum();
    if got.is_empty() {
        return ("nothing close".to_owned(), asked);
    }
    let text = String::from_utf8_lossy(&got).into_owned();
    let answers = text.matches("HTTP/1.1 ").count();
    let first = answer(&got);
    let code = serde_json::from_slice::<serde_json::Value>(&first.body).ok();
    let code = code.and_then(|json| Some(format!(" {}", json["error"]["code"].as_str()?)));
    // A connection that may be used again is held open for longer than any wait for a request.
    let closed = began.elapsed() < Duration::from_mins(1);
    let close = if closed || first.header("connection") == Some("close") {
        " close"
    } else {
        ""
    };
    let more = if answers > 1 { " and more" } else { "" };
    (
        format!("{}{}{close}{more}", first.status, code.unwrap_or_default()),
        asked,
    )
}

/// A gateway that knows one client by its key, or everyone on this machine.
async fn house(id: &str) -> House {
    if !id.starts_with('K') {
        return House::piped(Plan::over(&["a"])).await;
    }
    let text = format!(
        "policy known\n\
         provider a {{ api openai; url \"http://127.0.0.1:1/v1\"; key none; model small {{ price free }} }}\n\
         class served {{ primary a/small }}\n\
         client bot {{ key sha256 \"{}\" }}\n\
         route {{ otherwise -> served }}\n",
        hashed(b"good-key")
    );
    House::piped(Plan::written(&text)).await
}

#[tokio::test(start_paused = true)]
async fn every_attack_gets_the_answer_that_is_due_and_no_provider_is_asked() {
    let mut wrong = String::new();
    for case in heads::cases().into_iter().chain(bodies::cases()) {
        let house = house(case.id).await;
        let (told, asked) = told(&house, &case.bytes).await;
        let served = usize::from(told.starts_with("200") && !case.what.starts_with("GET"));
        if told != case.due || asked != served {
            writeln!(
                wrong,
                "{} {}: due `{}`, told `{told}`, {asked} asked",
                case.id, case.what, case.due
            )
            .unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the page: id, and what holds it.
fn rows() -> BTreeMap<String, String> {
    let page = fs::read_to_string(folder().join("HARDENING.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, _, held] = cells[..] else {
            panic!("a row has three cells: {line}");
        };
        if id != "id" {
            assert!(
                rows.insert(id.to_owned(), held.to_owned()).is_none(),
                "{id} twice"
            );
        }
    }
    rows
}

fn texts(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            *found += &fs::read_to_string(path).unwrap();
        }
    }
}

#[test]
fn every_id_is_held_by_a_test_that_exists_or_says_why_not() {
    let rows = rows();
    let groups = [("H", 21), ("J", 16), ("K", 9), ("U", 15), ("S", 10)];
    let ids = groups
        .iter()
        .flat_map(|(group, count)| (1..=*count).map(move |number| format!("{group}{number}")));
    let ids: BTreeSet<String> = ids.collect();
    assert_eq!(rows.keys().cloned().collect::<BTreeSet<_>>(), ids);
    let mut code = String::new();
    for part in ["src", "tests", "../tests"] {
        texts(&folder().join(part), &mut code);
    }
    let cases = heads::cases().into_iter().chain(bodies::cases());
    let mut known: BTreeSet<&str> = cases.map(|case| case.id).collect();
    known.extend(answers::IDS);
    let mut unnamed = known.clone();
    for (id, held) in &rows {
        let names: Vec<&str> = held.split('`').skip(1).step_by(2).collect();
        assert!(
            held.starts_with("note: ") || !names.is_empty(),
            "{id}: {held}"
        );
        for name in names {
            if let Some(raw) = name.strip_prefix("raw:") {
                assert!(known.contains(raw), "{id}: no case `{raw}`");
                unnamed.remove(raw);
            } else if name.contains('_') && name.len() > 20 {
                assert!(
                    code.contains(&format!("fn {name}(")),
                    "{id}: no test `{name}`"
                );
            }
        }
    }
    assert!(
        unnamed.is_empty(),
        "cases that the page does not name: {unnamed:?}"
    );
}

#[test]
fn the_ids_are_those_of_the_checklist_where_it_is_at_hand() {
    let path = folder().join("../../shared/reference/hardening.md");
    let Ok(list) = fs::read_to_string(path) else {
        return;
    };
    let theirs = list.lines().filter_map(|line| {
        let id = line.strip_prefix("| ")?.split(' ').next()?;
        let is_id = id.len() > 1
            && "HJKUS".contains(&id[..1])
            && id[1..].bytes().all(|byte| byte.is_ascii_digit());
        is_id.then(|| id.to_owned())
    });
    let theirs: BTreeSet<String> = theirs.collect();
    assert_eq!(theirs, rows().into_keys().collect());
}
