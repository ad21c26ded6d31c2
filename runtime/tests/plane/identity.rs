//! Who calls: by key, by address, or nobody.

use std::fmt::Write as _;

use claw_runtime::identity::key::hashed;

use crate::client::{Answer, PLAIN, chat, exchange};
use crate::house::{House, Plan};

/// One provider, a class that tells the client's name by refusing, and these clients.
fn policy(clients: &str, arms: &str) -> String {
    format!(
        "policy identity\n\
         provider edge {{ api openai; url \"http://127.0.0.1:1/v1\"; key none; model small {{ price free }} }}\n\
         class served {{ primary edge/small }}\n\
         {clients}\n\
         route {{\n{arms}\n  otherwise -> served\n}}\n"
    )
}

fn hash(key: &str) -> String {
    hashed(key.as_bytes())
}

/// Who the log says it was, or why it was nobody.
async fn known(house: &House, peer: &str, head: &str) -> (Answer, String) {
    let link = house.connect_from(peer.parse().unwrap());
    let answer = exchange(link, &chat(PLAIN, head)).await;
    let record = house.records.one().await;
    let told = match (answer.status, &record.client) {
        (200, Some(client)) => client.clone(),
        (200, None) => "local".to_owned(),
        (status, _) => {
            let error = answer.error();
            format!("{status} {}", error["code"].as_str().unwrap())
        }
    };
    (answer, told)
}

