//! Why a command could not do what it was asked.

use std::io;

use claw_lang::diagram::TooLarge;
use claw_lang::diff::TrafficError;
use claw_lang::explain::Contradiction;
use claw_lang::import::ImportError;
use claw_lang::request::RequestError;

/// Each says what to do about it; all of them end in exit code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// A path cannot be read.
    #[error("{0}")]
    Read(io::Error),
    /// Standard input cannot be read.
    #[error("standard input: {0}")]
    Input(io::Error),
    /// Results cannot be written.
    #[error("cannot write the result: {0}")]
    Write(io::Error),
    /// The table cannot be written.
    #[error("cannot write `{path}`: {why}")]
    Table { path: String, why: io::Error },
    /// A folder that is not empty of policy.
    #[error("`{0}` is there already; name a folder without `.claw` files, and it is left as it is")]
    Started(String),
    /// A file where a folder is due.
    #[error("`{0}` reads like a file; name the folder that shall hold the policy")]
    StartFile(String),
    /// No such command.
    #[error("no command `{name}`; there are {known}")]
    NoCommand { name: String, known: String },
    /// A command that has no commands of its own.
    #[error("`{of}` has no commands of its own; write `{of}` alone")]
    NoInnerCommand { of: String },
    /// A formatted file cannot be written.
    #[error("cannot write `{path}`: {why}")]
    Policy { path: String, why: io::Error },
    /// A file that may not be written over.
    #[error(
        "`{0}` is read-only, and nothing was written; make it writable (`chmod u+w`), or see with `--diff` what would change"
    )]
    ReadOnly(String),
    /// Standard input among files.
    #[error("`-` formats standard input to standard output, and stands alone")]
    InputAmongFiles,
    /// Nothing to check.
    #[error("no `.claw` file in `{0}`; name a folder that holds a policy")]
    Empty(String),
    /// A file of another kind where a policy is due.
    #[error(
        "`{0}` is no `.claw` file; name a policy's file or folder, or write `-` and read it from standard input"
    )]
    Stranger(String),
    /// A table where a policy is due.
    #[error("`{0}` is a compiled table; name the folder of the policy that it was built from")]
    Compiled(String),
    /// Both the request and the policy are `-`.
    #[error("only one of request and policy can be `-`")]
    InputTwice,
    /// More than one of both policies and the log is `-`.
    #[error("only one of the two policies and the log can be `-`")]
    BothStandard,
    /// A log that is none.
    #[error("{path}: {why}")]
    Traffic { path: String, why: TrafficError },
    /// Two policies that are too large together.
    #[error("comparing them: {0}")]
    TooLarge(#[from] TooLarge),
    /// A request that cannot be read.
    #[error("{path}: {why}")]
    Request { path: String, why: RequestError },
    /// A config that cannot be carried over.
    #[error("{path}: {why}")]
    Import { path: String, why: ImportError },
    /// No such diagnostic.
    #[error("no diagnostic has the code `{code}`{}", did_you_mean(*near))]
    NoCode {
        code: String,
        near: Option<&'static str>,
    },
    /// No such class.
    #[error("no class `{class}` in this policy{}", meant(near.as_deref()))]
    NoClass { class: String, near: Option<String> },
    /// A fault of the compiler.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// A fault of the formatter.
    #[error(transparent)]
    Slip(#[from] claw_lang::format::Slip),
    /// The compiler made a table that it does not accept.
    #[error(
        "internal: the table that was built is refused: {0}; report this policy as a bug in clawc"
    )]
    Unsound(claw_table::Unsound),
    /// The check passed and the table is missing all the same.
    #[error(
        "internal: no table was built and nothing says why; report this policy as a bug in clawc"
    )]
    NoTable,
}

fn meant(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

fn did_you_mean(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => "; `clawc explain` lists them all".to_owned(),
    }
}
