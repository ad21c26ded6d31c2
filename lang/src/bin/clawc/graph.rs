//! `clawc graph`: a picture of a policy, for a program that draws.

use claw_lang::graph::Graph;

use crate::Verdict;
use crate::args::{Graph as Asked, Picture};
use crate::input::Input;
use crate::output::{Output, Stream};
use crate::trouble::Trouble;

pub(crate) fn run(args: &Asked, output: &mut Output) -> Result<Verdict, Trouble> {
    let input = Input::read(&args.policy)?;
    let checked = claw_lang::check(input.shown());
    let Some(model) = &checked.model else {
        output.report(&checked.report, Stream::Aside)?;
        return Ok(Verdict::Findings);
    };
    let graph = Graph::of(model, &checked.report);
    Output::result(&match args.format {
        Picture::Dot => graph.dot(),
        Picture::Mermaid => graph.mermaid(),
    })?;
    Ok(Verdict::Clean)
}
