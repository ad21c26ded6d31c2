//! The ways in: `check` for findings alone, `compile` for findings and a table.

use std::sync::Arc;

use claw_table::{Place, Table};

use crate::accepted;
use crate::age;
use crate::audit;
use crate::build::build;
use crate::check::model as model_of;
use crate::codes::Code;
use crate::day::Day;
use crate::flatten::BuildInfo;
use crate::model::Model;
use crate::report::{Diagnostic, Lines, Report};
use crate::source::{FILE_BYTES_MAX, Source};
use crate::span::Span;
use crate::syntax;
use crate::testing::{self, Outcome, Tested};

/// What checking a policy gave.
#[derive(Debug)]
pub struct Checked {
    /// The proved policy; it exists only if the report holds no error.
    pub model: Option<Model>,
    /// Everything that was found.
    pub report: Report,
}

/// What compiling a policy gave.
#[derive(Debug)]
pub struct Compiled {
    /// The bytes of the table; they exist only if the report holds no error.
    pub table: Option<Vec<u8>>,
    /// Everything that was found.
    pub report: Report,
}

/// Checks a folder: syntax, names, values, routes, and that every arm can be reached.
pub fn check(sources: Vec<Source>) -> Checked {
    let (model, mut report) = read(sources);
    if proved(&model, &mut report)
        && !model.tests.is_empty()
        && let Some((_, outcomes)) = built(&model, &mut report)
    {
        fail(outcomes, &mut report);
    }
    finish(&model, None, &mut report);
    let model = report.is_sound().then_some(model);
    Checked { model, report }
}

/// The findings of [`compile_on`], and of a sound policy those arms whose order counts.
pub fn ordered(sources: Vec<Source>, today: Day) -> Report {
    let mut report = compile_on(sources.clone(), today).report;
    if report.is_sound() {
        let (model, _) = read(sources);
        audit::order(&model, &mut report);
        report.sort();
    }
    report
}

/// What running the tests of a policy gave.
#[derive(Debug)]
pub struct Ran {
    /// The sound policy and what came of each of its tests; nothing if it cannot be tested.
    pub tested: Option<(Model, Vec<Outcome>)>,
    /// What was found beside failed tests.
    pub report: Report,
}

/// Runs the tests of a folder, whose findings are those of [`check`].
pub fn test(sources: Vec<Source>) -> Ran {
    tested(sources, None)
}

/// The same, and tells what is too old on this day.
pub fn test_on(sources: Vec<Source>, today: Day) -> Ran {
    tested(sources, Some(today))
}

fn tested(sources: Vec<Source>, today: Option<Day>) -> Ran {
    let (model, mut report) = read(sources);
    aged(&model, today, &mut report);
    let mut outcomes = None;
    if proved(&model, &mut report) {
        outcomes = built(&model, &mut report).map(|(_, outcomes)| outcomes);
    }
    finish(&model, today, &mut report);
    let tested = outcomes.map(|outcomes| (model, outcomes));
    Ran {
        tested: tested.filter(|_| report.is_sound()),
        report,
    }
}

/// Reads what a folder declares, without proving anything about its routes.
pub fn declared(sources: Vec<Source>) -> Checked {
    let (model, mut report) = read(sources);
    report.sort();
    let model = report.is_sound().then_some(model);
    Checked { model, report }
}

/// The table of a folder whose proofs or tests may fail, for whoever asks why they do. It is only
/// for looking at: a gateway serves what [`compile`] gives. Nothing, where that says what is wrong.
pub fn drafted(sources: Vec<Source>) -> Option<Vec<u8>> {
    let (model, mut report) = read(sources);
    if !report.is_sound() {
        return None;
    }
    bytes(&model, &mut report)
}

/// Compiles a folder. The same sources always give the same bytes.
pub fn compile(sources: Vec<Source>) -> Compiled {
    compiled(sources, None)
}

/// Compiles a folder, and tells what in it is too old on this day. The bytes are the same on every
/// day.
pub fn compile_on(sources: Vec<Source>, today: Day) -> Compiled {
    compiled(sources, Some(today))
}

