//! Anthropic's protocol on both sides: what passes, what moves on, and what a client is told.

use std::fmt::Write as _;
use std::time::Duration;

use claw_runtime::server::{bind, serve};
use claw_table::policy::Api;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::client::{Answer, attempts, exchange, post};
use crate::house::{House, Plan};

const STREAM: &str = r#"{"max_tokens":64,"model":"claude","stream":true,"messages":[{"role":"user","content":"hi there"}]}"#;
const PLAIN: &str =
    r#"{"model":"claude","max_tokens":64,"messages":[{"role":"user","content":"hi there"}]}"#;

fn anthropic(names: &[&str]) -> Plan {
    let mut plan = Plan::over(names);
    for provider in &mut plan.policy.providers {
        provider.api = Api::Anthropic;
        provider.urls[0].url.base = String::new();
    }
    plan
}

fn messages(body: &str, head: &str) -> Vec<u8> {
    post("/v1/messages", body, head)
}

/// The JSON of each event, and of a plain answer.
fn told(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    if answer.header("content-type") == Some("application/json") {
        return vec![serde_json::from_str(&text).expect("JSON")];
    }
    let events = text.split_terminator("\n\n").map(|event| {
        let (name, data) = event.split_once("\ndata: ").expect("a name and data");
        let json: Value = serde_json::from_str(data).expect("JSON");
        let name = name.strip_prefix("event: ").expect("a name");
        assert_eq!(json["type"], name, "{event}");
        json
    });
    events.collect()
}

fn words(answer: &Answer) -> String {
    let texts = told(answer).into_iter().flat_map(|json| {
        let blocks = json["content"].as_array().cloned().unwrap_or_default();
        let blocks = blocks.into_iter().map(|block| block["text"].clone());
        blocks
            .chain([json["delta"]["text"].clone()])
            .collect::<Vec<_>>()
    });
    let texts = texts.map(|text| text.as_str().unwrap_or_default().to_owned());
    texts.collect()
}

fn is_whole(answer: &Answer) -> bool {
    let last = told(answer).pop().expect("an answer");
    answer.clean && (last["type"] == "message_stop" || last["stop_reason"] == "end_turn")
}

