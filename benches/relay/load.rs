//! The load generator: a fixed number of requests, or a fixed window over many streams.
//!
//! What it costs a proxy to open and close connections is no part of the slice.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::wire::{self, Kind};
use crate::{Failure, pacer, peers};

/// What the generator is told: where to, what, over how many connections, and how much of it.
pub(crate) struct Order {
    /// The proxy.
    pub(crate) address: SocketAddr,
    /// What is asked for.
    pub(crate) kind: Kind,
    /// Keep-alive connections of a closed loop, or streams.
    pub(crate) lanes: usize,
    /// Requests, or milliseconds for which streams are counted.
    pub(crate) length: u64,
}

impl Order {
    /// The order as one line.
    pub(crate) fn line(&self) -> String {
        format!(
            "{} {} {} {}",
            self.address,
            self.kind.word(),
            self.lanes,
            self.length
        )
    }

    /// The order of a line.
    pub(crate) fn read(line: &str) -> Result<Order, Failure> {
        match line.split(' ').collect::<Vec<_>>()[..] {
            [address, kind, lanes, length] => Ok(Order {
                address: address.parse()?,
                kind: Kind::named(kind).ok_or("no such kind of load")?,
                lanes: lanes.parse()?,
                length: length.parse()?,
            }),
            _ => Err(format!("`{line}` is no order").into()),
        }
    }
}

/// Carries out one order, step by step as the driver says.
pub(crate) async fn carry_out(
    order: &Order,
    words: &mut UnboundedReceiver<String>,
) -> Result<(), Failure> {
    let slice = async {
        match order.kind {
            Kind::Plain => plain(order, words).await,
            Kind::Alone | Kind::Bursts | Kind::Many => paced(order, words).await,
        }
    };
    tokio::time::timeout(SLICE_MAX, slice)
        .await
        .map_err(|_| "a slice hung")?
}

/// A slice that takes longer than this has hung.
const SLICE_MAX: Duration = Duration::from_secs(60);

/// Closed loop: each connection sends its next request when it has the last answer.
async fn plain(order: &Order, words: &mut UnboundedReceiver<String>) -> Result<(), Failure> {
    let mut ready = Vec::new();
    for _ in 0..order.lanes {
        let mut connection = Connection::open(order.address).await?;
        connection.exchange().await?;
        ready.push(connection);
    }
    println!("ready");
    peers::expect(words, "go").await?;
    let left = Rc::new(Cell::new(order.length));
    let began = Instant::now();
    let running: Vec<_> = ready
        .into_iter()
        .map(|connection| tokio::task::spawn_local(drain(connection, Rc::clone(&left))))
        .collect();
    let (mut took_us, mut open) = (Vec::new(), Vec::new());
    for connection in running {
        let (connection, own_us) = connection.await??;
        took_us.extend(own_us);
        open.push(connection);
    }
    report(took_us.len(), began.elapsed(), took_us);
    peers::expect(words, "end").await
}

/// Takes requests from the common count until none is left.
async fn drain(
    mut connection: Connection,
    left: Rc<Cell<u64>>,
) -> Result<(Connection, Vec<u64>), Failure> {
    let mut took_us = Vec::new();
    while let Some(fewer) = left.get().checked_sub(1) {
        left.set(fewer);
        let sent = Instant::now();
        connection.exchange().await?;
        took_us.push(sent.elapsed().as_micros() as u64);
    }
    Ok((connection, took_us))
}

struct Connection {
    socket: TcpStream,
    request: Vec<u8>,
    received: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Connection, Failure> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let request = wire::request(Kind::Plain);
        Ok(Connection {
            socket,
            request,
            received: Vec::with_capacity(16 * 1024),
        })
    }

    async fn exchange(&mut self) -> Result<(), Failure> {
        self.received.clear();
        self.socket.write_all(&self.request).await?;
        loop {
            if self.socket.read_buf(&mut self.received).await? == 0 {
                return Err("the proxy closed a connection in use".into());
            }
            let Some(message) = wire::message(&self.received) else {
                continue;
            };
            let body_bytes = message.body_bytes.ok_or("a plain answer without length")?;
            if self.received.len() >= message.head_bytes + body_bytes {
                return expect_ok(&self.received);
            }
        }
    }
}

