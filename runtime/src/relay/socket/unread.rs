//! Requests that hyper cannot read it refuses by itself, before any other code hears of them: a
//! head with an empty body. Here such a head gets the body that every refusal of the gateway has.

use http::StatusCode;
use memchr::memmem;

use crate::dialect::Dialect;
use crate::respond::{HEAD_TOO_LARGE, Reply, body};

const EMPTY: &[u8] = b"content-length: 0\r\n";

/// The whole answer in place of a head that hyper wrote by itself; nothing if it is another one.
///
/// An answer of the gateway is never taken for one: those that refuse have a body.
pub(super) fn spoken(head: &[u8]) -> Option<Vec<u8>> {
    let refused = head.strip_prefix(b"HTTP/1.1 4")?;
    let reply = reply(refused.get(..2)?)?;
    let at = memmem::find(head, EMPTY)?;
    let (before, after) = (head.get(..at)?, head.get(at + EMPTY.len()..)?);
    if memmem::find(head, b"\r\n\r\n")? + 4 != head.len() {
        return None;
    }
    // Whoever sent it may speak any protocol; clients of all of them read this form.
    let body = body(&reply, Dialect::Chat);
    let lines = format!(
        "content-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    Some([before, lines.as_bytes(), after, &body].concat())
}

fn reply(status: &[u8]) -> Option<Reply> {
    let (status, code, message) = match status {
        b"00" => (
            StatusCode::BAD_REQUEST,
            "bad_framing",
            "this is not a request of HTTP/1.1: check the request line, the header lines and the \
             length of the body (one content-length, or chunked)",
        ),
        b"14" => (
            StatusCode::URI_TOO_LONG,
            "head_too_large",
            "the address of the request is too long: what is asked belongs in its body",
        ),
        b"31" => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head_too_large",
            HEAD_TOO_LARGE,
        ),
        _ => return None,
    };
    Some(Reply {
        status,
        code,
        message: message.to_owned(),
        param: None,
        retry_after_s: None,
        pointless: true,
    })
}

#[cfg(test)]
mod tests {
    use super::spoken;

    #[test]
    fn a_head_without_a_body_gets_one_and_its_length() {
        let head = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\ndate: now\r\n\r\n";
        let told = String::from_utf8(spoken(head).unwrap()).unwrap();
        insta::assert_snapshot!(told.replace("\r\n", "\n"));
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())));
    }

    #[test]
    fn any_other_answer_is_left_as_it_is() {
        for head in [
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        ] {
            assert_eq!(spoken(head.as_bytes()), None, "{head}");
        }
    }
}
