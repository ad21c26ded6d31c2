//! What a provider says is wrong with the caller's request, in the shape of the client's protocol.

use bytes::Bytes;

use crate::dialect::Dialect;
use crate::dialect::failure::FailureKind;
use crate::json::Tree;

/// The provider's own sentence in the client's shape; nothing where it has none.
pub fn refusal(body: &[u8], kind: FailureKind, client: Dialect) -> Option<Bytes> {
    let told = Tree::read(body).ok()?;
    let error = told.list().first().unwrap_or(&told).at("error");
    let message = error.at("message").text().or(error.text())?;
    let refusal = match client {
        Dialect::Messages | Dialect::CountTokens => {
            // By these words its clients know that they must make room.
            let too_long = "prompt is too long";
            let message = if kind == FailureKind::ContextTooLong && !message.contains(too_long) {
                Tree::from(format!("{too_long}: {message}"))
            } else {
                message.into()
            };
            let error = Tree::object([("type", Tree::from(word(kind))), ("message", message)]);
            Tree::object([("type", Tree::from("error")), ("error", error)])
        }
        Dialect::Chat | Dialect::Responses | Dialect::Embeddings | Dialect::Gemini => {
            let error = Tree::object([
                ("message", Tree::from(message)),
                ("type", "invalid_request_error".into()),
                ("param", Tree::Null),
                ("code", code(kind)),
            ]);
            Tree::object([("error", error)])
        }
    };
    Some(Bytes::from(refusal.json()))
}

fn word(kind: FailureKind) -> &'static str {
    if kind == FailureKind::TooLarge {
        "request_too_large"
    } else if kind == FailureKind::BadKey {
        "authentication_error"
    } else if kind == FailureKind::Quota {
        "rate_limit_error"
    } else {
        "invalid_request_error"
    }
}

/// The codes that clients steer by.
fn code(kind: FailureKind) -> Tree<'static> {
    if kind == FailureKind::ContextTooLong {
        "context_length_exceeded".into()
    } else if kind == FailureKind::ContentFilter {
        "content_filter".into()
    } else if kind == FailureKind::BadKey {
        "invalid_api_key".into()
    } else if kind == FailureKind::Quota {
        "insufficient_quota".into()
    } else {
        Tree::Null
    }
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::dialect::Dialect;
    use crate::dialect::failure::FailureKind;

    #[test]
    fn the_sentence_stays_and_the_shape_is_the_clients() {
        let kind = FailureKind::ContextTooLong;
        let of = |body: &str, client| {
            refusal(body.as_bytes(), kind, client)
                .map(|body| String::from_utf8(body.to_vec()).unwrap())
        };
        assert_eq!(
            of(
                r#"{"type":"error","error":{"type":"x","message":"too long"}}"#,
                Dialect::Chat
            )
            .unwrap(),
            r#"{"error":{"message":"too long","type":"invalid_request_error","param":null,"code":"context_length_exceeded"}}"#
        );
        assert_eq!(
            of(
                r#"[{"error":{"code":400,"message":"too long"}}]"#,
                Dialect::Messages
            )
            .unwrap(),
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: too long"}}"#
        );
        assert_eq!(of("<html>", Dialect::Chat), None);
    }
}
