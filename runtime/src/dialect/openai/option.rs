//! Whether a refusal is about the option by which usage is asked for in a stream.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a token that is not looked for is passed over, whatever it is"
)]

use memchr::memmem::find;

use crate::json::{Fault, Lexer, Token};

/// Whether a provider refuses `stream_options` or its `include_usage`: an unknown field to old
/// servers, a forbidden one to strict ones.
pub fn is_refused(status: u16, body: &[u8]) -> bool {
    matches!(status, 400 | 422) && names(body).unwrap_or(false)
}

/// Whether a text of the error names the option.
fn names(body: &[u8]) -> Result<bool, Fault> {
    let mut lexer = Lexer::new(body);
    let mut named = false;
    while let Some(token) = lexer.token()? {
        match token {
            // Validators repeat what they were given, and that has our option in it whatever was
            // wrong: `{"loc":["body","messages"],"msg":"field required","input":{…}}`.
            Token::Key(key) if matches!(key.raw, b"input" | b"body" | b"request") => {
                let value = lexer.value_next()?;
                lexer.skip(value)?;
            }
            Token::Text(text) => {
                named |= find(text.raw, b"stream_options").is_some()
                    || find(text.raw, b"include_usage").is_some();
            }
            _ => {}
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::is_refused;

    #[test]
    fn only_a_refusal_that_names_the_option_is_about_it() {
        for (status, body, refused) in [
            (
                400,
                r#"{"error":{"message":"Unknown parameter: 'stream_options'.","type":"invalid_request_error","param":"stream_options","code":"unknown_parameter"}}"#,
                true,
            ),
            (
                400,
                r#"{"error":{"message":"Unrecognized request argument supplied","param":"stream_options.include_usage"}}"#,
                true,
            ),
            (
                422,
                r#"{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted","input":{"include_usage":true}}]}"#,
                true,
            ),
            (
                422,
                r#"{"object":"error","message":{"detail":[{"loc":["body","stream_options","include_usage"],"msg":"x"}]},"type":"invalid_request_error"}"#,
                true,
            ),
            (
                422,
                r#"{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required","input":{"stream_options":"stream_options"}}]}"#,
                false,
            ),
            (
                400,
                r#"{"error":{"message":"Unknown parameter: 'seed'.","param":"seed"}}"#,
                false,
            ),
            (429, r#"{"error":{"message":"stream_options"}}"#, false),
            (500, r#"{"error":{"message":"stream_options"}}"#, false),
            (400, "<html>stream_options", false),
            (400, r#"{"error":{"message":"stream_options""#, false),
            (400, "", false),
        ] {
            assert_eq!(is_refused(status, body.as_bytes()), refused, "{body}");
        }
    }
}
