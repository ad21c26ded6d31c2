//! The parser that pest derives from `claw.pest`, kept to this file.

use pest_derive::Parser;

#[derive(Debug, Parser)]
#[grammar = "syntax/claw.pest"]
pub(super) struct Grammar;
