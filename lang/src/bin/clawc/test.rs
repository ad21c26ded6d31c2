//! `clawc test`: the policy's own tests, one by one, and what they leave out.

use claw_lang::testing::{self, Told};

use crate::Verdict;
use crate::args::{Findings, Test};
use crate::check;
use crate::input::Input;
use crate::output::{Output, Stream};
use crate::trouble::Trouble;

pub(crate) fn run(args: &Test, output: &mut Output) -> Result<Verdict, Trouble> {
    let input = Input::read(&args.policy.policy)?;
    let deny = args.policy.deny;
    let ran = claw_lang::test_on(input.shown(), args.when.day());
    let tested = ran.tested.as_ref();
    let is_heavy = check::verdict(&ran.report, deny) == Verdict::Findings;
    let Some((model, outcomes)) = tested.filter(|_| !is_heavy) else {
        // What may not be used cannot be tested.
        if args.format == Findings::Human {
            output.report(&ran.report, Stream::Aside)?;
        } else {
            check::write(&ran.report, (args.format, deny), output)?;
        }
        return Ok(Verdict::Findings);
    };
    let wants_coverage = args.coverage || args.min.is_some();
    let coverage = if wants_coverage {
        Some(testing::coverage(model, outcomes)?)
    } else {
        None
    };
    let told = Told::new((model, outcomes), coverage.as_ref(), &ran.report);
    Output::result(&match args.format {
        Findings::Human => told.human(),
        Findings::Plain => told.plain(),
        Findings::Json => format!("{}\n", told.json()),
        Findings::Sarif => told.sarif(),
        Findings::Github => told.github(),
        Findings::Junit => told.junit(),
    })?;
    let least = usize::from(args.min.unwrap_or(0));
    let is_enough = coverage
        .as_ref()
        .is_none_or(|coverage| coverage.percent() >= least);
    Ok(if told.is_good() && is_enough {
        Verdict::Clean
    } else {
        Verdict::Findings
    })
}
