//! Whether a value says anything, in the protocols that write JSON.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token that is not looked for is passed over, whatever it is"
)]

use crate::json::{Fault, Lexer, Token, whole};

/// Whether a value is an error rather than the absence of one.
pub(super) fn is_said(value: Token<'_>) -> bool {
    match value {
        Token::Text(text) => !text.raw.is_empty(),
        Token::Null | Token::Flag(false) => false,
        _ => true,
    }
}

/// Whether a part of a delta carries anything: a string that is not empty, at any depth, save those
/// that only label what comes. A tool call is known by its name or arguments.
pub(super) fn says<'a>(lexer: &mut Lexer<'a>, value: Token<'a>) -> Result<bool, Fault> {
    let outside = lexer.depth() - u32::from(matches!(value, Token::Object | Token::Array));
    let mut token = value;
    let mut label = false;
    let mut found = false;
    loop {
        match token {
            Token::Key(key) => label = is_label(key.raw),
            Token::Text(text) => found |= !label && !text.raw.is_empty(),
            _ => {}
        }
        if !matches!(token, Token::Key(_)) {
            if lexer.depth() == outside {
                return Ok(found);
            }
            label = false;
        }
        token = lexer.value_next()?;
    }
}

/// Members that name or order what they stand beside, and are no content by themselves.
fn is_label(key: &[u8]) -> bool {
    matches!(
        key,
        b"type"
            | b"id"
            | b"index"
            | b"format"
            | b"status"
            | b"expires_at"
            | b"mime_type"
            | b"mimeType"
            | b"detail"
    )
}

/// More than any answer can have used; a provider that says so is not believed.
const TOKENS_MAX: u64 = 1 << 40;

/// A count of tokens. One that is missing, null, negative or no whole number stays unknown; it
/// never becomes zero.
pub(super) fn tokens(value: Token<'_>) -> Option<u64> {
    let Token::Number(number) = value else {
        return None;
    };
    // Servers that count in floats write 12.0.
    let number = number.strip_suffix(b".0").unwrap_or(number);
    whole(number).filter(|tokens| *tokens <= TOKENS_MAX)
}
