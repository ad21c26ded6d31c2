//! `clawgate demo`: the whole house on one machine, without a key or a network.
//!
//! Two simulated providers run in this process; the gateway is `clawgate run` as anyone runs it, on
//! a copy of `examples/quickstart` whose addresses are those of the demo. So what it shows is what
//! a reader gets.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;

use claw_runtime::sim::exchange::Seen;

mod ask;
mod house;
mod paint;
mod scenes;

use house::House;
use paint::Paint;

/// Show a streamed answer, a failover and an honest cut, then stay up to be tried
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the gateway listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where its admin pages are; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9090")]
    admin: SocketAddr,
    /// End after the show: 0 only if every step went as it should
    #[arg(long)]
    once: bool,
}

/// Runs it.
///
/// # Errors
/// A sentence that says what went wrong, and what to do.
pub(crate) fn run(args: &Args) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(async {
        // Whatever ends the show, the house is torn down when this returns.
        tokio::select! {
            done = show(args) => done,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.map_err(|error| format!("no signals: {error}"))
            }
        }
    })
}

async fn show(args: &Args) -> Result<(), String> {
    let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let paint = if colours {
        Paint::coloured()
    } else {
        Paint::plain()
    };
    let mut house = House::build(args.listen, args.admin).await?;
    paint.title(&house);
    let mut wrong = scenes::first_answer(&paint, &mut house).await?;
    wrong.extend(scenes::failover(&paint, &mut house).await?);
    wrong.extend(scenes::honest_cut(&paint, &mut house).await?);
    if !wrong.is_empty() {
        return Err(format!("the show went wrong:\n  {}", wrong.join("\n  ")));
    }
    if args.once {
        paint.end();
        return Ok(());
    }
    paint.invitation(&house);
    loop {
        let Some(line) = house.line().await else {
            return Err("the gateway ended".to_owned());
        };
        match house::Line::read(&line) {
            Some(house::Line::Request(record)) => paint.record(&record, &house),
            Some(house::Line::Policy(change)) => {
                // The arms may stand elsewhere now.
                house.look().await;
                paint.policy(&change);
            }
            None => {}
        }
    }
}

/// The simulators of the demo say nothing of their own.
fn silent(_: &str, _: &Seen) {}
