//! `clawc doc`: a policy as a page to read.

use claw_lang::doc::{Documented, Page};
use claw_table::Table;

use crate::Verdict;
use crate::args::{Doc, Paper};
use crate::input::Input;
use crate::output::{Output, Stream};
use crate::trouble::Trouble;

pub(crate) fn run(args: &Doc, output: &mut Output) -> Result<Verdict, Trouble> {
    let input = Input::read(&args.policy)?;
    let checked = claw_lang::check(input.sources());
    let compiled = claw_lang::compile(input.sources());
    let (Some(model), Some(bytes)) = (&checked.model, &compiled.table) else {
        output.report(&claw_lang::compile(input.shown()).report, Stream::Aside)?;
        return Ok(Verdict::Findings);
    };
    let table = Table::open(bytes).map_err(Trouble::Unsound)?;
    let page = Page::of(Documented {
        model,
        table: &table,
        report: &checked.report,
    });
    Output::result(&match args.format {
        Paper::Markdown => page.markdown(),
        Paper::Html => page.html(),
    })?;
    Ok(Verdict::Clean)
}
