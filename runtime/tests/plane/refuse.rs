//! What is refused before anything is asked of a provider: each with a status, a code, a sentence.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::client::{Answer, PLAIN, answer, chat, exchange, rest};
use crate::house::{House, Plan};

fn shown(answer: &Answer) -> String {
    let error = answer.error();
    let param = error["param"].as_str().map(|param| format!(" [{param}]"));
    let hint = match (
        answer.header("x-should-retry"),
        answer.header("retry-after"),
    ) {
        (Some("false"), None) => "final",
        (None, Some(_)) => "later",
        (None, None) => "open",
        _ => "contradictory",
    };
    format!(
        "{} {} ({}, {hint}){}: {}",
        answer.status,
        error["code"].as_str().unwrap(),
        error["type"].as_str().unwrap(),
        param.unwrap_or_default(),
        error["message"].as_str().unwrap()
    )
}

async fn refused(house: &House, request: &[u8]) -> Answer {
    let answer = exchange(house.connect(), request).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("x-request-id").is_some());
    assert_eq!(answer.header("x-claw-policy"), Some("digest-1"));
    let record = house.records.one().await;
    assert_eq!(record.outcome, "refused");
    assert_eq!(
        record.code,
        answer.error()["code"]
            .as_str()
            .map(|code| code_in(&record, code))
    );
    assert!(
        house.sims.iter().all(|sim| sim.count() == 0),
        "went to a provider"
    );
    answer
}

fn code_in(record: &claw_runtime::observe::record::Record, code: &str) -> &'static str {
    let recorded = record.code.expect("a code");
    assert_eq!(recorded, code);
    recorded
}

