//! `GET /v1/models` tells a caller what it may ask for, and nothing else.

use std::fmt::Write as _;

use serde_json::Value;

use crate::client::exchange;
use crate::house::{House, Plan};

const POLICY: &str = r#"policy listed
provider a { api openai; url "http://127.0.0.1:1/v1"; key none; model small { price free }; model large { price free } }
client web  { from 127.0.0.0/8 }
client bot  { from 10.0.0.0/8; tags agents }
client lab  { from 10.1.0.0/16; tags agents }
class served { primary a/small }
class free   { primary requested from a }
forbid no-lab when client is lab and model is "auto" deny 400 "not for the lab"
route {
  when client is web and model is "closed"            -> deny 400 "closed"
  when model is "closed"                              -> served
  when client in agents and model like "agent-*"      -> route agents
  when model is "seen" or has images                  -> served
  when model is "auto"                                -> served
  when model is "deep" and tokens > 100k              -> served
  when model is "team" and header "x-team" is "ml"    -> served
  when client is lab                                  -> free
  otherwise                                           -> deny 404 "no such model"
}
route agents {
  when model is "agent-main" -> served
  otherwise                  -> deny 404 "no such agent"
}
"#;

async fn get(house: &House, (path, from): (&str, &str)) -> (u16, Value) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let link = house.connect_from(from.parse().unwrap());
    let answer = exchange(link, request.as_bytes()).await;
    house.records.one().await;
    (answer.status, serde_json::from_str(&answer.text()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn each_caller_is_told_what_it_can_reach_whatever_else_its_requests_say() {
    let house = House::piped(Plan::written(POLICY)).await;
    let mut told = String::new();
    for from in ["127.0.0.1:9", "10.0.0.1:9", "10.1.0.1:9"] {
        let (status, list) = get(&house, ("/v1/models", from)).await;
        let data = list["data"].as_array().unwrap();
        let names: Vec<&str> = data.iter().map(|it| it["id"].as_str().unwrap()).collect();
        assert_eq!(list["first_id"].as_str(), names.first().copied());
        writeln!(told, "{from:12} {status} {}", names.join(" ")).unwrap();
    }
    let due = "127.0.0.1:9  200 auto deep seen team\n\
               10.0.0.1:9   200 agent-main auto closed deep seen team\n\
               10.1.0.1:9   200 agent-main closed deep large seen small team\n";
    assert_eq!(told, due);
}

#[tokio::test(start_paused = true)]
async fn one_model_is_shown_to_those_who_are_told_of_it() {
    let house = House::piped(Plan::written(POLICY)).await;
    let (status, model) = get(&house, ("/v1/models/agent-main", "10.0.0.1:9")).await;
    assert_eq!((status, model["id"].as_str()), (200, Some("agent-main")));
    for (path, from) in [
        ("/v1/models/agent-main", "127.0.0.1:9"),
        ("/v1/models/closed", "127.0.0.1:9"),
        ("/v1/models/nothing", "10.0.0.1:9"),
        ("/v1/models/a/b", "10.0.0.1:9"),
    ] {
        let (status, error) = get(&house, (path, from)).await;
        assert_eq!(status, 404, "{path}");
        assert_eq!(error["error"]["code"], "model_not_found", "{path}");
    }
}
