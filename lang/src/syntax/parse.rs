//! From one file's text to its tree.

use super::ast::File;
use super::{layout, lexer, lower, split};
use crate::report::Report;

/// What reading one file gave.
#[derive(Debug)]
pub struct Parsed {
    /// The tree; lines that could not be read stand in it as broken.
    pub file: File,
    /// Something in it could not be read.
    pub is_whole: bool,
}

/// Reads one file; every fault goes to the report with its place in the file.
pub fn parse(number: u32, text: &str, report: &mut Report) -> Parsed {
    let faults = report.errors();
    layout::hidden(number, text, report);
    let tokens = lexer::lex(number, text);
    let laid = layout::lay(text, &tokens, report);
    let file = if laid.is_too_deep {
        File::default()
    } else {
        let chunks = split::split(text, &laid, report);
        lower::file(text, &laid, &chunks, report)
    };
    Parsed { file, is_whole: report.errors() == faults }
}
