//! Where a finding is, as every format tells it.

use serde::Serialize;

use super::{Lines, Position, Report};
use crate::span::Span;

/// The places of one report. The lines of a file are found once, not once for each finding.
pub(super) struct Places<'a> {
    files: Vec<(&'a str, Lines<'a>)>,
}

/// One place: from 1, columns in characters; bytes from 0. The end is the first that is outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
    pub(super) start_byte: u32,
    pub(super) end_byte: u32,
}

impl<'a> Places<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let files = report.sources().iter();
        Self {
            files: files
                .map(|source| (source.path.as_str(), Lines::new(&source.text)))
                .collect(),
        }
    }

    pub(super) fn of(&self, span: Span) -> Place<'a> {
        let file = self.files.get(span.file as usize);
        let at = |offset| match file {
            Some((_, lines)) => lines.position(offset),
            None => Position { line: 1, column: 1 },
        };
        let (start, end) = (at(span.start), at(span.end));
        Place {
            file: file.map_or("", |(path, _)| path),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            start_byte: span.start,
            end_byte: span.end,
        }
    }
}
