//! A connection is polled when something has happened, and not once more.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use claw_runtime::server::serve_io;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::client::{PLAIN, STREAM, answer, chat};
use crate::house::{House, Plan};

/// A client's connection over a pipe, and how often it was polled.
fn connect(house: &House) -> (DuplexStream, Arc<AtomicUsize>) {
    let (near, far) = tokio::io::duplex(64 << 10);
    let polls = Arc::new(AtomicUsize::new(0));
    let (gateway, stop) = (house.gateway.clone(), house.stop.subscribe());
    let counted = Arc::clone(&polls);
    tokio::spawn(async move {
        let peer = "127.0.0.1:9".parse().unwrap();
        let mut serving = pin!(serve_io(&gateway, far, peer, stop));
        poll_fn(|cx| {
            counted.fetch_add(1, Ordering::Relaxed);
            serving.as_mut().poll(cx)
        })
        .await;
    });
    (near, polls)
}

/// How often the connection is polled for a request on it, behind one that has made all ready.
async fn polls(script: &str, body: &str) -> usize {
    let house = House::piped(Plan::over(&["a"])).await;
    house.script(0, script);
    let (mut link, polls) = connect(&house);
    let request = String::from_utf8(chat(body, "")).unwrap();
    let request = request.replace("connection: close\r\n", "");
    let mut before = 0;
    for _ in 0..2 {
        before = polls.load(Ordering::Relaxed);
        link.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        while memchr::memmem::find(&bytes, b"\r\n\r\n").is_none() || !answer(&bytes).clean {
            link.read_buf(&mut bytes).await.unwrap();
        }
        house.records.one().await;
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }
    polls.load(Ordering::Relaxed) - before
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_is_polled_when_it_comes_and_when_its_answer_does() {
    assert_eq!(polls("coalesce", PLAIN).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_polled_once_for_each_event() {
    let few = polls("drip 50ms, words 20", STREAM).await;
    let many = polls("drip 50ms, words 60", STREAM).await;
    assert_eq!(many - few, 40);
}
