//! What is relayed is what was received, what is sent is what was judged, and nothing else crosses.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claw_runtime::clock::Dice;
use claw_runtime::upstream::connect::{Dial, Dialling};
use claw_runtime::upstream::socket::Wire;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::client::{Answer, PLAIN, STREAM, chat, exchange};
use crate::house::{House, Plan};

/// A provider that writes these pieces, whatever is asked.
#[derive(Debug)]
struct Raw(Vec<Vec<u8>>);

impl Dial for Raw {
    fn dial(&self, _: SocketAddr) -> Dialling {
        let (near, far) = tokio::io::duplex(64 << 10);
        tokio::spawn(play(far, self.0.clone()));
        Box::pin(async move { Ok(Wire::Other(Box::new(near))) })
    }
}

async fn play(mut link: DuplexStream, pieces: Vec<Vec<u8>>) {
    let mut request = Vec::new();
    while !request.ends_with(b"]}") {
        if link.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    for piece in pieces {
        if link.write_all(&piece).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Cuts bytes at random places, each piece a chunk of the transfer coding.
pub(crate) fn pieces(bytes: &[u8], dice: &Dice) -> Vec<Vec<u8>> {
    let head =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut pieces = vec![head.to_vec()];
    let longest = [1, 7, 190, 5_000, 100_000][usize::try_from(dice.up_to(4)).unwrap()];
    let mut rest = bytes;
    while !rest.is_empty() {
        let size = usize::try_from(dice.up_to(longest)).unwrap() + 1;
        let (piece, after) = rest.split_at(size.min(rest.len()));
        let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
        chunk.extend_from_slice(piece);
        chunk.extend_from_slice(b"\r\n");
        pieces.push(chunk);
        rest = after;
    }
    pieces.push(b"0\r\n\r\n".to_vec());
    pieces
}

async fn relayed(pieces: Vec<Vec<u8>>) -> (Answer, claw_runtime::observe::record::Record) {
    relayed_to(STREAM, pieces).await
}

/// What a client that sends this body gets of a provider that writes these pieces.
pub(crate) async fn relayed_to(
    body: &str,
    pieces: Vec<Vec<u8>>,
) -> (Answer, claw_runtime::observe::record::Record) {
    let mut plan = Plan::over(&["a"]);
    plan.class().retry.attempts = 1;
    let address = vec![vec!["127.0.0.1:1".parse().unwrap()]];
    let house = House::with(plan, Vec::new(), address, Arc::new(Raw(pieces)));
    let answer = exchange(house.connect(), &chat(body, "")).await;
    (answer, house.records.one().await)
}

/// A stream of our own: comments, blank lines, an odd chunk, usage, several providers' habits.
pub(crate) const OWN: &str = ": hello\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n\
    event: message\nid: 7\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"data: [DONE]\\n\\n\"},\"finish_reason\":null}]}\n\n\
    : keep-alive\n\n\n\ndata:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\u{e9}\u{1f600}\"},\"finish_reason\":null}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\ndata: [DONE]\n\n";

pub(crate) fn recordings() -> Vec<(PathBuf, Vec<u8>)> {
    let shared = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/fixtures/streams/openai"
    );
    let Ok(folder) = std::fs::read_dir(Path::new(shared)) else {
        return Vec::new();
    };
    let mut found: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    let chats = found.into_iter().filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("chat-") && path.extension().is_some_and(|end| end == "sse")
    });
    chats
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn relayed_bytes_are_received_bytes_however_they_are_cut() {
    let dice = Dice::seeded(3);
    let mut streams = vec![(PathBuf::from("own"), OWN.as_bytes().to_vec())];
    let crlf = OWN.replace('\n', "\r\n").into_bytes();
    streams.push((PathBuf::from("own, crlf"), crlf));
    streams.extend(recordings());
    for (path, bytes) in streams {
        // An error or a cut in a recording is another test's matter.
        let whole = memchr::memmem::find(&bytes, b"[DONE]").is_some();
        if !whole || memchr::memmem::find(&bytes, b"\"error\":{").is_some() {
            continue;
        }
        for _ in 0..20 {
            let (answer, record) = relayed(pieces(&bytes, &dice)).await;
            assert_eq!(answer.status, 200, "{}", path.display());
            assert!(answer.clean, "{}", path.display());
            assert!(answer.body == bytes, "{}: other bytes", path.display());
            assert_eq!(record.outcome, "complete");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn usage_is_read_as_it_passes() {
    let (_, record) = relayed(pieces(OWN.as_bytes(), &Dice::seeded(1))).await;
    let usage = record.usage.unwrap();
    assert_eq!((usage.input_total, usage.output_total), (3, 2));
    let without = OWN.replace("\"usage\"", "\"else\"");
    let (_, record) = relayed(pieces(without.as_bytes(), &Dice::seeded(1))).await;
    assert_eq!(record.usage, None);
}

#[tokio::test(start_paused = true)]
async fn what_follows_the_end_is_nobodys_and_does_not_delay_it() {
    let mut late = pieces(OWN.as_bytes(), &Dice::seeded(1));
    // No end of the body: the provider keeps the connection open and writes on.
    *late.last_mut().unwrap() = b"5\r\nextra\r\n".to_vec();
    let began = tokio::time::Instant::now();
    let (answer, record) = relayed(late).await;
    assert!(answer.clean && answer.body == OWN.as_bytes());
    assert_eq!(record.outcome, "complete");
    assert!(began.elapsed() <= claw_runtime::limits::Limits::default().tail);
}

#[tokio::test(start_paused = true)]
async fn only_the_model_s_name_is_changed_in_the_body() {
    for body in [
        r#"{"model":"gpt-5.5","messages":[{"role":"user","content":"the \"model\":\"gpt-5.5\" \u00e9"}],"n":1}"#,
        "{ \"messages\" : [ ] ,\n\t\"x\":{\"model\":\"inner\"}, \"model\" :  \"gpt\\u002d5.5\"  , \"seed\":1e5 }",
        r#"{"model":"wire-a","messages":[]}"#,
    ] {
        let house = House::piped(Plan::over(&["a"])).await;
        exchange(house.connect(), &chat(body, "")).await;
        let seen = house.sims[0].requests().remove(0);
        let sent = String::from_utf8(seen.request.body.clone()).unwrap();
        let expected = body
            .replacen("\"model\":\"gpt-5.5\",", "\"model\":\"wire-a\",", 1)
            .replace("\"gpt\\u002d5.5\"", "\"wire-a\"");
        assert_eq!(sent, expected);
        let length = seen.request.header("content-length").unwrap();
        assert_eq!(length, expected.len().to_string());
        let peeked = claw_runtime::request::peek::peek(sent.as_bytes()).unwrap();
        assert_eq!(&*peeked.model.unwrap().name, "wire-a");
    }
}

#[tokio::test(start_paused = true)]
async fn of_the_client_s_head_only_what_is_on_the_list_goes_on() {
    let house = House::piped(Plan::over(&["a"])).await;
    let head = "authorization: Bearer client-key\r\nx-api-key: client-key\r\ncookie: a=b\r\n\
        x-forwarded-for: 1.2.3.4\r\nforwarded: for=1.2.3.4\r\nproxy-authorization: x\r\n\
        accept: application/json\r\naccept-encoding: gzip\r\ntraceparent: 00-1-2-01\r\n\
        x-client-request-id: theirs\r\nidempotency-key: once\r\nopenai-beta: v2\r\n\
        openai-organization: org\r\nx-stainless-lang: python\r\nx-claw-class: mine\r\nte: trailers\r\n";
    exchange(house.connect(), &chat(PLAIN, head)).await;
    let seen = house.sims[0].requests().remove(0);
    let mut headers = seen.request.headers.clone();
    headers.sort();
    let lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn of_the_provider_s_head_nothing_goes_on_and_ours_says_who_served() {
    let body = OWN.to_owned();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nset-cookie: a=b\r\nserver: x\r\n\
         x-should-retry: true\r\nconnection: close, x-secret\r\nx-secret: 1\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (answer, record) = relayed(vec![head.into_bytes()]).await;
    let kept = answer.head.replace(&record.request_id, "(id)");
    let kept = kept.lines().filter(|line| !line.starts_with("date: "));
    insta::assert_snapshot!(kept.collect::<Vec<_>>().join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_sane_request_id_is_taken_over_and_any_other_is_replaced() {
    for (sent, kept) in [
        ("run-1:model:2", true),
        ("a b", false),
        ("", false),
        (&"x".repeat(129), false),
    ] {
        let house = House::piped(Plan::over(&["a"])).await;
        let head = format!("x-request-id: {sent}\r\n");
        let answer = exchange(house.connect(), &chat(PLAIN, &head)).await;
        let record = house.records.one().await;
        assert_eq!(
            answer.header("x-request-id"),
            Some(record.request_id.as_str())
        );
        assert_eq!(record.request_id == sent, kept, "{sent}");
        assert!(kept || record.request_id.starts_with("req_"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_a_provider_repeats_does_not_reach_the_client() {
    let house = House::piped(Plan::over(&["a"])).await;
    let error = r#"{"error":{"message":"bad value in sk-of-the-gateway-0123","type":"invalid_request_error","code":"x"}}"#;
    let raw = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{error}",
        error.len()
    );
    drop(house);
    let (answer, _) = relayed(vec![raw.into_bytes()]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error()["code"], "bad_request");
    assert!(!answer.text().contains("sk-"));
}
