//! From the proved diagram to the parts of a table.

mod boxes;
mod text;

use std::collections::BTreeMap;

use claw_table::{
    AddressParts, AtomId, BoxParts, DiagramParts, Feature, FieldParts, JsonParts, Node,
    NumberParts, Parts, Place, Ref, Run, Split,
};

use crate::diagram::{
    self, AddressValues, AuditedDiagram, Budget, Field, JsonValues, Row, TimeValues, TooLarge,
    Values,
};
use crate::model::Model;
use crate::span::Span;
use boxes::Boxes;

/// What a table tells of its making.
pub struct BuildInfo<'a> {
    /// Digest of the source text.
    pub source: [u8; 32],
    /// The place of a span, for people.
    pub place: &'a dyn Fn(Span) -> Place,
}

impl std::fmt::Debug for BuildInfo<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildInfo")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl BuildInfo<'static> {
    /// For a model that was not made from text.
    pub fn unplaced() -> Self {
        Self {
            source: [0; 32],
            place: &|_| Place::default(),
        }
    }
}

/// The bytes of the table.
///
/// # Errors
/// The table would be larger than the budget.
pub(crate) fn flatten(
    audited: &AuditedDiagram<'_>,
    info: &BuildInfo<'_>,
) -> Result<Vec<u8>, TooLarge> {
    let model = audited.built.model;
    let Flat {
        fields,
        diagram,
        boxes,
    } = flat(audited)?;
    let parts = Parts {
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        source: info.source,
        features: features(model, info),
        policy: model.policy.clone(),
        fields,
        diagram,
        boxes,
        places: places(model, info),
    };
    let bytes = claw_table::encode(&parts);
    Budget::TableBytes.admits(bytes.len())?;
    Ok(bytes)
}

fn features(model: &Model, info: &BuildInfo<'_>) -> Vec<Feature> {
    let feature = |need: &crate::model::Need| Feature {
        name: need.feature.to_owned(),
        place: (info.place)(need.span),
    };
    model.features.iter().map(feature).collect()
}

fn places(model: &Model, info: &BuildInfo<'_>) -> Vec<Place> {
    let mut places = vec![Place::default(); model.policy.arms.len()];
    for arm in model.arms() {
        if let Some(place) = places.get_mut(arm.id.index()) {
            *place = (info.place)(arm.span);
        }
    }
    places
}

struct Flat {
    fields: Vec<FieldParts>,
    diagram: DiagramParts,
    boxes: Option<BoxParts>,
}

/// Nodes in the order of the table, fields that are tested, atoms that differ.
fn flat(audited: &AuditedDiagram<'_>) -> Result<Flat, TooLarge> {
    let built = &audited.built;
    let mut listed = match &built.listed {
        None => None,
        Some(_) => Some(Boxes::new(diagram::boxes(built)?)),
    };
    let nodes = in_order(audited);
    let mut of_field: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for field in listed.iter().flat_map(Boxes::fields) {
        of_field.insert(field, Vec::new());
    }
    for node in &nodes {
        of_field
            .entry(built.store.open(*node).0)
            .or_default()
            .push(*node);
    }
    let mut numbers = vec![0; built.store.node_count()];
    for (number, node) in nodes.iter().enumerate() {
        if let Some(slot) = numbers.get_mut(*node) {
            *slot = u32::try_from(number).unwrap_or(u32::MAX);
        }
    }
    let to = |to: diagram::Ref| match (to.arm(), to.node()) {
        _ if to == diagram::Ref::YES => Ref::YES,
        _ if to == diagram::Ref::NOWHERE => Ref::NO,
        (Some(arm), _) => Ref::leaf(arm),
        // An audited diagram leads nowhere else than to arms and nodes, a guard to answers.
        (None, node) => Ref(node
            .and_then(|node| numbers.get(node))
            .copied()
            .unwrap_or(0)),
    };
    let mut edges = Edges::default();
    let mut fields = Vec::new();
    for (field, nodes) in &of_field {
        let Some(source) = built.fields.get(usize::from(*field)) else {
            continue;
        };
        let classes = match &mut listed {
            None => diagram::classes(source, nodes, &built.store),
            // Values that are treated alike one by one may differ together.
            Some(listed) if source.fact.repeats() => {
                let atoms = (0..source.atoms()).map(|atom| u16::try_from(atom).unwrap_or(u16::MAX));
                listed.take(*field, atoms.collect())
            }
            Some(listed) => listed.take(*field, diagram::classes(source, nodes, &built.store)),
        };
        let parts = field_parts(source, &classes);
        for node in nodes {
            let runs = built.store.open(*node).1;
            edges.add(
                Crossing {
                    field: fields.len(),
                    atoms: parts.atoms,
                    runs,
                    classes: &classes,
                },
                to,
            );
        }
        fields.push(parts);
    }
    Ok(Flat {
        fields,
        diagram: edges.finish(to(built.root), built.guards.iter().map(|from| to(*from))),
        boxes: listed.map(Boxes::finish),
    })
}

