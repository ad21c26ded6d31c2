//! `clawc fmt`: one look for every file, written whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use claw_lang::Source;
use claw_lang::format::{Outcome, format};
use serde::Serialize;

use crate::Verdict;
use crate::args::{Fmt, Format};
use crate::input::{Input, is_standard};
use crate::output::{Output, Stream};
use crate::trouble::Trouble;
use crate::unified::unified;
use crate::whole;

pub(crate) fn run(args: &Fmt, output: &mut Output) -> Result<Verdict, Trouble> {
    let goal = Goal::of(args)?;
    let sources = Input::read(&args.policy)?.shown();
    let formatted = format(&sources)?;
    if !formatted.report.diagnostics().is_empty() {
        output.report(&formatted.report, Stream::Aside)?;
    }
    let pairs = sources.iter().zip(&formatted.files);
    let files: Vec<File<'_>> = pairs
        .map(|(source, outcome)| File::of(source, outcome, goal))
        .collect();
    if goal == Goal::Write {
        write(&files)?;
    }
    match output.format {
        Format::Json => Output::json(&Told {
            version: 1,
            files: &files,
        })?,
        Format::Human | Format::Plain => Output::result(&shown(&files, goal))?,
    }
    let asks = matches!(goal, Goal::Names | Goal::Diff);
    let found = |file: &File<'_>| match file.status {
        Status::Same => false,
        Status::Changed => asks,
        Status::Unread => true,
    };
    if files.iter().any(found) {
        return Ok(Verdict::Findings);
    }
    Ok(Verdict::Clean)
}

/// What is done with what would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// The files are written.
    Write,
    /// The text goes to standard output.
    Pass,
    /// Only their names are told.
    Names,
    /// The changes are shown.
    Diff,
}

impl Goal {
    fn of(args: &Fmt) -> Result<Self, Trouble> {
        let has_input = args.policy.iter().any(|path| is_standard(path));
        if has_input && args.policy.len() > 1 {
            return Err(Trouble::InputAmongFiles);
        }
        Ok(if args.diff {
            Self::Diff
        } else if args.check {
            Self::Names
        } else if has_input {
            Self::Pass
        } else {
            Self::Write
        })
    }
}

/// What is told to programs.
#[derive(Debug, Serialize)]
struct Told<'a> {
    version: u32,
    files: &'a [File<'a>],
}

#[derive(Debug, Serialize)]
struct File<'a> {
    path: &'a str,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip)]
    change: Option<(&'a str, &'a str)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Same,
    Changed,
    Unread,
}

impl<'a> File<'a> {
    fn of(source: &'a Source, outcome: &'a Outcome, goal: Goal) -> Self {
        let old = source.text.as_str();
        let (status, new) = match outcome {
            Outcome::Same => (Status::Same, Some(old)),
            Outcome::Changed(new) => (Status::Changed, Some(new.as_str())),
            Outcome::Unread => (Status::Unread, None),
        };
        let change = new
            .filter(|_| status == Status::Changed)
            .map(|new| (old, new));
        Self {
            path: &source.path,
            status,
            diff: change
                .filter(|_| goal == Goal::Diff)
                .map(|change| unified(&source.path, change)),
            text: new.filter(|_| goal == Goal::Pass),
            change,
        }
    }
}

fn shown(files: &[File<'_>], goal: Goal) -> String {
    let lines = files.iter().map(|file| match goal {
        Goal::Pass => file.text.unwrap_or_default().to_owned(),
        Goal::Diff => file.diff.clone().unwrap_or_default(),
        Goal::Write | Goal::Names if file.change.is_some() => format!("{}\n", file.path),
        Goal::Write | Goal::Names => String::new(),
    });
    lines.collect()
}

/// Writes every file that changes. What can be known to fail is found before the first is written.
fn write(files: &[File<'_>]) -> Result<(), Trouble> {
    let about = |path: &str, why| Trouble::Policy {
        path: path.to_owned(),
        why,
    };
    // Links may lead to one file, which is written once.
    let mut seen = BTreeSet::new();
    let mut due = Vec::new();
    for file in files {
        let Some(change) = file.change else { continue };
        let path = Path::new(file.path);
        let place = fs::canonicalize(path).map_err(|why| about(file.path, why))?;
        if whole::is_read_only(&place).map_err(|why| about(file.path, why))? {
            return Err(Trouble::ReadOnly(file.path.to_owned()));
        }
        if seen.insert(place) {
            due.push((file.path, change));
        }
    }
    for (path, change) in due {
        whole::rewrite(Path::new(path), change).map_err(|why| about(path, why))?;
    }
    Ok(())
}
