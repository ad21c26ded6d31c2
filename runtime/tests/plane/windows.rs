//! A target whose window is too small for the input is passed over, and costs no attempt.

use std::fmt::Write as _;

use claw_runtime::request::tokens::estimate;
use serde_json::{Value, json};

use crate::client::{Answer, exchange, post};
use crate::house::{House, Plan};

const HOUSE: &str = "policy p
provider small { api openai; url \"http://127.0.0.1:1\"; key none; model m { context 1k } }
provider large { api openai; url \"http://127.0.0.1:2\"; key none; model m { context 2k } }
class code { primary small/m; fallback large/m }
route { otherwise -> code }
";

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const MESSAGES: &str = "/v1/messages";
const EMBEDDINGS: &str = "/v1/embeddings";

/// A body of so many tokens, with these members besides.
pub(crate) fn body(path: &str, tokens: u64, more: &Value) -> String {
    let of = |words: u64| {
        let text = "hi ".repeat(usize::try_from(words).unwrap());
        let said = json!([{"role": "user", "content": text}]);
        let mut body = match path {
            RESPONSES | EMBEDDINGS => json!({"model": "m", "input": text}),
            MESSAGES => json!({"model": "m", "max_tokens": 100, "messages": said}),
            _ => json!({"model": "m", "messages": said}),
        };
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body.to_string()
    };
    let frame = estimate(of(0).as_bytes());
    let body = of(tokens.checked_sub(frame).expect("room for a word"));
    assert_eq!(estimate(body.as_bytes()), tokens, "{path}");
    body
}

/// One request, with who had a turn and what came of it.
async fn sent(policy: &str, scripts: &[(usize, &str)], request: (&str, &str)) -> String {
    let house = House::piped(Plan::written(policy)).await;
    for (provider, words) in scripts {
        house.script(*provider, words);
    }
    let answer = exchange(house.connect(), &post(request.0, request.1, "")).await;
    let record = house.records.one().await;
    let turns = record.attempts.iter().map(|turn| {
        let cause = turn.cause.as_deref().unwrap_or("served");
        format!("{} {cause}", turn.target)
    });
    let turns: Vec<String> = turns.collect();
    if answer.status == 200 {
        return turns.join(", ");
    }
    assert_eq!((record.outcome, answer.status), ("refused", 400));
    assert_eq!(record.code, Some(code(&answer)));
    assert!(turns.is_empty(), "{turns:?}");
    assert_eq!(answer.header("x-claw-attempts"), Some("0"));
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    answer.text()
}

fn code(answer: &Answer) -> &'static str {
    match answer.error()["code"].as_str() {
        Some("context_length_exceeded") => "context_length_exceeded",
        Some("no_capable_target") => "no_capable_target",
        other => panic!("{other:?}"),
    }
}

/// By which target a chat of so many tokens is served, or how it is refused.
async fn chatted(policy: &str, tokens: u64, more: Value) -> String {
    sent(policy, &[], (CHAT, &body(CHAT, tokens, &more))).await
}

#[tokio::test(start_paused = true)]
async fn exactly_the_window_is_served_and_one_token_more_goes_to_the_next() {
    for path in [CHAT, RESPONSES, MESSAGES] {
        for (tokens, served) in [
            (999, "small/m served"),
            (1000, "small/m served"),
            (1001, "large/m served"),
            (2000, "large/m served"),
        ] {
            for streaming in [false, true] {
                let body = body(path, tokens, &json!({"stream": streaming}));
                assert_eq!(
                    sent(HOUSE, &[], (path, &body)).await,
                    served,
                    "{path} {tokens}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_window_holds_is_refused_in_the_words_by_which_clients_make_room() {
    let mut told = String::new();
    for path in [CHAT, RESPONSES, MESSAGES] {
        let body = body(path, 2001, &json!({"stream": true}));
        writeln!(told, "{}", sent(HOUSE, &[], (path, &body)).await).unwrap();
    }
    insta::assert_snapshot!(told);
}

#[tokio::test(start_paused = true)]
async fn the_next_is_asked_for_a_failure_as_ever_and_a_small_one_never() {
    let third =
        "provider last { api openai; url \"http://127.0.0.1:3\"; key none; model m }\nclass";
    let policy = HOUSE
        .replace("class", third)
        .replace("fallback large/m", "fallback large/m, last/m");
    let body = body(CHAT, 1500, &json!({}));
    let scripts = [(0, "503"), (1, "503")];
    // A model that does not say how much it holds is held to hold everything.
    let turns = sent(&policy, &scripts, (CHAT, &body)).await;
    assert_eq!(turns, "large/m overloaded, last/m served");
}

#[tokio::test(start_paused = true)]
async fn of_several_reasons_the_one_is_told_that_less_input_ends() {
    let policy = |small: &str, large: &str| {
        HOUSE
            .replace("context 1k", &format!("context 1k; can {small}"))
            .replace("context 2k", &format!("context 2k; can {large}"))
    };
    let tools = || json!({"tools": [{"type": "function", "function": {"name": "f"}}]});
    let mut told = String::new();
    for (small, large, tokens) in [
        // The larger one would not carry it anyway.
        ("tools", "json", 1500),
        ("tools", "json", 2500),
        ("json", "tools", 2500),
        // Less input would bring it to nobody.
        ("json", "json", 1500),
        ("json", "json", 2500),
    ] {
        let policy = policy(small, large);
        let said = chatted(&policy, tokens, tools()).await;
        writeln!(told, "{small}, {large}, {tokens}: {said}").unwrap();
    }
    insta::assert_snapshot!(told);
}

#[tokio::test(start_paused = true)]
async fn what_is_requested_is_held_against_the_window_of_what_it_names() {
    let policy = "policy p
provider a {
  api openai; url \"http://127.0.0.1:1\"; key none
  model m { context 1k }
  model n { context 2k }
}
class code { primary requested from a }
route { otherwise -> code }
";
    let n = |tokens| chatted(policy, tokens, json!({"model": "n"}));
    assert_eq!(n(2000).await, "a/n served");
    assert!(
        n(2001)
            .await
            .contains("length is 2000 tokens, requested 2001 tokens")
    );
    let m = chatted(policy, 1001, json!({})).await;
    assert!(
        m.contains("length is 1000 tokens, requested 1001 tokens"),
        "{m}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_picture_is_many_bytes_and_few_tokens() {
    let policy = HOUSE.replace("context 1k", "context 2k");
    let data = format!("data:image/png;base64,{}", "iVBORw0K".repeat(50_000));
    let part = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let body = |parts: Value| json!({"model": "m", "messages": [{"content": parts}]}).to_string();
    let one = body(json!([part(&data)]));
    assert_eq!(estimate(one.as_bytes()), 1506);
    assert_eq!(sent(&policy, &[], (CHAT, &one)).await, "small/m served");
    // And two of them are few bytes and many tokens.
    let two = body(json!([part("http://a/1.png"), part("http://a/2.png")]));
    assert!(two.len() < 1000);
    let told = sent(&policy, &[], (CHAT, &two)).await;
    assert!(
        told.contains("length is 2000 tokens, requested 3006 tokens"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn vectors_and_counts_are_held_against_no_window() {
    let chunk = "hi ".repeat(500);
    let many = json!({"model": "m", "input": vec![chunk; 4]}).to_string();
    assert!(estimate(many.as_bytes()) > 2000);
    let embedded = sent(HOUSE, &[], (EMBEDDINGS, &many)).await;
    assert_eq!(
        embedded, "small/m served",
        "each text has the window for itself"
    );
    let claude = HOUSE.replace("api openai", "api anthropic");
    let counted = body(MESSAGES, 2500, &json!({}));
    let path = "/v1/messages/count_tokens";
    assert_eq!(sent(&claude, &[], (path, &counted)).await, "small/m served");
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_counts_and_a_body_that_is_translated_are_passed_over_alike() {
    let counting = HOUSE.replace(
        "otherwise",
        "when tokens > 1M -> deny 400 \"no\"\n  otherwise",
    );
    let claude = HOUSE.replace("api openai", "api anthropic");
    let gemini = HOUSE.replace("api openai", "api gemini");
    for policy in [counting, claude, gemini] {
        assert_eq!(chatted(&policy, 1000, json!({})).await, "small/m served");
        assert_eq!(chatted(&policy, 1001, json!({})).await, "large/m served");
        let told = chatted(&policy, 2001, json!({})).await;
        assert!(
            told.contains("length is 2000 tokens, requested 2001 tokens"),
            "{told}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_is_kept_while_a_client_waits_and_where_a_text_is_gone_on_with() {
    let waiting = HOUSE.replace("large/m }", "large/m; commit whole; heartbeat 1s }");
    let asked = body(CHAT, 1500, &json!({"stream": true}));
    let turns = sent(&waiting, &[(1, "slow 5s")], (CHAT, &asked));
    assert_eq!(turns.await, "large/m served");

    let third = "provider last { api openai; url \"http://127.0.0.1:3\"; key none; model m { context 2k } }\nclass";
    let going_on = HOUSE
        .replace("class", third)
        .replace("context 1k", "context 1k; can continue")
        .replace("context 2k", "context 2k; can continue")
        .replace(
            "primary small/m; fallback large/m",
            "primary large/m; fallback small/m, last/m; after-cut continue",
        );
    for (tokens, turns) in [
        (1000, "large/m cut, small/m served"),
        (1001, "large/m cut, last/m served"),
    ] {
        let asked = body(CHAT, tokens, &json!({"stream": true}));
        let cut = [(1, "cut after 7")];
        assert_eq!(sent(&going_on, &cut, (CHAT, &asked)).await, turns);
    }
}
