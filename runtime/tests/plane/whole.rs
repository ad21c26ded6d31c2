//! `commit whole`: nothing of an answer is shown before it is complete, so whatever happens on the
//! way can still be replaced; and a client that waits for long is told that it is being worked on.

use std::fmt::Write as _;
use std::time::Duration;

use claw_runtime::server::Stop;
use claw_runtime::sim::play::Ended;
use claw_table::policy::{Api, Commit, Heartbeat};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::client::{PLAIN, STREAM, answer, attempts, chat, exchange, rest};
use crate::house::{House, Plan};
use crate::translate::{Client, Way, speaking};

/// Everything that breaks a stream off behind its first content, and what else does not make it
/// whole.
const BROKEN: &[&str] = &[
    "cut after 4",
    "cut inside 4",
    "reset after 4",
    "end after 4",
    "stall after 4",
    "error after 4",
    "bad chunk after 4",
    "no finish",
    "role then cut",
    "hang after head",
    "500",
    "down",
];

const BEAT: &str = ": heartbeat\n\n";

fn whole(names: &[&str]) -> Plan {
    let mut plan = Plan::over(names);
    plan.class().commit = Commit::Whole;
    plan
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_off_anywhere_is_replaced_and_the_client_sees_one_whole_answer() {
    let mut table = String::new();
    for script in BROKEN {
        let mut plan = whole(&["primary", "fallback"]);
        plan.class().deadlines.idle_ms = Some(8_000);
        plan.class().deadlines.first_token_ms = Some(8_000);
        let house = House::piped(plan).await;
        house.script(0, script);
        let answer = exchange(house.connect(), &chat(STREAM, "")).await;
        assert!(answer.clean && answer.is_done(), "{script}: {answer:?}");
        assert_eq!(answer.roles(), 1, "{script}: two attempts");
        assert!(answer.words().starts_with("This is fallback"), "{script}");
        assert!(answer.words().ends_with("hi there"), "{script}");
        assert_eq!(answer.header("x-claw-target"), Some("fallback/small"));
        let record = house.records.one().await;
        assert_eq!((record.outcome, record.status), ("complete", 200));
        assert!(record.usage.is_some(), "{script}");
        assert_eq!(house.common.body_bytes(), 0, "{script}: something is held");
        writeln!(table, "{script:20} {}", attempts(&record)).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn where_every_target_breaks_off_the_client_gets_a_status_and_no_half_answer() {
    let house = House::piped(whole(&["a", "b"])).await;
    house.script(0, "cut after 4");
    house.script(1, "error after 4");
    let answer = exchange(house.connect(), &chat(STREAM, "")).await;
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(house.records.one().await.outcome, "failed");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_answer_is_complete() {
    let mut plan = whole(&["a"]);
    plan.class().heartbeat = Heartbeat::Off;
    let house = House::piped(plan).await;
    house.script(0, "drip 1s, words 40");
    let mut link = house.connect();
    link.write_all(&chat(STREAM, "")).await.unwrap();
    let began = Instant::now();
    let mut first = [0; 1];
    link.read_exact(&mut first).await.unwrap();
    assert!(began.elapsed() > Duration::from_secs(40));
    let answer = rest(link, first.to_vec()).await;
    assert!(answer.clean && answer.is_done());
    assert!(!answer.text().contains(BEAT), "it was switched off");
    assert_eq!(house.records.one().await.outcome, "complete");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_is_told_so_after_each_heartbeat() {
    for (heartbeat, every) in [(Heartbeat::Usual, 15), (Heartbeat::Every(4_000), 4)] {
        let mut plan = whole(&["a"]);
        plan.class().heartbeat = heartbeat;
        let house = House::piped(plan).await;
        house.script(0, "slow 47s");
        let mut link = house.connect();
        link.write_all(&chat(STREAM, "")).await.unwrap();
        let began = Instant::now();
        let mut bytes = Vec::new();
        link.read_buf(&mut bytes).await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_secs(every));
        let answer = rest(link, bytes).await;
        assert_eq!(began.elapsed(), Duration::from_secs(47));
        assert_eq!(answer.status, 200);
        let beats = usize::try_from(46 / every).unwrap();
        let text = answer.text();
        assert!(text.starts_with(&BEAT.repeat(beats)), "{text}");
        assert_eq!(text.matches(BEAT).count(), beats);
        assert!(answer.clean && answer.is_done());
        // Who serves is known only at the end: it stands in the log.
        assert_eq!(answer.header("x-claw-target"), None);
        assert_eq!(answer.header("x-claw-attempts"), None);
        assert_eq!(answer.header("x-claw-class"), Some("code"));
        let record = house.records.one().await;
        assert_eq!((record.outcome, record.status), ("complete", 200));
        assert_eq!(record.target.as_deref(), Some("a/small"));
        assert_eq!(attempts(&record), "a/small served");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_within_the_first_heartbeat_has_a_head_like_any_other() {
    let house = House::piped(whole(&["a"])).await;
    house.script(0, "slow 14s");
    let answer = exchange(house.connect(), &chat(STREAM, "")).await;
    assert!(answer.is_done() && !answer.text().contains(BEAT));
    assert_eq!(answer.header("x-claw-target"), Some("a/small"));
    assert_eq!(answer.header("x-claw-attempts"), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn while_the_client_waits_a_failure_still_moves_on_unseen() {
    let mut plan = whole(&["primary", "fallback"]);
    plan.class().deadlines.first_token_ms = Some(20_000);
    let house = House::piped(plan).await;
    house.script(0, "hang");
    let answer = exchange(house.connect(), &chat(STREAM, "")).await;
    assert!(answer.clean && answer.is_done());
    assert_eq!(answer.text().matches(BEAT).count(), 1);
    assert!(answer.words().starts_with("This is fallback"));
    let record = house.records.one().await;
    assert_eq!(
        attempts(&record),
        "primary/small timeout, fallback/small served"
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_first_heartbeat_is_a_status_and_one_after_it_an_error_event() {
    let mut table = String::new();
    for (client, api) in [
        (Client::Chat, Api::OpenAi),
        (Client::Messages, Api::Anthropic),
    ] {
        for script in ["slow 14s, 500", "hang"] {
            let mut plan = speaking(&[("a", api)]);
            plan.class().commit = Commit::Whole;
            plan.class().retry.attempts = 1;
            plan.class().deadlines.first_token_ms = Some(20_000);
            let house = House::piped(plan).await;
            house.script(0, script);
            let asked = client.ask(Way::Stream, &serde_json::json!({}));
            let answer = exchange(house.connect(), &asked).await;
            let record = house.records.one().await;
            assert_eq!(record.outcome, "failed");
            assert_eq!(record.status, answer.status);
            let clean = if answer.clean { "clean" } else { "broken off" };
            writeln!(
                table,
                "{client:?} {script}: {} {clean}, log: {:?} {}\n{}\n",
                answer.status,
                record.code,
                attempts(&record),
                answer.text().trim_end()
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn the_responses_of_a_class_that_waits_are_told_of_a_failure_too() {
    let mut plan = whole(&["a"]);
    plan.class().retry.attempts = 1;
    plan.class().deadlines.first_token_ms = Some(20_000);
    let house = House::piped(plan).await;
    house.script(0, "hang");
    let body = r#"{"model":"m","stream":true,"input":"hi there"}"#;
    let asked = crate::client::post("/v1/responses", body, "");
    let answer = exchange(house.connect(), &asked).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.clean);
    let text = answer.text();
    assert!(
        text.starts_with(BEAT) && text.contains("event: response.failed"),
        "{text}"
    );
    assert!(!text.contains("response.completed"));
}

#[tokio::test(start_paused = true)]
async fn a_plain_answer_never_has_a_heartbeat() {
    let house = House::piped(whole(&["a"])).await;
    house.script(0, "slow 47s");
    let mut link = house.connect();
    link.write_all(&chat(PLAIN, "")).await.unwrap();
    let began = Instant::now();
    let mut bytes = Vec::new();
    link.read_buf(&mut bytes).await.unwrap();
    assert_eq!(began.elapsed(), Duration::from_secs(47));
    let answer = rest(link, bytes).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.words().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_longer_than_may_be_kept_is_refused_with_the_reason() {
    for body in [STREAM, PLAIN] {
        let mut plan = whole(&["a", "b"]);
        plan.limits.answer_bytes_max = 4_096;
        let house = House::piped(plan).await;
        house.script(0, "words 2000");
        let answer = exchange(house.connect(), &chat(body, "")).await;
        assert_eq!(answer.status, 502);
        assert_eq!(answer.error()["code"], "answer_too_large");
        assert_eq!(house.sims[1].count(), 0, "it is as long everywhere");
        let record = house.records.one().await;
        assert_eq!(attempts(&record), "a/small too-large");
        assert_eq!(house.common.body_bytes(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_of_all_answers_and_bodies_together_is_bounded() {
    let mut plan = whole(&["a", "b"]);
    plan.limits.bodies_bytes_max = 4_096;
    let house = House::piped(plan).await;
    house.script(0, "words 2000");
    let answer = exchange(house.connect(), &chat(STREAM, "")).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.error()["code"], "overloaded");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(attempts(&house.records.one().await), "a/small no-memory");
    assert_eq!(house.common.body_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_it_waits_takes_its_request_with_it() {
    for shown in [true, false] {
        let house = House::piped(whole(&["a", "b"])).await;
        house.script(0, "stall after 4, usage in every chunk");
        let mut link = house.connect();
        link.write_all(&chat(STREAM, "")).await.unwrap();
        house.sims[0]
            .until(|seen| seen.iter().any(|seen| seen.events == 4))
            .await;
        if shown {
            let mut bytes = Vec::new();
            while memchr::memmem::find(&bytes, BEAT.as_bytes()).is_none() {
                link.read_buf(&mut bytes).await.unwrap();
            }
        }
        let began = Instant::now();
        drop(link);
        let seen = house.sims[0].until(|seen| seen[0].ended.is_some()).await;
        assert_eq!(seen[0].ended, Some(Ended::ClientGone));
        assert_eq!(began.elapsed(), Duration::ZERO);
        let record = house.records.one().await;
        assert_eq!(record.outcome, "client_gone");
        assert_eq!(record.status, if shown { 200 } else { 0 });
        assert_eq!(attempts(&record), "a/small served");
        assert_eq!(house.common.body_bytes(), 0, "something is still held");
        assert_eq!(house.sims[1].count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_of_what_was_kept_is_let_go() {
    let mut plan = whole(&["a"]);
    plan.limits.client_stall = Duration::from_secs(30);
    let house = House::piped(plan).await;
    house.script(0, "words 2000");
    let mut link = house.connect_narrow(1024);
    link.write_all(&chat(STREAM, "")).await.unwrap();
    let began = Instant::now();
    let record = house.records.one().await;
    assert_eq!(record.outcome, "client_gone");
    assert_eq!(record.code, Some("client_stalled"));
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    assert_eq!(house.common.body_bytes(), 0, "something is still held");
    drop(link);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_stops_tells_those_who_wait() {
    for waits in [20, 5] {
        let house = House::piped(whole(&["a"])).await;
        house.script(0, "hang");
        let mut link = house.connect();
        link.write_all(&chat(STREAM, "")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(waits)).await;
        house.stop.send(Stop::Ending).unwrap();
        let mut bytes = Vec::new();
        while let Ok(1..) = link.read_buf(&mut bytes).await {}
        let answer = answer(&bytes);
        assert_eq!(answer.status, if waits > 15 { 200 } else { 503 });
        assert_eq!(answer.clean, waits < 15);
        assert_eq!(answer.error()["code"], "shutting_down", "{}", answer.text());
        let record = house.records.one().await;
        assert_eq!(
            (record.outcome, record.code),
            ("failed", Some("shutting_down"))
        );
    }
}
