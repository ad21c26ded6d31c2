//! Names of tools and ids of calls, as another provider takes them.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Which names a provider takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    /// How long they may be.
    pub(super) bytes_max: usize,
    /// Which letters they may have beside ASCII letters, digits and the underscore.
    pub(super) also: &'static [u8],
    /// Whether the first must be a letter or the underscore.
    pub(super) first: First,
}

/// What a name may begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    Any,
    Letter,
}

/// Names of tools at providers of chat completions.
pub(super) const CHAT: Rule = Rule {
    bytes_max: 64,
    also: b"-",
    first: First::Any,
};

/// Names of tools at Anthropic.
pub(super) const MESSAGES: Rule = Rule {
    bytes_max: 128,
    also: b"-",
    first: First::Any,
};

/// Names of tools at Gemini.
pub(super) const GEMINI: Rule = Rule {
    bytes_max: 64,
    also: b"-.:",
    first: First::Letter,
};

/// Ids of calls, everywhere.
const IDS: Rule = CHAT;

/// The id of a call in letters that every provider takes. The same id always becomes the same one,
/// so a call and its result still meet, in this request and in all later ones.
pub(super) fn call_id(id: &str) -> Cow<'_, str> {
    fitting(id, IDS)
}

/// Tools that have another name at the provider than here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// What a tool is called there.
    pub(super) fn there<'n>(&mut self, name: &'n str, rule: Rule) -> Cow<'n, str> {
        let there = fitting(name, rule);
        if *there != *name && !self.0.contains_key(&*there) {
            self.0.insert(there.clone().into_owned(), name.to_owned());
        }
        there
    }

    /// What the client calls the tool with this name.
    pub(super) fn here<'n>(&'n self, there: &'n str) -> &'n str {
        self.0.get(there).map_or(there, String::as_str)
    }
}

/// How long the mark of a name is, with what stands before it.
const MARK: usize = 9;

/// The name itself where the rule has it; else its letters that may stand, and a mark of the whole,
/// so that no two names become one.
fn fitting(name: &str, rule: Rule) -> Cow<'_, str> {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || rule.also.contains(&byte);
    let begins = |byte: u8| rule.first == First::Any || byte.is_ascii_alphabetic() || byte == b'_';
    let fits = (1..=rule.bytes_max).contains(&name.len())
        && name.bytes().all(may)
        && name.bytes().next().is_some_and(begins);
    if fits {
        return Cow::Borrowed(name);
    }
    let letters = name
        .bytes()
        .map(|byte| if may(byte) { char::from(byte) } else { '_' });
    let mut fitted = String::new();
    if !name.bytes().next().is_some_and(begins) {
        fitted.push('_');
    }
    fitted.extend(letters);
    fitted.truncate(rule.bytes_max.saturating_sub(MARK));
    let mark = blake3::hash(name.as_bytes()).to_hex();
    fitted.push('_');
    fitted.extend(mark.chars().take(MARK - 1));
    Cow::Owned(fitted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{GEMINI, MESSAGES, Names, call_id};

    #[test]
    fn a_name_that_fits_stays_and_another_comes_back_as_it_was() {
        let mut names = Names::default();
        assert_eq!(names.there("look-up", MESSAGES), "look-up");
        let there = names.there("7 wonders", GEMINI).into_owned();
        assert!(there.starts_with("_7_wonders_"), "{there}");
        assert_eq!(names.here(&there), "7 wonders");
        assert_eq!(names.here("look-up"), "look-up");
        let long = "x".repeat(200);
        assert_eq!(names.there(&long, MESSAGES).len(), 128);
    }

    proptest! {
        #[test]
        fn every_id_fits_and_stays_the_same_once_it_does(id in ".{0,90}", other in ".{0,90}") {
            let fitted = call_id(&id).into_owned();
            proptest::prop_assert!((1..=64).contains(&fitted.len()));
            proptest::prop_assert!(
                fitted.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            );
            let again = call_id(&fitted).into_owned();
            proptest::prop_assert_eq!(&again, &fitted);
            proptest::prop_assert_eq!(call_id(&id) == call_id(&other), id == other);
        }
    }
}
