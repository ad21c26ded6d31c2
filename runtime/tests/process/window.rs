//! What the operator is shown, and what nobody is.

use std::fs;

use serde_json::Value;

use crate::ask;
use crate::house::{BY_EVENTS, House, policy};
use crate::provider::{self, Conduct};

/// Nobody listens there.
const URL: &str = "http://127.0.0.1:9/v1";

/// The value with what differs from run to run replaced.
fn steady(body: &str) -> String {
    let mut value: Value = serde_json::from_str(body).unwrap();
    let changing = [
        "behaviour_digest",
        "policy",
        "source_digest",
        "loaded_at",
        "last_sound_at",
        "uptime_s",
        "at",
        "bytes",
    ];
    hide(&mut value, &changing);
    serde_json::to_string_pretty(&value).unwrap()
}

fn hide(value: &mut Value, names: &[&str]) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if names.contains(&name.as_str()) && !field.is_null() {
                    *field = "…".into();
                } else {
                    hide(field, names);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn the_pages_show_health_readiness_and_the_policy() {
    let text = policy(URL, "m", "key env CANARY_KEY").replace(
        "otherwise -> work",
        "when model is \"old\" -> deny 400 \"use m\"\n  when model is \"m\" -> work\n  otherwise -> work",
    );
    let mut house = House::start(&text);
    let admin = house.process.admin;
    let health = ask::get(admin, "/healthz").await;
    assert_eq!(health.status, 200);
    assert!(health.body.contains(&house.digest()));
    insta::assert_snapshot!("healthz", steady(&health.body));
    insta::assert_snapshot!("policy", steady(&ask::get(admin, "/policy").await.body));

    house.save(&text.replace("-> work\n", "-> wrok\n"));
    house.policy_event("refused").await;
    insta::assert_snapshot!(
        "policy_refused",
        steady(&ask::get(admin, "/policy").await.body)
    );
    assert!(
        ask::get(admin, "/metrics")
            .await
            .body
            .contains("claw_policy_last_reload_successful 0\n")
    );

    let ready = ask::get(admin, "/readyz").await;
    assert_eq!(
        (ready.status, ready.body.trim()),
        (200, r#"{"ready":true}"#)
    );
    house.process.unready();
    let ready = ask::get(admin, "/readyz").await;
    assert_eq!(
        (ready.status, ready.body.trim()),
        (503, r#"{"ready":false,"why":"draining"}"#)
    );
    assert_eq!(ask::get(admin, "/").await.status, 404);
    house.end();
}

#[tokio::test]
async fn nothing_can_be_written_and_no_foreign_name_is_answered() {
    let house = House::start(&policy(URL, "m", "key none"));
    let admin = house.process.admin;
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let request = format!(
            "{method} /policy HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        assert_eq!(ask::exchange(admin, &request).await.status, 405, "{method}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/policy"] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: rebound.example\r\nconnection: close\r\n\r\n");
        let answer = ask::exchange(admin, &request).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(!answer.body.contains(&house.digest()));
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        assert_eq!(
            ask::exchange(admin, &request).await.status,
            200,
            "a balancer's probe: {path}"
        );
    }
    house.end();
}

#[tokio::test]
async fn metrics_count_what_happened_under_names_of_the_policy() {
    let up = format!("http://{}/v1", provider::start(Conduct::Answer, None).await);
    let text = policy(&up, "m", "key none").replace(
        "class work {",
        &format!(
            "provider down {{ api openai; url \"{URL}\"; key none; model m {{ price free; context 8k; max-output 1k }} }}\nclass work {{"
        ),
    );
    let text = text.replace("primary up/m", "primary down/m; fallback up/m");
    let house = House::start(&text);
    for _ in 0..3 {
        assert_eq!(ask::stream(house.listen()).await.status, 200);
    }
    let bad = ask::exchange(house.listen(), "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 1\r\n\r\n{").await;
    assert_eq!(bad.status, 400);
    let page = ask::get(house.process.admin, "/metrics").await;
    assert!(
        page.header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert!(page.body.ends_with("# EOF\n"));
    let digest = house.digest();
    // How long things took is the machine's affair; how many there were is ours.
    let lines = page
        .body
        .lines()
        .filter(|line| !line.contains("_bucket") || line.contains("+Inf"))
        .map(|line| match line.split_once(' ') {
            Some((name, _)) if name.ends_with("_seconds") || name.contains("_sum{") => {
                format!("{name} …")
            }
            _ => line.replace(&digest, "DIGEST"),
        });
    insta::assert_snapshot!("metrics", lines.collect::<Vec<_>>().join("\n"));
    house.end();
}

#[tokio::test]
async fn no_output_shows_a_key() {
    let up = provider::start(Conduct::EchoKey, None).await;
    let url = format!("http://{up}/v1");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file.key"), "sk-canary-file\n").unwrap();
    fs::write(
        folder.path().join("bad.key"),
        "sk-canary-bad\nsk-canary-worse\n",
    )
    .unwrap();
    let text = policy(&url, "m", "key env CANARY_KEY").replace(
        "class work {",
        &format!("provider two {{ api openai; url \"{url}\"; key file \"file.key\"; model m {{ price free; context 8k; max-output 1k }} }}\nclass work {{"),
    );
    let text = text.replace("primary up/m", "primary up/m; fallback two/m");
    fs::write(folder.path().join("p.claw"), &text).unwrap();
    let path = folder.path().to_owned();
    let mut house = House::of(folder, path, BY_EVENTS).unwrap();

    let mut shown = vec![format!(
        "{:?} {:?}",
        house.process,
        house.process.live.take()
    )];
    let answer = ask::stream(house.listen()).await;
    assert_ne!(answer.status, 200);
    shown.push(format!("{answer:?}"));
    house.save(&text.replace("file.key", "bad.key"));
    house.policy_event("refused").await;
    for path in ["/healthz", "/readyz", "/metrics", "/policy"] {
        shown.push(ask::get(house.process.admin, path).await.body);
    }
    let (log, events) = house.end();
    assert!(
        log.contains("bad-key"),
        "the provider saw and refused a key: {log}"
    );
    shown.extend([log, events]);
    let shown = shown.join("\n");
    assert!(!shown.contains("canary"), "{shown}");
}
