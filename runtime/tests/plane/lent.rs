//! A caller's own key: to which provider it goes, what becomes of it there, and who hears of it.

use std::fmt::Write as _;

use claw_runtime::identity::key::hashed;

use crate::client::{PLAIN, attempts, chat, exchange, post};
use crate::house::{House, Plan};

/// Two providers, a class with the caller's key and one with the gateway's.
fn policy(more: &str) -> String {
    format!(
        "policy lent\n\
         provider gpt {{ api openai; url \"http://127.0.0.1:1/v1\"; key none; model small {{ price free }} }}\n\
         provider claude {{ api anthropic; url \"http://127.0.0.1:1/v1\"; key none; model other {{ price free }} }}\n\
         retry all {{ on bad-key, quota, 400..599, cut; attempts 3 }}\n\
         class own {{ primary requested from gpt, claude; keys caller; retry all }}\n\
         class ours {{ primary gpt/small; fallback claude/other }}\n\
         client bot {{ key sha256 \"{}\" }}\n\
         client lan {{ from 127.0.0.0/8; auth caller }}\n\
         {more}\n",
        hashed(b"claw-bot-key")
    )
}

async fn house() -> House {
    let routes = "route {\n  when header \"x-ours\" is present -> ours\n  otherwise -> own\n}";
    House::piped(Plan::written(&policy(routes))).await
}

/// The keys that a simulator was shown.
fn shown(house: &House, provider: usize) -> Vec<String> {
    let seen = house.sims[provider].requests();
    let keys = seen.iter().flat_map(|seen| &seen.request.headers);
    let keys = keys.filter(|(name, _)| name.contains("key") || name == "authorization");
    keys.map(|(name, value)| format!("{name}: {value}"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_callers_key_goes_to_the_provider_of_the_model_and_no_other_key_beside_it() {
    let mut table = String::new();
    for (what, model, head) in [
        ("bearer", "small", "authorization: Bearer sk-mine\r\n"),
        ("x-api-key", "small", "x-api-key: sk-mine\r\n"),
        (
            "another provider",
            "other",
            "authorization: Bearer sk-mine\r\n",
        ),
        (
            "no such model",
            "third",
            "authorization: Bearer sk-mine\r\n",
        ),
        ("no key", "small", ""),
        (
            "a key of this gateway",
            "small",
            "authorization: Bearer claw-bot-key\r\n",
        ),
        (
            "two keys",
            "small",
            "authorization: Bearer claw-bot-key\r\nx-api-key: sk-mine\r\n",
        ),
        ("no key at all", "small", "authorization: Basic YTpi\r\n"),
        (
            "where the gateway pays",
            "small",
            "x-ours: 1\r\nauthorization: Bearer sk-mine\r\n",
        ),
    ] {
        let house = house().await;
        let body = PLAIN.replace("gpt-5.5", model);
        let answer = exchange(house.connect(), &chat(&body, head)).await;
        let record = house.records.one().await;
        assert!(!format!("{record:?}").contains("sk-mine"), "{record:?}");
        let code = record.code.unwrap_or("served");
        writeln!(
            table,
            "{what:22} {} {code} {:?} {:?}",
            answer.status,
            shown(&house, 0),
            shown(&house, 1)
        )
        .unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_says_of_a_callers_key_is_the_callers_to_read_and_nobody_else_is_tried() {
    let mut table = String::new();
    for (script, model) in [
        ("401", "small"),
        ("402", "small"),
        ("quota", "small"),
        ("401", "other"),
    ] {
        let house = house().await;
        house.script(0, script);
        house.script(1, script);
        let body = PLAIN.replace("gpt-5.5", model);
        let answer = exchange(
            house.connect(),
            &chat(&body, "authorization: Bearer sk-mine\r\n"),
        )
        .await;
        let record = house.records.one().await;
        assert_eq!(answer.header("x-should-retry"), Some("false"));
        writeln!(
            table,
            "{script} {model}: {} {} [{}]\n  {}",
            answer.status,
            record.code.unwrap_or_default(),
            attempts(&record),
            answer.text().trim_end(),
        )
        .unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_not_the_keys_is_tried_again_with_the_same_key_at_the_same_provider() {
    let house = house().await;
    house.sims[1]
        .script("request 1 -> 503\nalways -> ok")
        .unwrap();
    let body = r#"{"model":"other","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    let request = post(
        "/v1/messages",
        body,
        "x-api-key: sk-mine\r\nanthropic-version: 2023-06-01\r\n",
    );
    let answer = exchange(house.connect(), &request).await;
    let record = house.records.one().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        attempts(&record),
        "claude/other overloaded, claude/other served"
    );
    assert_eq!(
        shown(&house, 1),
        ["x-api-key: sk-mine", "x-api-key: sk-mine"]
    );
    assert_eq!(house.sims[0].count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_policy_can_ask_whether_a_caller_brings_a_key() {
    let routes = "route {\n  when has caller-key -> own\n  otherwise -> ours\n}";
    let house = House::piped(Plan::written(&policy(routes))).await;
    let body = PLAIN.replace("gpt-5.5", "small");
    for (head, class) in [
        ("authorization: Bearer sk-mine\r\n", "own"),
        ("authorization: Bearer claw-bot-key\r\n", "ours"),
        ("", "ours"),
    ] {
        let answer = exchange(house.connect(), &chat(&body, head)).await;
        assert_eq!(answer.header("x-claw-class"), Some(class), "{head}");
        house.records.one().await;
    }
}
