//! `clawc build`: the table of a policy, whole or not at all.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::path::Path;

use claw_lang::explain::hex;
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
        Format::Human => Output::result(&format!("{}\n", built.line()))?,
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
        for (needed, more) in self.grouped() {
            let more = match more {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            // Writing to a text cannot fail.
            let _ = write!(
                line,
                "\n  needs a gateway that enforces `{}` ({}{more})",
                needed.feature, needed.place
            );
        }
        line
    }

    /// Each feature at its first place, with how many more places need it.
    fn grouped(&self) -> Vec<(&Needed, usize)> {
        let mut found: Vec<(&Needed, usize)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for needed in &self.features {
            match places.entry(needed.feature.as_str()) {
                Entry::Vacant(place) => {
                    place.insert(found.len());
                    found.push((needed, 0));
                }
                Entry::Occupied(place) => {
                    if let Some((_, more)) = found.get_mut(*place.get()) {
                        *more += 1;
                    }
                }
            }
        }
        found
    }
}
