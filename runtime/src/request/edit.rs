//! Edits of a body: members are replaced, inserted and removed, every other byte stays as it came.
//!
//! ```text
//! {"messages":[…],"model":"gpt-5.5","seed":1e5}
//!  ↑ insert        └replace─┘                      ranges and what stands there instead, in order;
//! {"stream_options":{…},"messages":[…],"model":"large","seed":1e5}       one copy makes the body
//! ```
//!
//! Nothing is parsed into a tree and written again: numbers, escapes, white space, the order of
//! members and unknown ones survive, and with them prompt caches and signatures.

mod members;
mod patch;

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use thiserror::Error;

use crate::json::{Fault, Lexer, Token, write_text};
use patch::Patches;

/// One change of a body that is a JSON object. Values are JSON texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit<'e> {
    /// Another value in the place of the one that stands there.
    Replace(Range<usize>, Cow<'e, str>),
    /// A member of the body in front of all others. Whoever asks knows that it is absent.
    Insert(&'e str, Cow<'e, str>),
    /// A member that has this value afterwards, whether it was there or not.
    Set(Path<'e>, Cow<'e, str>),
    /// The same where it is absent or null; any other value stays.
    Default(Path<'e>, Cow<'e, str>),
    /// A member that is not there afterwards.
    Remove(Path<'e>),
}

/// A member that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path<'e> {
    /// Of the body itself.
    Member(&'e str),
    /// Of an object that is a member of the body. Setting it makes the object where it is absent
    /// or null.
    Inner(&'e str, &'e str),
}

/// The edits cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfit {
    /// The body is no JSON.
    #[error("{0}")]
    Json(Fault),
    /// Something that should have members has none.
    #[error("a member can be set in an object only (at byte {0})")]
    NotAnObject(usize),
    /// Two edits are about the same bytes.
    #[error("two edits are about the same bytes")]
    Overlap,
}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self::Json(fault)
    }
}

/// The body after these edits. It is read once at most, and not at all where every edit knows its
/// place; it is copied once, or shared where nothing changes.
///
/// # Errors
/// The body is no object, or the edits contradict it or each other.
pub fn edited(body: &Bytes, edits: &[Edit<'_>]) -> Result<Bytes, Unfit> {
    let mut patches = Patches::default();
    for edit in edits {
        if let Edit::Replace(range, value) = edit {
            patches.put(range.clone(), value);
        }
    }
    let by_name =
        |edit: &Edit<'_>| matches!(edit, Edit::Set(..) | Edit::Default(..) | Edit::Remove(_));
    if edits.iter().any(by_name) {
        members::find(body, edits, &mut patches)?;
    } else {
        insert(body, edits, &mut patches)?;
    }
    patches.applied(body)
}

/// Inserts where nothing has to be looked for: behind the first brace.
fn insert(body: &Bytes, edits: &[Edit<'_>], patches: &mut Patches) -> Result<(), Unfit> {
    let mut lexer = Lexer::new(body);
    if lexer.value_next()? != Token::Object {
        return Err(Unfit::NotAnObject(0));
    }
    let front = lexer.at();
    let mut text = String::new();
    for edit in edits {
        if let Edit::Insert(key, value) = edit {
            member(&mut text, key, value);
        }
    }
    if !text.is_empty() {
        if lexer.value_next()? != Token::ObjectEnd {
            text.push(',');
        }
        patches.put(front..front, &text);
    }
    Ok(())
}

/// Adds a member to the text of an object's members.
fn member(text: &mut String, key: &str, value: &str) {
    if !text.is_empty() {
        text.push(',');
    }
    text.push_str(&quoted(key));
    text.push(':');
    text.push_str(value);
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    let mut json = String::new();
    write_text(&mut json, text);
    json
}
