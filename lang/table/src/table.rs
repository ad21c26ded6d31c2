//! A verified table.

use crate::policy::Policy;
use crate::text::{Repeats, Seen, TextIndex};
use crate::walk::Paths;
use crate::{
    About, AddressParts, ArmId, AtomId, Fact, Facts, Feature, FieldParts, NumberParts, Place,
    Section, Split, Unsound, file, verify,
};

/// A compiled policy that was proved sound when it was opened.
#[derive(Debug)]
pub struct Table {
    about: About,
    features: Vec<Feature>,
    policy: Policy,
    places: Vec<Place>,
    stats: Stats,
    pub(crate) fields: Box<[Field]>,
    pub(crate) paths: Paths,
}

/// How big a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Nodes of the diagram.
    pub nodes: usize,
    /// Cells and runs: the edges that are stored.
    pub edges: usize,
    /// Bytes of the file.
    pub bytes: usize,
    /// The most facts that one request can be asked.
    pub depth: usize,
}

impl Table {
    /// Proves that the bytes are a sound table, and makes it ready to be walked.
    ///
    /// # Errors
    /// The first reason why they are not; its text says what to do.
    pub fn open(bytes: &[u8]) -> Result<Self, Unsound> {
        let file::Read { parts, behaviour } = file::read(bytes)?;
        let depth = verify::verify(&parts)?;
        let fields = parts.fields.iter().map(Field::new).collect::<Option<_>>();
        Ok(Self {
            fields: fields.ok_or(Unsound::Malformed {
                section: Section::Fields,
                what: "literals that all fall into one place",
            })?,
            paths: Paths::new(&parts.diagram),
            stats: Stats {
                nodes: parts.diagram.nodes.len(),
                edges: parts.diagram.cells.len() + parts.diagram.runs.len(),
                bytes: bytes.len(),
                depth,
            },
            about: About {
                compiler: parts.compiler,
                source: parts.source,
                behaviour,
            },
            features: parts.features,
            policy: parts.policy,
            places: parts.places,
        })
    }

    /// The part of the table that is not a decision.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Where the table comes from.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What the gateway must enforce to serve by this table.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Where an arm is written.
    pub fn place(&self, arm: ArmId) -> Option<&Place> {
        self.places.get(arm.index())
    }

    /// The facts that are tested, in the order in which they are.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How big the table is.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}

/// One field of the diagram: a fact, and how its values fall into atoms.
#[derive(Debug)]
pub struct Field {
    fact: Fact,
    atoms: u32,
    index: Index,
}

#[derive(Debug)]
enum Index {
    Text(TextIndex),
    Number(NumberParts),
    Address(AddressParts),
    Flag,
}

impl Field {
    fn new(parts: &FieldParts) -> Option<Self> {
        let repeats = if parts.fact.repeats() {
            Repeats::Yes
        } else {
            Repeats::No
        };
        let index = match &parts.split {
            Split::Text(text) => Index::Text(TextIndex::new(text, repeats)?),
            Split::Number(number) => Index::Number(number.clone()),
            Split::Address(address) => Index::Address(address.clone()),
            Split::Flag => Index::Flag,
        };
        Some(Self {
            fact: parts.fact.clone(),
            atoms: parts.atoms,
            index,
        })
    }

    /// What is asked.
    pub fn fact(&self) -> &Fact {
        &self.fact
    }

    /// How many atoms there are.
    pub fn atoms(&self) -> u32 {
        self.atoms
    }

    /// The atom of a request's values, unless it has several that no atom stands for.
    #[inline]
    pub fn atom(&self, facts: &impl Facts) -> Option<AtomId> {
        match &self.index {
            Index::Text(text) => {
                let mut seen = Seen::Nothing;
                facts.texts(&self.fact, |value| seen = text.join(seen, value));
                text.settle(seen)
            }
            Index::Number(number) => match facts.number(&self.fact) {
                None => Some(number.absent),
                Some(value) => {
                    let interval = number.cuts.partition_point(|cut| *cut <= value);
                    number.atoms.get(interval).copied()
                }
            },
            Index::Address(address) => match facts.address(&self.fact) {
                None => Some(address.absent),
                Some(value) => {
                    let range = address.cuts.partition_point(|cut| *cut <= value);
                    address.atoms.get(range).copied()
                }
            },
            Index::Flag => Some(AtomId(facts.flag(&self.fact).into())),
        }
    }
}
