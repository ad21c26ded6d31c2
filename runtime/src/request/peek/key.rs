//! Which key is meant, and whether every parser means the same one.

use crate::json::{Escapes, Text};

/// A key of an object of which some keys are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// Written plainly; its place among the read ones.
    Plain(usize),
    /// The same after its escapes are resolved.
    Escaped(usize),
    /// Some parsers would take it for this one: they fold letter case.
    Alike(usize),
    /// None that is read.
    Other,
}

impl Key {
    /// Finds `key` among the keys that are read.
    #[inline]
    pub(super) fn of(key: Text<'_>, read: &[&'static str]) -> Self {
        if key.escapes == Escapes::Yes {
            return alike(key, read);
        }
        if let Some(place) = read.iter().position(|word| word.as_bytes() == key.raw) {
            return Self::Plain(place);
        }
        let folds = |byte: &u8| byte.is_ascii_uppercase() || !byte.is_ascii();
        if key.raw.iter().any(folds) {
            return alike(key, read);
        }
        Self::Other
    }
}

#[cold]
fn alike(key: Text<'_>, read: &[&'static str]) -> Key {
    // A key that is no text is no key of ours in any parser.
    let Ok(decoded) = key.decode() else {
        return Key::Other;
    };
    if let Some(place) = read.iter().position(|word| **word == *decoded) {
        return Key::Escaped(place);
    }
    let folded = folded(&decoded);
    let place = read.iter().position(|word| *word == folded);
    place.map_or(Key::Other, Key::Alike)
}

/// A key as parsers that fold letter case compare it.
pub(super) fn folded(key: &str) -> String {
    key.chars().map(fold).collect()
}

/// Simple case folding as far as it leads to ASCII: besides the capital letters only the long s and
/// the Kelvin sign do, and Go's parser follows both.
fn fold(char: char) -> char {
    match char {
        '\u{17F}' => 's',
        '\u{212A}' => 'k',
        char => char.to_ascii_lowercase(),
    }
}
