//! An answer that one target began and another goes on with: what was said of it, and where the
//! two parts meet.

use std::borrow::Cow;

use super::answer::{Act, Kind, Piece};

/// What has been said of an answer.
#[derive(Debug, Default)]
pub(super) struct Said {
    text: String,
    /// Whether the block that is open is one of text.
    in_text: bool,
    /// Whether there was anything that a text alone does not tell: a call, a refusal.
    more: bool,
    /// Whether the last block was closed, where the target says so itself.
    closed: bool,
}

impl Said {
    /// Notes one act.
    pub(super) fn act(&mut self, act: &Act) {
        match act {
            Act::Open(kind) => {
                self.in_text = *kind == Kind::Text;
                self.more |= matches!(kind, Kind::Refusal | Kind::Call { .. });
            }
            Act::More(text) if self.in_text => self.text.push_str(text),
            Act::Close => self.in_text = false,
            Act::Stop(..) => self.more = true,
            Act::Start { .. } | Act::More(_) | Act::Signature(_) => {}
        }
    }

    /// How much text there is.
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Notes that the target itself opened or closed a block.
    pub(super) fn set_closed(&mut self, block: Block) {
        self.closed = block == Block::Closed;
    }

    /// The text, if the answer stands in the middle of it and there is nothing else.
    pub(super) fn text(&self) -> Option<&str> {
        let inside = self.in_text && !self.more && !self.closed;
        (inside && !self.text.trim().is_empty()).then_some(self.text.as_str())
    }
}

/// What becomes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Opened,
    Closed,
}

/// Where another target goes on.
#[derive(Debug)]
pub(super) struct Joint {
    /// White space in which the first part ends. Providers refuse an answer that ends so, and it is
    /// not handed to them: what they say of it was said.
    blank: String,
}

impl Joint {
    /// Behind this text.
    pub(super) fn behind(text: &str) -> Self {
        let front = text.trim_end().len();
        Self {
            blank: text.get(front..).unwrap_or_default().to_owned(),
        }
    }

    /// Leaves out what the client has, or what belongs to the beginning of an answer: who answers,
    /// and what was thought before.
    pub(super) fn fit(&mut self, pieces: &mut Vec<Piece<'_>>) {
        pieces.retain_mut(|piece| match piece {
            Piece::Start { .. } | Piece::Thinking(_) | Piece::Signature(_) | Piece::Redacted(_) => {
                false
            }
            Piece::Text(text) => {
                self.join(text);
                !text.is_empty()
            }
            Piece::Refusal(_)
            | Piece::Call { .. }
            | Piece::Arguments { .. }
            | Piece::Called(_)
            | Piece::Stop(..) => true,
        });
    }

    fn join(&mut self, text: &mut Cow<'_, str>) {
        let mut rest = text.as_ref();
        let mut blank = self.blank.as_str();
        while let (Some(due), Some(next)) = (blank.chars().next(), rest.chars().next())
            && due == next
        {
            blank = blank.get(due.len_utf8()..).unwrap_or_default();
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
        let rest = (rest.len() < text.len()).then(|| rest.to_owned());
        // The rest of the blanks is due only as long as nothing else was said.
        let is_over = rest
            .as_ref()
            .map_or(!text.is_empty(), |rest| !rest.is_empty());
        self.blank = if is_over {
            String::new()
        } else {
            blank.to_owned()
        };
        if let Some(rest) = rest {
            *text = Cow::Owned(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Joint;
    use crate::translate::answer::Piece;

    fn joined(said: &str, pieces: &[&str]) -> String {
        let mut joint = Joint::behind(said);
        let mut all = said.to_owned();
        for piece in pieces {
            let mut pieces = vec![Piece::Thinking("hm".into()), Piece::Text((*piece).into())];
            joint.fit(&mut pieces);
            for piece in pieces {
                let Piece::Text(text) = piece else {
                    panic!("{piece:?}");
                };
                all.push_str(&text);
            }
        }
        all
    }

    #[test]
    fn white_space_between_the_two_parts_is_said_once() {
        for (said, pieces, wanted) in [
            ("Once", &[" upon", " a"][..], "Once upon a"),
            ("Once ", &[" upon"], "Once upon"),
            ("Once ", &["upon"], "Once upon"),
            ("Once ", &[" ", " upon"], "Once  upon"),
            ("Once\n\n", &["\n", "\n", "- a", "\n"], "Once\n\n- a\n"),
            ("Once\n\n", &["\nupon\n"], "Once\n\nupon\n"),
            ("Once", &[], "Once"),
            ("Once ", &["", "", " upon", " a"], "Once upon a"),
        ] {
            assert_eq!(joined(said, pieces), wanted, "{said:?} {pieces:?}");
        }
    }
}