/// Holds all streams open and counts what arrives within the window.
async fn paced(order: &Order, words: &mut UnboundedReceiver<String>) -> Result<(), Failure> {
    let arrived = Rc::new(RefCell::new(Arrived::default()));
    let mut running = Vec::new();
    for _ in 0..order.lanes {
        let stream = follow(order.address, order.kind, Rc::clone(&arrived));
        running.push(tokio::task::spawn_local(stream));
        // Not all at once: neither provider nor proxy is asked for a burst of connections.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while arrived.borrow().streams < order.lanes {
        if let Some(at) = running.iter().position(|stream| stream.is_finished()) {
            return running.swap_remove(at).await?;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("ready");
    peers::expect(words, "go").await?;
    let began = Instant::now();
    arrived.borrow_mut().begin_window();
    tokio::time::sleep(Duration::from_millis(order.length)).await;
    let (events, delays_us) = arrived.borrow_mut().end_window();
    let elapsed = began.elapsed();
    if let Some(at) = running.iter().position(|stream| stream.is_finished()) {
        return running.swap_remove(at).await?;
    }
    report(events, elapsed, delays_us);
    peers::expect(words, "end").await?;
    running.iter().for_each(|stream| stream.abort());
    Ok(())
}

#[derive(Default)]
struct Arrived {
    streams: usize,
    events: usize,
    delays_us: Vec<u64>,
}

impl Arrived {
    fn begin_window(&mut self) {
        self.events = 0;
        self.delays_us.clear();
    }

    fn end_window(&mut self) -> (usize, Vec<u64>) {
        (self.events, std::mem::take(&mut self.delays_us))
    }

    fn add(&mut self, piece: &[u8]) {
        let now_us = pacer::now_us();
        for mark in memchr::memchr_iter(wire::MARK, piece) {
            self.events += 1;
            // A stamp that straddles two reads is counted as an event and not as a delay.
            let stamp = piece.get(mark + 1..=mark + wire::STAMP_DIGITS);
            let sent_us =
                stamp.and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<u64>().ok());
            self.delays_us
                .extend(sent_us.map(|sent_us| now_us.saturating_sub(sent_us)));
        }
    }
}

/// Reads one stream for as long as the slice lasts; its end before that is a failure.
async fn follow(
    address: SocketAddr,
    kind: Kind,
    arrived: Rc<RefCell<Arrived>>,
) -> Result<(), Failure> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    socket.write_all(&wire::request(kind)).await?;
    let mut received = Vec::with_capacity(16 * 1024);
    while memchr::memchr(wire::MARK, &received).is_none() {
        if socket.read_buf(&mut received).await? == 0 {
            return Err(format!("no stream: {}", String::from_utf8_lossy(&received)).into());
        }
    }
    expect_ok(&received)?;
    arrived.borrow_mut().streams += 1;
    loop {
        received.clear();
        if socket.read_buf(&mut received).await? == 0 {
            return Err("a stream ended before its time".into());
        }
        arrived.borrow_mut().add(&received);
    }
}

fn expect_ok(received: &[u8]) -> Result<(), Failure> {
    if received.starts_with(b"HTTP/1.1 200 ") {
        return Ok(());
    }
    Err(format!("not a 200: {}", String::from_utf8_lossy(received)).into())
}

fn report(units: usize, elapsed: Duration, mut sample_us: Vec<u64>) {
    sample_us.sort_unstable();
    let at = |percent: usize| {
        sample_us
            .get(sample_us.len() * percent / 100)
            .copied()
            .unwrap_or(0)
    };
    println!("{units} {} {} {}", elapsed.as_nanos(), at(50), at(99));
}
