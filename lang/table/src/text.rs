//! From a byte string to its atom: an exact literal, else the longest prefix and suffix and the
//! infixes.
//!
//! Everything here is made once, at load, from verified parts. A lookup hashes the value once,
//! compares at most a few literals, and searches the few affixes; its cost does not grow with the
//! number of arms.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::{AtomId, TextParts};

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

    /// What the values so far and one more amount to.
    #[inline]
    pub(crate) fn join(&self, seen: Seen, value: &[u8]) -> Seen {
        let atom = self.atom(value);
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
            Seen::Many(tests) => {
                let at = self
                    .unions
                    .binary_search_by_key(&tests, |(tests, _)| *tests)
                    .ok()?;
                self.unions.get(at).map(|(_, atom)| *atom)
            }
            Seen::Unclear => None,
        }
    }

    #[cold]
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

    #[inline]
    fn atom(&self, value: &[u8]) -> AtomId {
        if let Some(atom) = self.literals.find(value) {
            return atom;
        }
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

/// Exact values in an open hash table.
#[derive(Debug)]
struct Literals {
    slots: Box<[Slot]>,
    seed: u64,
    bytes_max: usize,
    text: Box<[u8]>,
}

/// One place of the hash table. A literal of no bytes is told from a free place by `used`.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    tag: u32,
    start: u32,
    bytes: u32,
    atom: u16,
    used: bool,
}

impl Literals {
    /// The longest way from a literal's first place to its own. At half load with a fair hash the
    /// expected maximum is below 40 for a million literals.
    const PROBES_MAX: usize = 64;
    const SEEDS: u64 = 16;

    fn new(literals: &[(String, AtomId)]) -> Option<Self> {
        (0..Self::SEEDS).find_map(|seed| Self::spread(literals, seed))
    }

    fn spread(literals: &[(String, AtomId)], seed: u64) -> Option<Self> {
        let mut slots = vec![Slot::default(); (literals.len() * 2).next_power_of_two()];
        let mut text = Vec::new();
        for (literal, atom) in literals {
            let hash = hash(literal.as_bytes(), seed);
            let first = place(hash, slots.len());
            let mask = slots.len() - 1;
            let at = (first..first + Self::PROBES_MAX)
                .map(|at| at & mask)
                .find(|at| slots.get(*at).is_some_and(|slot| !slot.used))?;
            *slots.get_mut(at)? = Slot {
                tag: tag(hash),
                start: u32::try_from(text.len()).ok()?,
                bytes: u32::try_from(literal.len()).ok()?,
                atom: atom.0,
                used: true,
            };
            text.extend_from_slice(literal.as_bytes());
        }
        Some(Self {
            slots: slots.into(),
            seed,
            bytes_max: literals
                .iter()
                .map(|(literal, _)| literal.len())
                .max()
                .unwrap_or(0),
            text: text.into(),
        })
    }

    #[inline]
    fn find(&self, value: &[u8]) -> Option<AtomId> {
        if value.len() > self.bytes_max {
            return None;
        }
        let hash = hash(value, self.seed);
        let first = place(hash, self.slots.len());
        let mask = self.slots.len() - 1;
        for at in first..first + Self::PROBES_MAX {
            let slot = self.slots.get(at & mask)?;
            if !slot.used {
                return None;
            }
            if slot.tag == tag(hash) && slot.bytes as usize == value.len() {
                let start = slot.start as usize;
                if self.text.get(start..start + value.len()) == Some(value) {
                    return Some(AtomId(slot.atom));
                }
            }
        }
        None
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a hash is cut to the bits that are needed"
)]
fn place(hash: u64, slots: usize) -> usize {
    hash as usize & (slots - 1)
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// A multiply-and-fold hash of eight bytes a step. Literals come from the policy, not from clients,
/// and the probes are bounded, so that it need not withstand an attacker.
#[inline]
fn hash(value: &[u8], seed: u64) -> u64 {
    let (words, rest) = value.as_chunks::<8>();
    let mut state = fold(value.len() as u64 ^ seed, 0x9e37_79b9_7f4a_7c15);
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), 0xa076_1d64_78bd_642f);
    }
    // What is left is read as the last whole word where there is one, overlapping what came before.
    let last = if rest.is_empty() {
        0
    } else if let Some(word) = value.last_chunk() {
        u64::from_le_bytes(*word)
    } else if let (Some(front), Some(back)) = (value.first_chunk(), value.last_chunk()) {
        u64::from(u32::from_le_bytes(*front)) << 32 | u64::from(u32::from_le_bytes(*back))
    } else {
        value
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte))
    };
    fold(state ^ last, 0xe703_7ed1_a0b4_28db)
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "both halves of the product are used"
)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x8ebc_6af0_9c88_c6e3).wrapping_mul(u128::from(b));
    product as u64 ^ (product >> 64) as u64
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
    use super::{Affixes, Literals, hash};
    use crate::AtomId;

    #[test]
    fn every_literal_is_found_and_its_neighbours_are_not() {
        let literals: Vec<(String, AtomId)> = (0..5000u16)
            .map(|n| (format!("/v1/team-{n}"), AtomId(n)))
            .collect();
        let index = Literals::new(&literals).unwrap();
        for (literal, atom) in &literals {
            assert_eq!(index.find(literal.as_bytes()), Some(*atom));
        }
        assert_eq!(index.find(b"/v1/team-"), None);
        assert_eq!(index.find(b"/v1/team-5000"), None);
        assert_eq!(index.find(b""), None);
    }

    #[test]
    fn the_empty_value_can_be_a_literal() {
        let index = Literals::new(&[(String::new(), AtomId(7))]).unwrap();
        assert_eq!(index.find(b""), Some(AtomId(7)));
        assert_eq!(index.find(b"a"), None);
    }

    #[test]
    fn the_hash_reads_every_byte() {
        for bytes in 1..40 {
            let value = vec![b'a'; bytes];
            for at in 0..bytes {
                let mut other = value.clone();
                other[at] = b'b';
                assert_ne!(hash(&value, 0), hash(&other, 0), "byte {at} of {bytes}");
            }
        }
    }

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
