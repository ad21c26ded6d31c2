//! `after-cut continue`: where a text breaks off another target goes on with it, and the client
//! sees one answer without a seam.

use std::fmt::Write as _;
use std::time::Duration;

use claw_runtime::sim::play::Ended;
use claw_table::Can;
use claw_table::policy::{AfterCut, Api};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::client::{Answer, STREAM, attempts, chat, exchange, post};
use crate::house::{House, Plan};
use crate::translate::{Client, Way, events, speaking};

const APIS: [Api; 3] = [Api::OpenAi, Api::Anthropic, Api::Gemini];
const CLIENTS: [Client; 2] = [Client::Chat, Client::Messages];

/// Everything that breaks a text off behind its first content.
const BROKEN: &[&str] = &[
    "cut after 7",
    "cut inside 7",
    "reset after 7",
    "stall after 7",
    "end after 7",
    "error after 7",
    "bad chunk after 7",
];

const WHOLE: &str = "This is primary, a simulated provider, as large. You said: hi there";

fn continuing(apis: &[(&str, Api)]) -> Plan {
    let mut plan = speaking(apis);
    plan.class().after_cut = AfterCut::Continue;
    plan.class().deadlines.idle_ms = Some(8_000);
    for provider in &mut plan.policy.providers {
        // All say the same, but for their names.
        "large".clone_into(&mut provider.models[0].wire);
        provider.models[0].can = Some(Can::Continue.bit() | Can::Tools.bit() | Can::Thinking.bit());
    }
    plan
}

/// What holds of every answer that was gone on with: one begin, one end, one name.
fn has_no_seam(client: Client, answer: &Answer, at: &str) {
    assert_eq!(answer.status, 200, "{at}");
    assert!(answer.clean, "{at}: {}", answer.text());
    let events = events(answer);
    let text = answer.text();
    match client {
        Client::Chat => {
            assert!(answer.is_done(), "{at}: {text}");
            assert_eq!(text.matches("[DONE]").count(), 1, "{at}");
            assert_eq!(answer.roles(), 1, "{at}: {text}");
            for member in ["id", "model", "created"] {
                let first = &events[0][member];
                let all = events.iter().all(|event| &event[member] == first);
                assert!(all, "{at}: {member} changes\n{text}");
            }
            let ends = events
                .iter()
                .filter(|event| event["choices"][0]["finish_reason"].is_string());
            assert_eq!(ends.count(), 1, "{at}");
        }
        Client::Messages => {
            let kinds: Vec<&str> = events
                .iter()
                .filter_map(|event| event["type"].as_str())
                .collect();
            let count = |kind: &str| kinds.iter().filter(|one| **one == kind).count();
            for kind in [
                "message_start",
                "content_block_start",
                "content_block_stop",
                "message_delta",
                "message_stop",
            ] {
                assert_eq!(count(kind), 1, "{at}: {kind}\n{text}");
            }
            let blocks = events.iter().filter(|event| event["index"].is_u64());
            assert!(
                blocks.clone().all(|event| event["index"] == 0),
                "{at}: {text}"
            );
        }
    }
}

/// Every client, with every target that begins and every one that goes on.
fn pairs() -> impl Iterator<Item = (Client, Api, Api)> {
    let targets = || {
        APIS.into_iter()
            .flat_map(|first| APIS.map(|second| (first, second)))
    };
    CLIENTS
        .into_iter()
        .flat_map(move |client| targets().map(move |(first, second)| (client, first, second)))
}

