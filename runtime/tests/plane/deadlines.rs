//! Each deadline, by a paused clock: when it fires, and what the client and the log are told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use claw_runtime::observe::record::Record;
use tokio::time::Instant;

use crate::client::{Answer, PLAIN, STREAM, attempts, chat, exchange};
use crate::house::{House, Pipes, Plan};

struct Run {
    answer: Answer,
    record: Record,
    took: Duration,
}

async fn run(house: &House, body: &str) -> Run {
    let began = Instant::now();
    let answer = exchange(house.connect(), &chat(body, "")).await;
    Run {
        answer,
        took: began.elapsed(),
        record: house.records.one().await,
    }
}

/// One provider, one attempt, one script.
async fn alone(plan: Plan, script: &str, body: &str) -> Run {
    let mut plan = plan;
    plan.class().retry.attempts = 1;
    let house = House::piped(plan).await;
    house.script(0, script);
    run(&house, body).await
}

fn refused(run: &Run, status: u16, code: &str) {
    assert_eq!(run.answer.status, status, "{:?}", run.answer);
    assert_eq!(run.answer.error()["code"], code);
    assert_eq!(run.record.code, Some(code_of(code)));
    assert_eq!(run.record.outcome, "failed");
    assert_eq!(attempts(&run.record), "a/small timeout");
}

