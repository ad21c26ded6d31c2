//! Boxes as columns of bits: field by field, each atom gets the blocks of the boxes it lies in.

use std::collections::{BTreeMap, BTreeSet};

use claw_table::{ArmId, Block, BoxPart, BoxParts};

use crate::diagram::Sides;

/// Boxes on their way into the table.
pub(super) struct Boxes {
    list: Vec<(ArmId, Sides)>,
    /// The fields that were taken, in order.
    taken: Vec<u16>,
    /// Every block met so far, by the order in which they were.
    known: BTreeMap<Block, u32>,
    blocks: Vec<Block>,
    rows: Vec<Vec<u32>>,
}

impl Boxes {
    pub(super) fn new(boxes: Vec<(ArmId, Sides)>) -> Self {
        Self {
            list: boxes,
            taken: Vec::new(),
            known: BTreeMap::new(),
            blocks: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Every field that some box asks.
    pub(super) fn fields(&self) -> BTreeSet<u16> {
        let sides = self.list.iter().flat_map(|(_, sides)| sides.keys());
        sides.copied().collect()
    }

    /// Takes the next field. Atoms that were alike and lie in the same boxes stay alike.
    pub(super) fn take(&mut self, field: u16, alike: Vec<u16>) -> Vec<u16> {
        self.taken.push(field);
        let columns = self.columns(field, alike.len());
        let mut numbers: BTreeMap<(u16, Vec<Block>), u16> = BTreeMap::new();
        let mut rows = Vec::new();
        let mut classes = Vec::with_capacity(alike.len());
        for (atom, own) in alike.into_iter().enumerate() {
            let blocks = columns.iter().filter_map(|column| column.get(atom));
            let blocks: Vec<Block> = blocks.copied().collect();
            let next = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
            let class = *numbers.entry((own, blocks.clone())).or_insert_with(|| {
                rows.extend(blocks.iter().map(|block| self.known(*block)));
                next
            });
            classes.push(class);
        }
        self.rows.push(rows);
        classes
    }

    /// For each column, for each atom, the boxes it lies in.
    fn columns(&self, field: u16, atoms: usize) -> Vec<Vec<Block>> {
        let mut columns = Vec::new();
        for boxes in self.list.chunks(Block::BITS) {
            let mut free = Block([0; 8]);
            for (number, (_, sides)) in boxes.iter().enumerate() {
                if !sides.contains_key(&field) {
                    set(&mut free, number);
                }
            }
            let mut column = vec![free; atoms];
            for (number, (_, sides)) in boxes.iter().enumerate() {
                let ranges = sides.get(&field).into_iter().flatten();
                let atoms =
                    ranges.flat_map(|(first, last)| usize::from(*first)..=usize::from(*last));
                for atom in atoms {
                    column
                        .get_mut(atom)
                        .into_iter()
                        .for_each(|block| set(block, number));
                }
            }
            columns.push(column);
        }
        columns
    }

    fn known(&mut self, block: Block) -> u32 {
        let next = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        *self.known.entry(block).or_insert_with(|| {
            self.blocks.push(block);
            next
        })
    }

    pub(super) fn finish(self) -> BoxParts {
        let position = |field: &u16| {
            let at = self.taken.binary_search(field).unwrap_or(usize::MAX);
            u16::try_from(at).unwrap_or(u16::MAX)
        };
        let boxes = self.list.iter().map(|(arm, sides)| BoxPart {
            arm: *arm,
            fields: sides.keys().map(position).collect(),
        });
        BoxParts {
            boxes: boxes.collect(),
            blocks: self.blocks,
            rows: self.rows,
        }
    }
}

fn set(block: &mut Block, bit: usize) {
    if let Some(word) = block.0.get_mut(bit / 64) {
        *word |= 1 << (bit % 64);
    }
}
