//! Responses that come whole.

use super::usage;
use crate::dialect::events::Malformed;
use crate::dialect::plain::NoAnswer;
use crate::dialect::said::is_said;
use crate::json::{Lexer, Token};
use crate::meter::usage::Usage;

/// What one object says.
#[derive(Default)]
struct Whole {
    error: bool,
    output: bool,
    usage: Option<Usage>,
}

/// What a whole response reports as used, if it does. One that only begins, since it was asked for
/// in the background, is whole too.
pub(in crate::dialect) fn plain(body: &[u8]) -> Result<Option<Usage>, NoAnswer> {
    match read(body) {
        Ok(whole) if whole.error => Err(NoAnswer::Error),
        Ok(whole) if whole.output => Ok(whole.usage),
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
            (b"status", Token::Text(status)) => whole.error |= status.raw == b"failed",
            (b"output", Token::Array) => whole.output = true,
            (b"usage", _) => {
                whole.usage = usage::read(lexer, value)?;
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
