//! One look for every policy: blanks, line ends and columns, and nothing else.
//!
//! It works on the lossless tokens, so a comment is as safe as a name:
//!
//! ```text
//! text ─lex, lay→ tokens ─tree→ lines and blocks ─rows→ rows of cells ─columns→ text
//! ```
//!
//! Nothing is believed: what came out is held against what went in (`guard`) before anyone sees it.

mod columns;
mod guard;
mod rows;
mod tree;

pub use guard::{Guard, Slip};

use std::sync::Arc;

use crate::report::Report;
use crate::source::Source;
use crate::syntax::{Read, read};

/// What formatting the files of a policy gave.
#[derive(Debug)]
pub struct Formatted {
    /// One for each file, in the order in which they were given.
    pub files: Vec<Outcome>,
    /// What keeps files from being read; these are left as they are.
    pub report: Report,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is formatted already.
    Same,
    /// It should read so.
    Changed(String),
    /// It cannot be read, and the report says why.
    Unread,
}

/// Formats the files of a policy.
///
/// # Errors
/// A fault of the formatter: its result would not read as the text did. Nothing may be written.
pub fn format(sources: &[Source]) -> Result<Formatted, Slip> {
    let mut report = Report::new(Arc::from(sources));
    let mut files = Vec::with_capacity(sources.len());
    for (number, source) in sources.iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let before = read(number, &source.text, &mut report);
        if !before.parsed.is_whole {
            files.push(Outcome::Unread);
            continue;
        }
        let text = arrange(&source.text, &before);
        if text == source.text {
            files.push(Outcome::Same);
            continue;
        }
        guard::same_file(source, &before, &text)?;
        files.push(Outcome::Changed(text));
    }
    if files.iter().any(|file| matches!(file, Outcome::Changed(_))) {
        guard::same_behaviour(sources, &after(sources, &files))?;
    }
    report.sort();
    Ok(Formatted { files, report })
}

/// The text of one file as it should look. Only meant for a file that can be read.
fn arrange(text: &str, read: &Read) -> String {
    let rows = rows::rows(tree::tree(text, &read.tokens, &read.laid));
    columns::text(rows)
}

/// The policy as it would be with every changed file written.
fn after(sources: &[Source], files: &[Outcome]) -> Vec<Source> {
    let pairs = sources.iter().zip(files);
    pairs
        .map(|(source, file)| match file {
            Outcome::Changed(text) => Source {
                path: source.path.clone(),
                text: text.clone(),
            },
            Outcome::Same | Outcome::Unread => source.clone(),
        })
        .collect()
}
