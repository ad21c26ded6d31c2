//! `clawc check`: every finding, and a word about how heavy they are.

use claw_lang::codes::Severity;
use claw_lang::report::Report;

use crate::Verdict;
use crate::args::{Check, Deny, Findings};
use crate::input::Input;
use crate::output::{Output, Stream};
use crate::trouble::Trouble;

pub(crate) fn run(args: &Check, output: &mut Output) -> Result<Verdict, Trouble> {
    let input = Input::read(&args.policy.policy)?;
    let day = args.when.day();
    let report = if args.overlaps {
        claw_lang::ordered(input.shown(), day)
    } else {
        claw_lang::compile_on(input.shown(), day).report
    };
    let deny = args.policy.deny;
    write(&report, (args.format, deny), output)?;
    Ok(verdict(&report, deny))
}

/// Writes findings in the form that was asked for.
pub(crate) fn write(
    report: &Report,
    (format, deny): (Findings, Option<Deny>),
    output: &Output,
) -> Result<(), Trouble> {
    let is_silent = report.errors() + report.warnings() + report.notes() == 0;
    match format {
        // A sound policy is passed over in silence, but a program that asks wants an answer.
        Findings::Human | Findings::Plain if is_silent => Ok(()),
        Findings::Human => output.report(report, Stream::Result),
        Findings::Plain => Output::result(&report.plain()),
        Findings::Json => Output::result(&format!("{}\n", report.json())),
        Findings::Sarif => Output::result(&report.sarif()),
        Findings::Github => Output::result(&report.github()),
        Findings::Junit => Output::result(&report.junit(heavy(deny))),
    }
}

/// The lightest finding that keeps the policy from being used.
fn heavy(deny: Option<Deny>) -> Severity {
    match deny {
        Some(Deny::Warnings) => Severity::Warning,
        None => Severity::Error,
    }
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