#[tokio::test(start_paused = true)]
async fn a_message_passes_both_ways_and_only_the_model_is_another() {
    for (body, script) in [
        (STREAM, "ok"),
        (PLAIN, "ok"),
        (STREAM, "split"),
        (STREAM, "crlf"),
    ] {
        let house = House::piped(anthropic(&["a"])).await;
        house.script(0, &format!("{script}, words 4, cached 2"));
        let answer = exchange(house.connect(), &messages(body, "")).await;
        let seen = house.sims[0].requests().remove(0);
        let sent = String::from_utf8(seen.request.body.clone()).unwrap();
        assert_eq!(sent, body.replace("\"claude\"", "\"wire-a\""));
        assert_eq!(seen.request.path(), "/v1/messages");
        // The provider itself, asked without us.
        house.script(0, &format!("{script}, words 4, cached 2"));
        let direct = exchange(house.sims[0].connect(), &messages(&sent, "")).await;
        let number = |text: String| text.replace("msg_sim000002", "msg_sim000001");
        assert_eq!(answer.text(), number(direct.text()), "{script}");
        assert!(answer.clean);
        let record = house.records.one().await;
        let usage = record.usage.expect("usage, always");
        assert_eq!((usage.input_total, usage.output_total), (3, 4));
        assert_eq!((usage.input_uncached, usage.cache_read), (1, 2));
        assert_eq!(
            answer.header("request-id"),
            Some(record.request_id.as_str())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn its_version_and_betas_go_on_and_its_key_does_not() {
    for (sent, version) in [
        ("", "2023-06-01"),
        ("anthropic-version: 2026-10-21\r\n", "2026-10-21"),
    ] {
        let house = House::piped(anthropic(&["a"])).await;
        let head = format!(
            "{sent}x-api-key: theirs\r\nauthorization: Bearer theirs\r\nopenai-beta: x\r\n\
             anthropic-beta: one\r\nanthropic-beta: two,three\r\n"
        );
        exchange(house.connect(), &messages(PLAIN, &head)).await;
        let seen = house.sims[0].requests().remove(0);
        let all = |name: &str| -> Vec<&str> {
            let headers = seen.request.headers.iter();
            let named = headers.filter(|(header, _)| header == name);
            named.map(|(_, value)| value.as_str()).collect()
        };
        assert_eq!(all("anthropic-version"), [version]);
        assert_eq!(all("anthropic-beta"), ["one", "two,three"]);
        assert_eq!(all("x-api-key"), ["sk-of-the-gateway-0123"]);
        assert!(all("authorization").is_empty() && all("openai-beta").is_empty());
    }
}

/// What can go wrong before the first content of a stream, and with a whole answer.
const BEFORE_CONTENT: &[&str] = &[
    "down",
    "reset",
    "hang",
    "hang after head",
    "only comments 5s",
    "slow first 70s",
    "role then cut",
    "end after 1",
    "end after 3",
    "error first",
    "error after 3",
    "bad event after 0",
    "bad event after 3",
    "bad chunk after 1",
    "stall after 3",
    "bad json",
    "html",
    "plain",
    "empty",
    "401",
    "402",
    "403",
    "429",
    "quota",
    "500",
    "502",
    "503",
    "504",
    "529",
    "redirect",
    "gzip",
];
const STREAM_ONLY: &[&str] = &[
    "only comments 5s",
    "slow first 70s",
    "bad event after 0",
    "bad event after 3",
    "bad chunk after 1",
    "plain",
];

#[tokio::test(start_paused = true)]
async fn each_failure_before_content_is_answered_by_the_fallback() {
    for body in [STREAM, PLAIN] {
        for script in BEFORE_CONTENT {
            if body == PLAIN && STREAM_ONLY.contains(script) {
                continue;
            }
            let mut plan = anthropic(&["primary", "fallback"]);
            plan.class().deadlines.first_token_ms = Some(60_000);
            let house = House::piped(plan).await;
            house.script(0, script);
            let answer = exchange(house.connect(), &messages(body, "")).await;
            assert_eq!(answer.status, 200, "{script}");
            assert!(words(&answer).contains("This is fallback"), "{script}");
            assert!(is_whole(&answer), "{script}");
            let record = house.records.one().await;
            assert_eq!(record.outcome, "complete", "{script}");
            assert_eq!(record.attempts.len(), 2, "{script}: {}", attempts(&record));
        }
    }
}

/// What can go wrong after content, and what a client is told.
const AFTER_CONTENT: &[(&str, &str, &str)] = &[
    ("cut after 5", "upstream_cut", "api_error"),
    ("cut inside 5", "upstream_cut", "api_error"),
    ("reset after 5", "upstream_cut", "api_error"),
    ("end after 5", "upstream_cut", "api_error"),
    ("no finish", "upstream_cut", "api_error"),
    ("no done", "upstream_cut", "api_error"),
    ("error after 5", "overloaded", "overloaded_error"),
    ("bad chunk after 5", "upstream_cut", "api_error"),
];

#[tokio::test]
async fn each_failure_after_content_ends_in_an_error_event_and_no_message_stop() {
    for (script, code, kind) in AFTER_CONTENT {
        let house = House::over_sockets(anthropic(&["a", "b"])).await;
        house.script(0, script);
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (gateway, stop) = (house.gateway.clone(), house.stop.subscribe());
        tokio::spawn(async move { serve(gateway, listener, stop).await });
        let link = TcpStream::connect(address).await.unwrap();
        let answer = exchange(link, &messages(STREAM, "")).await;
        assert_eq!(answer.status, 200, "{script}");
        assert!(!words(&answer).is_empty(), "{script}");
        assert!(!answer.clean, "{script}: presented as whole");
        assert!(!answer.text().contains("message_stop"), "{script}");
        let last = told(&answer).pop().unwrap();
        assert_eq!(last["type"], "error", "{script}");
        assert_eq!(last["error"]["code"], *code, "{script}");
        assert_eq!(last["error"]["type"], *kind, "{script}");
        assert_eq!(
            house.sims[1].count(),
            0,
            "{script}: a second answer was begun"
        );
        let record = house.records.one().await;
        assert_eq!(
            (record.outcome, record.code),
            ("cut", Some(*code)),
            "{script}"
        );
        let usage = record
            .usage
            .expect("the input is known from the first event on");
        assert_eq!(usage.input_total, 3, "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_are_counted_by_a_provider_that_can() {
    let house = House::piped(anthropic(&["a", "b"])).await;
    house.script(0, "503");
    let counting = post("/v1/messages/count_tokens", PLAIN, "");
    let answer = exchange(house.connect(), &counting).await;
    assert_eq!(
        (answer.status, answer.text()),
        (200, r#"{"input_tokens":3}"#.to_owned())
    );
    let seen = house.sims[1].requests().remove(0);
    assert_eq!(seen.request.path(), "/v1/messages/count_tokens");
    let record = house.records.one().await;
    assert_eq!(attempts(&record), "a/small overloaded, b/small served");
    assert_eq!(record.usage, None, "nothing was used");
}

#[tokio::test(start_paused = true)]
async fn who_has_no_words_for_what_is_asked_is_passed_over() {
    let mut plan = Plan::over(&["a", "b"]);
    plan.policy.providers[1].api = Api::Anthropic;
    let house = House::piped(plan).await;
    let counting = post("/v1/messages/count_tokens", PLAIN, "");
    let answer = exchange(house.connect(), &counting).await;
    assert_eq!(answer.text(), r#"{"input_tokens":3}"#);
    assert_eq!(attempts(&house.records.one().await), "b/small served");
    let embedding = post("/v1/embeddings", r#"{"model":"m","input":"x"}"#, "");
    let answer = exchange(house.connect(), &embedding).await;
    assert_eq!(answer.status, 200);
    assert_eq!(attempts(&house.records.one().await), "a/small served");
}

#[tokio::test(start_paused = true)]
async fn tokens_that_nobody_can_count_are_estimated_and_marked() {
    let house = House::piped(Plan::over(&["a"])).await;
    let counting = post("/v1/messages/count_tokens", PLAIN, "");
    let answer = exchange(house.connect(), &counting).await;
    assert_eq!(answer.header("x-claw-estimated"), Some("input_tokens"));
    assert_eq!(
        (answer.status, answer.text()),
        (200, r#"{"input_tokens":11}"#.to_owned())
    );
    assert_eq!(house.sims[0].count(), 0);
    assert_eq!(house.records.one().await.outcome, "complete");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_has_words_for_it_the_client_is_told_so() {
    let house = House::piped(anthropic(&["a"])).await;
    let embedding = post("/v1/embeddings", r#"{"model":"m","input":"x"}"#, "");
    let answer = exchange(house.connect(), &embedding).await;
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(answer.error()["code"], "no_speaking_target");
}

#[tokio::test(start_paused = true)]
async fn refusals_are_in_the_protocol_of_the_client() {
    let cases = [
        (messages("{", ""), "ok"),
        (messages(r#"{"messages":[]}"#, ""), "ok"),
        (
            post("/v1/nowhere", PLAIN, "anthropic-version: 2023-06-01\r\n"),
            "ok",
        ),
        (messages(PLAIN, ""), "529"),
        (messages(STREAM, ""), "429, retry-after 20s"),
        (messages(PLAIN, ""), "401"),
        (messages(PLAIN, ""), "quota"),
        (messages(STREAM, ""), "context"),
        (messages(PLAIN, ""), "404"),
        (messages(PLAIN, ""), "filter"),
    ];
    let mut shown = String::new();
    for (request, script) in cases {
        let mut plan = anthropic(&["a"]);
        plan.class().retry.attempts = 1;
        let house = House::piped(plan).await;
        house.script(0, script);
        let answer = exchange(house.connect(), &request).await;
        let retry = ["retry-after", "x-should-retry"].map(|name| answer.header(name));
        let (status, text) = (answer.status, answer.text());
        writeln!(shown, "{script}: {status} {retry:?}\n  {text}").unwrap();
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test(start_paused = true)]
async fn a_sign_of_life_is_given_without_a_question() {
    let house = House::piped(anthropic(&["a"])).await;
    let head = b"HEAD /api/hello HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(house.connect(), head).await.status, 200);
    assert_eq!(house.sims[0].count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_no_content_and_no_silence() {
    let mut plan = anthropic(&["a", "b"]);
    plan.class().deadlines.first_token_ms = Some(1_000);
    let house = House::piped(plan).await;
    // The stream opens, names its first block and pings; then it says nothing for too long.
    house.script(0, "stall after 3");
    let began = tokio::time::Instant::now();
    let answer = exchange(house.connect(), &messages(STREAM, "")).await;
    assert!(words(&answer).contains("This is b"));
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn one_malformed_event_in_an_answer_is_left_out_and_the_stream_lives() {
    let house = House::piped(anthropic(&["a", "b"])).await;
    house.script(0, "bad event after 5, words 9");
    let answer = exchange(house.connect(), &messages(STREAM, "")).await;
    assert!(is_whole(&answer), "{}", answer.text());
    assert_eq!(
        words(&answer),
        "one two three four five six seven eight nine"
    );
    let record = house.records.one().await;
    assert_eq!(record.outcome, "complete");
    assert!(record.attempts[0].skipped, "nobody would know");
    assert_eq!(house.sims[1].count(), 0);
}
