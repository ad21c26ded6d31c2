//! From a byte string to its atom: an exact literal, else the longest prefix and suffix and the
//! infixes.
//!
//! Everything here is made once, at load, from verified parts. A lookup hashes the value once,
//! compares at most a few literals, and searches the few affixes; its cost does not grow with the
//! number of arms.

mod literals;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::{AtomId, TextParts};
use literals::Literals;

/// The atoms of one text field, ready for lookup.
#[derive(Debug)]
pub(crate) struct TextIndex {
    absent: AtomId,
    literals: Literals,
    prefixes: Affixes<false>,
    suffixes: Affixes<true>,
    infixes: Option<Infixes>,
    grid: Box<[AtomId]>,
    /// The atom of a value that meets no test, where such a value adds nothing to the others.
    other: Option<AtomId>,
    tests: Box<[u64]>,
    unions: Box<[(u64, AtomId)]>,
}

/// What the values so far amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// No value.
    Nothing,
    /// One value, or several that no test tells apart.
    One(AtomId),
    /// Several values, some of which meet each of these tests.
    Many(u64),
    /// Several values that no atom stands for.
    Unclear,
}

impl TextIndex {
    /// Nothing if the literals cannot be spread over a hash table, or no automaton can be made of
    /// the infixes; neither happens with an honest table.
    pub(crate) fn new(parts: &TextParts, repeats: Repeats) -> Option<Self> {
        Some(Self {
            absent: parts.absent,
            literals: Literals::new(&parts.literals)?,
            prefixes: Affixes::new(&parts.prefixes),
            suffixes: Affixes::new(&parts.suffixes),
            infixes: match &*parts.infixes {
                [] => None,
                infixes => Some(Infixes::new(infixes, &parts.sets)?),
            },
            grid: parts.grid.clone().into(),
            other: match repeats {
                Repeats::Yes => parts.grid.first().copied(),
                Repeats::No => None,
            },
            tests: parts.tests.clone().into(),
            unions: parts
                .unions
                .iter()
                .map(|union| (union.tests, union.atom))
                .collect(),
        })
    }

    /// What the values so far and one more, of this atom, amount to.
    #[inline]
    pub(crate) fn join(&self, seen: Seen, atom: AtomId) -> Seen {
        if seen == Seen::Nothing {
            Seen::One(atom)
        } else {
            self.join_more(seen, atom)
        }
    }

    /// Few facts have a second value.
    #[cold]
    fn join_more(&self, seen: Seen, atom: AtomId) -> Seen {
        match seen {
            Seen::Nothing => Seen::One(atom),
            Seen::One(before) if before == atom => seen,
            Seen::One(before) => self.join_two(before, atom),
            Seen::Many(tests) => Seen::Many(tests | self.tests_of(atom)),
            Seen::Unclear => Seen::Unclear,
        }
    }

    /// The atom of all values together, if there is one.
    #[inline]
    pub(crate) fn settle(&self, seen: Seen) -> Option<AtomId> {
        match seen {
            Seen::Nothing => Some(self.absent),
            Seen::One(atom) => Some(atom),
            Seen::Many(tests) => self.together(tests),
            Seen::Unclear => None,
        }
    }

    #[cold]
    fn together(&self, tests: u64) -> Option<AtomId> {
        let unions = &self.unions;
        let at = unions.binary_search_by_key(&tests, |(tests, _)| *tests);
        unions.get(at.ok()?).map(|(_, atom)| *atom)
    }

    fn join_two(&self, before: AtomId, atom: AtomId) -> Seen {
        if !self.tests.is_empty() {
            Seen::Many(self.tests_of(before) | self.tests_of(atom))
        } else if self.other == Some(atom) {
            Seen::One(before)
        } else if self.other == Some(before) {
            Seen::One(atom)
        } else {
            Seen::Unclear
        }
    }

    fn tests_of(&self, atom: AtomId) -> u64 {
        self.tests.get(atom.index()).copied().unwrap_or(0)
    }

    /// The atom of one value.
    #[inline]
    pub(crate) fn atom(&self, value: &[u8]) -> AtomId {
        match self.literals.find(value) {
            Some(atom) => atom,
            None => self.atom_by_parts(value),
        }
    }

    /// The atom of a value that is no literal.
    #[inline(never)]
    fn atom_by_parts(&self, value: &[u8]) -> AtomId {
        let row = self.prefixes.longest(value);
        let column = self.suffixes.longest(value);
        let set = self
            .infixes
            .as_ref()
            .map_or(0, |infixes| infixes.set(value));
        let rows = self.prefixes.entries.len() + 1;
        let cell = (set * rows + row) * (self.suffixes.entries.len() + 1) + column;
        self.grid.get(cell).copied().unwrap_or(self.absent)
    }
}

/// Whether a request may carry several values of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    No,
    Yes,
}

/// Prefixes in order, or suffixes in the order of their bytes read backwards.
#[derive(Debug)]
struct Affixes<const BACKWARDS: bool> {
    entries: Box<[Affix]>,
    text: Box<[u8]>,
}

