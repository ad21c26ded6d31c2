//! `clawc check`: every finding, and a word about how heavy they are.

use claw_lang::report::Report;

use crate::Verdict;
use crate::args::{Check, Deny, Format};
use crate::input::Input;
use crate::output::{Output, Stream};
use crate::trouble::Trouble;

pub(crate) fn run(args: &Check, output: &mut Output) -> Result<Verdict, Trouble> {
    let input = Input::read(&args.policy)?;
    let report = claw_lang::compile(input.shown()).report;
    // A sound policy is passed over in silence, but a program that asks wants an answer.
    if !report.diagnostics().is_empty() || output.format == Format::Json {
        output.report(&report, Stream::Result)?;
    }
    Ok(verdict(&report, args.deny))
}

/// Whether the findings keep the policy from being used.
pub(crate) fn verdict(report: &Report, deny: Option<Deny>) -> Verdict {
    let is_heavy = report.errors() > 0 || deny == Some(Deny::Warnings) && report.warnings() > 0;
    if is_heavy {
        Verdict::Findings
    } else {
        Verdict::Clean
    }
}