/// Every node that a walk can reach, sorted by field, in each field in the order of discovery.
fn in_order(audited: &AuditedDiagram<'_>) -> Vec<usize> {
    let store = &audited.built.store;
    let mut seen = vec![false; store.node_count()];
    let mut found: Vec<usize> = Vec::new();
    let mut visit = |to: diagram::Ref, found: &mut Vec<usize>| {
        if let Some(node) = to.node()
            && let Some(seen) = seen.get_mut(node)
            && !std::mem::replace(seen, true)
        {
            found.push(node);
        }
    };
    visit(audited.built.root, &mut found);
    for guard in &audited.built.guards {
        visit(*guard, &mut found);
    }
    let mut next = 0;
    while let Some(node) = found.get(next).copied() {
        store
            .open(node)
            .1
            .iter()
            .for_each(|run| visit(run.to, &mut found));
        next += 1;
    }
    found.sort_by_key(|node| store.open(*node).0);
    found
}

/// One node on its way into the table.
#[derive(Clone, Copy)]
struct Crossing<'a> {
    field: usize,
    atoms: u32,
    runs: &'a [diagram::Run],
    classes: &'a [u16],
}

#[derive(Default)]
struct Edges {
    nodes: Vec<Node>,
    rows: Vec<Row>,
    runs: Vec<Run>,
}

/// A node is kept as runs where its row would take this many times more cells than it has runs.
const CELLS_PER_RUN_MAX: usize = 8;

impl Edges {
    fn add(&mut self, node: Crossing<'_>, to: impl Fn(diagram::Ref) -> Ref) {
        let miss = diagram::widest(node.runs);
        let mut edges: Vec<(u16, Ref)> = Vec::new();
        let mut first = 0;
        for run in node.runs {
            let end = usize::from(run.last) + 1;
            if run.to != miss {
                let classes = node.classes.get(first..end).unwrap_or_default();
                edges.extend(classes.iter().map(|class| (*class, to(run.to))));
            }
            first = end;
        }
        edges.sort_unstable();
        edges.dedup();
        let miss = to(miss);
        let field = u16::try_from(node.field).unwrap_or(u16::MAX);
        let runs = runs(&edges, miss);
        let position = self.nodes.len();
        if edges.len() > runs.len() * CELLS_PER_RUN_MAX
            && let (Ok(base), Ok(count)) =
                (u32::try_from(self.runs.len()), u16::try_from(runs.len()))
        {
            self.runs.extend(runs);
            self.nodes.push(Node {
                field,
                runs: count,
                base,
                miss,
            });
        } else {
            self.rows.push(Row {
                node: position,
                atoms: node.atoms as usize,
                edges,
            });
            self.nodes.push(Node {
                field,
                runs: 0,
                base: 0,
                miss,
            });
        }
    }

    fn finish(mut self, root: Ref, guards: impl Iterator<Item = Ref>) -> DiagramParts {
        let (cells, bases) = diagram::pack(self.rows);
        for (node, base) in bases {
            if let Some(node) = self.nodes.get_mut(node) {
                node.base = u32::try_from(base).unwrap_or(u32::MAX);
            }
        }
        DiagramParts {
            root,
            guards: guards.collect(),
            nodes: self.nodes,
            cells,
            runs: self.runs,
        }
    }
}

