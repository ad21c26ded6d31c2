//! `clawc import`: the config of another tool as a policy, and a list of what became of its parts.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use claw_lang::import::{self, IMPORT_BYTES_MAX, Imported, Note, Weight};
use claw_lang::unseen::on_its_line;
use serde_json::json;

use crate::Verdict;
use crate::args::{Format, Import, Tool};
use crate::input::text;
use crate::output::{Output, hint};
use crate::trouble::Trouble;

pub(crate) fn run(args: &Import, output: &mut Output) -> Result<Verdict, Trouble> {
    let written = text(&args.file, "the config", IMPORT_BYTES_MAX)?;
    let read = match args.tool {
        Tool::Litellm => import::litellm,
        Tool::Openclaw => import::openclaw,
    };
    let imported = read(&written).map_err(|why| Trouble::Import {
        path: args.file.display().to_string(),
        why,
    })?;
    if let Some(path) = &args.output {
        write(path, &imported.policy).map_err(|why| Trouble::Policy {
            path: path.display().to_string(),
            why,
        })?;
    }
    match output.format {
        Format::Json => Output::json(&json!({
            "version": 1,
            "policy": imported.policy,
            "notes": imported.notes,
        }))?,
        Format::Human | Format::Plain if args.output.is_some() => Output::result(&told(&imported))?,
        Format::Human | Format::Plain => {
            Output::result(&imported.policy)?;
            hint(told(&imported).trim_end());
        }
    }
    Ok(Verdict::Clean)
}

/// Makes the file. What stands there already is somebody's work, and an error.
fn write(path: &Path, policy: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(policy.as_bytes())?;
    file.sync_all()
}

/// What became of each part: what is missing first.
fn told(imported: &Imported) -> String {
    let of = |weight: Weight| {
        let notes = imported.notes.iter();
        notes.filter(move |note| note.weight == weight)
    };
    let mut out = String::new();
    // Writing to a text cannot fail.
    for weight in [Weight::Left, Weight::Approximate, Weight::Exact] {
        let notes: Vec<&Note> = of(weight).collect();
        let _ = writeln!(out, "{}: {}", weight.words(), notes.len());
        for Note { path, text, .. } in notes {
            let _ = writeln!(out, "  {}: {}", on_its_line(path), on_its_line(text));
        }
    }
    out
}
