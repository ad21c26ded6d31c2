//! After the commit point: a broken stream says so on the wire before it is broken off, and is
//! never presented as a whole one. Shown on raw bytes, over real sockets.

use std::net::SocketAddr;
use std::time::Duration;

use claw_runtime::server::{bind, serve};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client::{STREAM, answer, attempts, chat, exchange, rest};
use crate::house::{House, Plan};

/// Everything that can go wrong after content, and what a client is told.
const AFTER_CONTENT: &[(&str, &str)] = &[
    ("cut after 4", "upstream_cut"),
    ("cut inside 4", "upstream_cut"),
    ("reset after 4", "upstream_cut"),
    ("end after 4", "upstream_cut"),
    ("no finish", "upstream_cut"),
    ("error after 4", "upstream_error"),
    ("bad chunk after 4", "upstream_cut"),
];

/// Listens on a free port and serves there.
fn listening(house: &House) -> SocketAddr {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let (gateway, stop) = (house.gateway.clone(), house.stop.subscribe());
    tokio::spawn(async move { serve(gateway, listener, stop).await });
    address
}

/// A connection whose window is so small that what is not read piles up at the sender.
async fn narrow(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    socket.set_nonblocking(true).unwrap();
    let socket = tokio::net::TcpSocket::from_std_stream(socket.into());
    socket.connect(address).await.unwrap()
}

#[tokio::test]
async fn each_failure_after_content_ends_in_an_error_event_and_a_broken_body() {
    for (script, code) in AFTER_CONTENT {
        let house = House::over_sockets(Plan::over(&["a", "b"])).await;
        house.script(0, script);
        let link = TcpStream::connect(listening(&house)).await.unwrap();
        let answer = exchange(link, &chat(STREAM, "")).await;
        assert_eq!(answer.status, 200, "{script}");
        assert!(!answer.words().is_empty(), "{script}");
        assert!(!answer.clean, "{script}: presented as whole");
        assert!(!answer.text().contains("[DONE]"), "{script}");
        assert_eq!(answer.error()["code"], *code, "{script}");
        assert_eq!(
            house.sims[1].count(),
            0,
            "{script}: went on after the commit point"
        );
        let record = house.records.one().await;
        assert_eq!(record.outcome, "cut", "{script}");
        assert_eq!(record.code, Some(*code), "{script}");
    }
}

#[tokio::test]
async fn a_slow_reader_gets_every_byte_and_the_error_event_before_the_break() {
    let mut plan = Plan::over(&["a"]);
    plan.limits.last_words = Duration::from_mins(1);
    let house = House::over_sockets(plan).await;
    house.script(0, "words 30000, cut after 25000");
    let mut link = narrow(listening(&house)).await;
    link.write_all(&chat(STREAM, "")).await.unwrap();
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    while let Ok(read @ 1..) = link.read(&mut piece).await {
        bytes.extend_from_slice(&piece[..read]);
        // Everybody else gets a turn before it takes the next kilobyte.
        tokio::task::yield_now().await;
    }
    let answer = answer(&bytes);
    assert!(!answer.clean);
    assert_eq!(answer.error()["code"], "upstream_cut");
    let sent = house.sims[0].requests()[0].events;
    // Every event that was sent whole, and the error.
    assert_eq!(answer.events().len(), sent + 1);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_before_the_error_event_is_broken_off_after_a_second() {
    let house = House::piped(Plan::over(&["a"])).await;
    // More than the pipe to the client holds, less than hyper does.
    house.script(0, "cut after 6");
    let mut link = house.connect_narrow(1024);
    link.write_all(&chat(STREAM, "")).await.unwrap();
    let began = Instant::now();
    let record = house.records.one().await;
    assert_eq!(record.outcome, "cut");
    assert_eq!(began.elapsed(), Duration::from_secs(1));
    let answer = rest(link, Vec::new()).await;
    assert!(!answer.clean && !answer.text().contains("[DONE]"));
    assert!(answer.events().len() < 6, "it was not stalled");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_comes_back_within_the_second_gets_the_error_event() {
    let house = House::piped(Plan::over(&["a"])).await;
    house.script(0, "cut after 6");
    let mut link = house.connect_narrow(1024);
    link.write_all(&chat(STREAM, "")).await.unwrap();
    tokio::time::advance(Duration::from_millis(900)).await;
    let answer = rest(link, Vec::new()).await;
    assert!(!answer.clean);
    assert_eq!(answer.error()["code"], "upstream_cut");
    assert_eq!(answer.events().len(), 7);
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_let_go_and_so_is_the_provider() {
    let mut plan = Plan::over(&["a"]);
    plan.limits.client_stall = Duration::from_millis(200);
    let house = House::over_sockets(plan).await;
    house.script(0, "words 100000");
    let mut link = narrow(listening(&house)).await;
    link.write_all(&chat(STREAM, "")).await.unwrap();
    let record = house.records.one().await;
    assert_eq!(record.outcome, "client_gone");
    assert_eq!(record.code, Some("client_stalled"));
    assert_eq!(attempts(&record), "a/small served");
    let seen = house.sims[0].until(|seen| seen[0].ended.is_some()).await;
    assert!(seen[0].events < 100_000, "nothing held the provider back");
    let answer = rest(link, Vec::new()).await;
    assert!(!answer.clean);
}

#[tokio::test]
async fn a_stalled_reader_does_not_hold_up_its_neighbours() {
    let house = House::over_sockets(Plan::over(&["a"])).await;
    let address = listening(&house);
    house.script(0, "words 100000");
    let mut stalled = narrow(address).await;
    stalled.write_all(&chat(STREAM, "")).await.unwrap();
    house.sims[0]
        .until(|seen| seen.iter().any(|seen| seen.events > 1_000))
        .await;
    house.script(0, "ok");
    for _ in 0..20 {
        let link = TcpStream::connect(address).await.unwrap();
        let answer = exchange(link, &chat(STREAM, "")).await;
        assert!(answer.clean && answer.is_done());
    }
}

#[tokio::test(start_paused = true)]
async fn one_malformed_event_after_content_is_left_out_and_every_other_byte_arrives() {
    let house = House::piped(Plan::over(&["a", "b"])).await;
    house.script(0, "bad event after 4, words 9");
    let answer = exchange(house.connect(), &chat(STREAM, "")).await;
    assert!(answer.clean && answer.is_done(), "{}", answer.text());
    house.script(0, "words 9");
    let whole = exchange(house.connect(), &chat(STREAM, "")).await;
    let number = |text: String| text.replace("sim000002", "sim000001");
    assert_eq!(answer.text(), number(whole.text()));
    assert_eq!(house.sims[1].count(), 0);
}
