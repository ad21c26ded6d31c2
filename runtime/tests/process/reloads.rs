//! Reload under load: nothing fails, and each answer is of one policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ask;
use crate::house::{House, policy};
use crate::provider::{self, Conduct};

const STREAMS: usize = 64;
const RELOADS: usize = 200;

/// Five ways in which a policy can be no good, each with the code it is refused with.
fn bad(number: usize, url: &str) -> (Option<String>, &'static str) {
    let good = policy(url, "m", "key none");
    match number % 5 {
        0 => (
            Some(good.replace("otherwise -> work }", "otherwise -> work")),
            "policy_invalid",
        ),
        1 => (Some(good.replace("-> work", "-> wrok")), "policy_invalid"),
        2 => (
            Some(good.replace("up/m }", "up/m; min-output 2k }")),
            "feature_not_enforced",
        ),
        3 => (
            Some(policy(url, "m", "key env NOBODY_SET_THIS")),
            "key_missing",
        ),
        _ => (None, "policy_empty"),
    }
}

/// Which model answers belong to which digest, as clients saw it.
type Seen = BTreeSet<(String, String)>;

async fn client(address: std::net::SocketAddr, over: Arc<AtomicBool>) -> (usize, Seen) {
    let (mut answers, mut seen) = (0, Seen::new());
    while !over.load(Ordering::Relaxed) {
        let answer = ask::stream(address).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.contains("data: [DONE]"), "{answer:?}");
        let models: BTreeSet<&str> = answer
            .body
            .match_indices("model=")
            .filter_map(|(at, _)| answer.body[at + 6..].split(' ').next())
            .collect();
        assert_eq!(models.len(), 1, "{answer:?}");
        let model = (*models.first().unwrap()).to_owned();
        seen.insert((answer.header("x-claw-policy").to_owned(), model));
        answers += 1;
    }
    (answers, seen)
}

#[tokio::test]
async fn two_hundred_reloads_under_64_streams_fail_no_request_and_mix_no_policies() {
    let (go, going) = watch::channel(0);
    let url = format!(
        "http://{}/v1",
        provider::start(Conduct::Hold(going), None).await
    );
    let mut house = House::start(&policy(&url, "m0", "key none"));
    let mut valid = BTreeMap::from([(house.digest(), "m0".to_owned())]);
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for _ in 0..STREAMS {
        clients.spawn(client(house.listen(), Arc::clone(&over)));
    }

    for number in 1..=RELOADS {
        if number % 2 == 0 {
            match bad(number / 2, &url) {
                (Some(text), code) => {
                    house.save(&text);
                    assert_eq!(house.policy_event("refused").await["code"], code);
                }
                (None, code) => {
                    fs::remove_file(house.folder.path().join("p.claw")).unwrap();
                    assert_eq!(house.policy_event("refused").await["code"], code);
                }
            }
        } else {
            let model = format!("m{number}");
            house.save(&policy(&url, &model, "key none"));
            let digest = house.policy_event("taken").await["digest"]
                .as_str()
                .unwrap()
                .to_owned();
            assert_eq!(digest, house.digest());
            valid.insert(digest, model);
        }
        // Streams that began before this reload may end now; those that begin now wait for the next.
        go.send_modify(|generation| *generation += 1);
        tokio::task::yield_now().await;
    }
    over.store(true, Ordering::Relaxed);
    drop(go);

    let (mut answers, mut seen) = (0, Seen::new());
    while let Some(client) = clients.join_next().await {
        let (more, pairs) = client.unwrap();
        assert!(more > 0);
        answers += more;
        seen.extend(pairs);
    }
    for (digest, model) in &seen {
        assert_eq!(
            valid.get(digest),
            Some(model),
            "an answer of a policy that never was"
        );
    }
    assert!(
        seen.len() > RELOADS / 4,
        "only {} policies were seen at work",
        seen.len()
    );
    assert_eq!(valid.len(), RELOADS / 2 + 1);
    let (log, _) = house.end();
    assert_eq!(log.lines().count(), answers);
    println!(
        "{answers} streams over {RELOADS} reloads, {} policies seen at work",
        seen.len()
    );
}