#[derive(Debug, Clone, Copy)]
struct Affix {
    start: usize,
    bytes: usize,
    /// One more than the position of the longest other affix that this one begins with; or 0.
    parent: usize,
}

impl<const BACKWARDS: bool> Affixes<BACKWARDS> {
    fn new(affixes: &[String]) -> Self {
        let mut made = Self {
            entries: Box::default(),
            text: Box::default(),
        };
        let mut text = Vec::new();
        let mut entries: Vec<Affix> = Vec::new();
        // Those that the current affix begins with, shortest first.
        let mut open: Vec<usize> = Vec::new();
        for affix in affixes {
            let start = text.len();
            text.extend_from_slice(affix.as_bytes());
            if BACKWARDS && let Some(added) = text.get_mut(start..) {
                added.reverse();
            }
            let begins = |index: &usize| {
                let entry = entries.get(*index)?;
                let old = text.get(entry.start..entry.start + entry.bytes)?;
                Some(text.get(start..)?.starts_with(old))
            };
            while open.pop_if(|index| begins(index) != Some(true)).is_some() {}
            let parent = open.last().map_or(0, |index| index + 1);
            open.push(entries.len());
            entries.push(Affix {
                start,
                bytes: affix.len(),
                parent,
            });
        }
        made.entries = entries.into();
        made.text = text.into();
        made
    }

    /// One more than the position of the longest affix of the value, or 0.
    ///
    /// The greatest affix not above the value shares with it whatever the longest one does, so the
    /// longest is that one or a parent of it.
    #[inline]
    fn longest(&self, value: &[u8]) -> usize {
        if self.entries.is_empty() {
            return 0;
        }
        let mut at = self
            .entries
            .partition_point(|affix| self.not_above(affix, value));
        let Some(near) = at.checked_sub(1).and_then(|index| self.entries.get(index)) else {
            return 0;
        };
        let shared = self.shared(near, value);
        // Parents grow shorter with each step, so this ends.
        while let Some(affix) = at.checked_sub(1).and_then(|index| self.entries.get(index)) {
            if affix.bytes <= shared {
                return at;
            }
            at = affix.parent;
        }
        0
    }

    fn text_of(&self, affix: &Affix) -> &[u8] {
        self.text
            .get(affix.start..affix.start + affix.bytes)
            .unwrap_or_default()
    }

    fn not_above(&self, affix: &Affix, value: &[u8]) -> bool {
        if BACKWARDS {
            self.text_of(affix).iter().le(value.iter().rev())
        } else {
            self.text_of(affix) <= value
        }
    }

    fn shared(&self, affix: &Affix, value: &[u8]) -> usize {
        let affix = self.text_of(affix).iter();
        if BACKWARDS {
            affix
                .zip(value.iter().rev())
                .take_while(|(a, b)| a == b)
                .count()
        } else {
            affix.zip(value).take_while(|(a, b)| a == b).count()
        }
    }
}

/// Texts looked for anywhere in a value, all in one pass.
#[derive(Debug)]
struct Infixes {
    automaton: AhoCorasick,
    sets: Box<[u64]>,
}

impl Infixes {
    fn new(infixes: &[String], sets: &[u64]) -> Option<Self> {
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(infixes)
            .ok()?;
        Some(Self {
            automaton,
            sets: sets.into(),
        })
    }

    /// The position of the set of infixes in a value.
    fn set(&self, value: &[u8]) -> usize {
        let found = self.automaton.find_overlapping_iter(value);
        let set = found.fold(0_u64, |set, found| {
            set | 1_u64.checked_shl(found.pattern().as_u32()).unwrap_or(0)
        });
        self.sets.binary_search(&set).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Affixes;

    #[test]
    fn the_longest_affix_is_found_among_nested_ones() {
        let texts = ["a", "ab", "abc", "abd", "b"].map(str::to_owned);
        let prefixes = Affixes::<false>::new(&texts);
        let slow = |value: &str| {
            (0..texts.len())
                .filter(|index| value.starts_with(&texts[*index]))
                .max_by_key(|index| texts[*index].len())
                .map_or(0, |index| index + 1)
        };
        for value in [
            "", "a", "aa", "ab", "abb", "abc", "abcd", "abd", "abe", "ac", "b", "c", "A",
        ] {
            assert_eq!(prefixes.longest(value.as_bytes()), slow(value), "{value}");
        }
        let suffixes = Affixes::<true>::new(&["a", "ba", "cba", "c"].map(str::to_owned));
        assert_eq!(suffixes.longest(b"xcba"), 3);
        assert_eq!(suffixes.longest(b"xba"), 2);
        assert_eq!(suffixes.longest(b"ba"), 2);
        assert_eq!(suffixes.longest(b"da"), 1);
        assert_eq!(suffixes.longest(b"c"), 4);
        assert_eq!(suffixes.longest(b"b"), 0);
    }
}
