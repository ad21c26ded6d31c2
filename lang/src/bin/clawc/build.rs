//! `clawc build`: the table of a policy, whole or not at all.

use std::fmt::Write as _;
use std::path::Path;

use claw_lang::explain::{self, hex};
use claw_table::Table;
use serde::Serialize;

use crate::Verdict;
use crate::args::{Build, Format};
use crate::check::verdict;
use crate::input::{Input, is_standard};
use crate::output::{Output, Stream, hint};
use crate::trouble::Trouble;
use crate::whole;

pub(crate) fn run(args: &Build, output: &mut Output) -> Result<Verdict, Trouble> {
    let input = Input::read(&args.policy.policy)?;
    let today = args.when.day();
    let compiled = claw_lang::compile_on(input.sources(), today);
    if !compiled.report.diagnostics().is_empty() {
        // The table does not care where the folder lies, but the reader wants to open the file.
        let shown = claw_lang::compile_on(input.shown(), today).report;
        output.report(&shown, Stream::Aside)?;
    }
    if verdict(&compiled.report, args.policy.deny) == Verdict::Findings {
        return Ok(Verdict::Findings);
    }
    let bytes = compiled.table.ok_or(Trouble::NoTable)?;
    let table = Table::open(&bytes).map_err(Trouble::Unsound)?;
    let built = Built::of(&table, &args.output);
    if is_standard(&args.output) {
        Output::bytes(&bytes)?;
        hint(&built.line());
        return Ok(Verdict::Clean);
    }
    whole::write(&args.output, &bytes).map_err(|why| Trouble::Table {
        path: built.path.clone(),
        why,
    })?;
    match output.format {
        Format::Human | Format::Plain => Output::result(&format!("{}\n", built.line()))?,
        Format::Json => Output::json(&built)?,
    }
    Ok(Verdict::Clean)
}

/// What is told of a table.
#[derive(Debug, Serialize)]
struct Built {
    version: u32,
    path: String,
    arms: usize,
    nodes: usize,
    edges: usize,
    boxes: usize,
    depth: usize,
    bytes: usize,
    behaviour: String,
    source: String,
    /// Every place that needs a feature. A person is told each feature once.
    features: Vec<Needed>,
    /// The same for people.
    #[serde(skip)]
    needs: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Needed {
    feature: String,
    place: String,
}

impl Built {
    fn of(table: &Table, path: &Path) -> Self {
        let (stats, about) = (table.stats(), table.about());
        let needed = |feature: &claw_table::Feature| Needed {
            feature: feature.name.clone(),
            place: feature.place.to_string(),
        };
        let once = |(feature, more): (&claw_table::Feature, usize)| {
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("`{}` ({}{more})", feature.name, feature.place)
        };
        Self {
            version: 1,
            path: path.display().to_string(),
            arms: table.policy().arms.len(),
            nodes: stats.nodes,
            edges: stats.edges,
            boxes: stats.boxes,
            depth: stats.depth,
            bytes: stats.bytes,
            behaviour: hex(&about.behaviour),
            source: hex(&about.source),
            features: table.features().iter().map(needed).collect(),
            needs: explain::needed(table.features())
                .into_iter()
                .map(once)
                .collect(),
        }
    }

    fn line(&self) -> String {
        let Self {
            path,
            arms,
            nodes,
            boxes,
            depth,
            bytes,
            behaviour,
            ..
        } = self;
        let boxes = match boxes {
            0 => String::new(),
            some => format!(", {some} boxes"),
        };
        let mut line = format!(
            "{path}: {arms} arms, {nodes} nodes{boxes}, depth {depth}, {bytes} bytes, behaviour {behaviour}"
        );
        for needed in &self.needs {
            // Writing to a text cannot fail.
            let _ = write!(line, "\n  needs a gateway that enforces {needed}");
        }
        line
    }
}
