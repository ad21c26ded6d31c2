//! `clawgate run`: serve until told to stop.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use claw_runtime::clock::Clock;
use claw_runtime::observe::event::Events;
use claw_runtime::policy::load::Loader;
use claw_runtime::policy::watch::Pace;
use claw_runtime::process::{NoStart, Process, Start};
use claw_runtime::server::Stop;
use sd_notify::NotifyState;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

use crate::system;

/// Serve traffic by a policy, and take each new one as it is saved
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The policy: a folder of .claw files, or a .clawt file that clawc built
    policy: PathBuf,
    /// Where to take traffic, instead of where the policy says [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where health, metrics and policy are shown, instead of where the policy says [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<String>,
    /// Threads for traffic [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,
    /// Append the log of requests to a file instead of writing it to the standard output
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// How long running requests may go on after a stop
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    drain: Duration,
    /// How long traffic is still taken after a stop, so that a balancer can notice
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    drain_delay: Duration,
}

pub(crate) fn run(args: Args) -> ExitCode {
    system::raise_open_files();
    system::keep_pages_small();
    let times = (args.drain_delay, args.drain);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime.map_err(NoStart::from).and_then(|runtime| {
        // Before the gateway starts: a signal that comes early must not kill it half started.
        let signals = runtime.block_on(async { Signals::listen() })?;
        let process = start(args)?;
        Ok(runtime.block_on(serve(process, signals, times))?)
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Nothing better can be done if even this is not heard.
            let _ = writeln!(io::stderr(), "clawgate: {} ({})", why, code(&why));
            ExitCode::from(match why {
                NoStart::Address { .. } => 2,
                NoStart::Policy(_) | NoStart::Bind { .. } | NoStart::System(_) => 1,
            })
        }
    }
}

fn code(why: &NoStart) -> &'static str {
    match why {
        NoStart::Policy(refusal) => refusal.code(),
        NoStart::Address { .. } => "bad_address",
        NoStart::Bind { .. } => "address_in_use",
        NoStart::System(_) => "system",
    }
}

fn start(args: Args) -> Result<Process, NoStart> {
    let log: Box<dyn Write + Send> = match &args.log {
        Some(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
        None => Box::new(io::stdout()),
    };
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let process = Process::start(Start {
        loader: Loader::new(args.policy)?,
        listen: args.listen,
        admin: args.admin,
        workers: args.workers.map_or_else(cores, usize::from),
        log,
        events: Events::new(Box::new(io::stderr())),
        pace: Pace::default(),
    })?;
    let snapshot = process.live.peek();
    let digest: String = snapshot
        .digest
        .to_str()
        .unwrap_or_default()
        .chars()
        .take(12)
        .collect();
    // The one line for a human; a closed standard error is no reason not to serve.
    let _ = writeln!(
        io::stderr(),
        "clawgate: policy `{}` ({digest}) on http://{}, admin on http://{}",
        snapshot.table.policy().name,
        process.listen,
        process.admin,
    );
    let status = format!(
        "policy {} on {}",
        snapshot.table.policy().name,
        process.listen
    );
    service_manager(&[NotifyState::Ready, NotifyState::Status(&status)]);
    Ok(process)
}

/// Tells systemd, if it has started us. Without it, or if it does not listen, nothing is lost.
fn service_manager(states: &[NotifyState<'_>]) {
    let _unheard = sd_notify::notify(states);
}

/// How long clients may take to hear that their answers end here.
const LAST_WORDS: Duration = Duration::from_secs(2);

struct Signals {
    reload: [Signal; 2],
    stop: [Signal; 2],
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            reload: [
                signal(SignalKind::hangup())?,
                signal(SignalKind::user_defined1())?,
            ],
            stop: [
                signal(SignalKind::terminate())?,
                signal(SignalKind::interrupt())?,
            ],
        })
    }

    async fn either([one, other]: &mut [Signal; 2]) {
        tokio::select! {
            _ = one.recv() => {}
            _ = other.recv() => {}
        }
    }
}

/// Reloads and stops as signals say. A second one to stop skips every wait.
async fn serve(
    process: Process,
    mut signals: Signals,
    (delay, drain): (Duration, Duration),
) -> io::Result<()> {
    loop {
        tokio::select! {
            () = Signals::either(&mut signals.reload) => process.reload(),
            () = Signals::either(&mut signals.stop) => break,
        }
    }
    let events = process.events().clone();
    let tell = |phase: &str| events.tell(Clock.wall_ms(), "stop", json!({ "phase": phase }));
    process.unready();
    tell("draining");
    service_manager(&[NotifyState::Stopping]);
    let stopper = process.stopper();
    let hurried = timeout(delay, Signals::either(&mut signals.stop))
        .await
        .is_ok();
    let mut joined = tokio::task::spawn_blocking(move || process.join());
    if !hurried {
        stopper.send_replace(Stop::Draining);
        let cut_short = timeout(drain, Signals::either(&mut signals.stop));
        tokio::select! {
            ended = &mut joined => {
                tell("ended");
                return ended?;
            }
            _ = cut_short => {}
        }
    }
    // Whoever still waits is told that this is not the whole answer.
    stopper.send_replace(Stop::Ending);
    let ended = if let Ok(ended) = timeout(LAST_WORDS, &mut joined).await {
        ended
    } else {
        stopper.send_replace(Stop::Ended);
        joined.await
    };
    tell("cut short");
    ended?
}

/// A span of time as the policy language writes it: `200ms`, `5s`, `1m`; a bare `0` needs no unit.
fn duration(text: &str) -> Result<Duration, String> {
    let letters = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(letters);
    let number: u64 = number.parse().map_err(|_| hint(text))?;
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "" if number == 0 => 0,
        _ => return Err(hint(text)),
    };
    let span_ms = number.checked_mul(unit_ms).ok_or_else(|| hint(text))?;
    Ok(Duration::from_millis(span_ms))
}

fn hint(text: &str) -> String {
    format!("`{text}` is no span of time; write it like `200ms`, `5s` or `1m`")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn a_span_of_time_has_a_unit() {
        for (text, span_ms) in [
            ("0", 0),
            ("200ms", 200),
            ("5s", 5000),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(span_ms)));
        }
        for text in [
            "",
            "5",
            "s",
            "5 s",
            "-1s",
            "1.5s",
            "99999999999999999999s",
            "9999999999999999999h",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
