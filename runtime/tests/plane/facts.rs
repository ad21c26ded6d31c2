//! Facts of real requests, and the policies that decide by them.

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
