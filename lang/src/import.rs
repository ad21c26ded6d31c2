//! Policies of other gateways and their clients, written anew in the language.
//!
//! ```text
//! YAML or JSON5 ─read→ values ─litellm, openclaw→ Draft ─write, format→ text ─check→ Imported
//! ```
//!
//! Nothing is guessed in silence: what is not carried over as it was, is noted with its place. What
//! comes out is sound, or it is a fault of this module.

mod at;
mod depth;
mod draft;
mod house;
mod litellm;
mod note;
mod openclaw;
mod stock;
mod text;

use serde_json::Value;

use crate::compile::check;
use crate::format::{Outcome, Slip, format};
use crate::source::Source;
use at::{At, Seen};
use draft::Draft;

pub use note::{Note, Weight};

/// The most bytes that a file of another tool may have.
pub const IMPORT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A policy made from the file of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The policy: sound and formatted.
    pub policy: String,
    /// How each part of the file was carried over, in the order of the file.
    pub notes: Vec<Note>,
}

/// Why nothing could be carried over; its text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is no YAML.
    #[error("it is not YAML: {0}")]
    NotYaml(String),
    /// It is no JSON5.
    #[error("it is not JSON5: {0}")]
    NotJson5(String),
    /// It is something else.
    #[error("{0}")]
    NoConfig(String),
    /// What was made of it is not sound.
    #[error(
        "internal: the policy that was made of it is not sound; report this file as a bug in clawc\n{0}"
    )]
    Unsound(String),
    /// What was made of it cannot be formatted.
    #[error(transparent)]
    Slip(#[from] Slip),
}

/// A policy that does what `LiteLLM`'s proxy does by this file.
///
/// # Errors
/// It is none of its files, or nothing in it can be carried over.
pub fn litellm(text: &str) -> Result<Imported, ImportError> {
    let value: Value =
        serde_saphyr::from_str(text).map_err(|error| ImportError::NotYaml(first_line(&error)))?;
    let seen = Seen::default();
    finish(litellm::read(&At::root(&value, &seen))?)
}

/// A policy to stand behind an `OpenClaw` that is configured by this file.
///
/// # Errors
/// It is none of its files, or nothing in it can be carried over.
pub fn openclaw(text: &str) -> Result<Imported, ImportError> {
    if depth::is_too_deep(text) {
        let why = "it is nested deeper than any config is".to_owned();
        return Err(ImportError::NotJson5(why));
    }
    let value: Value =
        json5::from_str(text).map_err(|error| ImportError::NotJson5(first_line(&error)))?;
    let seen = Seen::default();
    finish(openclaw::read(&At::root(&value, &seen))?)
}

fn first_line(error: &impl ToString) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}

/// A ceiling is written where all that is under it can be counted, which only the check knows.
fn finish(mut draft: Draft) -> Result<Imported, ImportError> {
    if let Some(ceiling) = draft.ceiling.clone() {
        let mut note = Note {
            weight: Weight::Approximate,
            path: ceiling.path,
            text: "a `ceiling`: what a request may cost is set aside before it is sent".into(),
        };
        draft.notes.push(note.clone());
        if let Ok(policy) = made(&draft) {
            let notes = draft.notes;
            return Ok(Imported { policy, notes });
        }
        draft.ceiling = None;
        note.weight = Weight::Left;
        note.text = "a `ceiling` counts only models whose prices and windows are known".into();
        draft.notes.pop();
        draft.notes.push(note);
    }
    let policy = made(&draft)?;
    let notes = draft.notes;
    Ok(Imported { policy, notes })
}

/// The text of a draft: sound and formatted.
fn made(draft: &Draft) -> Result<String, ImportError> {
    let written = draft.write();
    let source = Source {
        path: "imported.claw".to_owned(),
        text: written,
    };
    let formatted = format(std::slice::from_ref(&source))?;
    let policy = match formatted.files.into_iter().next() {
        Some(Outcome::Changed(text)) => text,
        Some(Outcome::Same) => source.text,
        Some(Outcome::Unread) | None => {
            return Err(ImportError::Unsound(formatted.report.plain()));
        }
    };
    let report = check(vec![Source {
        text: policy.clone(),
        ..source
    }])
    .report;
    if !report.is_sound() {
        return Err(ImportError::Unsound(report.plain()));
    }
    Ok(policy)
}
