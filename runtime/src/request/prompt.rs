//! The text of a prompt, off the bytes: what keywords are looked for in.
//!
//! | what | how |
//! |---|---|
//! | strings in `messages`, `input`, `system`, `prompt`, `instructions`, however deep | each is a part, its escapes resolved |
//! | what only labels: `role`, `type`, `id`, `call_id`, `tool_call_id`, `tool_use_id`, `detail`, `format`, `media_type`, `cache_control`, `signature`, `encrypted_content` | not read, but for those below `arguments`, `input` and `output`, whose keys are the caller's own |
//! | base64 where pictures, sounds and files stand (`data`, `url`, `image_url`, `file_data`, `file_url`, `result`): a `data:` URL, or 512 bytes and more, of its letters alone | not read, but for the `data` of a `source` that says it is text |
//!
//! What is not known is read: a text in a place that nobody has thought of is looked at too, and
//! nothing that a model would read as text can look like a picture here.

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
    // Whether what comes next may be a picture: the value of the last key, or another in its list.
    let mut media = false;
    // A bit for each open container, set for a list of what may be pictures.
    let mut lists = 0_u64;
    // How deep the members of a `source` lie that says it is text, while we are in one.
    let mut written: Option<u32> = None;
    let mut source = false;
    loop {
        let opens = matches!(token, Token::Object | Token::Array);
        if opens {
            let bit = bit(lexer.depth());
            lists &= !bit;
            if media && token == Token::Array {
                lists |= bit;
            }
        }
        match token {
            Token::Key(key) => {
                media = is_media(key) && written != Some(lexer.depth());
                source = key.raw == b"source";
                match free {
                    None if is_free(key) => free = Some(lexer.depth()),
                    None => labels = is_label(key),
                    Some(_) => {}
                }
            }
            Token::Object if source && says_text(lexer.clone()) => written = Some(lexer.depth()),
            Token::Text(text) if !(labels || media && is_encoded(text)) => part(text, each),
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
                media = lists & bit(lexer.depth()) != 0;
                free = free.filter(|depth| *depth != lexer.depth());
                written = written.filter(|depth| *depth <= lexer.depth());
            }
            labels = false;
            source = false;
        }
        token = lexer.value_next()?;
    }
}

/// The bit of the container that is open at a depth; the outermost one is at 1, and there are 64.
fn bit(depth: u32) -> u64 {
    1_u64.rotate_left(depth.wrapping_sub(1))
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

/// Where pictures, sounds and files stand.
fn is_media(key: Text<'_>) -> bool {
    matches!(
        key.raw,
        b"data" | b"url" | b"image_url" | b"file_data" | b"file_url" | b"result"
    )
}

/// A picture or a sound, not a text: nothing in it but the letters of base64.
fn is_encoded(text: Text<'_>) -> bool {
    const MARK: &[u8] = b";base64,";
    let said = text.lossy();
    let front = said.get(..128).unwrap_or(&said);
    let marked = memchr::memmem::find(front, MARK).filter(|_| front.starts_with(b"data:"));
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
    match marked.and_then(|at| said.get(at + MARK.len()..)) {
        Some(encoded) => encoded.iter().all(is_letter),
        None => said.len() >= 512 && said.iter().all(is_letter),
    }
}

/// Whether an object that has just opened says that it is text.
fn says_text(mut lexer: Lexer<'_>) -> bool {
    let mut says = false;
    let read = lexer.members(|lexer, key, value| {
        says |= key.raw == b"type" && matches!(value, Token::Text(word) if word.is(b"text"));
        lexer.skip(value)
    });
    says && read.is_ok()
}

#[cfg(test)]
mod tests {
    use super::prompt;
    use claw_table::Said;

    fn parts(body: &str) -> Vec<String> {
        let (mut parts, mut part) = (Vec::new(), Vec::new());
        prompt(body.as_bytes(), |said| match said {
            Said::Bytes(bytes) => part.extend_from_slice(bytes),
            Said::End => parts.push(String::from_utf8(std::mem::take(&mut part)).unwrap()),
        });
        parts
    }

    #[test]
    fn only_what_stands_where_a_picture_does_is_left_out() {
        const PICTURE: &str = "data:image/png;base64,iVBORw0KGgo";
        for (body, read) in [
            (r#"{"input":[{"image_url":"P"},"a"]}"#, &["a"][..]),
            (r#"{"input":[{"image_url":"a"},"P"]}"#, &["a", PICTURE]),
            (r#"{"input":[{"url":{"x":"P"}},"P"]}"#, &[PICTURE, PICTURE]),
            (
                r#"{"input":[{"url":["P",{"x":"P"},"P",["P"]],"x":"P"},["P"]]}"#,
                &[PICTURE, PICTURE, PICTURE],
            ),
            (
                r#"{"input":[{"url":[]},"P"],"system":"P"}"#,
                &[PICTURE, PICTURE],
            ),
        ] {
            assert_eq!(parts(&body.replace('P', PICTURE)), read, "{body}");
        }
    }
}
