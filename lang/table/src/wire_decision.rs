//! How fields and the diagram are spelled in bytes. The order of the lines below is the format.

use crate::wire::{Fault, Reader, Wire, choice, record, wrapped};
use crate::{
    AddressParts, ArmId, AtomId, Block, BoxPart, BoxParts, Can, Cell, DiagramParts, Fact,
    FieldParts, JsonParts, Node, NumberParts, Ref, Run, Split, TextParts, Union, Within,
};

wrapped! { Ref(u32) }

record! {
    FieldParts { fact: Fact, atoms: u32, split: Split }
    TextParts {
        absent: AtomId,
        literals: Vec<(String, AtomId)>,
        prefixes: Vec<String>,
        suffixes: Vec<String>,
        infixes: Vec<String>,
        sets: Vec<u64>,
        grid: Vec<AtomId>,
        tests: Vec<u64>,
        unions: Vec<Union>,
    }
    Union { tests: u64, atom: AtomId }
    NumberParts { absent: AtomId, cuts: Vec<u64>, atoms: Vec<AtomId> }
    AddressParts { absent: AtomId, cuts: Vec<u128>, atoms: Vec<AtomId> }
    JsonParts {
        null: AtomId,
        no: AtomId,
        yes: AtomId,
        nested: AtomId,
        number: NumberParts,
        text: TextParts,
    }
    DiagramParts { root: Ref, guards: Vec<Ref>, nodes: Vec<Node>, cells: Vec<Cell>, runs: Vec<Run> }
    BoxParts { boxes: Vec<BoxPart>, blocks: Vec<Block>, rows: Vec<Vec<u32>> }
    BoxPart { arm: ArmId, fields: Vec<u16> }
    Node { field: u16, runs: u16, base: u32, miss: Ref }
    Cell { owner: u32, next: Ref }
    Run { last: AtomId, next: Ref }
}

choice! {
    Fact {
        0 => Method,
        1 => Path,
        2 => Host,
        3 => Endpoint,
        4 => Header(String),
        5 => Query(String),
        6 => Model,
        7 => Streaming,
        8 => Has(Can),
        9 => Tokens,
        10 => Ip,
        11 => Client,
        12 => MaxOutput,
        13 => Messages,
        14 => Temperature,
        15 => Body(String),
        16 => Session,
        17 => Mentions(Vec<String>),
        18 => Time(String),
        19 => CallerKey,
        20 => Contains((Within, String)),
    }
    Within {
        0 => Path,
        1 => Host,
        2 => Model,
        3 => Session,
        4 => Header(String),
        5 => Query(String),
    }
    Split { 0 => Text(TextParts), 1 => Number(NumberParts), 2 => Flag, 3 => Address(AddressParts), 4 => Json(JsonParts) }
}

impl Wire for Block {
    const BYTES_MIN: usize = Self::BITS / 8;

    fn put(&self, out: &mut Vec<u8>) {
        self.0.iter().for_each(|word| word.put(out));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let mut words = [0; 8];
        for word in &mut words {
            *word = u64::take(from)?;
        }
        Ok(Self(words))
    }
}

impl Wire for Can {
    const BYTES_MIN: usize = 1;

    fn put(&self, out: &mut Vec<u8>) {
        (*self as u8).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Fault> {
        let number = u8::take(from)?;
        Self::ALL
            .get(usize::from(number))
            .copied()
            .ok_or("an unknown capability")
    }
}
