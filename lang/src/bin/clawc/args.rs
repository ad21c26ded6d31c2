//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Checks, compiles and explains claw policies.
#[derive(Debug, Parser)]
#[command(
    name = "clawc",
    version,
    after_help = "Exit codes: 0 clean, 1 findings, 2 wrong usage or something unreadable."
)]
pub(crate) struct Args {
    /// How results are written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
    /// Whether to use colours; `NO_COLOR` is heeded.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Proves a policy, and shows everything that is wrong with it.
    Check(Check),
    /// Compiles a policy to a table that clawgate serves by.
    Build(Build),
    /// Compares two policies by what becomes of requests.
    Diff(Diff),
    /// Tells what a diagnostic means, or why a request goes where it goes.
    Explain(Explain),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Folders or `.claw` files that are one policy together; `-` reads one from standard input.
    #[arg(required = true)]
    pub(crate) policy: Vec<PathBuf>,
    /// Takes findings of this weight for errors.
    #[arg(long, value_enum)]
    pub(crate) deny: Option<Deny>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) check: Check,
    /// Where the table is written; `-` is standard output.
    #[arg(short, long, default_value = "policy.clawt")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The policy as it was: a folder, a `.claw` file, or `-`.
    pub(crate) old: PathBuf,
    /// The policy as it is to be.
    pub(crate) new: PathBuf,
    /// Ends with exit code 1 if anything differs.
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// A log of clawgate: tells how many of its requests each change touches.
    #[arg(long, value_name = "LOG")]
    pub(crate) traffic: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Explain {
    /// The code of a diagnostic, such as C0201; without one, every code is listed.
    pub(crate) code: Option<String>,
    #[command(subcommand)]
    pub(crate) what: Option<What>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// Sends a request through a policy, and tells why it goes where it goes.
    Request(Request),
    /// Tells the worst that one request of a class can meet: attempts, time and dollars.
    Class(Class),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Class {
    /// The name of the class.
    pub(crate) name: String,
    /// Folders or `.claw` files that are one policy together; `-` reads one from standard input.
    #[arg(required = true)]
    pub(crate) policy: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Request {
    /// A request in JSON; `-` reads it from standard input.
    pub(crate) request: PathBuf,
    /// Folders or `.claw` files that are one policy together.
    #[arg(required = true)]
    pub(crate) policy: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Where the output is a terminal.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Warnings count as errors.
    Warnings,
}
