//! Before the commit point: a listed failure moves on, and the client sees one clean answer.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::{Answer, PLAIN, STREAM, attempts, chat, exchange};
use crate::house::{House, Plan};

/// Everything that can go wrong before the first content.
const BEFORE_CONTENT: &[&str] = &[
    "down",
    "reset",
    "hang",
    "hang after head",
    "only comments 5s",
    "slow first 70s",
    "role then cut",
    "end after 1",
    "error first",
    "error after 1",
    "bad event after 0",
    "bad event after 1",
    "bad chunk after 1",
    "stall after 1",
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
];

/// What can go wrong with a whole answer.
const PLAIN_FAULTS: &[&str] = &[
    "down",
    "reset",
    "hang",
    "hang after head",
    "bad json",
    "html",
    "empty",
    "error first",
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
    "length short",
    "length long",
    "gzip",
];

async fn failed_over(body: &str, script: &str) -> (Answer, String) {
    let mut plan = Plan::over(&["primary", "fallback"]);
    plan.class().deadlines.first_token_ms = Some(60_000);
    let house = House::piped(plan).await;
    house.script(0, script);
    let answer = exchange(house.connect(), &chat(body, "")).await;
    let record = house.records.one().await;
    assert_eq!(record.outcome, "complete", "{script}");
    assert_eq!(record.status, 200);
    (answer, attempts(&record))
}

