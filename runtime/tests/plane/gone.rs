//! A client that leaves takes its request with it, whatever phase it is in: the provider's
//! connection is closed at once, nothing more is asked of anybody, and one record says so.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

use claw_runtime::sim::play::Ended;

use crate::client::{PLAIN, STREAM, attempts, chat};
use crate::house::{House, Plan};

async fn asked(house: &House, body: &str) -> DuplexStream {
    let mut link = house.connect();
    link.write_all(&chat(body, "")).await.unwrap();
    house.sims[0].until(|seen| !seen.is_empty()).await;
    link
}

/// The provider sees the end of the connection in the same moment, by the paused clock.
async fn provider_sees_it_at_once(house: &House) {
    let began = Instant::now();
    let seen = house.sims[0].until(|seen| seen[0].ended.is_some()).await;
    assert_eq!(seen[0].ended, Some(Ended::ClientGone));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

async fn one_record(house: &House, tried: &str) {
    let record = house.records.one().await;
    assert_eq!(record.outcome, "client_gone");
    assert_eq!(attempts(&record), tried);
    assert_eq!(house.common.body_bytes(), 0, "the body is still held");
}

#[tokio::test(start_paused = true)]
async fn while_the_head_is_awaited() {
    for body in [STREAM, PLAIN] {
        let house = House::piped(Plan::over(&["a", "b"])).await;
        house.script(0, "hang");
        drop(asked(&house, body).await);
        provider_sees_it_at_once(&house).await;
        one_record(&house, "a/small served").await;
        assert_eq!(house.sims[1].count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn while_the_first_content_is_awaited() {
    let house = House::piped(Plan::over(&["a", "b"])).await;
    house.script(0, "stall after 1");
    let link = asked(&house, STREAM).await;
    house.sims[0].until(|seen| seen[0].events == 1).await;
    drop(link);
    provider_sees_it_at_once(&house).await;
    one_record(&house, "a/small served").await;
}

#[tokio::test(start_paused = true)]
async fn in_mid_stream() {
    let house = House::piped(Plan::over(&["a", "b"])).await;
    house.script(0, "stall after 4, usage in every chunk");
    let mut link = asked(&house, STREAM).await;
    let mut bytes = Vec::new();
    while memchr::memmem::find_iter(&bytes, "data: ").count() < 4 {
        link.read_buf(&mut bytes).await.unwrap();
    }
    drop(link);
    provider_sees_it_at_once(&house).await;
    let record = house.records.one().await;
    assert_eq!((record.outcome, record.status), ("client_gone", 200));
    assert!(record.usage.is_some(), "what was used by then is lost");
}

#[tokio::test(start_paused = true)]
async fn in_backoff() {
    let mut plan = Plan::over(&["a"]);
    plan.class().retry.backoff_min_ms = 60_000;
    plan.class().retry.backoff_max_ms = 60_000;
    let house = House::piped(plan).await;
    house.script(0, "500");
    let link = asked(&house, PLAIN).await;
    house.sims[0].until(|seen| seen[0].ended.is_some()).await;
    let began = Instant::now();
    drop(link);
    let record = house.records.one().await;
    assert_eq!(record.outcome, "client_gone");
    assert_eq!(attempts(&record), "a/small 500");
    assert_eq!(began.elapsed(), Duration::ZERO);
    tokio::time::advance(Duration::from_mins(2)).await;
    assert_eq!(house.sims[0].count(), 1, "went on for nobody");
}

#[tokio::test(start_paused = true)]
async fn in_the_middle_of_its_own_body() {
    let house = House::piped(Plan::over(&["a"])).await;
    let mut link = house.connect();
    let request = chat(PLAIN, "");
    link.write_all(&request[..request.len() - 5]).await.unwrap();
    tokio::time::advance(Duration::from_millis(1)).await;
    drop(link);
    let record = house.records.one().await;
    assert!(
        matches!(record.outcome, "refused" | "client_gone"),
        "{record:?}"
    );
    assert_eq!(house.sims[0].count(), 0);
}
