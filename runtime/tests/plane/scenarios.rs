//! The ways in which providers are known to fail, each by its name, in every way to commit: what
//! the client sees, how long it takes, and who is asked.

use std::fmt::Write as _;

use claw_table::Can;
use claw_table::policy::{AfterCut, Commit};
use tokio::time::Instant;

use crate::client::{STREAM, attempts, chat, exchange};
use crate::house::{House, Plan};

/// Every complete answer, whoever gives it.
fn is_whole(words: &str) -> bool {
    let names = ["primary", "fallback"];
    names.iter().any(|name| {
        words == format!("This is {name}, a simulated provider, as large. You said: hi there")
    })
}

fn plan(mode: &str) -> Plan {
    let mut plan = Plan::over(&["primary", "fallback"]);
    plan.class().deadlines.first_token_ms = Some(10_000);
    plan.class().deadlines.idle_ms = Some(8_000);
    plan.class().total_ms = Some(60_000);
    match mode {
        "whole" => plan.class().commit = Commit::Whole,
        "continue" => plan.class().after_cut = AfterCut::Continue,
        _ => {}
    }
    for provider in &mut plan.policy.providers {
        "large".clone_into(&mut provider.models[0].wire);
        provider.models[0].can = Some(Can::Continue.bit());
    }
    plan
}

/// One line for each way to commit.
async fn told(primary: &str, fallback: &str) -> String {
    let mut told = format!("primary: {primary}\nfallback: {fallback}\n");
    for mode in ["error", "whole", "continue"] {
        let house = House::piped(plan(mode)).await;
        house.sims[0].script(primary).unwrap();
        house.sims[1].script(fallback).unwrap();
        let began = Instant::now();
        let answer = exchange(house.connect(), &chat(STREAM, "")).await;
        let took = began.elapsed();
        let record = house.records.one().await;
        assert!(
            answer.roles() <= 1,
            "{mode}: two answers: {}",
            answer.text()
        );
        let end = match (answer.status, answer.clean) {
            (200, true) => {
                assert!(answer.is_done(), "{mode}: {}", answer.text());
                assert!(is_whole(&answer.words()), "{mode}: {}", answer.words());
                assert!(record.usage.is_some(), "{mode}: nobody says what it used");
                assert_eq!(record.outcome, "complete");
                "whole".to_owned()
            }
            (200, false) => {
                assert!(!answer.text().contains("[DONE]"), "{mode}");
                format!("broken off ({})", answer.error()["code"])
            }
            (status, _) => format!("{status} ({})", answer.error()["code"]),
        };
        writeln!(told, "{mode}: {end} after {took:?}: {}", attempts(&record)).unwrap();
    }
    told
}

macro_rules! scenario {
    ($name:ident, $primary:literal, $fallback:literal) => {
        #[tokio::test(start_paused = true)]
        async fn $name() {
            insta::assert_snapshot!(told($primary, $fallback).await);
        }
    };
}

scenario!(a_429_without_retry_after, "always -> 429", "always -> ok");
scenario!(
    a_429_with_retry_after,
    "always -> 429, retry-after 30s",
    "always -> ok"
);
scenario!(
    a_single_5xx,
    "request 1 -> 503\nalways -> ok",
    "always -> down"
);
scenario!(a_lasting_5xx, "always -> 500", "always -> ok");
scenario!(a_reset, "always -> reset", "always -> ok");
scenario!(silence_before_headers, "always -> hang", "always -> ok");
scenario!(
    a_slow_first_token,
    "always -> slow first 30s",
    "always -> ok"
);
scenario!(a_cut_in_mid_stream, "always -> cut after 6", "always -> ok");
scenario!(
    a_stall_in_mid_stream,
    "always -> stall after 6",
    "always -> ok"
);
scenario!(
    one_malformed_chunk,
    "always -> bad event after 6",
    "always -> ok"
);
scenario!(
    a_missing_terminator,
    "always -> end after 9",
    "always -> ok"
);
scenario!(context_too_long, "always -> context", "always -> ok");
scenario!(a_content_filter, "always -> filter", "always -> ok");
scenario!(
    a_fallback_that_rejects_the_continuation,
    "request 1 -> cut after 6\nalways -> ok",
    "always -> refuses to continue"
);
scenario!(
    a_first_event_that_is_an_error_under_200,
    "always -> error first",
    "always -> ok"
);
scenario!(quota_moves_on_at_once, "always -> quota", "always -> ok");
scenario!(a_revoked_fallback_key, "always -> 500", "always -> 401");
scenario!(html_under_502, "always -> html", "always -> ok");
scenario!(a_short_body, "always -> length short", "always -> ok");
scenario!(a_compressed_stream, "always -> gzip", "always -> ok");
scenario!(both_down, "always -> down", "always -> hang");