/// The edges as runs; what lies between them leads to `miss`, as does what lies after them.
fn runs(edges: &[(u16, Ref)], miss: Ref) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut next_atom = 0;
    for (atom, next) in edges {
        if *atom > next_atom {
            runs.push(Run {
                last: AtomId(atom - 1),
                next: miss,
            });
        }
        match runs.last_mut() {
            Some(run) if run.next == *next && *atom == next_atom => run.last = AtomId(*atom),
            _ => runs.push(Run {
                last: AtomId(*atom),
                next: *next,
            }),
        }
        next_atom = atom.saturating_add(1);
    }
    runs
}

fn field_parts(field: &Field, classes: &[u16]) -> FieldParts {
    let class = |atom: usize| AtomId(classes.get(atom).copied().unwrap_or(0));
    let split = match &field.values {
        Values::Text(text) => Split::Text(text::parts(text, classes)),
        Values::Number { cuts } => Split::Number(number_parts(cuts, class)),
        Values::Json(json) => Split::Json(json_parts(json, classes)),
        Values::Address(address) => Split::Address(address_parts(address, classes)),
        Values::Time(time) => Split::Number(time_parts(time, classes)),
        Values::Flag => Split::Flag,
    };
    let atoms = classes.iter().max().map_or(1, |last| u32::from(*last) + 1);
    FieldParts {
        fact: field.fact.clone(),
        atoms,
        split,
    }
}

/// Keeps only the cuts that make a difference. The first atom is absence.
fn number_parts(cuts: &[u64], class: impl Fn(usize) -> AtomId) -> NumberParts {
    let mut parts = NumberParts {
        absent: class(0),
        cuts: Vec::new(),
        atoms: vec![class(1)],
    };
    for (interval, cut) in cuts.iter().enumerate() {
        if parts.atoms.last() != Some(&class(interval + 2)) {
            parts.cuts.push(*cut);
            parts.atoms.push(class(interval + 2));
        }
    }
    parts
}

/// Keeps only the cuts that make a difference.
fn time_parts(time: &TimeValues, classes: &[u16]) -> NumberParts {
    let class = |atom: u16| AtomId(classes.get(usize::from(atom)).copied().unwrap_or(0));
    let mut intervals = time.atoms.iter().map(|atom| class(*atom));
    let mut parts = NumberParts {
        absent: class(0),
        cuts: Vec::new(),
        atoms: vec![intervals.next().unwrap_or(class(0))],
    };
    for (cut, own) in time.cuts.iter().zip(intervals) {
        if parts.atoms.last() != Some(&own) {
            parts.cuts.push((*cut).into());
            parts.atoms.push(own);
        }
    }
    parts
}

/// Absence, null, false, true, nested; then the numbers; then the texts.
fn json_parts(json: &JsonValues, classes: &[u16]) -> JsonParts {
    let class = |atom: usize| AtomId(classes.get(atom).copied().unwrap_or(0));
    let of_number = |atom: usize| class(if atom == 0 { 0 } else { atom + 4 });
    let texts = classes.get(json.cuts.len() + 6..).unwrap_or_default();
    let of_text: Vec<u16> = classes.first().into_iter().chain(texts).copied().collect();
    JsonParts {
        null: class(1),
        no: class(2),
        yes: class(3),
        nested: class(4),
        number: number_parts(&json.cuts, of_number),
        text: text::parts(&json.text, &of_text),
    }
}

/// Keeps only the cuts that make a difference.
fn address_parts(address: &AddressValues, classes: &[u16]) -> AddressParts {
    let class = |atom: u16| AtomId(classes.get(usize::from(atom)).copied().unwrap_or(0));
    let mut intervals = address.atoms.iter().map(|atom| class(*atom));
    let mut parts = AddressParts {
        absent: class(0),
        cuts: Vec::new(),
        atoms: vec![intervals.next().unwrap_or(class(0))],
    };
    for (cut, own) in address.cuts.iter().zip(intervals) {
        if parts.atoms.last() != Some(&own) {
            parts.cuts.push(*cut);
            parts.atoms.push(own);
        }
    }
    parts
}
