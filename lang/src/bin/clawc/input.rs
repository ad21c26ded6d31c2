//! What a command reads: the files of a policy, or a request.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use claw_lang::source::{FILE_BYTES_MAX, Source, read_folder};

use crate::trouble::Trouble;

/// The files of one policy, twice named: as the policy sees them, and as the reader finds them.
#[derive(Debug)]
pub(crate) struct Input {
    files: Vec<(String, Source)>,
}

impl Input {
    /// Reads every file below the paths; `-` is standard input.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, Trouble> {
        let mut files = Vec::new();
        for path in paths {
            if path
                .extension()
                .is_some_and(|extension| extension == "clawt")
            {
                return Err(Trouble::Compiled(path.display().to_string()));
            }
            if is_standard(path) {
                let text = standard_input("the policy")?;
                let source = Source {
                    path: "<stdin>".to_owned(),
                    text,
                };
                files.push((source.path.clone(), source));
                continue;
            }
            if path.is_file() && path.extension().is_none_or(|extension| extension != "claw") {
                return Err(Trouble::Stranger(path.display().to_string()));
            }
            let sources = read_folder(path).map_err(Trouble::Read)?;
            if sources.is_empty() {
                return Err(Trouble::Empty(path.display().to_string()));
            }
            let is_folder = path.is_dir();
            files.extend(sources.into_iter().map(|source| {
                let shown = if is_folder {
                    path.join(&source.path)
                } else {
                    path.clone()
                };
                (
                    shown
                        .strip_prefix(".")
                        .unwrap_or(&shown)
                        .display()
                        .to_string(),
                    source,
                )
            }));
        }
        // Two folders may hold files of one name; then only the whole path tells them apart.
        if paths.len() > 1 {
            for (shown, source) in &mut files {
                source.path.clone_from(shown);
            }
        }
        files.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
        files.dedup_by(|(_, a), (_, b)| a.path == b.path);
        Ok(Self { files })
    }

    /// The files as the policy names them: a table does not know where it was built.
    pub(crate) fn sources(&self) -> Vec<Source> {
        self.files
            .iter()
            .map(|(_, source)| source.clone())
            .collect()
    }

    /// The files under the names by which the reader can open them.
    pub(crate) fn shown(&self) -> Vec<Source> {
        let shown = |(path, source): &(String, Source)| {
            let text = source.text.clone();
            Source {
                path: path.clone(),
                text,
            }
        };
        self.files.iter().map(shown).collect()
    }
}

/// Whether a path stands for standard input or output.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The text of one file, or of standard input.
pub(crate) fn text(path: &Path, what: &str, bytes_max: usize) -> Result<String, Trouble> {
    if is_standard(path) {
        return standard_input(what);
    }
    let about = |error: io::Error| {
        Trouble::Read(io::Error::new(
            error.kind(),
            format!("{}: {error}", path.display()),
        ))
    };
    let file = std::fs::File::open(path).map_err(about)?;
    bounded(file, bytes_max as u64).map_err(about)
}

fn standard_input(what: &str) -> Result<String, Trouble> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        crate::output::hint(&format!(
            "reading {what} from standard input; Ctrl-D ends it"
        ));
    }
    bounded(stdin.lock(), FILE_BYTES_MAX).map_err(Trouble::Input)
}

fn bounded(input: impl io::Read, bytes_max: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    input
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(io::Error::other(format!(
            "larger than {} MiB",
            bytes_max >> 20
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("not UTF-8 at byte {at}; save it as UTF-8"),
        )
    })
}
