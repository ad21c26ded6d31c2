//! Facts of real requests, and the policies that decide by them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use claw_lang::moment::Moment;
use claw_runtime::clock::Wall;

use crate::client::{Answer, PLAIN, chat, exchange};
use crate::house::{House, Plan};

/// A policy of one provider with these arms before its last.
fn house(arms: &str) -> String {
    format!(
        "policy facts\n\
         provider edge {{ api openai; url \"http://127.0.0.1:1/v1\"; key none; model small {{ price free }} }}\n\
         class served {{ primary edge/small }}\n\
         {arms}"
    )
}

/// The refusal that a policy writes, or `served`.
fn decided(answer: &Answer) -> String {
    if answer.status == 200 {
        return "served".to_owned();
    }
    let error = answer.error();
    assert_eq!(error["code"], "policy_denied", "{error}");
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_address_of_the_connection_decides() {
    let policy = house(
        "let offices = 127.0.0.0/30, ::1\n\
         route {\n\
           when ip is 127.0.0.2    -> deny 400 \"the printer\"\n\
           when not ip in offices  -> deny 400 \"not an office\"\n\
           otherwise               -> served\n\
         }\n",
    );
    let house = House::piped(Plan::written(&policy)).await;
    let expected = [
        ("127.0.0.1:9", "served"),
        ("127.0.0.2:9", "the printer"),
        ("127.0.0.3:9", "served"),
        ("127.0.0.4:9", "not an office"),
        ("[::1]:9", "served"),
        ("[::ffff:127.0.0.1]:9", "served"),
        ("[::ffff:127.0.0.4]:9", "not an office"),
    ];
    for (peer, outcome) in expected {
        let link = house.connect_from(peer.parse().unwrap());
        let answer = exchange(link, &chat(PLAIN, "")).await;
        let told = decided(&answer);
        assert!(told.contains(outcome), "{peer}: {told}");
        house.records.one().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_at_which_a_request_comes_decides_by_the_clock_of_each_zone() {
    let policy = house(
        "let nights = mon..fri 22:00..06:00 \"Europe/Berlin\"\n\
         route {\n\
           when time in nights and time in sat \"America/New_York\" -> deny 400 \"already Saturday\"\n\
           when time in nights                       -> deny 400 \"a night\"\n\
           when time in sat..sun \"Europe/Berlin\" -> deny 400 \"a weekend\"\n\
           otherwise                                 -> served\n\
         }\n",
    );
    let now = Arc::new(AtomicU64::new(0));
    let mut plan = Plan::written(&policy);
    plan.wall = Wall::Set(Arc::clone(&now));
    let house = House::piped(plan).await;
    let expected = [
        ("2026-11-20 12:00 Europe/Berlin", "served"),
        ("2026-11-20 21:59 Europe/Berlin", "served"),
        ("2026-11-20 22:00 Europe/Berlin", "a night"),
        // Friday's night ends on Saturday.
        ("2026-11-21 05:59 Europe/Berlin", "a night"),
        ("2026-11-21 06:00 Europe/Berlin", "a weekend"),
        // It is five in the morning there when it is midnight in New York, for some weeks a year.
        ("2026-03-14 05:30 Europe/Berlin", "already Saturday"),
        ("2026-04-04 05:30 Europe/Berlin", "a night"),
        // Sunday's night is none.
        ("2026-11-23 03:00 Europe/Berlin", "served"),
        ("2026-11-23 22:30 Europe/Berlin", "a night"),
        // In summer the clocks are an hour ahead of winter's.
        ("2026-07-01 20:30 UTC", "a night"),
        ("2026-11-18 20:30 UTC", "served"),
        ("2026-10-26 20:59 UTC", "served"),
        ("2026-10-26 21:00 UTC", "a night"),
    ];
    for (at, outcome) in expected {
        let at_ms = Moment::read(at).unwrap().minute * 60_000 + 59_999;
        now.store(at_ms.try_into().unwrap(), Ordering::Relaxed);
        let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
        let told = decided(&answer);
        assert!(told.contains(outcome), "{at}: {told}");
        let record = house.records.one().await;
        assert_eq!(record.at_ms, u64::try_from(at_ms).unwrap());
    }
}

/// Sends each body and tells what became of it.
async fn outcomes(policy: &str, bodies: &[&str]) -> String {
    let house = House::piped(Plan::written(policy)).await;
    let mut out = String::new();
    for body in bodies {
        let answer = exchange(house.connect(), &chat(body, "")).await;
        // What the simulated provider says of it does not matter here.
        let told = if answer.header("x-claw-class").is_some() {
            "served".to_owned()
        } else {
            let error = answer.error();
            let message = error["message"].as_str().unwrap();
            format!("{} {}", error["code"].as_str().unwrap(), message)
        };
        let _ = writeln!(out, "{body}\n  {told}");
        house.records.one().await;
    }
    out
}

#[tokio::test(start_paused = true)]
async fn the_numbers_of_a_body_decide() {
    let policy = house(
        "route {\n\
           when max-output > 4k       -> deny 400 \"too long an answer\"\n\
           when max-output is absent  -> deny 400 \"say how long\"\n\
           when temperature > 0.7     -> deny 400 \"too warm\"\n\
           when temperature is 0      -> deny 400 \"too cold\"\n\
           when messages >= 3         -> deny 400 \"too many turns\"\n\
           otherwise                  -> served\n\
         }\n",
    );
    let told = outcomes(
        &policy,
        &[
            r#"{"model":"a","max_tokens":4000,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":4001,"messages":[{}]}"#,
            r#"{"model":"a","max_completion_tokens":4001,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":null,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":1,"temperature":0.7,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":1,"temperature":0.70000000000000000001,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":1,"temperature":7e-1,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":1,"temperature":0.0,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":1,"temperature":-0,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":1,"temperature":1e-300,"messages":[{}]}"#,
            r#"{"model":"a","max_tokens":1,"temperature":null,"messages":[{},{},{}]}"#,
            r#"{"model":"a","max_tokens":1,"temperature":"0","messages":[{}]}"#,
        ],
    )
    .await;
    insta::assert_snapshot!(told);
}

#[tokio::test(start_paused = true)]
async fn the_members_of_a_body_decide() {
    let policy = house(
        "route {\n\
           when body \"/metadata/tier\" is \"gold\", 7, null        -> deny 400 \"a known tier\"\n\
           when body \"/metadata/tier\" like \"g*\"                -> deny 400 \"like gold\"\n\
           when body \"/metadata/tier\" > 7.5                      -> deny 400 \"a high tier\"\n\
           when body \"/metadata/a~1b\" is true                     -> deny 400 \"a slash\"\n\
           when body \"/messages/1/role\" is \"user\"              -> deny 400 \"the second speaks\"\n\
           when body \"/stop\" is present                          -> deny 400 \"no stops\"\n\
           otherwise                                                -> served\n\
         }\n",
    );
    let told = outcomes(
        &policy,
        &[
            r#"{"model":"a","messages":[]}"#,
            r#"{"metadata":{"tier":"gold"},"model":"a"}"#,
            r#"{"metadata":{"tier":"\u0067old"},"model":"a"}"#,
            r#"{"metadata":{"tier":7.0},"model":"a"}"#,
            r#"{"metadata":{"tier":"7"},"model":"a"}"#,
            r#"{"metadata":{"tier":null},"model":"a"}"#,
            r#"{"metadata":{"tier":"green"},"model":"a"}"#,
            r#"{"metadata":{"tier":75e-1},"model":"a"}"#,
            r#"{"metadata":{"tier":8},"model":"a"}"#,
            r#"{"metadata":{"tier":["gold"]},"model":"a"}"#,
            r#"{"metadata":["tier","gold"],"model":"a"}"#,
            r#"{"metadata":{"a/b":true},"model":"a"}"#,
            r#"{"metadata":{"a/b":false},"model":"a"}"#,
            r#"{"messages":[{"role":"system"},{"content":[{"role":"user"}],"role":"user"}],"model":"a"}"#,
            r#"{"messages":[{"role":"user"},{"content":[{"role":"user"}],"role":"system"}],"model":"a"}"#,
            r#"{"messages":{"1":{"role":"user"}},"model":"a"}"#,
            r#"{"stop":null,"model":"a"}"#,
            r#"{"metadata":{"tier":"free","tier":"gold"},"model":"a"}"#,
            r#"{"metadata":{"tier":"free","Tier":"gold"},"model":"a"}"#,
            r#"{"metadata":{"tier":"free"},"metadata":{"tier":"gold"},"model":"a"}"#,
            r#"{"metadata":{"t\u0069er":"gold"},"model":"a"}"#,
            r#"{"other":{"tier":"gold","tier":"gold"},"model":"a"}"#,
        ],
    )
    .await;
    insta::assert_snapshot!(told);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_named_by_the_first_header_that_is_there() {
    let policy = house(
        "route {\n\
           when session is \"s-1\"  -> deny 400 \"that session\"\n\
           when session is absent   -> deny 400 \"no session\"\n\
           otherwise                -> served\n\
         }\n",
    );
    let house = House::piped(Plan::written(&policy)).await;
    for (head, outcome) in [
        ("", "no session"),
        ("session-id: s-1\r\n", "that session"),
        ("session_id: s-1\r\n", "that session"),
        ("x-claude-code-session-id: s-1\r\n", "that session"),
        (
            "session-id: s-1\r\nx-claude-code-session-id: s-2\r\n",
            "served",
        ),
        (
            "x-claude-code-session-id:\r\nsession-id: s-1\r\n",
            "that session",
        ),
    ] {
        let answer = exchange(house.connect(), &chat(PLAIN, head)).await;
        let told = decided(&answer);
        assert!(told.contains(outcome), "{head}: {told}");
        house.records.one().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_prompt_decides_whoever_said_it_and_wherever() {
    let policy = house(
        "route {\n\
           when prompt mentions \"refund policy\", \"caf\u{e9}\" -> deny 400 \"the manual\"\n\
           when prompt mentions \"Refund\"                  -> deny 400 \"the clerk\"\n\
           when prompt mentions \"user\"                    -> deny 400 \"a role\"\n\
           otherwise                                       -> served\n\
         }\n",
    );
    let told = outcomes(
        &policy,
        &[
            r#"{"model":"a","messages":[{"role":"user","content":"hello"}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":"a REFUND, please"}]}"#,
            r#"{"model":"a","messages":[{"role":"system","content":"our rEfUnD Policy says"}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":"re\u0066und"}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":"a caf\u00e9"}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":[{"type":"text","text":"ref"},{"type":"text","text":"und"}]}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"refund"}]}]}"#,
            r#"{"model":"a","messages":[{"role":"tool","tool_call_id":"refund","content":"paid back: refund"}]}"#,
            r#"{"model":"a","messages":[{"role":"tool","tool_call_id":"refund","content":"paid back"}]}"#,
            r#"{"model":"a","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"pay","arguments":"{\"why\":\"refund\"}"}}]}]}"#,
            r#"{"model":"a","messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"type":"refund"}}]}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,refund"}}]}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":"data:text/plain;base64,refund"}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA and a refund"}}]}]}"#,
            r#"{"model":"a","messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"a refund"}]}]}]}"#,
            &format!(r#"{{"model":"a","messages":[{{"role":"user","content":"{}refund"}}]}}"#, "A".repeat(600)),
            &format!(r#"{{"model":"a","messages":[{{"role":"user","content":[{{"type":"image","source":{{"type":"base64","data":"{}refund"}}}}]}}]}}"#, "A".repeat(600)),
            &format!(r#"{{"model":"a","messages":[{{"role":"user","content":[{{"type":"document","source":{{"data":"{}refund","type":"text"}}}}]}}]}}"#, "A".repeat(600)),
            r#"{"model":"a","messages":[{"role":"user","content":"","whatever":{"deep":["refund"]}}]}"#,
            r#"{"model":"refund","user":"refund","messages":[{"role":"user","content":"hello"}]}"#,
        ],
    )
    .await;
    insta::assert_snapshot!(told);
}
