//! A table taken apart: what the compiler hands to `encode`, and what `open` finds in a file.
//!
//! Nothing here is proved. A [`crate::Table`] is made from bytes only, and its making is the proof.

use crate::policy::{Action, Arm, Policy};
use crate::{ArmId, AtomId, Fact, Feature, Place};

/// Everything a table file holds, beside its digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The version of the compiler.
    pub compiler: String,
    /// Digest of the policy's source text.
    pub source: [u8; 32],
    /// What the gateway must enforce.
    pub features: Vec<Feature>,
    /// The part that is not a decision.
    pub policy: Policy,
    /// What the diagram tests, in the order in which it tests.
    pub fields: Vec<FieldParts>,
    /// From atoms to an arm, and to the answer of each guard.
    pub diagram: DiagramParts,
    /// From atoms to an arm, where the diagram would be too large for it.
    pub boxes: Option<BoxParts>,
    /// Where each arm is written.
    pub places: Vec<Place>,
}

impl Parts {
    /// A table in which every request ends in one arm. For tests of what comes after the walk.
    pub fn always(mut policy: Policy, action: Action) -> Self {
        policy.arms = vec![Arm {
            label: "main/1".to_owned(),
            to: action,
        }];
        policy.otherwise = Some(ArmId(0));
        Self {
            compiler: env!("CARGO_PKG_VERSION").to_owned(),
            source: [0; 32],
            features: Vec::new(),
            policy,
            fields: Vec::new(),
            diagram: DiagramParts {
                root: Ref::leaf(ArmId(0)),
                guards: Vec::new(),
                nodes: Vec::new(),
                cells: Vec::new(),
                runs: Vec::new(),
            },
            boxes: None,
            places: vec![Place::default()],
        }
    }
}

/// Boxes in the order in which they are tried, as columns of bits: a box lies in column `n / 512`,
/// at bit `n % 512`. Its memory grows with boxes and atoms, not with the regions they cut out.
///
/// ```text
/// rows[field][atom · columns + column]  the block that tells in which boxes of the column this atom is
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxParts {
    /// What each box leads to. The last one is met by every request.
    pub boxes: Vec<BoxPart>,
    /// Every block that some row uses, in the order of first use; no two are equal.
    pub blocks: Vec<Block>,
    /// For each field, for each atom, for each column, the position of a block.
    pub rows: Vec<Vec<u32>>,
}

/// The most fields that a walk through boxes keeps in mind.
pub(crate) const BOX_FIELDS_MAX: usize = 512;

/// Requests that have one of certain atoms in each of certain fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxPart {
    /// Where they end.
    pub arm: ArmId,
    /// The fields of which not every atom is in it: positions in [`Parts::fields`], rising.
    pub fields: Vec<u16>,
}

/// For each of 512 boxes whether an atom is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block(pub [u64; 8]);

impl Block {
    /// How many boxes there are in a column.
    pub const BITS: usize = 512;
}

/// The diagram, laid flat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagramParts {
    /// Where the walk starts: at a node, or in an arm; [`Ref::NO`] where boxes decide.
    pub root: Ref,
    /// Where the walk of each guard starts, or what it says without one.
    pub guards: Vec<Ref>,
    /// Nodes; edges only go to later nodes of later fields.
    /// INVARIANT: a walk from `root` ends in an arm, one from a guard in yes or no.
    pub nodes: Vec<Node>,
    /// The rows of all nodes without runs, laid over one another.
    pub cells: Vec<Cell>,
    /// The runs of all nodes with runs, one after the other.
    pub runs: Vec<Run>,
}

/// Where an edge leads: to a node, to an arm, or to the answer of a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ref(pub u32);

impl Ref {
    /// The bit that tells an arm from a node.
    const LEAF: u32 = 1 << 31;
    /// The guard's condition holds.
    pub const YES: Self = Self(u32::MAX);
    /// It does not.
    pub const NO: Self = Self(u32::MAX - 1);

    /// The edge that ends in an arm.
    pub fn leaf(arm: ArmId) -> Self {
        Self(arm.0 | Self::LEAF)
    }

    /// The arm in which this edge ends, if it does not go on.
    pub fn arm(self) -> Option<ArmId> {
        (self.0 & Self::LEAF != 0 && self < Self::NO).then_some(ArmId(self.0 & !Self::LEAF))
    }

