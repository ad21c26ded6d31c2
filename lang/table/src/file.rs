//! The table file.
//!
//! ```text
//! magic 8 │ format u32 │ 6 × (length u32, section) │ digest of all bytes before it 32
//! sections: about, features, policy, fields, diagram, places
//! ```

use crate::wire::{Fault, Reader, Wire, put_count};
use crate::{Feature, Parts, Section, Unsound};

/// The number of the format that this build writes and reads.
pub(crate) const FORMAT: u32 = 1;

/// Begins every table. The line ends and the end-of-file byte show a transfer that "mended" text.
const MAGIC: [u8; 8] = *b"clawt\r\n\x1a";

const DIGEST_BYTES: usize = 32;

/// Every section in the order of the file.
const SECTIONS: [Section; 6] = [
    Section::About,
    Section::Features,
    Section::Policy,
    Section::Fields,
    Section::Diagram,
    Section::Places,
];

/// The bytes of a table file. The same parts always give the same bytes.
pub fn encode(parts: &Parts) -> Vec<u8> {
    let mut features = Vec::new();
    parts.features.put(&mut features);
    let mut policy = Vec::new();
    parts.policy.put(&mut policy);
    let mut fields = Vec::new();
    parts.fields.put(&mut fields);
    let mut diagram = Vec::new();
    parts.diagram.put(&mut diagram);
    parts.boxes.put(&mut diagram);
    let mut places = Vec::new();
    parts.places.put(&mut places);

    let mut about = Vec::new();
    parts.compiler.put(&mut about);
    parts.source.put(&mut about);
    behaviour(&parts.features, &[&policy, &fields, &diagram]).put(&mut about);

    let mut out = Vec::new();
    out.extend_from_slice(&MAGIC);
    FORMAT.put(&mut out);
    for section in [about, features, policy, fields, diagram, places] {
        put_count(section.len(), &mut out);
        out.extend_from_slice(&section);
    }
    let digest = blake3::hash(&out);
    out.extend_from_slice(digest.as_bytes());
    out
}

/// What the file says, before it is proved to be sound.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) parts: Parts,
    pub(crate) behaviour: [u8; 32],
}

/// Reads a file whose digests fit and whose bytes are the only ones for what they say.
pub(crate) fn read(bytes: &[u8]) -> Result<Read, Unsound> {
    let sections = Sections::split(bytes)?;
    if blake3::hash(sections.covered).as_bytes() != sections.digest {
        return Err(Unsound::Damaged);
    }
    let [about, features, policy, fields, diagram, places] = sections.bodies;
    let (compiler, (source, stated)): (String, ([u8; 32], [u8; 32])) =
        whole(Section::About, about)?;
    let features: Vec<Feature> = whole(Section::Features, features)?;
    if stated != behaviour(&features, &[policy, fields, diagram]) {
        return Err(Unsound::WrongBehaviour);
    }
    let (diagram, boxes) = whole(Section::Diagram, diagram)?;
    let parts = Parts {
        compiler,
        source,
        features,
        policy: whole(Section::Policy, policy)?,
        fields: whole(Section::Fields, fields)?,
        diagram,
        boxes,
        places: whole(Section::Places, places)?,
    };
    if encode(&parts) != bytes {
        return Err(Unsound::NotCanonical);
    }
    Ok(Read {
        parts,
        behaviour: stated,
    })
}

/// Makes the digests of a changed table fit again, as far as its sections can be found.
/// For tests and fuzzing, which would otherwise never get past them.
pub fn repair(bytes: &mut [u8]) {
    let found = Sections::split(bytes).ok().and_then(|sections| {
        let [about, features, policy, fields, diagram, _] = sections.bodies;
        let features: Vec<Feature> = whole(Section::Features, features).ok()?;
        // The behaviour digest ends the first section, which follows magic, format and length.
        let end = MAGIC.len() + 4 + 4 + about.len();
        Some((end, behaviour(&features, &[policy, fields, diagram])))
    });
    if let Some((end, stated)) = found
        && let Some(place) = end
            .checked_sub(DIGEST_BYTES)
            .and_then(|at| bytes.get_mut(at..end))
    {
        place.copy_from_slice(&stated);
    }
    if let Some((covered, digest)) = bytes.split_last_chunk_mut::<DIGEST_BYTES>() {
        digest.copy_from_slice(blake3::hash(covered).as_bytes());
    }
}

/// Digest of what a table decides, of the names it decides by, and of what it needs; not of places.
fn behaviour(features: &[Feature], decision: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&FORMAT.to_le_bytes());
    let mut names: Vec<&String> = features.iter().map(|feature| &feature.name).collect();
    names.sort_unstable();
    names.dedup();
    let mut spelled = Vec::new();
    for name in names {
        name.put(&mut spelled);
    }
    for part in std::iter::once(spelled.as_slice()).chain(decision.iter().copied()) {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// A file cut into its sections.
#[derive(Debug)]
struct Sections<'b> {
    bodies: [&'b [u8]; SECTIONS.len()],
    covered: &'b [u8],
    digest: &'b [u8; DIGEST_BYTES],
}

impl<'b> Sections<'b> {
    fn split(bytes: &'b [u8]) -> Result<Self, Unsound> {
        if bytes.get(..MAGIC.len()) != Some(MAGIC.as_slice()) {
            return Err(Unsound::NotATable);
        }
        // The format is told before anything else is believed: another one may be laid out otherwise.
        let cut = |_: Fault| Unsound::Length;
        let mut reader = Reader::new(bytes.get(MAGIC.len()..).unwrap_or_default());
        let found = u32::take(&mut reader).map_err(cut)?;
        if found != FORMAT {
            return Err(Unsound::Format { found });
        }
        let (covered, digest) = bytes.split_last_chunk().ok_or(Unsound::Length)?;
        let mut reader = Reader::new(covered.get(MAGIC.len() + 4..).ok_or(Unsound::Length)?);
        let mut bodies: [&[u8]; SECTIONS.len()] = [&[]; SECTIONS.len()];
        for body in &mut bodies {
            let length = u32::take(&mut reader).map_err(cut)?;
            *body = reader.bytes(length as usize).map_err(cut)?;
        }
        if !reader.is_empty() {
            return Err(Unsound::Length);
        }
        Ok(Self {
            bodies,
            covered,
            digest,
        })
    }
}

/// A value that takes up its whole section.
fn whole<T: Wire>(section: Section, bytes: &[u8]) -> Result<T, Unsound> {
    let mut reader = Reader::new(bytes);
    let value = T::take(&mut reader).map_err(|what| Unsound::Malformed { section, what })?;
    if !reader.is_empty() {
        return Err(Unsound::Malformed {
            section,
            what: "goes on after its end",
        });
    }
    Ok(value)
}
