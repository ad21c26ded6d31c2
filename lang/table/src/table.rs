//! A verified table.

use memchr::memmem::Finder;

use crate::keywords::{Keywords, Mentioned};
use std::collections::BTreeSet;

use crate::policy::{Policy, Window};
use crate::text::{Repeats, Seen, TextIndex};
use crate::walk::{Boxes, Paths};
use crate::{
    About, AddressParts, ArmId, AtomId, Fact, Facts, Feature, FieldParts, JsonParts, Member,
    NumberParts, Place, Section, Split, Unsound, file, verify,
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
    keywords: Keywords,
    pub(crate) paths: Paths,
    pub(crate) boxes: Option<Boxes>,
}

/// How big a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Nodes of the diagram.
    pub nodes: usize,
    /// Cells and runs: the edges that are stored.
    pub edges: usize,
    /// Boxes, where the diagram would be too large to decide by; none elsewhere.
    pub boxes: usize,
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
        let mut lists = 0;
        let fields = parts.fields.iter().map(|parts| {
            let list = lists;
            lists += usize::from(parts.fact.keywords().is_some());
            Field::new(parts, list)
        });
        let fields = fields.collect::<Option<_>>();
        let keywords = Keywords::new(parts.fields.iter().map(|field| &field.fact));
        Ok(Self {
            fields: fields.ok_or(Unsound::Malformed {
                section: Section::Fields,
                what: "literals that all fall into one place",
            })?,
            keywords: keywords.ok_or(Unsound::Malformed {
                section: Section::Fields,
                what: "keywords that cannot be looked for",
            })?,
            paths: Paths::new(&parts.diagram),
            boxes: parts.boxes.as_ref().map(Boxes::new),
            stats: Stats {
                nodes: parts.diagram.nodes.len(),
                edges: parts.diagram.cells.len() + parts.diagram.runs.len(),
                boxes: parts.boxes.as_ref().map_or(0, |boxes| boxes.boxes.len()),
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

    /// The atom of a request's values for one field. The prompt is read at most once.
    #[inline]
    pub(crate) fn atom(
        &self,
        field: &Field,
        facts: &impl Facts,
        mentioned: &mut Option<Mentioned>,
    ) -> Option<AtomId> {
        let Index::Keywords(list) = field.index else {
            return field.atom(facts);
        };
        Some(self.mentions(list, facts, mentioned))
    }

    /// Not a part of the walk, which seldom comes here and stays the smaller for it.
    #[inline(never)]
    fn mentions(
        &self,
        list: usize,
        facts: &impl Facts,
        mentioned: &mut Option<Mentioned>,
    ) -> AtomId {
        let mentioned = mentioned.get_or_insert_with(|| self.keywords.scan(facts));
        AtomId(mentioned.has(list).into())
    }

    /// Every time zone by whose clock something is asked, charged or counted.
    pub fn zones(&self) -> BTreeSet<&str> {
        let models = self.policy.providers.iter().flat_map(|it| &it.models);
        let prices = models.flat_map(|model| &model.prices);
        let charged = prices.filter_map(|price| price.when.during.as_ref());
        let counted = self
            .policy
            .ceilings
            .iter()
            .filter_map(|it| match &it.window {
                Window::Calendar(calendar) => Some(calendar.zone.as_str()),
                Window::Request => None,
            });
        let asked = self.fields.iter().filter_map(|field| field.fact.zone());
        asked
            .chain(charged.map(|hours| hours.zone.as_str()))
            .chain(counted)
            .collect()
    }

    /// How big the table is.
    pub fn stats(&self) -> Stats {
        self.stats
    }
}

/// How a flag is told: by the request itself, or by whether a text is in another fact.
fn contains(fact: &Fact) -> Index {
    if let Fact::Contains((within, text)) = fact {
        let finder = Finder::new(text.as_bytes()).into_owned();
        Index::Contains(within.fact(), finder)
    } else {
        Index::Flag
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
    Json(JsonIndex),
    /// The number of a list of keywords.
    Keywords(usize),
    /// A text that is looked for in the values of another fact.
    Contains(Fact, Finder<'static>),
    Flag,
}

impl Field {
    fn new(parts: &FieldParts, list: usize) -> Option<Self> {
        let repeats = if parts.fact.repeats() {
            Repeats::Yes
        } else {
            Repeats::No
        };
        let index = match &parts.split {
            Split::Text(text) => Index::Text(TextIndex::new(text, repeats)?),
            Split::Number(number) => Index::Number(number.clone()),
            Split::Address(address) => Index::Address(address.clone()),
            Split::Json(json) => Index::Json(JsonIndex::new(json)?),
            Split::Flag if parts.fact.keywords().is_some() => Index::Keywords(list),
            Split::Flag => contains(&parts.fact),
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

    /// The atom of a request's values, unless it has several that no atom stands for. Not for
    /// keywords, which a table looks for all at once.
    #[inline]
    pub fn atom(&self, facts: &impl Facts) -> Option<AtomId> {
        // Most facts that are asked are texts: the others stay out of the caller's way.
        if let Index::Text(text) = &self.index {
            let mut seen = Seen::Nothing;
            facts.texts(&self.fact, |value| seen = text.join(seen, text.atom(value)));
            return text.settle(seen);
        }
        self.atom_of_no_text(facts)
    }

    #[inline(never)]
    fn atom_of_no_text(&self, facts: &impl Facts) -> Option<AtomId> {
        match &self.index {
            // Keywords are looked for by the table, all at once; texts were asked before.
            Index::Text(_) | Index::Keywords(_) => Some(AtomId(0)),
            Index::Number(number) => match facts.number(&self.fact) {
                None => Some(number.absent),
                Some(value) => interval(number, value),
            },
            Index::Address(address) => match facts.address(&self.fact) {
                None => Some(address.absent),
                Some(value) => {
                    let range = address.cuts.partition_point(|cut| *cut <= value);
                    address.atoms.get(range).copied()
                }
            },
            Index::Json(json) => {
                let mut atom = Some(json.number.absent);
                facts.member(&self.fact, |value| atom = json.atom(value));
                atom
            }
            Index::Contains(fact, finder) => {
                let mut is_there = false;
                facts.texts(fact, |value| {
                    is_there = is_there || finder.find(value).is_some();
                });
                Some(AtomId(is_there.into()))
            }
            Index::Flag => Some(AtomId(facts.flag(&self.fact).into())),
        }
    }
}

#[inline]
fn interval(number: &NumberParts, value: u64) -> Option<AtomId> {
    let interval = number.cuts.partition_point(|cut| *cut <= value);
    number.atoms.get(interval).copied()
}

/// The atoms of one JSON field, ready for lookup.
#[derive(Debug)]
struct JsonIndex {
    null: AtomId,
    no: AtomId,
    yes: AtomId,
    nested: AtomId,
    number: NumberParts,
    text: TextIndex,
}

impl JsonIndex {
    fn new(parts: &JsonParts) -> Option<Self> {
        Some(Self {
            null: parts.null,
            no: parts.no,
            yes: parts.yes,
            nested: parts.nested,
            number: parts.number.clone(),
            text: TextIndex::new(&parts.text, Repeats::No)?,
        })
    }

    #[inline]
    fn atom(&self, value: Member<'_>) -> Option<AtomId> {
        match value {
            Member::Null => Some(self.null),
            Member::Flag(false) => Some(self.no),
            Member::Flag(true) => Some(self.yes),
            Member::Nested => Some(self.nested),
            Member::Number(rank) => interval(&self.number, rank),
            Member::Text(text) => Some(self.text.atom(text)),
        }
    }
}