#[tokio::test]
async fn an_unchanged_folder_is_not_swapped() {
    let url = format!("http://{}/v1", provider::start(Conduct::Answer, None).await);
    let text = policy(&url, "m", "key none");
    let mut house = House::start(&text);
    let before = house.process.live.take();

    house.save(&text);
    house.expect_same().await;
    fs::write(house.folder.path().join("p.claw"), &text).unwrap();
    fs::write(house.folder.path().join("notes.txt"), "not a policy").unwrap();
    house.expect_same().await;
    assert!(Arc::ptr_eq(&before, &house.process.live.take()));

    // A policy that was refused and is put back is the one in force: no swap, and the alarm ends.
    house.save("policy house {");
    house.policy_event("refused").await;
    house.save(&text);
    house.policy_event("same").await;
    assert!(Arc::ptr_eq(&before, &house.process.live.take()));
    house.end();
}

#[tokio::test]
async fn a_new_comment_moves_places_and_nothing_else() {
    let url = format!("http://{}/v1", provider::start(Conduct::Answer, None).await);
    let text = policy(&url, "m", "key none");
    let mut house = House::start(&text);
    let before = house.process.live.take();
    house.save(&format!("# one line more\n{text}"));
    let event = house.policy_event("taken").await;
    assert_eq!(event["behaviour"], "same");
    let after = house.process.live.take();
    assert_eq!(before.digest, after.digest);
    let line = |snapshot: &claw_runtime::policy::live::Snapshot| {
        snapshot.table.place(claw_table::ArmId(0)).unwrap().line
    };
    assert_eq!(line(&before) + 1, line(&after));
    house.end();
}

#[tokio::test]
async fn a_changed_gateway_setting_waits_for_a_restart_and_the_rest_is_taken() {
    let url = format!("http://{}/v1", provider::start(Conduct::Answer, None).await);
    let mut house = House::start(&policy(&url, "m", "key none"));
    let listen = house.listen();
    let text = policy(&url, "n", "key none");
    house.save(&format!("{text}gateway {{ listen \"127.0.0.1:1\" }}\n"));
    let event = house.policy_event("taken").await;
    insta::assert_snapshot!(event["needs_restart"], @r#"["`gateway { listen }` is now `127.0.0.1:1`; its default stays in force until a restart"]"#);
    assert!(ask::stream(listen).await.body.contains("model=n "));
    let admin = house.process.admin;
    assert!(
        ask::get(admin, "/policy")
            .await
            .body
            .contains("stays in force until a restart")
    );
    assert!(
        ask::get(admin, "/metrics")
            .await
            .body
            .contains("claw_policy_needs_restart 1\n")
    );
    house.save(&text);
    assert_eq!(
        house.policy_event("taken").await["needs_restart"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert!(
        ask::get(admin, "/metrics")
            .await
            .body
            .contains("claw_policy_needs_restart 0\n")
    );
    house.end();
}

#[tokio::test]
async fn a_key_file_is_rotated_without_a_restart() {
    let url = format!("http://{}/v1", provider::start(Conduct::Answer, None).await);
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("p.claw"),
        policy(&url, "m", "key file \"up.key\""),
    )
    .unwrap();
    fs::write(folder.path().join("up.key"), "sk-one\n").unwrap();
    let path = folder.path().to_owned();
    let mut house = House::of(folder, path, crate::house::BY_EVENTS).unwrap();
    let bearer = |house: &House| {
        house.process.live.peek().upstreams[0]
            .credential
            .clone()
            .unwrap()
            .value
    };
    assert_eq!(bearer(&house), "Bearer sk-one");
    let key = house.folder.path().join("up.key");
    crate::house::save(&key, "sk-two\n");
    assert_eq!(house.policy_event("taken").await["behaviour"], "same");
    assert_eq!(bearer(&house), "Bearer sk-two");
    fs::remove_file(&key).unwrap();
    let refused = house.policy_event("refused").await;
    assert_eq!(refused["code"], "key_missing");
    assert!(
        refused["text"]
            .as_str()
            .unwrap()
            .contains("provider `up`: the key file `up.key`")
    );
    assert_eq!(bearer(&house), "Bearer sk-two", "the old one stays");
    crate::house::save(&key, "sk-three");
    house.policy_event("taken").await;
    assert_eq!(bearer(&house), "Bearer sk-three");
    house.end();
}