fn compiled(sources: Vec<Source>, today: Option<Day>) -> Compiled {
    let (model, mut report) = read(sources);
    aged(&model, today, &mut report);
    let mut table = None;
    if proved(&model, &mut report)
        && let Some((bytes, outcomes)) = built(&model, &mut report)
    {
        fail(outcomes, &mut report);
        table = Some(bytes);
    }
    finish(&model, today, &mut report);
    let table = table.filter(|_| report.is_sound());
    Compiled { table, report }
}

/// What in a sound policy is too old on this day, if one is named.
fn aged(model: &Model, today: Option<Day>, report: &mut Report) {
    if report.is_sound()
        && let Some(today) = today
    {
        age::check(model, today, report);
    }
}

/// Whether a policy that was read is sound, and what it promises holds.
fn proved(model: &Model, report: &mut Report) -> bool {
    if report.is_sound() {
        audit::prove(model, report);
    }
    report.is_sound()
}

/// Takes out what the author lives with, and puts the rest in order.
fn finish(model: &Model, today: Option<Day>, report: &mut Report) {
    accepted::settle((&model.accepts, today), report);
    report.sort();
    // Each place was looked at by itself, so that a class may live with it and another not.
    age::gather(report);
}

/// A test that fails keeps the policy from being used.
fn fail(outcomes: Vec<Outcome>, report: &mut Report) {
    let failures = outcomes.into_iter().flat_map(|outcome| outcome.failures);
    failures.for_each(|found| report.add(found));
}

/// The bytes of the table.
fn bytes(model: &Model, report: &mut Report) -> Option<Vec<u8>> {
    let sources = Arc::clone(report.shared());
    let lines: Vec<Lines<'_>> = sources
        .iter()
        .map(|source| Lines::new(&source.text))
        .collect();
    let place = |span| place(&sources, &lines, span);
    let info = BuildInfo {
        source: digest(&sources),
        place: &place,
    };
    let made = build(model, &info);
    made.map_err(|why| report.add(audit::over_budget(&why.to_string())))
        .ok()
}

/// The same, and what came of the policy's own tests when they were run through it.
fn built(model: &Model, report: &mut Report) -> Option<(Vec<u8>, Vec<Outcome>)> {
    let bytes = bytes(model, report)?;
    if model.tests.is_empty() {
        return Some((bytes, Vec::new()));
    }
    let Ok(table) = Table::open(&bytes) else {
        let why =
            "internal: the table that was built is refused: report this policy as a bug in clawc";
        report.add(audit::over_budget(why));
        return None;
    };
    let table = &table;
    match testing::run(Tested { model, table }) {
        Ok(outcomes) => Some((bytes, outcomes)),
        Err(why) => {
            report.add(audit::over_budget(&why.to_string()));
            None
        }
    }
}

fn read(mut sources: Vec<Source>) -> (Model, Report) {
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    let sources: Arc<[Source]> = Arc::from(sources);
    let mut report = Report::new(Arc::clone(&sources));
    let mut files = Vec::with_capacity(sources.len());
    for (number, source) in sources.iter().enumerate() {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if source.text.len() as u64 > FILE_BYTES_MAX {
            let at = Span {
                file: number,
                ..Span::default()
            };
            report.add(
                Diagnostic::new(Code::TooBig, at, "this file is larger than 8 MiB")
                    .help("split it; a folder is one policy, whatever its files are called"),
            );
            continue;
        }
        files.push(syntax::parse(number, &source.text, &mut report).file);
    }
    if sources.is_empty() {
        report.add(
            Diagnostic::new(
                Code::Missing,
                Span::default(),
                "there is no `.claw` file here",
            )
            .help("name a folder that holds a policy"),
        );
    }
    let model = model_of(&files, &mut report);
    (model, report)
}

/// One digest over every path and text, each with its length, so that no two folders share it.
fn digest(sources: &[Source]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in sources
        .iter()
        .flat_map(|source| [&source.path, &source.text])
    {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    *hasher.finalize().as_bytes()
}

fn place(sources: &[Source], lines: &[Lines<'_>], span: Span) -> Place {
    let file = span.file as usize;
    let (Some(source), Some(lines)) = (sources.get(file), lines.get(file)) else {
        return Place::default();
    };
    let at = lines.position(span.start);
    Place {
        file: source.path.clone(),
        line: at.line,
        column: at.column,
    }
}
