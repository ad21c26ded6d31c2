//! Usage, always: the gateway asks for it, reads it, and shows it to whoever asked.

use bytes::Bytes;
use claw_runtime::clock::Dice;

use crate::bytes::{OWN, pieces, recordings, relayed_to};
use crate::client::{Answer, PLAIN, STREAM, attempts, chat, exchange};
use crate::house::{House, Plan};

const ASKED: &str = r#"{"model":"gpt-5.5","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi there"}]}"#;
const UNASKED: &str =
    r#"{"model":"gpt-5.5","stream":true,"messages":[{"role":"user","content":"hi there"}]}"#;

/// What the client sent as options, and what of them leaves.
const OPTIONS: &[(&str, &str)] = &[
    ("", r#""stream_options":{"include_usage":true},"#),
    (
        r#""stream_options":null,"#,
        r#""stream_options":{"include_usage":true},"#,
    ),
    (
        r#""stream_options":{},"#,
        r#""stream_options":{"include_usage":true},"#,
    ),
    (
        r#""stream_options":{"include_usage":false},"#,
        r#""stream_options":{"include_usage":true},"#,
    ),
    (
        r#""stream_options" : { "include_usage" : null } ,"#,
        r#""stream_options" : { "include_usage" : true } ,"#,
    ),
    (
        r#""stream_options":{"include_obfuscation":false},"#,
        r#""stream_options":{"include_usage":true,"include_obfuscation":false},"#,
    ),
    (
        "\"stream_options\":{\n\t\"x\":[1e5,{}] ,\"include_usage\":false, \"y\":\"\\u00e9\"},",
        "\"stream_options\":{\n\t\"x\":[1e5,{}] ,\"include_usage\":true, \"y\":\"\\u00e9\"},",
    ),
];

fn with_options(options: &str) -> String {
    format!(
        "{{{options}\"model\":\"wire-a\", \"stream\" :true,\"seed\":1e0,\
         \"messages\":[{{\"role\":\"user\",\"content\":\"hi there\"}}]}}"
    )
}

async fn answered(body: &str, script: &str) -> (Answer, Vec<u8>, (u64, u64)) {
    let house = House::piped(Plan::over(&["a"])).await;
    house.script(0, script);
    let answer = exchange(house.connect(), &chat(body, "")).await;
    let sent = house.sims[0].requests().remove(0).request.body.clone();
    let record = house.records.one().await;
    assert_eq!(record.outcome, "complete", "{body}");
    let usage = record.usage.expect("usage, always");
    (answer, sent, (usage.input_total, usage.output_total))
}

#[tokio::test(start_paused = true)]
async fn the_gateway_asks_whatever_the_client_said_and_changes_nothing_else() {
    for (options, sent_options) in OPTIONS {
        let (answer, sent, used) = answered(&with_options(options), "words 4").await;
        assert_eq!(
            String::from_utf8(sent).unwrap(),
            with_options(sent_options),
            "{options}"
        );
        assert_eq!(used, (3, 4), "{options}");
        assert!(answer.is_done() && answer.clean);
        assert!(!answer.text().contains("prompt_tokens"), "{options}");
        let chunks = answer.events();
        let choices = chunks.iter().filter(|chunk| chunk.contains("\"index\":0"));
        assert_eq!(choices.count(), chunks.len() - 1, "all but [DONE]");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_gets_what_the_provider_sent() {
    let (asked, sent, used) = answered(ASKED, "words 4").await;
    assert_eq!(
        sent,
        ASKED.replace("gpt-5.5", "wire-a").as_bytes(),
        "it asks already"
    );
    assert_eq!(used, (3, 4));
    assert!(
        asked
            .text()
            .contains("\"choices\":[],\"usage\":{\"prompt_tokens\":3,")
    );
    let (unasked, _, _) = answered(UNASKED, "words 4").await;
    let without: String = asked
        .text()
        .split_inclusive("\n\n")
        .filter(|event| !event.contains("\"choices\":[]"))
        .collect();
    assert_eq!(unasked.text(), without, "all but that event");
}

#[tokio::test(start_paused = true)]
async fn usage_is_logged_wherever_the_provider_puts_it_and_stays_beside_choices() {
    for script in [
        "usage in every chunk",
        "usage on finish",
        "usage twice",
        "cached 2",
        "crlf",
        "cr",
        "bom",
        "comments",
        "split",
        "coalesce",
        "until close",
        "no done",
    ] {
        let script = format!("{script}, words 4");
        let (answer, _, used) = answered(UNASKED, &script).await;
        assert_eq!(used, (3, 4), "{script}");
        assert!(!answer.text().contains("\"choices\":[]"), "{script}");
        let beside =
            script.contains("every") || script.contains("finish") || script.contains("twice");
        assert_eq!(answer.text().contains("prompt_tokens"), beside, "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_is_not_edited() {
    let (answer, sent, used) = answered(PLAIN, "words 4").await;
    assert_eq!(sent, PLAIN.replace("gpt-5.5", "wire-a").as_bytes());
    assert_eq!(used, (3, 4));
    assert!(answer.text().contains("prompt_tokens"));
}

#[tokio::test(start_paused = true)]
async fn options_that_two_readers_could_read_differently_are_refused() {
    for (options, code) in [
        (
            r#""stream_options":{},"stream_options":{"include_usage":true},"#,
            "duplicate_key",
        ),
        (
            r#""stream_options":{"include_usage":true,"include_usage":false},"#,
            "duplicate_key",
        ),
        (r#""Stream_Options":{},"#, "ambiguous_key"),
        (
            r#""stream_options":{"\u0069nclude_usage":true},"#,
            "ambiguous_key",
        ),
        (r#""stream_options":[],"#, "invalid_type"),
        (r#""stream_options":{"include_usage":1},"#, "invalid_type"),
    ] {
        let house = House::piped(Plan::over(&["a"])).await;
        let answer = exchange(house.connect(), &chat(&with_options(options), "")).await;
        assert_eq!(answer.status, 400, "{options}");
        assert_eq!(answer.error()["code"], code, "{options}");
        assert_eq!(house.sims[0].count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_to_be_asked_is_asked_once_in_its_life() {
    let house = House::piped(Plan::over(&["a", "b"])).await;
    house.script(0, "refuses usage, words 4");
    for (round, tried, sent) in [
        (1, "a/small usage-option, a/small served", 2),
        (2, "a/small served", 3),
        (3, "a/small served", 4),
    ] {
        let answer = exchange(house.connect(), &chat(UNASKED, "")).await;
        let record = house.records.one().await;
        assert_eq!((answer.status, record.outcome), (200, "complete"));
        assert!(answer.is_done() && answer.roles() == 1);
        assert_eq!(attempts(&record), tried, "round {round}");
        assert_eq!(record.usage, None, "unknown is not zero");
        let counted = record.attempts.len().to_string();
        assert_eq!(answer.header("x-claw-attempts"), Some(&*counted));
        assert_eq!(answer.header("x-claw-target"), Some("a/small"));
        assert_eq!(house.sims[0].count(), sent);
    }
    assert_eq!(house.sims[1].count(), 0, "it is no failover");
    let wanted = UNASKED.replace("gpt-5.5", "wire-a");
    for seen in house.sims[0].requests().iter().skip(1) {
        assert_eq!(seen.request.body, wanted.as_bytes(), "nothing was added");
    }
    // Who asks himself, is passed on as he is, and told what the provider says.
    let answer = exchange(house.connect(), &chat(STREAM, "")).await;
    let record = house.records.one().await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error()["code"], "unknown_parameter");
    assert_eq!(attempts(&record), "a/small 400");
    // Another target has not refused.
    house.script(0, "503");
    exchange(house.connect(), &chat(UNASKED, "")).await;
    let record = house.records.one().await;
    assert_eq!(attempts(&record), "a/small overloaded, b/small served");
    assert!(record.usage.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_the_client_s_own_wish_is_still_asked() {
    let house = House::piped(Plan::over(&["a"])).await;
    house.script(0, "refuses usage");
    let answer = exchange(house.connect(), &chat(STREAM, "")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(attempts(&house.records.one().await), "a/small 400");
    let answer = exchange(house.connect(), &chat(UNASKED, "")).await;
    assert_eq!(answer.status, 200);
    let tried = attempts(&house.records.one().await);
    assert_eq!(tried, "a/small usage-option, a/small served");
}

#[tokio::test(start_paused = true)]
async fn a_refused_wish_uses_up_an_attempt_and_the_next_request_needs_none() {
    let mut plan = Plan::over(&["a"]);
    plan.class().retry.attempts = 1;
    let house = House::piped(plan).await;
    house.script(0, "refuses usage");
    let answer = exchange(house.connect(), &chat(UNASKED, "")).await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.error()["code"], "upstream_option_refused");
    assert_eq!(answer.header("x-should-retry"), None, "a retry helps");
    assert_eq!(house.sims[0].count(), 1, "no more than the policy allows");
    assert_eq!(attempts(&house.records.one().await), "a/small usage-option");
    let answer = exchange(house.connect(), &chat(UNASKED, "")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(attempts(&house.records.one().await), "a/small served");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_wrong_anyway_takes_no_target_s_usage_away() {
    let house = House::piped(Plan::over(&["a"])).await;
    house.sims[0]
        .script("request 1 -> refuses usage\nrequest 2 -> 400\nalways -> words 4")
        .unwrap();
    let answer = exchange(house.connect(), &chat(UNASKED, "")).await;
    assert_eq!(answer.status, 400);
    let tried = attempts(&house.records.one().await);
    assert_eq!(tried, "a/small usage-option, a/small 400");
    exchange(house.connect(), &chat(UNASKED, "")).await;
    let record = house.records.one().await;
    assert!(record.usage.is_some(), "it is asked again");
}

#[tokio::test(start_paused = true)]
async fn every_stream_is_relayed_but_for_exactly_the_usage_chunk() {
    let dice = Dice::seeded(5);
    let mut streams = vec![OWN.as_bytes().to_vec()];
    streams.push(OWN.replace('\n', "\r\n").into_bytes());
    let recorded = recordings().into_iter().map(|(_, bytes)| bytes);
    streams.extend(recorded.filter(|bytes| {
        let has = |text: &str| memchr::memmem::find(bytes, text.as_bytes()).is_some();
        has("[DONE]") && !has("\"error\":{")
    }));
    for bytes in streams {
        let whole = Bytes::from(bytes);
        let mut wanted = Vec::new();
        for frame in claw_runtime::sse::framer::Framer::default().frames(&whole) {
            let frame = frame.unwrap();
            let event = &whole[frame.start..frame.end];
            let has = |text: &str| memchr::memmem::find(event, text.as_bytes()).is_some();
            if !(has("\"choices\":[]") && has("\"usage\":{")) {
                wanted.extend_from_slice(event);
            }
        }
        for _ in 0..10 {
            let (answer, record) = relayed_to(UNASKED, pieces(&whole, &dice)).await;
            assert!(answer.clean && record.outcome == "complete");
            assert!(
                answer.body == wanted,
                "{}",
                String::from_utf8_lossy(&answer.body)
            );
            assert_eq!(
                record.usage.is_some(),
                memchr::memmem::find(&whole, b"\"usage\":{").is_some()
            );
        }
    }
}
