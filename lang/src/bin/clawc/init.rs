//! `clawc init`: a policy to begin with. It asks nothing, and never writes over anything.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use claw_lang::source::read_folder;

use crate::Verdict;
use crate::args::Init;
use crate::output::Output;
use crate::trouble::Trouble;

/// What is written. Tests check it, explain requests by it, and load it into a gateway.
const START: &str = include_str!("start.claw");
const NAME: &str = "policy.claw";

pub(crate) fn run(args: &Init) -> Result<Verdict, Trouble> {
    let folder = args.folder.as_path();
    if folder
        .extension()
        .is_some_and(|extension| extension == "claw")
    {
        return Err(Trouble::StartFile(folder.display().to_string()));
    }
    let file = folder.join(NAME);
    let about = |why| Trouble::Table {
        path: file.display().to_string(),
        why,
    };
    fs::create_dir_all(folder).map_err(about)?;
    // Every file of a folder is one policy, so a second start would break the first.
    if let Some(source) = read_folder(folder).map_err(Trouble::Read)?.first() {
        let path = folder.join(&source.path);
        return Err(Trouble::Started(path.display().to_string()));
    }
    write(&file).map_err(about)?;
    Output::result(&next(folder, &file))?;
    Ok(Verdict::Clean)
}

/// Makes the file; whatever stands there already, a link that leads nowhere too, is an error.
fn write(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file
        .write_all(START.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a policy is worse than none; the first error is the one to tell.
        let _ = fs::remove_file(path);
    }
    written
}

fn next(folder: &Path, file: &Path) -> String {
    let folder = quoted(folder);
    let steps = [
        (
            format!("clawc check {folder}"),
            "prove it, now and after each change",
        ),
        (
            format!("clawc test {folder}"),
            "try its tests, without a network",
        ),
        (
            "export OPENAI_API_KEY=…".to_owned(),
            "the policy names the key and never holds it",
        ),
        (
            format!("clawgate run {folder}"),
            "serve on http://127.0.0.1:8080/v1",
        ),
    ];
    let wide = steps.iter().map(|(step, _)| step.chars().count()).max();
    let mut text = format!("wrote {}\n\nnext\n", file.display());
    for (step, why) in &steps {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "  {step:wide$}   {why}", wide = wide.unwrap_or(0));
    }
    text
}

/// A path as a shell takes it for one word.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        return text;
    }
    // What begins with a dash would be read as an option.
    let text = if text.starts_with('-') {
        format!("./{text}")
    } else {
        text
    };
    format!("'{}'", text.replace('\'', r"'\''"))
}
