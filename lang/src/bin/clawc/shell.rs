//! What shells and `man` are told of the command line, written from the command line itself.

use clap::{Command, CommandFactory as _};

use crate::Verdict;
use crate::args::{Args, Completions, Manual};
use crate::output::Output;
use crate::trouble::Trouble;

/// `clawc completions SHELL`: a script that completes commands, options and their words.
pub(crate) fn completions(args: &Completions) -> Result<Verdict, Trouble> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "clawc", &mut script);
    Output::bytes(&script)?;
    Ok(Verdict::Clean)
}

/// `clawc man [COMMAND…]`: a page in roff.
pub(crate) fn manual(args: &Manual) -> Result<Verdict, Trouble> {
    let mut whole = Args::command();
    whole.build();
    let mut command = whole;
    for name in &args.command {
        command = page_of(&command, name)?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .source(concat!("clawc ", env!("CARGO_PKG_VERSION")))
        .manual("claw")
        .render(&mut page)
        .map_err(Trouble::Write)?;
    Output::bytes(&page)?;
    Ok(Verdict::Clean)
}

/// One command; it knows by now that its page is called `clawc-NAME`.
fn page_of(whole: &Command, name: &str) -> Result<Command, Trouble> {
    // The parser's own `help` says what `--help` says.
    let known = || {
        whole
            .get_subcommands()
            .filter(|known| known.get_name() != "help")
    };
    let found = known().find(|known| known.get_name() == name).cloned();
    found.ok_or_else(|| {
        let names: Vec<&str> = known().map(Command::get_name).collect();
        if names.is_empty() {
            let of = whole.get_name().to_owned();
            return Trouble::NoInnerCommand { of };
        }
        Trouble::NoCommand {
            name: name.to_owned(),
            known: names.join(", "),
        }
    })
}
