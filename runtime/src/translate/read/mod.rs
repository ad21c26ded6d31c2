//! Requests, as clients of each protocol write them.

mod chat;
mod media;
mod messages;

pub(super) use chat::read as chat;
pub(super) use messages::read as messages;

use std::borrow::Cow;

use super::uncarried::Uncarried;
use crate::json::Tree;

/// The digits of a number.
fn number<'t>(value: &'t Tree<'t>, field: &'static str) -> Result<&'t str, Uncarried> {
    if let Tree::Number(number) = value {
        Ok(number)
    } else {
        Err(Uncarried::malformed(field))
    }
}

/// A text that must be there.
fn text<'t>(value: &'t Tree<'t>, field: &'static str) -> Result<&'t str, Uncarried> {
    value.text().ok_or(Uncarried::malformed(field))
}

/// The texts of a string or of parts that are all text.
fn texts<'t>(content: &'t Tree<'t>, field: &'static str) -> Result<Vec<Cow<'t, str>>, Uncarried> {
    if let Some(text) = content.text() {
        return Ok(vec![text.into()]);
    }
    let parts = content.list().iter();
    let texts = parts.map(|part| text(part.at("text"), field).map(Cow::Borrowed));
    texts.collect()
}

/// Every text of a list.
fn all<'t>(list: &'t Tree<'t>, field: &'static str) -> Result<Vec<&'t str>, Uncarried> {
    list.list().iter().map(|value| text(value, field)).collect()
}
