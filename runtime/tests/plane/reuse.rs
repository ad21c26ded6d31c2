//! Connections to providers are used again, and one found dead is no attempt.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{PLAIN, STREAM, answer, attempts, chat, exchange};
use crate::house::{House, Plan};

#[tokio::test(start_paused = true)]
async fn a_connection_is_used_again_after_a_stream_a_plain_answer_and_a_refusal() {
    for script in ["ok", "words 300", "429", "400", "plain"] {
        let house = House::piped(Plan::over(&["a"])).await;
        house.script(0, script);
        for body in [STREAM, PLAIN, STREAM] {
            exchange(house.connect(), &chat(body, "")).await;
        }
        assert_eq!(house.sims[0].connections(), 1, "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_broke_is_not_used_again() {
    for script in [
        "cut after 4",
        "bad chunk after 4",
        "no last chunk",
        "length long",
        "hang",
    ] {
        let mut plan = Plan::over(&["a"]);
        plan.class().retry.attempts = 1;
        plan.class().deadlines.first_token_ms = Some(1_000);
        let house = House::piped(plan).await;
        house.script(0, script);
        exchange(house.connect(), &chat(STREAM, "")).await;
        house.script(0, "ok");
        let answer = exchange(house.connect(), &chat(STREAM, "")).await;
        assert!(answer.clean && answer.is_done(), "{script}");
        assert_eq!(house.sims[0].connections(), 2, "{script}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced_without_an_attempt() {
    let house = House::over_sockets(Plan::over(&["a"])).await;
    exchange(house.connect(), &chat(PLAIN, "")).await;
    house.records.one().await;
    house.sims[0].down().await;
    house.sims[0].up().await.unwrap();
    // The end of the old connection is an event of this thread's own poll.
    tokio::task::yield_now().await;
    let answer = exchange(house.connect(), &chat(PLAIN, "")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(attempts(&house.records.one().await), "a/small served");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_its_time() {
    let house = House::piped(Plan::over(&["a"])).await;
    exchange(house.connect(), &chat(PLAIN, "")).await;
    tokio::time::advance(house.common.limits.idle_connection).await;
    exchange(house.connect(), &chat(PLAIN, "")).await;
    assert_eq!(house.sims[0].connections(), 2);
}

#[tokio::test(start_paused = true)]
async fn one_client_connection_carries_many_requests() {
    let house = House::piped(Plan::over(&["a"])).await;
    let mut link = house.connect();
    for body in [STREAM, PLAIN, "{}", STREAM] {
        let request = String::from_utf8(chat(body, "")).unwrap();
        let request = request.replace("connection: close\r\n", "");
        link.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        while memchr::memmem::find(&bytes, b"\r\n\r\n").is_none() || !answer(&bytes).clean {
            link.read_buf(&mut bytes).await.unwrap();
        }
        let record = house.records.one().await;
        assert_eq!(
            record.outcome,
            if body == "{}" { "refused" } else { "complete" }
        );
    }
}