fn code_of(code: &str) -> &'static str {
    match code {
        "upstream_timeout" => "upstream_timeout",
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_is_bounded_and_the_next_address_gets_its_share() {
    let mut plan = Plan::over(&["a"]);
    plan.class().retry.attempts = 1;
    plan.class().deadlines.connect_ms = Some(2_000);
    let dead: SocketAddr = "127.0.0.1:99".parse().unwrap();
    let alive: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let sim = House::piped(Plan::over(&["a"])).await.sims.remove(0);
    let dial = Arc::new(Pipes(vec![Arc::clone(&sim)]));
    let house = House::with(plan, vec![sim], vec![vec![dead, alive]], dial);
    let run = run(&house, PLAIN).await;
    assert_eq!(run.answer.status, 200);
    assert_eq!(run.took, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_never_comes_is_a_timeout() {
    let mut plan = Plan::over(&["a"]);
    plan.class().retry.attempts = 1;
    plan.class().deadlines.connect_ms = Some(2_000);
    let dead: SocketAddr = "127.0.0.1:99".parse().unwrap();
    let dial = Arc::new(Pipes(Vec::new()));
    let house = House::with(plan, Vec::new(), vec![vec![dead]], dial);
    let run = run(&house, PLAIN).await;
    refused(&run, 504, "upstream_timeout");
    assert_eq!(run.took, Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_an_address_is_out_of_reach() {
    let mut plan = Plan::over(&["a"]);
    plan.class().retry.attempts = 1;
    let house = House::with(
        plan,
        Vec::new(),
        vec![Vec::new()],
        Arc::new(Pipes(Vec::new())),
    );
    let run = run(&house, PLAIN).await;
    assert_eq!(run.answer.status, 502);
    assert_eq!(run.answer.error()["code"], "upstream_unreachable");
}

#[tokio::test(start_paused = true)]
async fn comments_do_not_put_off_the_first_token() {
    let mut plan = Plan::over(&["a"]);
    plan.class().deadlines.first_token_ms = Some(20_000);
    plan.class().deadlines.idle_ms = Some(8_000);
    let run = alone(plan, "only comments 5s", STREAM).await;
    refused(&run, 504, "upstream_timeout");
    assert_eq!(run.took, Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn silence_before_content_is_bounded_by_idle_too() {
    let mut plan = Plan::over(&["a"]);
    plan.class().deadlines.first_token_ms = Some(20_000);
    plan.class().deadlines.idle_ms = Some(8_000);
    let run = alone(plan, "slow first 15s", STREAM).await;
    refused(&run, 504, "upstream_timeout");
    assert_eq!(run.took, Duration::from_secs(8));
}

#[tokio::test(start_paused = true)]
async fn first_token_starts_anew_with_each_attempt() {
    let mut plan = Plan::over(&["a", "b"]);
    plan.class().deadlines.first_token_ms = Some(20_000);
    let house = House::piped(plan).await;
    house.script(0, "hang");
    house.script(1, "slow 19s");
    let run = run(&house, STREAM).await;
    assert_eq!(run.answer.status, 200);
    assert_eq!(run.took, Duration::from_secs(39));
    assert_eq!(run.record.first_content_us, Some(39_000_000));
}

#[tokio::test(start_paused = true)]
async fn a_plain_answer_may_take_longer_than_a_stream_may_be_silent() {
    let plan = Plan::over(&["a"]);
    assert!(plan.limits.first_token < Duration::from_mins(5));
    let run = alone(plan, "slow 300s", PLAIN).await;
    assert_eq!(run.answer.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_written_first_token_bounds_a_plain_answer_too() {
    let mut plan = Plan::over(&["a"]);
    plan.class().deadlines.first_token_ms = Some(20_000);
    let run = alone(plan, "slow 300s", PLAIN).await;
    refused(&run, 504, "upstream_timeout");
    assert_eq!(run.took, Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_bounded_by_its_provider() {
    let mut plan = Plan::over(&["a"]);
    plan.policy.providers[0].attempt_ms = Some(3_000);
    let run = alone(plan, "hang after head", PLAIN).await;
    refused(&run, 504, "upstream_timeout");
    assert_eq!(run.took, Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn total_counts_from_the_head_over_all_attempts_and_never_moves_on() {
    let mut plan = Plan::over(&["a", "b"]);
    plan.class().deadlines.first_token_ms = Some(20_000);
    plan.class().total_ms = Some(30_000);
    let house = House::piped(plan).await;
    house.script(0, "hang");
    house.script(1, "hang");
    let run = run(&house, STREAM).await;
    assert_eq!(run.took, Duration::from_secs(30));
    assert_eq!(run.answer.status, 504);
    assert_eq!(attempts(&run.record), "a/small timeout, b/small total");
}

#[tokio::test(start_paused = true)]
async fn silence_after_content_ends_in_an_error_event() {
    let mut plan = Plan::over(&["a"]);
    plan.class().deadlines.idle_ms = Some(8_000);
    let run = alone(plan, "stall after 3", STREAM).await;
    assert_eq!(run.answer.status, 200);
    assert!(!run.answer.clean && !run.answer.is_done());
    assert_eq!(run.answer.error()["code"], "upstream_timeout");
    assert_eq!(run.took, Duration::from_secs(8));
    assert_eq!(run.record.outcome, "cut");
    assert_eq!(attempts(&run.record), "a/small timeout");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_never_ends_meets_the_total_deadline() {
    let mut plan = Plan::over(&["a"]);
    plan.class().total_ms = Some(10_000);
    let run = alone(plan, "drip 1s, words 1000", STREAM).await;
    assert_eq!(run.took, Duration::from_secs(10));
    assert_eq!(run.answer.error()["code"], "upstream_timeout");
    assert!(!run.answer.clean && run.answer.words().len() > 10);
}

#[tokio::test(start_paused = true)]
async fn a_slow_stream_that_goes_on_is_left_alone() {
    let mut plan = Plan::over(&["a"]);
    plan.class().deadlines.idle_ms = Some(8_000);
    let run = alone(plan, "drip 7s, words 12", STREAM).await;
    assert!(run.answer.clean && run.answer.is_done());
    assert!(run.took > Duration::from_secs(80));
    assert_eq!(run.record.outcome, "complete");
}

/// A target out of reach costs none of the three attempts, however often it is turned to.
#[tokio::test(start_paused = true)]
async fn only_what_is_put_on_the_wire_is_an_attempt() {
    let mut plan = Plan::over(&["a", "b"]);
    plan.class().retry.attempts = 3;
    plan.class().deadlines.connect_ms = Some(1_000);
    let sim = House::piped(Plan::over(&["a"])).await.sims.remove(0);
    let (dead, alive): (SocketAddr, SocketAddr) = (
        "127.0.0.1:99".parse().unwrap(),
        "127.0.0.1:0".parse().unwrap(),
    );
    let dial = Arc::new(Pipes(vec![Arc::clone(&sim)]));
    let house = House::with(plan, vec![sim], vec![vec![dead], vec![alive]], dial);
    house.script(0, "500");
    let run = run(&house, PLAIN).await;
    assert_eq!(house.sims[0].count(), 3);
    assert_eq!(run.answer.header("x-claw-attempts"), Some("3"));
    let sent: Vec<bool> = run.record.attempts.iter().map(|one| one.sent).collect();
    assert_eq!(sent, [false, true, false, true, false, true]);
}