#[tokio::test(start_paused = true)]
async fn a_text_that_breaks_off_is_gone_on_with_in_every_pair_of_protocols() {
    let mut table = String::new();
    for (client, first, second) in pairs() {
        for script in BROKEN {
            let at = format!("{client:?}: {first:?}, {second:?}: {script}");
            let house = House::piped(continuing(&[("primary", first), ("fallback", second)])).await;
            house.script(0, script);
            let answer = exchange(house.connect(), &client.ask(Way::Stream, &json!({}))).await;
            let record = house.records.one().await;
            has_no_seam(client, &answer, &at);
            let message = client.message(&answer);
            assert_eq!(message["text"], WHOLE, "{at}: {}", answer.text());
            assert_eq!((record.outcome, record.status), ("complete", 200), "{at}");
            assert_eq!(record.attempts.len(), 2, "{at}");
            assert!(
                !record.attempts[0].continued && record.attempts[1].continued,
                "{at}"
            );
            let sum = record.usage.expect("usage");
            let begun = record.attempts[0].usage.expect("usage of the beginning");
            assert!(
                begun.input_total > 0 && begun.output_total > 0,
                "{at}: {begun:?}"
            );
            assert!(sum.input_total > begun.input_total, "{at}");
            assert_eq!(house.common.body_bytes(), 0, "{at}: something is held");
            let told = &message["usage"];
            assert_eq!(told[0], sum.input_total, "{at}: {}", answer.text());
            assert_eq!(told[2], sum.output_total, "{at}: {}", answer.text());
            let estimated = if record.usage_estimated {
                ", estimated"
            } else {
                ""
            };
            writeln!(
                table,
                "{at}\n  {}, {} + {} tokens{estimated}",
                attempts(&record),
                sum.input_total,
                sum.output_total
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_is_sent_in_the_form_of_the_provider_that_goes_on() {
    let mut table = String::new();
    for client in CLIENTS {
        for second in APIS {
            let mut plan = continuing(&[("primary", client.own()), ("fallback", second)]);
            plan.policy.providers[1].urls[0].url.host = "127.0.0.1".to_owned();
            let house = House::piped(plan).await;
            house.script(0, "cut after 6");
            let more = match client {
                Client::Chat => json!({"max_tokens": 100, "reasoning_effort": "low"}),
                Client::Messages => {
                    json!({"max_tokens": 2000, "thinking": {"type": "enabled", "budget_tokens": 1024}})
                }
            };
            let answer = exchange(house.connect(), &client.ask(Way::Stream, &more)).await;
            has_no_seam(client, &answer, &format!("{client:?} {second:?}"));
            let seen = house.sims[1].requests();
            let mut body: Value = serde_json::from_slice(&seen[0].request.body).unwrap();
            body.as_object_mut().unwrap().remove("tools");
            writeln!(
                table,
                "{client:?} by {second:?}\n{}\n",
                serde_json::to_string_pretty(&body).unwrap()
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

/// The attempts of one request for a text, and how it ended.
async fn course(plan: Plan, scripts: &[&str]) -> (Answer, String) {
    let house = House::piped(plan).await;
    for (provider, script) in scripts.iter().enumerate() {
        house.sims[provider].script(script).unwrap();
    }
    let answer = exchange(house.connect(), &chat(STREAM, "")).await;
    let record = house.records.one().await;
    let ended = format!(
        "{} {} {}",
        attempts(&record),
        record.outcome,
        record.code.unwrap_or("-")
    );
    (answer, ended)
}

fn three() -> Plan {
    continuing(&[
        ("primary", Api::OpenAi),
        ("second", Api::OpenAi),
        ("third", Api::OpenAi),
    ])
}

#[tokio::test(start_paused = true)]
async fn who_refuses_to_go_on_is_passed_for_the_next() {
    let scripts = [
        "always -> cut after 7",
        "always -> refuses to continue",
        "always -> ok",
    ];
    let (answer, ended) = course(three(), &scripts).await;
    has_no_seam(Client::Chat, &answer, "refused");
    assert_eq!(answer.words(), WHOLE);
    assert_eq!(
        ended,
        "primary/small cut, second/small 400, third/small served complete -"
    );
}

#[tokio::test(start_paused = true)]
async fn where_nobody_goes_on_the_client_is_told_what_broke_the_answer_off() {
    let refuses = "always -> refuses to continue";
    let (answer, ended) = course(
        three(),
        &[
            "request 1 -> stall after 6\nalways -> refuses to continue",
            refuses,
            refuses,
        ],
    )
    .await;
    assert!(!answer.clean && !answer.text().contains("[DONE]"));
    assert_eq!(answer.error()["code"], "upstream_timeout");
    assert_eq!(
        ended,
        "primary/small timeout, second/small 400, third/small 400 cut upstream_timeout"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_break_off_twice() {
    let scripts = [
        "always -> cut after 5",
        "always -> cut after 4",
        "always -> ok",
    ];
    let (answer, ended) = course(three(), &scripts).await;
    has_no_seam(Client::Chat, &answer, "twice");
    assert_eq!(answer.words(), WHOLE);
    assert_eq!(
        ended,
        "primary/small cut, second/small cut, third/small served complete -"
    );
}

#[tokio::test(start_paused = true)]
async fn a_target_alone_goes_on_by_itself_after_the_backoff() {
    let plan = continuing(&[("primary", Api::OpenAi)]);
    let (answer, ended) = course(plan, &["request 1 -> cut after 6\nalways -> ok"]).await;
    has_no_seam(Client::Chat, &answer, "alone");
    assert_eq!(answer.words(), WHOLE);
    assert_eq!(ended, "primary/small cut, primary/small served complete -");
}

#[tokio::test(start_paused = true)]
async fn only_models_that_go_on_are_asked_to() {
    let mut plan = three();
    plan.policy.providers[1].models[0].can = None;
    let (answer, ended) = course(
        plan,
        &["always -> cut after 6", "always -> ok", "always -> ok"],
    )
    .await;
    has_no_seam(Client::Chat, &answer, "third");
    assert_eq!(ended, "primary/small cut, third/small served complete -");
    let mut plan = three();
    for provider in &mut plan.policy.providers {
        provider.models[0].can = Some(Can::Tools.bit());
    }
    let (answer, ended) = course(
        plan,
        &["always -> cut after 6", "always -> ok", "always -> ok"],
    )
    .await;
    assert!(!answer.clean);
    assert_eq!(ended, "primary/small cut cut upstream_cut");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_not_listed_is_not_gone_on_from() {
    let mut plan = three();
    plan.class().retry.on.named = 0;
    let (answer, ended) = course(
        plan,
        &["always -> cut after 6", "always -> ok", "always -> ok"],
    )
    .await;
    assert!(!answer.clean);
    assert_eq!(ended, "primary/small cut cut upstream_cut");
}

#[tokio::test(start_paused = true)]
async fn attempts_bound_the_rest_of_an_answer_too() {
    let mut plan = three();
    plan.class().retry.attempts = 2;
    let scripts = [
        "always -> cut after 7",
        "always -> cut after 7",
        "always -> ok",
    ];
    let (answer, ended) = course(plan, &scripts).await;
    assert!(!answer.clean);
    assert_eq!(
        ended,
        "primary/small cut, second/small cut cut upstream_cut"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_plain_text_ends_in_an_error() {
    let schema = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}});
    for (script, more) in [
        // Inside thinking, a call, a refusal; behind the reason to end.
        ("reasoning 20, cut after 6", json!({})),
        ("tool calls 1, cut after 3", json!({})),
        ("refusal, cut after 4", json!({})),
        ("cut after 14", json!({})),
        // Several answers at once, and one whose form is given.
        ("cut after 6", json!({"n": 2})),
        ("cut after 6", schema),
        // The request itself ends with the beginning of an answer.
        (
            "cut after 3",
            json!({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "This"}]}),
        ),
    ] {
        let mut plan = three();
        for provider in &mut plan.policy.providers {
            provider.models[0].can = provider.models[0]
                .can
                .map(|can| can | Can::JsonSchema.bit() | Can::Json.bit());
        }
        let house = House::piped(plan).await;
        house.script(0, script);
        let answer = exchange(house.connect(), &Client::Chat.ask(Way::Stream, &more)).await;
        let record = house.records.one().await;
        let at = format!("{script} {more}: {} {}", attempts(&record), answer.text());
        assert!(!answer.clean && !answer.text().contains("[DONE]"), "{at}");
        assert_eq!(record.outcome, "cut", "{at}");
        assert_eq!(house.sims[1].count(), 0, "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_answers_or_another_form_that_the_policy_asks_for_end_in_an_error() {
    let written = |class: &str, provider: &str| {
        let known = "key none; model m { price free; can continue, json }";
        format!(
            "policy many\n\
             provider a {{ api openai; url \"http://127.0.0.1:1/v1\"; {known}; {provider} }}\n\
             provider b {{ api openai; url \"http://127.0.0.1:2/v1\"; {known} }}\n\
             class served {{ primary a/m; fallback b/m; after-cut continue; {class} }}\n\
             route {{ otherwise -> served }}\n"
        )
    };
    for (class, provider, outcome) in [
        ("", "", "complete"),
        ("set top_p 0.5", "", "complete"),
        ("unset n", "", "complete"),
        ("set n 2", "", "cut"),
        (
            "set default response_format.type \"json_object\"",
            "",
            "cut",
        ),
        ("", "set default n 2", "cut"),
    ] {
        let house = House::piped(Plan::written(&written(class, provider))).await;
        house.script(0, "cut after 7");
        exchange(house.connect(), &chat(STREAM, "")).await;
        let record = house.records.one().await;
        assert_eq!(record.outcome, outcome, "{class} {provider}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_thought_before_a_text_does_not_keep_it_from_being_gone_on_with() {
    for client in CLIENTS {
        let house = House::piped(continuing(&[
            ("primary", client.own()),
            ("fallback", client.own()),
        ]))
        .await;
        house.script(0, "reasoning 3, cut after 14");
        house.script(1, "reasoning 3");
        let answer = exchange(house.connect(), &client.ask(Way::Stream, &json!({}))).await;
        assert!(answer.clean, "{}", answer.text());
        let message = client.message(&answer);
        assert_eq!(message["text"], WHOLE, "{}", answer.text());
        assert_eq!(message["thinking"], "Let me think", "it is thought once");
    }
}

#[tokio::test(start_paused = true)]
async fn responses_are_not_gone_on_with() {
    let house = House::piped(three()).await;
    house.script(0, "cut after 7");
    let asked = post(
        "/v1/responses",
        r#"{"model":"m","stream":true,"input":"hi"}"#,
        "",
    );
    let answer = exchange(house.connect(), &asked).await;
    assert!(!answer.clean);
    assert!(answer.text().contains("response.failed"));
    assert_eq!(house.sims[1].count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_while_the_rest_is_asked_for_takes_it_with_it() {
    let house = House::piped(three()).await;
    house.script(0, "cut after 6");
    house.script(1, "hang");
    let mut link = house.connect();
    link.write_all(&chat(STREAM, "")).await.unwrap();
    let mut bytes = Vec::new();
    while memchr::memmem::find_iter(&bytes, "data: ").count() < 6 {
        link.read_buf(&mut bytes).await.unwrap();
    }
    house.sims[1].until(|seen| !seen.is_empty()).await;
    let began = Instant::now();
    drop(link);
    let seen = house.sims[1].until(|seen| seen[0].ended.is_some()).await;
    assert_eq!(seen[0].ended, Some(Ended::ClientGone));
    assert_eq!(began.elapsed(), Duration::ZERO);
    let record = house.records.one().await;
    assert_eq!((record.outcome, record.status), ("client_gone", 200));
    assert_eq!(attempts(&record), "primary/small cut, second/small served");
    assert!(record.usage.is_some(), "what was used by then is lost");
    assert_eq!(house.common.body_bytes(), 0, "something is still held");
    assert_eq!(house.sims[2].count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_breaks_off_is_left_as_it_is() {
    let house = House::piped(three()).await;
    let continued = exchange(house.connect(), &chat(STREAM, "")).await;
    house.records.one().await;
    let mut plan = three();
    plan.class().after_cut = AfterCut::Error;
    let other = House::piped(plan).await;
    let untouched = exchange(other.connect(), &chat(STREAM, "")).await;
    assert_eq!(continued.text(), untouched.text());
}
