//! Paths below the gateway's `base`.

use std::fmt::Write as _;

use crate::client::{PLAIN, exchange, post};
use crate::house::{House, Plan};

#[tokio::test(start_paused = true)]
async fn what_follows_the_base_tells_the_endpoint_and_the_policy_sees_the_whole_path() {
    let text = "policy based\n\
        gateway { base \"/v1/openai\" }\n\
        provider a { api openai; url \"http://127.0.0.1:1/v1\"; key none; model small { price free } }\n\
        class served { primary a/small }\n\
        route {\n\
          when endpoint is embeddings                -> deny 400 \"embeddings\"\n\
          when path is \"/v1/openai/v1/responses\"     -> deny 400 \"the whole path\"\n\
          otherwise                                  -> served\n\
        }\n";
    let mut table = String::new();
    for path in [
        "/v1/openai/chat/completions",
        "/v1/openai/v1/chat/completions/",
        "/v1/chat/completions",
        "/chat/completions",
        "/v1/openai",
        "/v1/openaichat/completions",
        "/v1/openai/embeddings",
        "/v1/openai/v1/responses",
        "/v1/openai/../openai/embeddings",
    ] {
        let house = House::piped(Plan::written(text)).await;
        let answer = exchange(house.connect(), &post(path, PLAIN, "")).await;
        let sent = house.sims[0].requests();
        let sent = sent.first().map(|seen| seen.request.target.clone());
        let said = sent.unwrap_or_else(|| answer.error()["message"].to_string());
        let said: String = said.chars().take(60).collect();
        writeln!(table, "{path:32} {} {said}", answer.status).unwrap();
    }
    for (method, path) in [
        ("GET", "/v1/openai/models"),
        ("GET", "/v1/openai/v1/models"),
        ("GET", "/v1/models"),
        ("HEAD", "/v1/openai/api/hello"),
        ("HEAD", "/api/hello"),
        ("DELETE", "/v1/openai/models"),
    ] {
        let house = House::piped(Plan::written(text)).await;
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n");
        let answer = exchange(house.connect(), request.as_bytes()).await;
        writeln!(table, "{method:6} {path:25} {}", answer.status).unwrap();
    }
    insta::assert_snapshot!(table);
}
