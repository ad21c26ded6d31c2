//! `clawgate compile`: the gateway's own compiler, run by it as a child process.

use std::io::{self, BufWriter};
use std::path::PathBuf;

use claw_runtime::policy::load::Compiled;

/// Compile a folder for the gateway (it calls this itself; people want `clawc build`)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The policy's folder
    folder: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), String> {
    let said = |why: io::Error| format!("{}: {why}", args.folder.display());
    let compiled = Compiled::of_folder(&args.folder).map_err(said)?;
    compiled
        .write(&mut BufWriter::new(io::stdout().lock()))
        .map_err(said)
}
