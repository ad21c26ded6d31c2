//! What does not survive on the way into another protocol: what a request is refused for, and what
//! is left out and named.

use thiserror::Error;

/// Something that a request says and another protocol cannot. Nothing of it is sent there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("`{field}` cannot be carried into the protocol of another provider: {why}")]
pub struct Uncarried {
    /// The member of the body it is about.
    pub field: &'static str,
    /// What is in the way, and what to write instead.
    pub why: &'static str,
}

impl Uncarried {
    /// This member, for this reason.
    pub(super) fn new(field: &'static str, why: &'static str) -> Self {
        Self { field, why }
    }

    /// A member that is not what its protocol says.
    pub(super) fn malformed(field: &'static str) -> Self {
        Self::new(
            field,
            "it is not of the form that the protocol of the request has for it",
        )
    }
}

/// Hints that were left out, each named once: another answer than the one asked for does not come
/// of it. They are told in a header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped(Vec<String>);

/// More names, and longer ones, would make a header that clients refuse.
const NAMES_MAX: usize = 32;
const NAME_BYTES_MAX: usize = 64;

impl Dropped {
    /// Notes that a member was left out. The caller's own names may be anything; those that cannot
    /// stand in a header are told as `other`.
    pub(super) fn note(&mut self, name: &str) {
        let sane = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let fits = name.len() <= NAME_BYTES_MAX && !name.is_empty() && name.bytes().all(sane);
        let name = if fits && self.0.len() < NAMES_MAX {
            name
        } else {
            "other"
        };
        if self.0.iter().all(|noted| noted != name) {
            self.0.push(name.to_owned());
        }
    }

    /// How many names there are.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The names as a header tells them; nothing if there are none.
    pub fn told(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::Dropped;

    #[test]
    fn each_name_is_told_once_and_none_breaks_the_header() {
        let mut dropped = Dropped::default();
        assert_eq!(dropped.told(), None);
        for name in ["seed", "seed", "a\r\nb", "", "messages.name"] {
            dropped.note(name);
        }
        assert_eq!(dropped.told().unwrap(), "seed,other,messages.name");
        for at in 0..99 {
            dropped.note(&format!("x{at}"));
        }
        assert!(dropped.told().unwrap().len() < 200);
    }
}
