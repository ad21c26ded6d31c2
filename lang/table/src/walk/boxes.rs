//! The walk through boxes: of all that the answers so far leave open, the first one is asked for what
//! it still wants to know, until one wants nothing more.

use crate::BOX_FIELDS_MAX;
use crate::walk::Unclear;
use crate::{ArmId, AtomId, Block, BoxParts, FieldId};

/// Boxes as they are walked.
#[derive(Debug)]
pub(crate) struct Boxes {
    columns: usize,
    count: usize,
    blocks: Box<[Block]>,
    /// The rows of all fields, one after the other, and where those of each begin.
    rows: Box<[u32]>,
    starts: Box<[usize]>,
    /// The arm of each box, and where its fields end in `asks`.
    ends: Box<[(ArmId, u32)]>,
    asks: Box<[u16]>,
}

impl Boxes {
    pub(crate) fn new(parts: &BoxParts) -> Self {
        let mut starts = Vec::with_capacity(parts.rows.len());
        let mut rows = Vec::new();
        for of_field in &parts.rows {
            starts.push(rows.len());
            rows.extend_from_slice(of_field);
        }
        let mut asks: Vec<u16> = Vec::new();
        let mut ends = Vec::with_capacity(parts.boxes.len());
        for one in &parts.boxes {
            asks.extend_from_slice(&one.fields);
            ends.push((one.arm, u32::try_from(asks.len()).unwrap_or(u32::MAX)));
        }
        Self {
            columns: parts.boxes.len().div_ceil(Block::BITS),
            count: parts.boxes.len(),
            blocks: parts.blocks.clone().into(),
            rows: rows.into(),
            starts: starts.into(),
            ends: ends.into(),
            asks: asks.into(),
        }
    }

    /// Never a part of its caller: most tables have no boxes, and their walk should stay small.
    #[inline(never)]
    pub(crate) fn walk<'t>(
        &'t self,
        atom_of: impl FnMut(FieldId) -> Result<AtomId, Unclear<'t>>,
    ) -> Result<ArmId, Unclear<'t>> {
        if self.starts.len() <= FEW {
            self.walk_with(Told::<FEW>::new(), atom_of)
        } else {
            self.walk_with(Told::<BOX_FIELDS_MAX>::new(), atom_of)
        }
    }

    #[inline]
    fn walk_with<'t, const N: usize>(
        &'t self,
        mut told: Told<N>,
        mut atom_of: impl FnMut(FieldId) -> Result<AtomId, Unclear<'t>>,
    ) -> Result<ArmId, Unclear<'t>> {
        for column in 0..self.columns {
            let mut open = self.open(column, &told).ok_or(Unclear::Broken)?;
            while let Some(bit) = lowest(&open) {
                let (arm, asks) = self
                    .one(column * Block::BITS + bit)
                    .ok_or(Unclear::Broken)?;
                let Some(field) = asks.iter().find(|field| !told.knows(**field)) else {
                    return Ok(arm);
                };
                let atom = atom_of(FieldId(*field))?;
                let start = self.starts.get(usize::from(*field));
                let row = start.ok_or(Unclear::Broken)? + atom.index() * self.columns;
                told.add(*field, row).ok_or(Unclear::Broken)?;
                let block = self.block(row + column).ok_or(Unclear::Broken)?;
                both(&mut open, block);
            }
        }
        Err(Unclear::Broken)
    }

    /// The boxes of a column that everything told so far leaves open.
    #[inline]
    fn open<const N: usize>(&self, column: usize, told: &Told<N>) -> Option<Block> {
        let left = self.count.checked_sub(column * Block::BITS)?;
        let mut open = Block([u64::MAX; 8]);
        if left < Block::BITS {
            for (at, word) in open.0.iter_mut().enumerate() {
                let bits = u32::try_from(left.saturating_sub(at * 64)).unwrap_or(0);
                *word = !u64::MAX.checked_shl(bits).unwrap_or(0);
            }
        }
        for row in told.rows.get(..told.count)? {
            both(&mut open, self.block(row + column)?);
        }
        Some(open)
    }

    #[inline]
    fn block(&self, cell: usize) -> Option<&Block> {
        self.blocks.get(*self.rows.get(cell)? as usize)
    }

    #[inline]
    fn one(&self, number: usize) -> Option<(ArmId, &[u16])> {
        let (arm, end) = *self.ends.get(number)?;
        let before = number
            .checked_sub(1)
            .and_then(|before| self.ends.get(before));
        let start = before.map_or(0, |(_, end)| *end);
        Some((arm, self.asks.get(start as usize..end as usize)?))
    }
}

/// Up to so many fields, what a request has told takes no time to make room for.
const FEW: usize = 32;

/// What a request has told: where the rows of its atoms begin, and the fields they are of.
struct Told<const N: usize> {
    rows: [usize; N],
    count: usize,
    fields: [u64; BOX_FIELDS_MAX / 64],
}

impl<const N: usize> Told<N> {
    #[inline]
    fn new() -> Self {
        Self {
            rows: [0; N],
            count: 0,
            fields: [0; BOX_FIELDS_MAX / 64],
        }
    }

    #[inline]
    fn knows(&self, field: u16) -> bool {
        let word = self.fields.get(usize::from(field) / 64).copied();
        word.unwrap_or(0) >> (field % 64) & 1 == 1
    }

    #[inline]
    fn add(&mut self, field: u16, row: usize) -> Option<()> {
        *self.fields.get_mut(usize::from(field) / 64)? |= 1 << (field % 64);
        *self.rows.get_mut(self.count)? = row;
        self.count += 1;
        Some(())
    }
}

#[inline]
fn both(open: &mut Block, block: &Block) {
    for (word, other) in open.0.iter_mut().zip(&block.0) {
        *word &= other;
    }
}

#[inline]
fn lowest(block: &Block) -> Option<usize> {
    let found = block.0.iter().enumerate().find(|(_, word)| **word != 0);
    found.map(|(at, word)| at * 64 + word.trailing_zeros() as usize)
}
