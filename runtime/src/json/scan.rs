//! Where in a string the next byte stands that means more than itself.

use wide::u8x16;

/// So many bytes are looked at together.
const BLOCK_BYTES: usize = 16;
const ROW_BYTES: usize = 4 * BLOCK_BYTES;

/// How many bytes at the front may stand in a string as they are.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    // Short strings are the rule outside message texts: a block decides without a branch for each
    // byte, which no processor could foresee.
    let Some((block, rest)) = bytes.split_first_chunk() else {
        return near(bytes);
    };
    match specials(block) {
        0 => BLOCK_BYTES + far(rest),
        specials => specials.trailing_zeros() as usize,
    }
}

/// The same behind the first block: four of them at once, until one has something.
#[inline(never)]
fn far(bytes: &[u8]) -> usize {
    let mut passed = 0;
    if let Some(block) = bytes.first_chunk() {
        let specials = specials(block);
        if specials != 0 {
            return specials.trailing_zeros() as usize;
        }
        passed = BLOCK_BYTES;
    }
    while let Some(row) = bytes
        .get(passed..)
        .and_then(<[u8]>::first_chunk::<ROW_BYTES>)
    {
        let found = row
            .as_chunks()
            .0
            .iter()
            .fold(u8x16::ZERO, |all, block| all | marked(block));
        if found.to_bitmask() != 0 {
            break;
        }
        passed += ROW_BYTES;
    }
    while let Some(block) = bytes.get(passed..).and_then(<[u8]>::first_chunk) {
        let specials = specials(block);
        if specials != 0 {
            return passed + specials.trailing_zeros() as usize;
        }
        passed += BLOCK_BYTES;
    }
    passed + near(bytes.get(passed..).unwrap_or_default())
}

/// The same where less than a block is left.
#[inline]
fn near(bytes: &[u8]) -> usize {
    let special = bytes.iter().position(|byte| is_special(*byte));
    special.unwrap_or(bytes.len())
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// A bit for each byte of the block that is a quote, a backslash or a control character.
#[inline]
fn specials(block: &[u8; BLOCK_BYTES]) -> u32 {
    marked(block).to_bitmask()
}

/// The same as a mark on each such byte.
#[inline]
fn marked(block: &[u8; BLOCK_BYTES]) -> u8x16 {
    let block = u8x16::new(*block);
    let quotes = block.simd_eq(u8x16::splat(b'"'));
    let backslashes = block.simd_eq(u8x16::splat(b'\\'));
    let last_control = u8x16::splat(b' ' - 1);
    let controls = block.max(last_control).simd_eq(last_control);
    quotes | backslashes | controls
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_oneof, proptest};

    use super::{is_special, plain};

    proptest! {
        #[test]
        fn blocks_find_what_a_byte_at_a_time_finds(
            bytes in vec(prop_oneof![20 => b' '..=b'~', 1 => any::<u8>()], 0..200),
        ) {
            let first = bytes.iter().position(|byte| is_special(*byte));
            assert_eq!(plain(&bytes), first.unwrap_or(bytes.len()));
        }
    }
}
