//! The text of a prompt, off the bytes: what keywords are looked for in.
//!
//! | what | how |
//! |---|---|
//! | strings in `messages`, `input`, `system`, `prompt`, `instructions`, however deep | each is a part, its escapes resolved |
//! | what only labels: `role`, `type`, `id`, `call_id`, `tool_call_id`, `tool_use_id`, `detail`, `format`, `media_type`, `cache_control`, `signature`, `encrypted_content` | not read, but for those below `arguments`, `input` and `output`, whose keys are the caller's own |
//! | base64: a `data:` URL, or 512 bytes and more of its letters alone | not read |
//!
//! What is not known is read: a text in a place that nobody has thought of is looked at too.

use claw_table::Said;

use crate::json::{Fault, Lexer, Piece, Text, Token};

/// Hands over every part of a body's prompt. A body that is no JSON gives what was read of it.
pub fn prompt(body: &[u8], mut each: impl FnMut(Said<'_>)) {
    let mut lexer = Lexer::new(body);
    let Ok(Token::Object) = lexer.value_next() else {
        return;
    };
    // The body was proved to be sound JSON before anything is asked of it.
    let _ = lexer.members(|lexer, key, value| match key.raw {
        b"messages" | b"input" | b"system" | b"prompt" | b"instructions" => {
            texts(lexer, value, &mut each)
        }
        _ => lexer.skip(value),
    });
}

/// Hands over the texts of the value that `token` began.
fn texts<'a>(
    lexer: &mut Lexer<'a>,
    mut token: Token<'a>,
    each: &mut impl FnMut(Said<'_>),
) -> Result<(), Fault> {
    let outside = lexer.depth() - u32::from(matches!(token, Token::Object | Token::Array));
    // How deep the member lies whose value has the caller's own keys, while we are in one.
    let mut free: Option<u32> = None;
    let mut labels = false;
    loop {
        let opens = matches!(token, Token::Object | Token::Array);
        match token {
            Token::Key(key) if free.is_none() && is_free(key) => free = Some(lexer.depth()),
            Token::Key(key) => labels = free.is_none() && is_label(key),
            Token::Text(text) if !labels && !is_encoded(text) => part(text, each),
            _ if opens && labels => lexer.skip(token)?,
            Token::Text(_)
            | Token::Object
            | Token::Array
            | Token::ObjectEnd
            | Token::ArrayEnd
            | Token::Number(_)
            | Token::Flag(_)
            | Token::Null => {}
        }
        if !matches!(token, Token::Key(_)) {
            if !opens || labels {
                if lexer.depth() == outside {
                    return Ok(());
                }
                free = free.filter(|depth| *depth != lexer.depth());
            }
            labels = false;
        }
        token = lexer.value_next()?;
    }
}

fn part(text: Text<'_>, each: &mut impl FnMut(Said<'_>)) {
    text.pieces(|piece| match piece {
        Piece::Bytes(bytes) => each(Said::Bytes(bytes)),
        Piece::Char(char) => each(Said::Bytes(char.encode_utf8(&mut [0; 4]).as_bytes())),
        Piece::LoneSurrogate => each(Said::Bytes("\u{FFFD}".as_bytes())),
    });
    each(Said::End);
}

/// Whose value has keys that are the caller's own.
fn is_free(key: Text<'_>) -> bool {
    matches!(key.raw, b"arguments" | b"input" | b"output")
}

/// A member of the protocol that says nothing.
fn is_label(key: Text<'_>) -> bool {
    matches!(
        key.raw,
        b"role"
            | b"type"
            | b"id"
            | b"call_id"
            | b"tool_call_id"
            | b"tool_use_id"
            | b"detail"
            | b"format"
            | b"media_type"
            | b"cache_control"
            | b"signature"
            | b"encrypted_content"
    )
}

/// A picture or a sound, not a text.
fn is_encoded(text: Text<'_>) -> bool {
    let front = text.raw.get(..128).unwrap_or(text.raw);
    let is_url = front.starts_with(b"data:") && memchr::memmem::find(front, b";base64,").is_some();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    is_url || text.raw.len() >= 512 && text.raw.iter().all(is_letter)
}
