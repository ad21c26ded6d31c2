//! OpenAI's Responses and embeddings, passed through to providers that speak them.

use claw_runtime::server::{bind, serve};
use serde_json::Value;
use tokio::net::TcpStream;

use crate::client::{Answer, attempts, exchange, post};
use crate::house::{House, Plan};

const STREAM: &str = r#"{"model":"gpt-5.5","stream":true,"store":false,"input":[{"role":"user","content":"hi there"}]}"#;
const PLAIN: &str = r#"{"model":"gpt-5.5","input":"hi there","unknown":{"a":[1e5]}}"#;

fn responses(body: &str) -> Vec<u8> {
    post("/v1/responses", body, "")
}

/// The JSON of each event, and of a plain answer.
fn told(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    if answer.header("content-type") == Some("application/json") {
        return vec![serde_json::from_str(&text).expect("JSON")];
    }
    let events = text.split_terminator("\n\n").map(|event| {
        let (name, data) = event.split_once("\ndata: ").expect("a name and data");
        let json: Value = serde_json::from_str(data).expect("JSON");
        let name = name.strip_prefix("event: ").expect("a name");
        assert_eq!(json["type"], name, "{event}");
        json
    });
    events.collect()
}

fn words(answer: &Answer) -> String {
    let text = |json: &Value| -> String {
        let whole = json.pointer("/output/0/content/0/text");
        let text = json["delta"].as_str().or(whole.and_then(Value::as_str));
        text.unwrap_or_default().to_owned()
    };
    told(answer).iter().map(text).collect()
}

#[tokio::test(start_paused = true)]
async fn a_response_passes_both_ways_and_only_the_model_is_another() {
    for (body, script) in [
        (STREAM, "ok"),
        (PLAIN, "ok"),
        (STREAM, "split"),
        (STREAM, "crlf"),
    ] {
        let house = House::piped(Plan::over(&["a"])).await;
        let script = format!("{script}, words 4, reasoning 2, cached 1");
        house.script(0, &script);
        let answer = exchange(house.connect(), &responses(body)).await;
        let seen = house.sims[0].requests().remove(0);
        let sent = String::from_utf8(seen.request.body.clone()).unwrap();
        assert_eq!(
            sent,
            body.replace("\"gpt-5.5\"", "\"wire-a\""),
            "no option is added"
        );
        assert_eq!(seen.request.path(), "/v1/responses");
        let direct = exchange(house.sims[0].connect(), &responses(&sent)).await;
        assert_eq!(
            answer.text(),
            direct.text().replace("000002", "000001"),
            "{script}"
        );
        assert!(answer.clean);
        let record = house.records.one().await;
        assert_eq!(record.outcome, "complete");
        let usage = record.usage.expect("usage, always");
        assert_eq!((usage.input_total, usage.output_total), (3, 6));
        assert_eq!((usage.cache_read, usage.reasoning), (1, 2));
    }
}

const BEFORE_CONTENT: &[&str] = &[
    "down",
    "hang",
    "hang after head",
    "only comments 5s",
    "role then cut",
    "end after 3",
    "error first",
    "error after 3",
    "bad event after 3",
    "bad json",
    "html",
    "empty",
    "401",
    "402",
    "403",
    "429",
    "quota",
    "500",
    "503",
    "529",
    "redirect",
    "gzip",
];

#[tokio::test(start_paused = true)]
async fn each_failure_before_content_is_answered_by_the_fallback() {
    for script in BEFORE_CONTENT {
        let mut plan = Plan::over(&["primary", "fallback"]);
        plan.class().deadlines.first_token_ms = Some(60_000);
        let house = House::piped(plan).await;
        house.script(0, script);
        let answer = exchange(house.connect(), &responses(STREAM)).await;
        assert_eq!(answer.status, 200, "{script}");
        assert!(words(&answer).contains("This is fallback"), "{script}");
        assert_eq!(
            told(&answer).pop().unwrap()["type"],
            "response.completed",
            "{script}"
        );
        let record = house.records.one().await;
        assert_eq!(record.attempts.len(), 2, "{script}: {}", attempts(&record));
    }
    for script in [
        "down",
        "503",
        "bad json",
        "empty",
        "error first",
        "length long",
    ] {
        let house = House::piped(Plan::over(&["primary", "fallback"])).await;
        house.script(0, script);
        let answer = exchange(house.connect(), &responses(PLAIN)).await;
        assert!(words(&answer).contains("This is fallback"), "{script}");
    }
}

