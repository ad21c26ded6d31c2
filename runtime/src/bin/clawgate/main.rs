//! `clawgate`: serves LLM traffic by a policy, and simulates the providers to try it on.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;

/// A request makes some hundred small allocations, most of them freed by the worker that made them.
/// The system's allocator costs about 7 % more CPU per plain request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod compile;
mod demo;
mod key;
mod run;
mod sim;
mod system;

/// Serve LLM traffic by a claw policy
#[derive(Debug, Parser)]
#[command(name = "clawgate")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Run(run::Args),
    #[command(hide = true)]
    Compile(compile::Args),
    Demo(demo::Args),
    Key(key::Args),
    Sim(sim::Args),
}

/// Ends with 0 where all went well, 1 where it did not; clap itself ends with 2 on wrong usage.
fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Run(args) => return run::run(args),
        Command::Compile(args) => compile::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Key(args) => key::run(args),
        Command::Sim(args) => sim::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            let _ = writeln!(io::stderr(), "clawgate: {text}");
            ExitCode::FAILURE
        }
    }
}
