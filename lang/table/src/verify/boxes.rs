//! The proof of a list of boxes: every atom has its rows, every request meets the last box, and a box
//! asks exactly the fields that can keep a request out of it.

use super::{Check, end, ordered};
use crate::BOX_FIELDS_MAX;
use crate::{Block, BoxParts, Parts};

/// Proves the boxes sound and gives the length of the longest walk.
pub(super) fn verify(parts: &Parts, it: &BoxParts) -> Check<usize> {
    let fields = parts.fields.len();
    check!(fields <= BOX_FIELDS_MAX, "too many fields for boxes");
    check!(it.rows.len() == fields, "rows of another count of fields");
    let columns = it.boxes.len().div_ceil(Block::BITS);
    for (field, rows) in parts.fields.iter().zip(&it.rows) {
        let cells = (field.atoms as usize).checked_mul(columns);
        check!(
            Some(rows.len()) == cells,
            "another count of rows than of atoms"
        );
    }
    blocks(it)?;
    let always = always(it, columns)?;
    for (number, one) in it.boxes.iter().enumerate() {
        end(parts, one.arm)?;
        check!(
            ordered(&one.fields, |a, b| a < b),
            "fields of a box out of order"
        );
        let mut asked = one
            .fields
            .iter()
            .map(|field| usize::from(*field))
            .peekable();
        for (field, always) in always.iter().enumerate() {
            let is_asked = asked.next_if_eq(&field).is_some();
            let block = always.get(number / Block::BITS);
            let is_always = block.is_some_and(|block| has(block, number % Block::BITS));
            check!(
                is_asked != is_always,
                "a box that asks other fields than matter to it"
            );
        }
        check!(asked.peek().is_none(), "a field that is not there");
    }
    let (last, before) = it.boxes.split_last().ok_or("no box for everything else")?;
    check!(last.fields.is_empty(), "no box for everything else");
    let shut = before.iter().all(|one| !one.fields.is_empty());
    check!(shut, "a box behind one that takes everything");
    Ok(fields)
}

/// Proves that each block is used, the first uses are in order, and no two are equal.
fn blocks(it: &BoxParts) -> Check {
    let mut used = 0;
    for block in it.rows.iter().flatten() {
        let block = *block as usize;
        check!(block < it.blocks.len(), "a block that is not there");
        check!(block <= used, "blocks out of order");
        used = used.max(block + 1);
    }
    check!(used == it.blocks.len(), "a block that no row uses");
    let mut sorted: Vec<&Block> = it.blocks.iter().collect();
    sorted.sort_unstable();
    check!(ordered(&sorted, |a, b| a < b), "a block twice");
    Ok(())
}

/// For each field the boxes in which all of its atoms are. No row knows a box that is not there.
fn always(it: &BoxParts, columns: usize) -> Check<Vec<Vec<Block>>> {
    let beyond = it.boxes.len() % Block::BITS;
    let mut all = Vec::with_capacity(it.rows.len());
    for rows in &it.rows {
        let mut always = vec![Block([u64::MAX; 8]); columns];
        for row in rows.chunks(columns.max(1)) {
            for (block, always) in row.iter().zip(&mut always) {
                let block = it.blocks.get(*block as usize);
                let block = block.ok_or("a block that is not there")?;
                for (word, kept) in block.0.iter().zip(&mut always.0) {
                    *kept &= word;
                }
            }
            let last = row.last().and_then(|last| it.blocks.get(*last as usize));
            let stray = last
                .is_some_and(|last| beyond != 0 && (beyond..Block::BITS).any(|bit| has(last, bit)));
            check!(!stray, "a box that is not there");
        }
        all.push(always);
    }
    Ok(all)
}

fn has(block: &Block, bit: usize) -> bool {
    let word = block.0.get(bit / 64).copied().unwrap_or(0);
    word >> (bit % 64) & 1 == 1
}