#[tokio::test(start_paused = true)]
async fn a_body_that_two_readers_could_read_differently_is_refused() {
    let deep = format!(
        r#"{{"model":"m","x":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let many = format!(r#"{{"model":"{}"}}"#, "m".repeat(10_000));
    let bodies: &[(&str, &str)] = &[
        ("empty", ""),
        ("not JSON", "model=gpt-5.5"),
        ("cut", r#"{"model":"m""#),
        ("trailing bytes", r#"{"model":"m"} x"#),
        ("byte order mark", "\u{feff}{\"model\":\"m\"}"),
        ("comment", r#"{"model":"m"/* */}"#),
        ("array", r#"[{"model":"m"}]"#),
        ("string", r#""model""#),
        ("twice", r#"{"model":"a","model":"b"}"#),
        ("escaped twin", r#"{"model":"a","\u006dodel":"b"}"#),
        ("escaped alone", r#"{"\u006dodel":"a"}"#),
        ("capital twin", r#"{"model":"a","Model":"b"}"#),
        ("capital alone", r#"{"MODEL":"a"}"#),
        (
            "stream twice",
            r#"{"model":"a","stream":true,"stream":false}"#,
        ),
        ("no model", r#"{"messages":[]}"#),
        ("model is a list", r#"{"model":["a"]}"#),
        ("model is empty", r#"{"model":""}"#),
        ("model is long", &many),
        ("stream is a string", r#"{"model":"a","stream":"true"}"#),
        ("deep", &deep),
        (
            "limits differ",
            r#"{"model":"a","max_tokens":1,"max_completion_tokens":2}"#,
        ),
        ("lone surrogate", r#"{"model":"\ud800"}"#),
    ];
    let mut table = String::new();
    for (name, body) in bodies {
        let house = House::piped(Plan::over(&["a"])).await;
        let answer = refused(&house, &chat(body, "")).await;
        writeln!(table, "{name:20} {}", shown(&answer)).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_not_served_says_what_to_send_instead() {
    let post = |path: &str, head: &str| {
        let request = String::from_utf8(chat(PLAIN, head)).unwrap();
        request.replace("/v1/chat/completions", path).into_bytes()
    };
    let plain = |change: (&str, &str)| {
        let request = String::from_utf8(chat(PLAIN, "")).unwrap();
        request.replacen(change.0, change.1, 1).into_bytes()
    };
    let requests: Vec<(&str, Vec<u8>)> = vec![
        ("unknown path", post("/v1/completions", "")),
        ("doubled base", post("/v1/v1/chat/completions", "")),
        ("no base", post("/chat/completions", "")),
        ("encoded letter", post("/v1/chat/%63ompletions", "")),
        ("encoded slash", post("/v1/chat%2Fcompletions", "")),
        ("dot segments", post("/v1/x/../chat/completions", "")),
        ("double slash", post("//v1/chat/completions", "")),
        ("get", plain(("POST", "GET"))),
        ("trace", plain(("POST", "TRACE"))),
        ("no host", plain(("host: gateway\r\n", ""))),
        ("two hosts", post("/v1/chat/completions", "host: other\r\n")),
        ("strange host", plain(("host: gateway", "host: a@b"))),
        ("gzip", post("/v1/chat/completions", "content-encoding: gzip\r\n")),
        ("form", plain(("application/json", "application/x-www-form-urlencoded"))),
        ("no type", plain(("content-type: application/json\r\n", ""))),
        ("too large", chat("", "").iter().copied().take(0).chain(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nconnection: close\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 33554433\r\n\r\n".iter().copied()
        ).collect()),
    ];
    let mut table = String::new();
    for (name, request) in requests {
        let house = House::piped(Plan::over(&["a"])).await;
        let answer = refused(&house, &request).await;
        writeln!(table, "{name:16} {}", shown(&answer)).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn only_clients_of_this_machine_are_served() {
    for (peer, served) in [
        ("127.0.0.1:1", true),
        ("127.8.9.1:1", true),
        ("[::1]:1", true),
        ("[::ffff:127.0.0.1]:1", true),
        ("10.0.0.2:1", false),
        ("[::ffff:10.0.0.2]:1", false),
        ("[fe80::1]:1", false),
        ("0.0.0.0:1", false),
    ] {
        let house = House::piped(Plan::over(&["a"])).await;
        let link = house.connect_from(peer.parse().unwrap());
        let answer = exchange(link, &chat(PLAIN, "")).await;
        assert_eq!(answer.status, if served { 200 } else { 403 }, "{peer}");
        if !served {
            assert_eq!(answer.error()["code"], "client_not_local");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_written_in_the_policy_is_given_as_written() {
    let house = House::piped(Plan::over(&["a"]).deny(400, "say which stage")).await;
    let answer = refused(&house, &chat(PLAIN, "")).await;
    insta::assert_snapshot!(shown(&answer), @"400 policy_denied (invalid_request_error, final): say which stage (rule main/1)");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_no_target_can_carry_names_what_is_missing() {
    let mut plan = Plan::over(&["a", "b"]);
    for provider in &mut plan.policy.providers {
        provider.models[0].can = Some(claw_table::Can::Json.bit());
    }
    let house = House::piped(plan).await;
    let body =
        r#"{"model":"m","messages":[],"tools":[{"type":"function","function":{"name":"f"}}]}"#;
    let answer = refused(&house, &chat(body, "")).await;
    insta::assert_snapshot!(shown(&answer), @"400 no_capable_target (invalid_request_error, final): no target of class code can do what the request needs: tools");
}

#[tokio::test(start_paused = true)]
async fn a_chunked_body_is_bounded_as_it_comes() {
    let mut plan = Plan::over(&["a"]);
    plan.limits.body_bytes_max = 1000;
    let house = House::piped(plan).await;
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\
        content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("1f4\r\n{}\r\n", " ".repeat(500));
    let request = format!("{head}{chunk}{chunk}{chunk}0\r\n\r\n");
    let answer = refused(&house, request.as_bytes()).await;
    insta::assert_snapshot!(shown(&answer), @"413 too_large (invalid_request_error, final): request exceeds the maximum size of 1000 bytes");
    assert_eq!(house.common.body_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn all_bodies_together_are_bounded_and_the_memory_comes_back() {
    let mut plan = Plan::over(&["a"]);
    plan.limits.bodies_bytes_max = PLAIN.len() + 10;
    let house = House::piped(plan).await;
    house.script(0, "hang");
    let mut holder = house.connect();
    holder.write_all(&chat(PLAIN, "")).await.unwrap();
    house.sims[0].until(|seen| !seen.is_empty()).await;
    assert_eq!(house.common.body_bytes(), PLAIN.len());
    let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
    insta::assert_snapshot!(shown(&answer), @"503 overloaded (server_error, later): the gateway is overloaded: it holds as many bodies as it may");
    assert_eq!(house.records.one().await.outcome, "refused");
    drop(holder);
    assert_eq!(house.records.one().await.outcome, "client_gone");
    assert_eq!(house.common.body_bytes(), 0);
    house.script(0, "ok");
    assert_eq!(
        exchange(house.connect(), &chat(PLAIN, "")).await.status,
        200
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_dawdles_is_refused() {
    let house = House::piped(Plan::over(&["a"])).await;
    let mut link = house.connect();
    let request = chat(PLAIN, "");
    let (most, last) = request.split_at(request.len() - 20);
    link.write_all(most).await.unwrap();
    for byte in last {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if link.write_all(&[*byte]).await.is_err() {
            break;
        }
    }
    let answer = rest(link, Vec::new()).await;
    insta::assert_snapshot!(shown(&answer), @"408 request_timeout (invalid_request_error, open): the body came too slowly");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_dawdles_and_a_silent_client_are_let_go() {
    let house = House::piped(Plan::over(&["a"])).await;
    let mut link = house.connect();
    let began = tokio::time::Instant::now();
    link.write_all(b"POST /v1/ch").await.unwrap();
    let mut bytes = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut link, &mut bytes)
        .await
        .unwrap();
    assert_eq!(began.elapsed(), house.common.limits.head);
    let began = tokio::time::Instant::now();
    let mut link = house.connect();
    tokio::io::AsyncReadExt::read_to_end(&mut link, &mut bytes)
        .await
        .unwrap();
    assert_eq!(began.elapsed(), house.common.limits.client_idle);
    assert_eq!(bytes, b"");
    assert_eq!(house.records.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_models_of_the_policy_are_listed() {
    let house = House::piped(Plan::over(&["a"])).await;
    let request = b"GET /v1/models/ HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n";
    let listed = exchange(house.connect(), request).await;
    assert_eq!(listed.status, 200);
    // Every name leads to the same class, so that none is worth telling.
    assert!(listed.text().starts_with(r#"{"object":"list","data":[],"#));
    assert_eq!(house.records.one().await.outcome, "complete");
    let request = b"HEAD /v1/models HTTP/1.1\r\nhost: g\r\nconnection: close\r\n\r\n";
    let mut link = house.connect();
    link.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut link, &mut bytes)
        .await
        .unwrap();
    assert!(bytes.ends_with(b"\r\n\r\n"));
    assert_eq!(answer(&bytes).status, 200);
}
