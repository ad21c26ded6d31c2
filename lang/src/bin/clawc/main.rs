//! `clawc`: checks, formats, compiles and explains claw policies.
//!
//! Exit codes: 0 clean, 1 findings, 2 wrong usage or something that cannot be read or written.

mod args;
mod build;
mod check;
mod diff;
mod doc;
mod explain;
mod fmt;
mod graph;
mod import;
mod init;
mod input;
mod output;
mod shell;
mod test;
mod trouble;
mod unified;
mod whole;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use output::Output;
use trouble::Trouble;

fn main() -> ExitCode {
    let args = Args::parse();
    let mut output = Output::new(args.command.format(), args.color);
    let ended = match args.command {
        Command::Check(args) => check::run(&args, &mut output),
        Command::Fmt(args) => fmt::run(&args, &mut output),
        Command::Build(args) => build::run(&args, &mut output),
        Command::Test(args) => test::run(&args, &mut output),
        Command::Diff(args) => diff::run(&args, &mut output),
        Command::Explain(args) => explain::run(args, &mut output),
        Command::Graph(args) => graph::run(&args, &mut output),
        Command::Doc(args) => doc::run(&args, &mut output),
        Command::Import(args) => import::run(&args, &mut output),
        Command::Init(args) => init::run(&args),
        Command::Completions(args) => shell::completions(&args),
        Command::Man(args) => shell::manual(&args),
    };
    match ended {
        Ok(verdict) => verdict.into(),
        // Whoever reads has heard enough: `clawc explain | head` is no error.
        Err(Trouble::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(trouble) => {
            Output::trouble(&trouble);
            ExitCode::from(2)
        }
    }
}

/// How a command ended that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Clean,
    Findings,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::SUCCESS,
            Verdict::Findings => Self::from(1),
        }
    }
}
