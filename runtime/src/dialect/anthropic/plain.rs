//! Messages, and counts of their tokens, that come whole.

use super::usage::Reported;
use crate::dialect::events::Malformed;
use crate::dialect::plain::NoAnswer;
use crate::dialect::said::{is_said, says, tokens};
use crate::json::{Lexer, Token};
use crate::meter::usage::Usage;

/// What one object says.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each was seen or not, in any order"
)]
#[derive(Default)]
struct Whole {
    error: bool,
    /// It has blocks of content, be it none of them.
    blocks: bool,
    content: bool,
    stopped: bool,
    counted: bool,
    reported: Reported,
}

/// What a whole message reports as used, if it does.
pub(in crate::dialect) fn plain(body: &[u8]) -> Result<Option<Usage>, NoAnswer> {
    let whole = read(body)?;
    // One that neither says anything nor stops is none.
    if !whole.blocks || !(whole.content || whole.stopped) {
        return Err(NoAnswer::Malformed);
    }
    Ok(whole.reported.usage())
}

/// Whether this is a count of tokens. Nothing was used for it.
pub(in crate::dialect) fn count(body: &[u8]) -> Result<Option<Usage>, NoAnswer> {
    if read(body)?.counted {
        Ok(None)
    } else {
        Err(NoAnswer::Malformed)
    }
}

fn read(body: &[u8]) -> Result<Whole, NoAnswer> {
    match object(body) {
        Ok(whole) if whole.error => Err(NoAnswer::Error),
        Ok(whole) => Ok(whole),
        Err(Malformed) => Err(NoAnswer::Malformed),
    }
}

fn object(body: &[u8]) -> Result<Whole, Malformed> {
    let mut lexer = Lexer::new(body);
    if lexer.value_next()? != Token::Object {
        return Err(Malformed);
    }
    let mut whole = Whole::default();
    lexer.members(|lexer, key, value| {
        match (key.raw, value) {
            (b"type", Token::Text(kind)) => whole.error |= kind.raw == b"error",
            (b"error", _) => whole.error |= is_said(value),
            (b"content", Token::Array) => {
                whole.blocks = true;
                whole.content = says(lexer, value)?;
                return Ok(());
            }
            (b"stop_reason", _) => whole.stopped = is_said(value),
            (b"usage", _) => return whole.reported.merge(lexer, value),
            (b"input_tokens", _) => whole.counted = tokens(value).is_some(),
            _ => {}
        }
        lexer.skip(value)
    })?;
    match lexer.token()? {
        None => Ok(whole),
        Some(_) => Err(Malformed),
    }
}