#[tokio::test]
async fn each_failure_after_content_ends_in_an_error_and_a_failed_response() {
    for (script, code) in [
        ("cut after 6", "upstream_cut"),
        ("cut inside 6", "upstream_cut"),
        ("end after 6", "upstream_cut"),
        ("no done", "upstream_cut"),
        ("error after 6", "upstream_error"),
    ] {
        let house = House::over_sockets(Plan::over(&["a", "b"])).await;
        house.script(0, script);
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let (gateway, stop) = (house.gateway.clone(), house.stop.subscribe());
        tokio::spawn(async move { serve(gateway, listener, stop).await });
        let link = TcpStream::connect(address).await.unwrap();
        let answer = exchange(link, &responses(STREAM)).await;
        assert!(!answer.clean && !words(&answer).is_empty(), "{script}");
        assert!(!answer.text().contains("response.completed"), "{script}");
        let told = told(&answer);
        let [.., error, failed] = told.as_slice() else {
            panic!("{script}: {told:?}");
        };
        assert_eq!(
            (&error["type"], &failed["type"]),
            (&"error".into(), &"response.failed".into())
        );
        assert_eq!(
            (&error["code"], &error["error"]["code"]),
            (&code.into(), &code.into())
        );
        assert_eq!(failed["response"]["error"]["code"], code);
        if !script.starts_with("bad") && !script.starts_with("error") {
            let numbers = told
                .iter()
                .map(|event| event["sequence_number"].as_u64().unwrap());
            assert!(numbers.eq(0..told.len() as u64), "{script}: numbers go on");
        }
        assert_eq!(house.records.one().await.code, Some(code), "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_to_a_websocket_is_refused_in_a_way_that_sends_its_client_to_post() {
    let house = House::piped(Plan::over(&["a"])).await;
    let ask = b"GET /v1/responses HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\n\
        upgrade: WebSocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAA\r\n\r\n";
    let mut link = house.connect();
    tokio::io::AsyncWriteExt::write_all(&mut link, ask)
        .await
        .unwrap();
    // The connection is not used up: the same one takes the request.
    let answer = exchange(link, &responses(PLAIN)).await;
    assert_eq!(answer.status, 426);
    assert_eq!(answer.header("upgrade"), Some("HTTP/1.1"));
    assert!(String::from_utf8_lossy(&answer.body).contains("\"code\":\"websocket_not_served\""));
    assert!(String::from_utf8_lossy(&answer.body).contains("This is a, a simulated provider"));
    let plain = b"GET /v1/responses HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(house.connect(), plain).await.status, 405);
}

#[tokio::test(start_paused = true)]
async fn embeddings_pass_and_fail_over_and_tell_what_they_used() {
    for (input, tokens, count) in [
        (r#""hi there""#, 2, 1),
        (r#"["hi there","you"]"#, 3, 2),
        ("[[1,2,3]]", 3, 1),
        ("[1,2,3]", 3, 1),
    ] {
        let house = House::piped(Plan::over(&["a", "b"])).await;
        house.script(0, "503");
        let body = format!(
            r#"{{"input":{input},"encoding_format":"base64","model":"gpt-5.5","stream":true}}"#
        );
        let answer = exchange(house.connect(), &post("/v1/embeddings", &body, "")).await;
        assert_eq!(answer.status, 200, "{input}");
        let json: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(json["data"].as_array().unwrap().len(), count);
        let seen = house.sims[1].requests().remove(0);
        assert_eq!(seen.request.path(), "/v1/embeddings");
        assert_eq!(
            seen.request.body,
            body.replace("gpt-5.5", "wire-b").as_bytes()
        );
        let record = house.records.one().await;
        assert_eq!(attempts(&record), "a/small overloaded, b/small served");
        let usage = record.usage.expect("usage, always");
        assert_eq!((usage.input_total, usage.output_total), (tokens, 0));
    }
    for script in ["bad json", "empty", "html", "error first", "early end"] {
        let house = House::piped(Plan::over(&["a", "b"])).await;
        house.script(0, script);
        let body = r#"{"input":"hi","model":"gpt-5.5"}"#;
        let answer = exchange(house.connect(), &post("/v1/embeddings", body, "")).await;
        assert_eq!(answer.header("x-claw-target"), Some("b/small"), "{script}");
    }
}