#[tokio::test(start_paused = true)]
async fn each_failure_before_content_gives_one_clean_stream_from_the_fallback() {
    let clean = failed_over(STREAM, "ok").await.0;
    let mut table = String::new();
    for script in BEFORE_CONTENT {
        let (answer, attempts) = failed_over(STREAM, script).await;
        assert_eq!(answer.status, 200, "{script}");
        assert!(answer.clean && answer.is_done(), "{script}: {answer:?}");
        assert_eq!(answer.roles(), 1, "{script}");
        assert_eq!(
            answer.words().replace("fallback", "primary"),
            clean.words(),
            "{script}"
        );
        assert_eq!(answer.header("x-claw-target"), Some("fallback/small"));
        assert_eq!(answer.header("x-claw-attempts"), Some("2"));
        writeln!(table, "{script:20} {attempts}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn each_failure_of_a_plain_answer_gives_one_clean_answer_from_the_fallback() {
    let mut table = String::new();
    for script in PLAIN_FAULTS {
        let (answer, attempts) = failed_over(PLAIN, script).await;
        assert_eq!(answer.status, 200, "{script}");
        assert!(answer.clean, "{script}");
        assert!(!answer.words().is_empty(), "{script}: {answer:?}");
        assert_eq!(answer.header("x-claw-target"), Some("fallback/small"));
        writeln!(table, "{script:20} {attempts}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_callers_is_told_at_once_and_by_the_provider_that_found_it() {
    let mut table = String::new();
    for script in ["400", "context", "filter", "404", "413", "422"] {
        let house = House::piped(Plan::over(&["primary", "fallback"])).await;
        house.script(0, script);
        let answer = exchange(house.connect(), &chat(STREAM, "")).await;
        let record = house.records.one().await;
        assert_eq!(house.sims[1].count(), 0, "{script} went to the fallback");
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        let error = answer.error();
        writeln!(
            table,
            "{script:8} {} {} | log: {} {} {}",
            answer.status,
            error,
            record.outcome,
            record.code.unwrap_or_default(),
            attempts(&record),
        )
        .unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_caller_s_fault_moves_on_where_the_policy_names_its_status() {
    let mut plan = Plan::over(&["primary", "fallback"]);
    plan.class().retry.on.statuses.insert(0, (404, 404));
    let house = House::piped(plan).await;
    house.script(0, "404");
    let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(house.sims[1].count(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_every_target_fails_the_client_gets_the_clearest_error_once() {
    let mut table = String::new();
    for (first, second) in [
        ("down", "down"),
        ("500", "401"),
        ("401", "500"),
        ("429, retry-after 30s", "500"),
        ("500", "429, retry-after 30s"),
        ("429, retry-after 40s", "429, retry-after 20s"),
        ("503", "hang"),
        ("quota", "402"),
        ("html", "redirect"),
        ("role then cut", "error first"),
    ] {
        let mut plan = Plan::over(&["primary", "fallback"]);
        plan.class().retry.attempts = 2;
        let house = House::piped(plan).await;
        house.script(0, first);
        house.script(1, second);
        let answer = exchange(house.connect(), &chat(STREAM, "")).await;
        let record = house.records.one().await;
        assert_eq!(record.outcome, "failed");
        assert_eq!(answer.header("x-claw-attempts"), Some("2"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let hints = ["retry-after", "x-should-retry"];
        let hints = hints.iter().filter_map(|name| {
            let value = answer.header(name)?;
            Some(format!(" {name}={value}"))
        });
        writeln!(
            table,
            "{first} + {second}\n  {}{}\n  {}\n  {}",
            answer.status,
            hints.collect::<String>(),
            answer.error(),
            attempts(&record)
        )
        .unwrap();
    }
    // Clients take a key or an account out of use when they read these.
    for word in [
        "credit",
        "spend",
        "insufficient",
        "unauthorized",
        "forbidden",
        "denied",
        "sk-",
        "401",
        "403",
    ] {
        let shown: Vec<&str> = table
            .lines()
            .filter(|line| line.contains("message"))
            .collect();
        assert!(
            !shown.iter().any(|line| line.to_lowercase().contains(word)),
            "{word}"
        );
    }
    insta::assert_snapshot!(table);
}

/// How long a request took and what it tried, by the paused clock.
async fn timed(plan: Plan, scripts: &[&str]) -> (Duration, String, u16) {
    let house = House::piped(plan).await;
    for (provider, script) in scripts.iter().enumerate() {
        house.sims[provider].script(script).unwrap();
    }
    let began = Instant::now();
    let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
    let took = began.elapsed();
    (took, attempts(&house.records.one().await), answer.status)
}

#[tokio::test(start_paused = true)]
async fn moving_to_another_target_never_waits() {
    let plan = Plan::over(&["a", "b", "c"]);
    let (took, tried, status) = timed(
        plan,
        &[
            "always -> 500",
            "always -> 429, retry-after 5s",
            "always -> ok",
        ],
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(tried, "a/small 500, b/small 429, c/small served");
    assert_eq!(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_new_round_begins_after_the_backoff_and_attempts_bound_all_rounds() {
    let mut plan = Plan::over(&["a", "b"]);
    plan.class().retry.attempts = 5;
    let (took, tried, status) = timed(plan, &["always -> 500", "always -> 500"]).await;
    assert_eq!(status, 502);
    assert_eq!(
        tried,
        "a/small 500, b/small 500, a/small 500, b/small 500, a/small 500"
    );
    // Two waits: 200..400 ms, then 200..800 ms.
    let bounds = Duration::from_millis(400)..=Duration::from_millis(1200);
    assert!(bounds.contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_within_honor_is_waited_for_exactly() {
    let plan = Plan::over(&["a"]);
    let script = "request 1 -> 429, retry-after 7s\nalways -> ok";
    let (took, tried, status) = timed(plan, &[script]).await;
    assert_eq!(status, 200);
    assert_eq!(tried, "a/small 429, a/small served");
    assert_eq!(took, Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_longer_retry_after_is_not_waited_for_and_is_handed_to_the_client() {
    let house = House::piped(Plan::over(&["a"])).await;
    house.script(0, "429, retry-after 11s");
    let began = Instant::now();
    let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), Some("11"));
    assert_eq!(house.sims[0].count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_asked_for_time_sits_out_rounds_until_then() {
    let mut plan = Plan::over(&["a", "b"]);
    plan.class().retry.attempts = 4;
    let scripts = [
        "request 1 -> 429, retry-after 9s\nalways -> ok",
        "request 1..2 -> 500\nalways -> ok",
    ];
    let (took, tried, status) = timed(plan, &scripts).await;
    assert_eq!(status, 200);
    assert_eq!(
        tried,
        "a/small 429, b/small 500, b/small 500, b/small served"
    );
    assert!(took < Duration::from_secs(9), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_pass_the_total_deadline_is_not_begun() {
    let mut plan = Plan::over(&["a"]);
    plan.class().total_ms = Some(6_000);
    let (took, tried, status) = timed(plan, &["always -> 429, retry-after 7s"]).await;
    assert_eq!((status, tried.as_str()), (429, "a/small 429"));
    assert_eq!(took, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_not_listed_ends_the_request() {
    let mut plan = Plan::over(&["a", "b"]);
    plan.class().retry.on.named = 0;
    plan.class().retry.on.statuses = vec![(429, 429)];
    let (_, tried, status) = timed(plan, &["always -> 500", "always -> ok"]).await;
    assert_eq!((status, tried.as_str()), (502, "a/small 500"));
}

/// A gateway that may ask again once.
fn frugal() -> Plan {
    let mut plan = Plan::over(&["a"]);
    plan.limits.retries_max = 1;
    plan.limits.retries_per_s_min = 0;
    plan.class().retry.attempts = 2;
    plan
}

#[tokio::test(start_paused = true)]
async fn all_requests_together_ask_again_a_tenth_as_often_as_they_ask() {
    let house = House::piped(frugal()).await;
    house.script(0, "500");
    let mut again = String::new();
    for _ in 0..40 {
        let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
        assert_eq!(answer.status, 502);
        let record = house.records.one().await;
        again.push_str(if record.out_of_retries { "." } else { "2" });
        assert_eq!(record.out_of_retries, record.attempts.len() == 1);
    }
    // What was saved up, then a tenth.
    assert_eq!(again, "2.........2.........2.........2.........");
}

#[tokio::test(start_paused = true)]
async fn moving_to_another_target_is_never_refused_for_what_others_asked() {
    let mut plan = Plan::over(&["a", "b"]);
    plan.limits.retries_max = 1;
    plan.limits.retries_per_s_min = 0;
    let house = House::piped(plan).await;
    house.script(0, "500");
    for _ in 0..10 {
        let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
        assert_eq!(answer.status, 200);
        let record = house.records.one().await;
        assert_eq!(attempts(&record), "a/small 500, b/small served");
    }
    // What it took is missing for rounds.
    house.script(1, "500");
    let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
    assert_eq!(answer.status, 502);
    let record = house.records.one().await;
    assert_eq!(attempts(&record), "a/small 500, b/small 500");
    assert!(record.out_of_retries);
}
