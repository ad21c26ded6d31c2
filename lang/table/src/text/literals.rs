//! Exact values and their atoms: one hash, at most a few comparisons.

use crate::AtomId;

/// Exact values in an open hash table.
#[derive(Debug)]
pub(super) struct Literals {
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

    pub(super) fn new(literals: &[(String, AtomId)]) -> Option<Self> {
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
    pub(super) fn find(&self, value: &[u8]) -> Option<AtomId> {
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
                let text = self.text.get(start..start + value.len())?;
                if same(text, value) {
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

/// A multiply-and-fold hash of sixteen bytes a step. Literals come from the policy, not from clients,
/// and the probes are bounded, so that it need not withstand an attacker.
#[inline]
fn hash(value: &[u8], seed: u64) -> u64 {
    let mut state = seed ^ 0xa076_1d64_78bd_642f;
    // What is left is read as whole words where there are any, overlapping what came before.
    let (front, back) = if let Some(last) = value.last_chunk::<16>() {
        let (steps, _) = value.as_chunks::<16>();
        for step in steps {
            let (front, back) = halves(*step);
            state = fold(front ^ 0xe703_7ed1_a0b4_28db, back ^ state);
        }
        halves(*last)
    } else if let (Some(front), Some(back)) = (value.first_chunk::<8>(), value.last_chunk::<8>()) {
        (u64::from_le_bytes(*front), u64::from_le_bytes(*back))
    } else if let (Some(front), Some(back)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
        let word = |bytes: [u8; 4]| u64::from(u32::from_le_bytes(bytes));
        (word(*front), word(*back))
    } else {
        let few = value.iter();
        (few.fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
    };
    fold(
        front ^ value.len() as u64 ^ 0x9e37_79b9_7f4a_7c15,
        back ^ state,
    )
}

/// Whether two values of one length are equal. Values are short: a call would cost more than this.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    let ends = |value: &[u8]| Some((*value.first_chunk::<8>()?, *value.last_chunk::<8>()?));
    let small = |value: &[u8]| Some((*value.first_chunk::<4>()?, *value.last_chunk::<4>()?));
    if one.len() > 16 {
        let (words, more) = (one.as_chunks::<8>().0, other.as_chunks::<8>().0);
        words.iter().zip(more).all(|(a, b)| a == b) && one.last_chunk::<8>() == other.last_chunk()
    } else if let (Some(one), Some(other)) = (ends(one), ends(other)) {
        one == other
    } else if let (Some(one), Some(other)) = (small(one), small(other)) {
        one == other
    } else {
        one.iter().eq(other)
    }
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "both halves of the bytes are used"
)]
fn halves(bytes: [u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(bytes);
    (both as u64, (both >> 64) as u64)
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

#[cfg(test)]
mod tests {
    use super::{Literals, hash, same};
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
    fn values_are_the_same_only_if_every_byte_is() {
        for bytes in 0..40 {
            let value = vec![b'a'; bytes];
            assert!(same(&value, &value.clone()), "{bytes}");
            for at in 0..bytes {
                let mut other = value.clone();
                other[at] = b'b';
                assert!(!same(&value, &other), "byte {at} of {bytes}");
            }
        }
    }
}
