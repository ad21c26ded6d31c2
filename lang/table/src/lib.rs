//! The flat decision table: what `clawc` builds and `clawgate` obeys.
//!
//! This crate knows nothing of policy text, sockets or clocks. It gives the shape of a compiled
//! policy, its wire format, the proof that untrusted bytes are a sound table, and the walk.

mod facts;
mod ids;
pub mod policy;

pub use facts::{Can, Fact, Facts, Kind, Phase};
pub use ids::{ArmId, AtomId, ClassId, DenyId, FieldId, ModelId, ProviderId};

mod table;
pub use table::Table;
