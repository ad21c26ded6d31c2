//! Ways to cut a stream into chunks, the same on every run.

use std::ops::Range;

/// How many random partitions each stream gets.
pub(crate) const PARTITIONS: u64 = 200;

/// One chunk for each byte.
pub(crate) fn bytewise(length: usize) -> Vec<Range<usize>> {
    (0..length).map(|at| at..at + 1).collect()
}

/// Chunks of random length, some of them empty, some the size of a socket read.
pub(crate) fn random(length: usize, seed: u64) -> Vec<Range<usize>> {
    let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut roll = |bound: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        usize::try_from(dice % bound).unwrap()
    };
    let longest = [3, 40, 400, 4000, 16 * 1024][roll(5)];
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < length {
        let end = (at + roll(longest)).min(length);
        pieces.push(at..end);
        at = end;
    }
    pieces
}
