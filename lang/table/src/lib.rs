//! The flat decision table: what `clawc` builds and `clawgate` obeys.
//!
//! This crate knows nothing of policy text, sockets or clocks. It gives the shape of a compiled
//! policy, its wire format, the proof that untrusted bytes are a sound table, and the walk.
//!
//! ```text
//! Parts ─encode→ bytes ─open: decode, verify, index→ Table ─decide(facts)→ ArmId
//! ```

mod address;
pub mod decimal;
mod facts;
mod ids;
pub mod policy;

mod about;
mod parts;
mod unsound;

mod wire;
mod wire_decision;
mod wire_policy;

mod file;
mod verify;

mod keywords;
mod table;
mod text;
mod walk;

pub use about::{About, Feature, Place};
pub use address::address;
pub use facts::{Can, Fact, Facts, Kind, Member, Phase, SESSION_HEADERS, Said, Within};
pub use file::{encode, repair};
pub use ids::{
    ArmId, AtomId, CacheId, ClassId, ClientId, DenyId, FieldId, GuardId, ModelId, PoolId,
    ProviderId, RequestedId,
};
pub use keywords::{KEYWORD_LISTS_MAX, KEYWORDS_BYTES_MAX};
pub(crate) use parts::BOX_FIELDS_MAX;
pub use parts::{
    AddressParts, Block, BoxPart, BoxParts, Cell, DiagramParts, FieldParts, JsonParts, Node,
    NumberParts, Parts, Ref, Run, Split, TextParts, Union,
};
pub use table::{Field, Stats, Table};
pub use unsound::{Section, Unsound};
pub use walk::{Step, Trace, Unclear};