    /// What a guard answers here, if this edge ends in an answer.
    pub fn answer(self) -> Option<bool> {
        (self >= Self::NO).then_some(self == Self::YES)
    }

    /// The node to which this edge goes, if it does not end.
    pub fn node(self) -> Option<usize> {
        (self.0 & Self::LEAF == 0).then_some(self.0 as usize)
    }
}

/// One test of one field.
///
/// ```text
/// runs = 0:  cells[base + atom] if this node owns that cell, else `miss`
/// runs > 0:  the first of runs[base .. base + runs] whose `last` is not below the atom, else `miss`
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// Which field: position in [`Parts::fields`].
    pub field: u16,
    /// How many runs, or none.
    pub runs: u16,
    /// Where its row or its runs begin.
    pub base: u32,
    /// Where every other atom leads.
    pub miss: Ref,
}

/// One place in the overlaid rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The node whose row this cell belongs to; [`Cell::FREE`] if none.
    pub owner: u32,
    /// Where that node leads for this atom.
    pub next: Ref,
}

impl Cell {
    /// The owner of a cell that no row uses.
    pub const FREE: u32 = u32::MAX;
}

/// Neighbouring atoms with one way on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The last atom of the run.
    pub last: AtomId,
    /// Where these atoms lead.
    pub next: Ref,
}

/// One field: a fact, and how its values fall into atoms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldParts {
    /// What is asked.
    pub fact: Fact,
    /// How many atoms there are.
    pub atoms: u32,
    /// Which value falls into which atom.
    pub split: Split,
}

/// How the values of one field fall into atoms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Split {
    /// Byte strings.
    Text(TextParts),
    /// Whole numbers.
    Number(NumberParts),
    /// Addresses.
    Address(AddressParts),
    /// JSON values.
    Json(JsonParts),
    /// Atom 0 is no, atom 1 is yes.
    Flag,
}

/// How byte strings fall into atoms: by an exact literal, else by the longest prefix, the longest
/// suffix, and the infixes in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextParts {
    /// The atom of a fact without a value.
    pub absent: AtomId,
    /// Values with an atom of their own, sorted.
    pub literals: Vec<(String, AtomId)>,
    /// Prefixes, sorted.
    pub prefixes: Vec<String>,
    /// Suffixes, sorted by their bytes read backwards.
    pub suffixes: Vec<String>,
    /// Texts that are looked for anywhere in a value, sorted; 64 at most.
    pub infixes: Vec<String>,
    /// The sets of infixes that a value can have in it, as bits, sorted; the empty set first.
    pub sets: Vec<u64>,
    /// For each set of infixes, for each longest prefix (none first), for each longest suffix (none
    /// first), the atom.
    pub grid: Vec<AtomId>,
    /// For each atom, the set of tests that hold for it; empty if the field has no unions.
    pub tests: Vec<u64>,
    /// The atoms of several values at once, sorted by the tests that hold for any of them.
    pub unions: Vec<Union>,
}

/// The atom that stands for several values of which some meet each of these tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Union {
    /// The set of tests.
    pub tests: u64,
    /// The atom.
    pub atom: AtomId,
}

/// How numbers fall into atoms: by the cuts below them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberParts {
    /// The atom of a fact without a value.
    pub absent: AtomId,
    /// Where one interval ends and the next begins, sorted; each is the first number of the next.
    pub cuts: Vec<u64>,
    /// The atom of each interval; one more than there are cuts.
    pub atoms: Vec<AtomId>,
}

/// How addresses fall into atoms: by the cuts below them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressParts {
    /// The atom of a fact without a value.
    pub absent: AtomId,
    /// Where one range ends and the next begins, sorted; each is the first address of the next.
    pub cuts: Vec<u128>,
    /// The atom of each range; one more than there are cuts. Ranges apart may share an atom.
    pub atoms: Vec<AtomId>,
}

/// How JSON values fall into atoms: by their type, then by their value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonParts {
    /// The atom of `null`.
    pub null: AtomId,
    /// The atom of `false`.
    pub no: AtomId,
    /// The atom of `true`.
    pub yes: AtomId,
    /// The atom of arrays and objects.
    pub nested: AtomId,
    /// The atoms of numbers by their ranks, and of absence.
    pub number: NumberParts,
    /// The atoms of texts, and of absence once more.
    pub text: TextParts,
}
