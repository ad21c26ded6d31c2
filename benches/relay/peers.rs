//! Both ends of every connection of a proxy: load generator and provider, in one thread that never
//! sleeps while a slice runs.
//!
//! On loopback who writes pays for waking who reads: two to seven microseconds a write on a virtual
//! machine, and the more often, the slower the proxy. Peers on other machines cost no proxy that. So
//! here the peers are always awake, and what is measured is the proxy.
//!
//! ```text
//! driver: ADDRESS KIND LANES LENGTH      peers: ready (all connections open and used once)
//!         go                                    UNITS ELAPSED_NS P50_US P99_US
//!         end                                   (connections close)
//! ```

use std::cell::Cell;
use std::io::BufRead;
use std::rc::Rc;

use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::LocalSet;

use crate::load::Order;
use crate::{Failure, load, upstream};

/// Serves as provider and carries out orders until the driver is gone.
pub(crate) fn run() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut words = words();
    runtime.block_on(LocalSet::new().run_until(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        tokio::task::spawn_local(upstream::serve(listener));
        let awake = Rc::new(Cell::new(false));
        while let Some(line) = words.recv().await {
            let order = Order::read(&line)?;
            awake.set(true);
            let spinning = tokio::task::spawn_local(stay_awake(Rc::clone(&awake)));
            load::carry_out(&order, &mut words).await?;
            awake.set(false);
            spinning.await?;
        }
        Ok(())
    }))
}

/// Keeps the runtime asking the kernel for news instead of sleeping until there is some.
async fn stay_awake(awake: Rc<Cell<bool>>) {
    while awake.get() {
        tokio::task::yield_now().await;
    }
}

/// The driver's lines, read by a thread so that the peers can wait for them and work.
fn words() -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
        // The driver is gone, however it went, and with it all that this process is for.
        std::process::exit(0);
    });
    receiver
}

/// Waits for one word of the driver.
pub(crate) async fn expect(
    words: &mut UnboundedReceiver<String>,
    word: &str,
) -> Result<(), Failure> {
    match words.recv().await {
        Some(line) if line == word => Ok(()),
        line => Err(format!("`{word}` was expected, not {line:?}").into()),
    }
}
