//! The command line.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand, ValueEnum};
use claw_lang::day::Day;

/// Checks, formats, compiles and explains claw policies.
#[derive(Debug, Parser)]
#[command(
    name = "clawc",
    version,
    after_help = "Exit codes: 0 clean, 1 findings, 2 wrong usage or something unreadable."
)]
pub(crate) struct Args {
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
    /// Gives every file one look; comments and meaning stay.
    Fmt(Fmt),
    /// Compiles a policy to a table that clawgate serves by.
    Build(Build),
    /// Runs a policy's own tests, without a network.
    Test(Test),
    /// Compares two policies by what becomes of requests.
    Diff(Diff),
    /// Tells what a diagnostic means, or why a request goes where it goes.
    Explain(Explain),
    /// Draws routes, classes and targets as a graph.
    Graph(Graph),
    /// Writes a page about a policy, to read and to hand on.
    Doc(Doc),
    /// Makes a policy of the config of another tool, and lists what could not be carried over.
    Import(Import),
    /// Writes a commented policy to begin with.
    Init(Init),
    /// Writes what a shell needs to complete the words of this command.
    Completions(Completions),
    /// Writes the manual page of this command, or of one of its commands.
    Man(Manual),
}

impl Command {
    /// How it writes its result, where that is for people or for programs.
    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Check(_)
            | Self::Test(_)
            | Self::Graph(_)
            | Self::Doc(_)
            | Self::Init(_)
            | Self::Completions(_)
            | Self::Man(_) => Format::Human,
            Self::Fmt(args) => args.form.format,
            Self::Build(args) => args.form.format,
            Self::Import(args) => args.form.format,
            Self::Diff(args) => args.form.format,
            Self::Explain(args) => args.form.format,
        }
    }
}

/// What to check, and how strictly.
#[derive(Debug, clap::Args)]
pub(crate) struct Policy {
    /// Folders or `.claw` files that are one policy together; `-` reads one from standard input.
    #[arg(required = true)]
    pub(crate) policy: Vec<PathBuf>,
    /// Takes findings of this weight for errors.
    #[arg(long, value_enum)]
    pub(crate) deny: Option<Deny>,
}

/// On which day.
#[derive(Debug, clap::Args)]
pub(crate) struct When {
    /// The day for which the age of catalogs and models is told; the system's, if not given.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    today: Option<Day>,
}

impl When {
    /// The day that is given, or the system's.
    pub(crate) fn day(&self) -> Day {
        self.today.unwrap_or_else(system_day)
    }
}

fn day(text: &str) -> Result<Day, String> {
    Day::read(text).ok_or_else(|| "write a day such as 2026-11-21".to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "only what the reader is warned of depends on it, never the table"
)]
fn system_day() -> Day {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let days = since.map_or(0, |since| since.as_secs() / 86_400);
    Day(u32::try_from(days).unwrap_or(u32::MAX))
}

#[derive(Debug, clap::Args)]
pub(crate) struct Form {
    /// How results are written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) policy: Policy,
    #[command(flatten)]
    pub(crate) when: When,
    /// Shows which arms of a sound policy stand in an order that counts.
    #[arg(long)]
    pub(crate) overlaps: bool,
    /// How findings are written.
    #[arg(long, value_enum, default_value_t = Findings::Human)]
    pub(crate) format: Findings,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Writes the names of the files that it changes. Files that cannot be read are left as they are.\nBefore anything is written, each result is proved to say and do the same as before."
)]
pub(crate) struct Fmt {
    /// Folders or `.claw` files; `-` formats standard input to standard output.
    #[arg(required = true)]
    pub(crate) policy: Vec<PathBuf>,
    /// Writes nothing; exit code 1 and the names of the files that would change.
    #[arg(long)]
    pub(crate) check: bool,
    /// Writes nothing; exit code 1 and a unified diff of what would change.
    #[arg(long)]
    pub(crate) diff: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) policy: Policy,
    #[command(flatten)]
    pub(crate) when: When,
    #[command(flatten)]
    pub(crate) form: Form,
    /// Where the table is written; `-` is standard output.
    #[arg(short, long, default_value = "policy.clawt")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) policy: Policy,
    #[command(flatten)]
    pub(crate) when: When,
    /// Tells which arms and leaves the tests reach, and writes a test for each leaf that none does.
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Ends with exit code 1 if fewer hundredths of the leaves are reached; they are rounded down.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) min: Option<u8>,
    /// How results are written.
    #[arg(long, value_enum, default_value_t = Findings::Human)]
    pub(crate) format: Findings,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Diff {
    /// The policy as it was: a folder, a `.claw` file, or `-`.
    pub(crate) old: PathBuf,
    /// The policy as it is to be.
    pub(crate) new: PathBuf,
    #[command(flatten)]
    pub(crate) form: Form,
    /// Ends with exit code 1 if anything differs.
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// A log of clawgate, or `-`: tells how many of its requests each change touches.
    #[arg(long, value_name = "LOG")]
    pub(crate) traffic: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Explain {
    /// The code of a diagnostic, such as C0201; without one, every code is listed.
    pub(crate) code: Option<String>,
    #[command(flatten)]
    pub(crate) form: Form,
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

#[derive(Debug, clap::Args)]
pub(crate) struct Graph {
    /// Folders or `.claw` files that are one policy together; `-` reads one from standard input.
    #[arg(required = true)]
    pub(crate) policy: Vec<PathBuf>,
    /// Which language the graph is written in.
    #[arg(long, value_enum, default_value_t = Picture::Dot)]
    pub(crate) format: Picture,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Doc {
    /// Folders or `.claw` files that are one policy together; `-` reads one from standard input.
    #[arg(required = true)]
    pub(crate) policy: Vec<PathBuf>,
    /// How the page is written.
    #[arg(long, value_enum, default_value_t = Paper::Markdown)]
    pub(crate) format: Paper,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// Whose config it is.
    #[arg(value_enum)]
    pub(crate) tool: Tool,
    /// The config; `-` is standard input.
    pub(crate) file: PathBuf,
    /// Where the policy is written; a file that is there is left alone. Standard output, if not given.
    #[arg(short, long)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// Another tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// The YAML file of a proxy.
    Litellm,
    /// The `openclaw.json` of an agent.
    Openclaw,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The folder of the policy; it is made if there is none.
    #[arg(default_value = "claw")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Manual {
    /// The command, such as `check` or `explain request`; without one, the page of clawc itself.
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people; findings with the source and arrows.
    Human,
    /// For screen readers and `grep`: the same, and of findings a place and a fact on each line.
    Plain,
    /// For programs.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// For Graphviz: `clawc graph FOLDER | dot -Tsvg`.
    Dot,
    /// For Markdown: code hosts draw it in a block called `mermaid`.
    Mermaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Paper {
    /// Markdown, as code hosts show it.
    Markdown,
    /// One HTML file without scripts, which fetches nothing.
    Html,
}

/// The ways to write findings. All say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Findings {
    /// For people: the source, with arrows.
    Human,
    /// For screen readers and `grep`: a place and a fact on each line.
    Plain,
    /// For programs.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
    /// Notes at the lines, where GitHub Actions runs it.
    Github,
    /// A test report, a suite for each file.
    Junit,
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
