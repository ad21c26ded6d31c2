//! Embeddings, which come whole.

use super::usage::{Quirk, Reported};
use crate::dialect::events::Malformed;
use crate::dialect::plain::NoAnswer;
use crate::dialect::said::is_said;
use crate::json::{Lexer, Token};
use crate::meter::usage::Usage;

/// What one object says.
#[derive(Default)]
struct Whole {
    error: bool,
    data: bool,
    usage: Option<Usage>,
}

/// What embeddings report as used, if they do. Nothing comes out of a model for them.
pub(in crate::dialect) fn embeddings(body: &[u8]) -> Result<Option<Usage>, NoAnswer> {
    match read(body) {
        Ok(whole) if whole.error => Err(NoAnswer::Error),
        Ok(whole) if whole.data => Ok(whole.usage),
        Ok(_) | Err(Malformed) => Err(NoAnswer::Malformed),
    }
}

fn read(body: &[u8]) -> Result<Whole, Malformed> {
    let mut lexer = Lexer::new(body);
    if lexer.value_next()? != Token::Object {
        return Err(Malformed);
    }
    let mut whole = Whole::default();
    lexer.members(|lexer, key, value| {
        match (key.raw, value) {
            (b"error", _) => whole.error |= is_said(value),
            (b"object", Token::Text(word)) => whole.error |= word.raw == b"error",
            (b"data", Token::Array) => {
                return lexer.elements(|lexer, one| {
                    whole.data = true;
                    lexer.skip(one)
                });
            }
            (b"usage", _) => {
                let reported = Reported::read(lexer, value)?;
                whole.usage =
                    reported.and_then(|reported| reported.only_input().usage(Quirk::None));
                return Ok(());
            }
            _ => {}
        }
        lexer.skip(value)
    })?;
    match lexer.token()? {
        None => Ok(whole),
        Some(_) => Err(Malformed),
    }
}
