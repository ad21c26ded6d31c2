//! What does the gateway cost, in CPU, beside a proxy that knows nothing of language models?
//!
//! One run compares, slice by slice and in a different order each round:
//!
//! ```text
//!              core A                          core B
//!   clawgate | bare hyper | nginx   <-->   load generator and simulated provider
//! ```
//!
//! Each proxy is a process of its own, and so are its peers; the twin and the peers are this binary
//! again, called with `role`. CPU is the scheduler's own count of nanoseconds on the processor, so a busy
//! machine shifts latency and throughput but hardly this figure.
//!
//! `cargo bench --bench relay` runs it all, `-- plain --rounds 9` a part, `-- --test` one small
//! round of the twin alone.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the machine's clock and environment"
)]

mod compare;
mod contestant;
mod cpu;
mod figures;
mod load;
mod memory;
mod pacer;
mod peers;
mod process;
mod twin;
mod upstream;
mod wire;

use std::error::Error;
use std::process::ExitCode;

use compare::Settings;
use wire::Kind;

/// What any part of the bench may fail with: the message is all that anybody does with it.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("relay: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), Failure> {
    match words {
        ["role", "peers"] => peers::run(),
        ["role", "twin", address] => twin::run(address.parse()?),
        // Test runners ask every binary what it holds before they run it.
        words if words.contains(&"--list") => Ok(()),
        // Cargo adds `--bench` to a bench run and nothing to a test run.
        words if words.contains(&"--bench") && !words.contains(&"--test") => {
            compare::full(&settings(words)?)
        }
        _ => compare::smoke(),
    }
}

/// `--rounds N`, and any of `plain alone bursts many` to measure these only.
fn settings(words: &[&str]) -> Result<Settings, Failure> {
    let mut settings = Settings {
        rounds: 5,
        kinds: Vec::new(),
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match (*word, Kind::named(word)) {
            ("--bench", _) => {}
            ("--rounds", _) => match words.next().map(|rounds| rounds.parse()) {
                Some(Ok(rounds @ 1..=100)) => settings.rounds = rounds,
                _ => return Err("write a number from 1 to 100 after `--rounds`".into()),
            },
            (_, Some(kind)) => settings.kinds.push(kind),
            _ => {
                return Err(
                    format!("`{word}`: write `--rounds N`, plain, alone, bursts or many").into(),
                );
            }
        }
    }
    if settings.kinds.is_empty() {
        settings.kinds.extend(Kind::ALL);
    }
    Ok(settings)
}
