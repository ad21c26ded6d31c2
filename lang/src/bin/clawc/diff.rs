//! `clawc diff`: which requests a change of policy treats otherwise.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _};
use std::path::Path;

use claw_lang::diff::{self, Side, human};
use claw_lang::explain::hex;
use claw_lang::{Checked, Report};
use claw_table::Table;

use crate::Verdict;
use crate::args::{Diff, Format};
use crate::input::{Input, is_standard};
use crate::output::{Output, Stream, hint};
use crate::trouble::Trouble;

pub(crate) fn run(args: &Diff, output: &mut Output) -> Result<Verdict, Trouble> {
    let inputs = [Some(&args.old), Some(&args.new), args.traffic.as_ref()];
    let inputs = inputs.into_iter().flatten();
    if inputs.filter(|path| is_standard(path)).count() > 1 {
        return Err(Trouble::BothStandard);
    }
    let old_input = Input::read(std::slice::from_ref(&args.old))?;
    let new_input = Input::read(std::slice::from_ref(&args.new))?;
    let (old, new) = (checked(&old_input), checked(&new_input));
    let (Some(old_side), Some(new_side)) = (side(&old), side(&new)) else {
        // Both, so that one run shows all there is to mend.
        for Checked { report, model } in [&old, &new] {
            if model.is_none() {
                output.report(report, Stream::Aside)?;
            }
        }
        return Ok(Verdict::Findings);
    };
    let mut found = diff::diff(old_side, new_side)?;
    if let Some(path) = &args.traffic {
        let (log, path) = log(path)?;
        let digest = digest(&old_input)?;
        found
            .count(log, &digest)
            .map_err(|why| Trouble::Traffic { path, why })?;
    }
    match output.format {
        Format::Human | Format::Plain => Output::result(&human(&found))?,
        Format::Json => Output::json(&found)?,
    }
    Ok(if args.exit_code && !found.is_empty() {
        Verdict::Findings
    } else {
        Verdict::Clean
    })
}

/// A log and the name to tell it by.
fn log(path: &Path) -> Result<(Box<dyn BufRead>, String), Trouble> {
    if is_standard(path) {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            hint("reading the log from standard input; Ctrl-D ends it");
        }
        return Ok((Box::new(stdin.lock()), "<stdin>".to_owned()));
    }
    let path_shown = path.display().to_string();
    let file = File::open(path).map_err(|error| {
        Trouble::Read(io::Error::new(
            error.kind(),
            format!("{path_shown}: {error}"),
        ))
    })?;
    Ok((Box::new(BufReader::new(file)), path_shown))
}

fn checked(input: &Input) -> Checked {
    claw_lang::check(input.shown())
}

fn side(checked: &Checked) -> Option<Side<'_>> {
    let Checked { model, report } = checked;
    let report: &Report = report;
    Some(Side {
        model: model.as_ref()?,
        report,
    })
}

/// The digest by which the log names the old policy.
fn digest(old: &Input) -> Result<String, Trouble> {
    let bytes = claw_lang::compile(old.sources()).table;
    let table = Table::open(&bytes.ok_or(Trouble::NoTable)?).map_err(Trouble::Unsound)?;
    Ok(hex(&table.about().behaviour))
}
