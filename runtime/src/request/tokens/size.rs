//! How much input a request has, counted only where the answer depends on it, and once.
//!
//! Counting looks at every character; most requests are far smaller than any window. What an
//! estimate can come to at most is had for a few looks at the bytes:
//!
//! | what | at most |
//! |---|---|
//! | text | a token for each byte of the body: no run of characters costs more |
//! | messages, tools, the answer | their flat sums, since the pass over the body has counted them |
//! | pictures, sounds, files | a flat sum for each place that could be one |

use std::cell::Cell;

use memchr::memchr2_iter;

use super::{ANSWER_TOKENS, BASE64, MEDIA, MEDIUM_TOKENS, MESSAGE_TOKENS, TOOL_TOKENS, estimate};
use crate::request::peek::Peek;

/// The input tokens of one request.
#[derive(Debug)]
pub struct Size<'b> {
    body: &'b [u8],
    peek: &'b Peek,
    known: Cell<Known>,
}

/// What has been found out of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// What they are at most.
    most: Option<u64>,
    /// The estimate.
    tokens: Option<u64>,
}

impl<'b> Size<'b> {
    /// Of a body, with what the pass over it has found.
    pub fn of(body: &'b [u8], peek: &'b Peek) -> Self {
        Self::again((body, peek), Known::default())
    }

    /// The same where something is known of it already.
    pub fn again((body, peek): (&'b [u8], &'b Peek), known: Known) -> Self {
        Self {
            body,
            peek,
            known: Cell::new(known),
        }
    }

    /// What has been found out so far.
    pub fn known(&self) -> Known {
        self.known.get()
    }

    /// The estimate.
    pub fn tokens(&self) -> u64 {
        let known = self.known.get();
        known.tokens.unwrap_or_else(|| {
            let tokens = estimate(self.body);
            self.known.set(Known {
                tokens: Some(tokens),
                ..known
            });
            tokens
        })
    }

    /// What the estimate comes to at most.
    pub fn most(&self) -> u64 {
        let known = self.known.get();
        known.most.unwrap_or_else(|| {
            let most = most(self.body, self.peek);
            self.known.set(Known {
                most: Some(most),
                ..known
            });
            most
        })
    }

    /// Whether the estimate is above this: counted only if it could be.
    pub fn is_above(&self, tokens: u64) -> bool {
        match self.known.get().tokens {
            Some(counted) => counted > tokens,
            None => self.most() > tokens && self.tokens() > tokens,
        }
    }
}

fn most(body: &[u8], peek: &Peek) -> u64 {
    let flat = [
        (u64::from(peek.messages), MESSAGE_TOKENS),
        (u64::from(peek.tools), TOOL_TOKENS),
        (media_max(body), MEDIUM_TOKENS),
        (1, ANSWER_TOKENS),
    ];
    let flat = flat.map(|(count, each)| count.saturating_mul(each));
    flat.into_iter()
        .fold(body.len() as u64, u64::saturating_add)
}

/// How many pictures, sounds and files there can be: each is the value of one of these members, or
/// says that it is base64.
fn media_max(body: &[u8]) -> u64 {
    let marks = memchr2_iter(b':', b';', body).filter_map(|at| body.split_at_checked(at));
    marks.filter(|around| is_medium(*around)).count() as u64
}

/// Whether the colon or semicolon between these two is that of a medium.
fn is_medium((front, back): (&[u8], &[u8])) -> bool {
    if back.starts_with(b";") {
        return back.starts_with(BASE64);
    }
    let Some(name) = front.trim_ascii_end().strip_suffix(b"\"") else {
        return false;
    };
    // Schemas are full of keys, and few end in the same letter.
    let mut alike = MEDIA.iter().filter(|medium| medium.last() == name.last());
    alike.any(|medium| {
        let before = name.strip_suffix(*medium);
        before.is_some_and(|before| before.ends_with(b"\""))
    })
}

#[cfg(test)]
mod tests {
    use super::Size;
    use crate::request::peek::peek;

    #[test]
    fn a_body_is_counted_only_where_its_bytes_leave_it_open() {
        let body = br#"{"messages":[{"role":"user","content":"hi there"}]}"#;
        let peek = peek(body).unwrap();
        let size = Size::of(body, &peek);
        assert!(!size.is_above(1_000));
        assert_eq!(size.known().tokens, None);
        assert!(!size.is_above(9));
        assert_eq!(size.known().tokens, Some(9));
        // What is known is asked of no body again.
        let again = Size::again((b"", &peek), size.known());
        assert!(again.is_above(8) && !again.is_above(9));
    }
}