#[tokio::test(start_paused = true)]
async fn exactly_one_client_is_found_by_key_then_by_the_longest_prefix() {
    let clients = format!(
        "client bot   {{ key sha256 \"{}\", sha256 \"{}\" }}\n\
         client fixed {{ key sha256 \"{}\"; from 10.9.0.0/16 }}\n\
         client lan   {{ from 10.0.0.0/8; auth ignore }}\n\
         client desk  {{ from 10.1.0.0/16, ::1 }}\n",
        hash("bot-key"),
        hash("bot-key-2"),
        hash("fixed-key")
    );
    let house = House::piped(Plan::written(&policy(&clients, ""))).await;
    let mut table = String::new();
    let bearer = |key: &str| format!("authorization: Bearer {key}\r\n");
    let heads = [
        ("nothing", String::new()),
        ("bot-key", bearer("bot-key")),
        ("bot-key-2", "x-api-key: bot-key-2\r\n".to_owned()),
        (
            "bot-key twice",
            bearer("bot-key") + "x-api-key: bot-key\r\n",
        ),
        ("two keys", bearer("bot-key") + "x-api-key: bot-key-2\r\n"),
        ("fixed-key", bearer("fixed-key")),
        ("no key of ours", bearer("bot-key-3")),
        ("a beginning of one", bearer("bot-ke")),
        ("Basic", "authorization: Basic Ym90LWtleQ==\r\n".to_owned()),
        ("empty", bearer("")),
    ];
    for peer in [
        "127.0.0.1:9",
        "10.0.0.7:9",
        "10.1.2.3:9",
        "10.9.0.1:9",
        "[::1]:9",
    ] {
        for (name, head) in &heads {
            let (answer, told) = known(&house, peer, head).await;
            writeln!(table, "{peer:12} {name:20} {told}").unwrap();
            let text = format!("{}{}", answer.head, String::from_utf8_lossy(&answer.body));
            assert!(
                !text.contains("bot-ke") && !text.contains("fixed-key"),
                "{text}"
            );
            let challenge = answer.header("www-authenticate");
            assert_eq!(challenge.is_some(), answer.status == 401);
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn every_refusal_of_a_stranger_has_the_same_body_and_nothing_goes_to_a_provider() {
    let clients = format!("client bot {{ key sha256 \"{}\" }}", hash("bot-key"));
    let house = House::piped(Plan::written(&policy(&clients, ""))).await;
    let long = "k".repeat(8_000);
    let mut bodies = Vec::new();
    for head in [
        String::new(),
        "authorization: Bearer \r\n".to_owned(),
        "authorization: Basic YTpi\r\n".to_owned(),
        "authorization: Bearer 'or 1=1--\r\n".to_owned(),
        format!("authorization: Bearer {long}\r\n"),
        "authorization: Bearer \u{e9}\r\n".to_owned(),
    ] {
        let (answer, told) = known(&house, "127.0.0.1:9", &head).await;
        assert_eq!(told, "401 invalid_api_key");
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    assert_eq!(house.sims[0].count(), 0);
    // Neither does a stranger learn what is served at a path.
    for request in [
        "GET /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ] {
        let answer = exchange(house.connect(), request.as_bytes()).await;
        assert_eq!(answer.status, 401);
        house.records.one().await;
    }
    let hello = b"HEAD /api/hello HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(exchange(house.connect(), hello).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn anyone_may_be_a_client_and_a_key_in_the_query_is_refused() {
    let house = House::piped(Plan::written(&policy("client anyone { from any }", ""))).await;
    for peer in [
        "127.0.0.1:9",
        "203.0.113.7:9",
        "[2001:db8::1]:9",
        "[::ffff:203.0.113.7]:9",
    ] {
        let (_, told) = known(&house, peer, "").await;
        assert_eq!(told, "anyone", "{peer}");
    }
    let request = PLAIN.len();
    let request = format!(
        "POST /v1/chat/completions?api_key=secret-one HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {request}\r\n\r\n{PLAIN}"
    );
    let answer = exchange(house.connect(), request.as_bytes()).await;
    assert_eq!(answer.error()["code"], "key_in_query");
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret-one"));
    house.records.one().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_client_only_this_machine_is_served_and_keys_mean_nothing() {
    let house = House::piped(Plan::written(&policy("", ""))).await;
    let two = "authorization: Bearer a\r\nx-api-key: b\r\n";
    for (peer, told) in [
        ("127.0.0.1:9", "local"),
        ("127.9.9.9:9", "local"),
        ("[::1]:9", "local"),
        ("[::ffff:127.0.0.1]:9", "local"),
        ("192.168.1.7:9", "403 client_not_local"),
        ("[fe80::1]:9", "403 client_not_local"),
    ] {
        assert_eq!(known(&house, peer, two).await.1, told, "{peer}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_decides_by_client_and_by_its_tags_which_nothing_sent_can_set() {
    let clients = format!(
        "client bot {{ key sha256 \"{}\"; tags agents, night }}\n\
         client anyone {{ from any }}",
        hash("bot-key")
    );
    let arms = "  when client is anyone -> deny 400 \"anyone\"\n  when client in agents -> deny 400 \"an agent\"";
    let house = House::piped(Plan::written(&policy(&clients, arms))).await;
    for (head, told) in [
        ("", "anyone"),
        ("authorization: Bearer bot-key\r\n", "an agent"),
        ("x-claw-client: bot\r\nx-tags: agents\r\n", "anyone"),
    ] {
        let (answer, _) = known(&house, "127.0.0.1:9", head).await;
        let message = answer.error()["message"].to_string();
        assert!(message.contains(told), "{head}: {message}");
    }
}

/// A gateway that tells by refusing whether somebody asks from the office.
fn office(trust: &str) -> String {
    policy(
        "client anyone { from any }",
        "  when ip in 203.0.113.0/24 -> deny 400 \"the office\"",
    ) + &format!("gateway {{ trust {trust} }}\n")
}

async fn place(house: &House, peer: &str, request: &[u8]) -> String {
    let link = house.connect_from(peer.parse().unwrap());
    let answer = exchange(link, request).await;
    house.records.one().await;
    match answer.status {
        200 => "elsewhere".to_owned(),
        _ => answer.error()["message"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_in_a_header_counts_from_believed_hops_alone() {
    let policy = office("10.0.0.2 via x-forwarded-for, 10.0.1.0/24 via forwarded");
    let house = House::piped(Plan::written(&policy)).await;
    let cases = [
        (
            "10.0.0.2:9",
            "x-forwarded-for: 198.51.100.9, 203.0.113.7\r\n",
            "office",
        ),
        (
            "10.0.0.2:9",
            "x-forwarded-for: 203.0.113.7, 198.51.100.9\r\n",
            "elsewhere",
        ),
        ("10.0.0.2:9", "forwarded: for=203.0.113.7\r\n", "elsewhere"),
        ("10.0.1.8:9", "forwarded: for=203.0.113.7\r\n", "office"),
        (
            "10.0.0.3:9",
            "x-forwarded-for: 203.0.113.7\r\n",
            "elsewhere",
        ),
        (
            "203.0.113.9:9",
            "x-forwarded-for: 198.51.100.9\r\n",
            "office",
        ),
        ("10.0.0.2:9", "x-forwarded-for: unknown\r\n", "no address"),
    ];
    for (peer, head, told) in cases {
        let found = place(&house, peer, &chat(PLAIN, head)).await;
        assert!(found.contains(told), "{peer} {head}: {found}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_balancer_announces_for_whom_it_connects_and_one_that_does_not_is_closed_on() {
    let house = House::piped(Plan::written(&office("10.0.0.2 via proxy-protocol"))).await;
    let announcement = b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n";
    let announced = [&announcement[..], &chat(PLAIN, "")].concat();
    let found = place(&house, "10.0.0.2:9", &announced).await;
    assert!(found.contains("the office"), "{found}");
    let unknown = [b"PROXY UNKNOWN\r\n", &chat(PLAIN, "")[..]].concat();
    assert_eq!(place(&house, "10.0.0.2:9", &unknown).await, "elsewhere");
    // Nobody else may announce anything: to them it is a request that cannot be read.
    for (peer, request) in [("10.0.0.3:9", &announced), ("10.0.0.2:9", &chat(PLAIN, ""))] {
        let mut link = house.connect_from(peer.parse().unwrap());
        tokio::io::AsyncWriteExt::write_all(&mut link, request)
            .await
            .unwrap();
        let mut said = Vec::new();
        let _ended = tokio::io::AsyncReadExt::read_to_end(&mut link, &mut said).await;
        let said = String::from_utf8_lossy(&said);
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 400"),
            "{said}"
        );
    }
    assert_eq!(house.records.count(), 0);
}
