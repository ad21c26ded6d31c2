//! What a policy's `set` and `unset` make of a request on its way out.

use std::fmt::Write as _;

use crate::client::{chat, exchange, post};
use crate::house::{House, Plan};

/// A class over one provider of this protocol, with these changes of the class and of the provider.
async fn house(api: &str, class: &str, provider: &str) -> House {
    let text = format!(
        "policy changed\n\
         provider edge {{ api {api}; url \"http://127.0.0.1:1/v1\"; key none; model small {{ price free }}; {provider} }}\n\
         class served {{ primary edge/small; {class} }}\n\
         route {{ otherwise -> served }}\n"
    );
    House::piped(Plan::written(&text)).await
}

/// The body that a provider got, or why it got none.
async fn body(house: &House, request: &[u8]) -> String {
    let answer = exchange(house.connect(), request).await;
    let record = house.records.one().await;
    let seen = house.sims.iter().flat_map(|sim| sim.requests()).last();
    match seen {
        Some(seen) if record.code.is_none() => {
            String::from_utf8(seen.request.body.clone()).unwrap()
        }
        _ => format!("{} {}", answer.status, answer.error()["message"]),
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_is_set_filled_in_or_taken_out_and_every_other_byte_stays() {
    let class = "set top_p 0.5, default temperature 0, reasoning.effort \"low\"; \
                 set default metadata.team \"ml\"; unset user, reasoning.summary";
    let mut table = String::new();
    for members in [
        "",
        r#","top_p" : 1.00"#,
        r#","top_p":null,"temperature":null"#,
        r#","temperature":0.7 , "user":"me""#,
        r#","user":{"a":[1e5]}, "x":12345678901234567890.10"#,
        r#","reasoning":{"effort":"high","summary":"auto"}"#,
        r#","reasoning":null"#,
        r#","metadata":{"team":"web"},"big":"é\u00e9""#,
        r#","metadata":{"team":null}"#,
        r#","metadata":"x""#,
        r#","reasoning":[]"#,
        r#","user":"a","user":"b""#,
        r#","User":"a""#,
        r#","\u0075ser":"a""#,
        r#","reasoning":{"effort":"low","Effort":"high"}"#,
    ] {
        let house = house("openai", class, "").await;
        let asked = format!("{{\"model\":\"m\"{members}, \"messages\":[]}}");
        let sent = body(&house, &chat(&asked, "")).await;
        writeln!(table, "{asked}\n  {sent}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_cap_is_set_under_the_name_that_the_client_uses() {
    let mut table = String::new();
    for class in [
        "set max_tokens 100",
        "set default max_tokens 100",
        "set max_completion_tokens 100",
        "unset max_tokens",
        "set max_tokens null",
    ] {
        writeln!(table, "{class}").unwrap();
        for members in [
            "",
            r#","max_tokens":7"#,
            r#","max_completion_tokens":7"#,
            r#","max_tokens":7,"max_completion_tokens":7"#,
            r#","max_tokens":null"#,
        ] {
            let house = house("openai", class, "").await;
            let asked = format!("{{\"model\":\"m\"{members},\"messages\":[]}}");
            let sent = body(&house, &chat(&asked, "")).await;
            writeln!(table, "  {members:50} {sent}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_class_speaks_the_clients_protocol_and_a_provider_its_own() {
    let mut table = String::new();
    let asked = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#;
    let letter = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
    for primary in ["openai", "anthropic", "gemini"] {
        let class = "set temperature 0.25, default top_p 0.5";
        let house = house(primary, class, "set top_p 0.75, extra.level 3; unset stop").await;
        for request in [
            chat(asked, ""),
            post("/v1/messages", letter, "anthropic-version: 2023-06-01\r\n"),
        ] {
            let sent = body(&house, &request).await;
            writeln!(table, "{primary:9} {sent}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_changed_still_asks_for_usage_and_a_choice_that_is_set_is_waited_for() {
    let house = house("openai", "set n 2; unset user", "").await;
    let asked =
        r#"{"model":"m","stream":true,"user":"u","messages":[{"role":"user","content":"hi"}]}"#;
    let answer = exchange(house.connect(), &chat(asked, "")).await;
    let record = house.records.one().await;
    assert!(record.usage.is_some() && answer.is_done());
    let seen = house.sims[0].requests();
    insta::assert_snapshot!(String::from_utf8_lossy(&seen[0].request.body));

    // One choice without the end of the stream is then not the whole answer.
    house.script(0, "no done");
    let answer = exchange(house.connect(), &chat(asked, "")).await;
    assert!(!answer.clean && !answer.is_done(), "{}", answer.text());
    let unchanged = self::house("openai", "unset user", "").await;
    unchanged.script(0, "no done");
    let answer = exchange(unchanged.connect(), &chat(asked, "")).await;
    assert!(answer.clean, "{}", answer.text());
}

#[tokio::test(start_paused = true)]
async fn a_token_count_only_loses_members() {
    let house = house("anthropic", "set temperature 0; unset metadata", "").await;
    let asked =
        r#"{"model":"m","metadata":{"user_id":"u"},"messages":[{"role":"user","content":"hi"}]}"#;
    let count = post(
        "/v1/messages/count_tokens",
        asked,
        "anthropic-version: 2023-06-01\r\n",
    );
    let counted = body(&house, &count).await;
    insta::assert_snapshot!(counted);
}

#[tokio::test(start_paused = true)]
async fn headers_are_set_filled_in_or_taken_out_and_the_provider_has_the_last_word() {
    let class = "set header \"x-title\" \"claw\", default header \"x-tier\" \"flex\", header \"x-both\" \"class\"; \
                 unset header \"user-agent\"";
    let providers = "set header \"x-both\" \"provider\", default header \"x-title\" \"late\"";
    let house = house("openai", class, providers).await;
    let mut table = String::new();
    for head in [
        "",
        "x-title: mine\r\nx-tier: fast\r\nuser-agent: curl\r\nx-other: 1\r\n",
        "x-tier: a\r\nx-tier: b\r\n",
    ] {
        let asked = r#"{"model":"m","messages":[]}"#;
        body(&house, &chat(asked, head)).await;
        let seen = house.sims[0].requests();
        let head = &seen.last().unwrap().request.headers;
        let ours = head
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("x-") || name.as_str() == "user-agent");
        let ours = ours.map(|(name, value)| format!("{name}: {value}"));
        let mut ours: Vec<String> = ours.collect();
        ours.sort();
        writeln!(table, "{}", ours.join(", ")).unwrap();
    }
    insta::assert_snapshot!(table);
}
