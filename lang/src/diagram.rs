//! From the checked model to a proved decision diagram.
//!
//! ```text
//! Model ─atoms→ fields ─order→ ─from_model→ diagram ─audit→ AuditedDiagram
//! ```
//!
//! String work ends at the atoms: the diagram sees small integers only. A node tests one field and
//! has one child for each run of atoms; equal nodes are one node, so equal behaviour is equal ids.

mod address;
mod atoms;
mod audit;
mod bend;
mod beside;
mod boxes;
mod budget;
mod clocks;
mod coarsen;
mod entered;
mod exclusive;
mod from_model;
mod held;
mod joint;
mod json;
mod led;
mod listed;
mod order;
mod pack;
mod possible;
mod reach;
mod redundant;
mod search;
mod sieve;
mod store;
mod text;
mod time;
mod witness;

pub use audit::{AuditedDiagram, Finding, Proof, prove, prove_apart, prove_listed};
pub use budget::{Budget, TooLarge};
pub use exclusive::{Overlap, order_counts};
pub use from_model::Kept;
pub use reach::{Part, Reached};

pub(crate) use address::AddressValues;
pub(crate) use atoms::{Field, Values};
pub(crate) use audit::prove_asking;
pub(crate) use boxes::{Sides, boxes};
pub(crate) use coarsen::{classes, widest};
pub(crate) use joint::{Pair, pairs};
pub(crate) use json::JsonValues;
pub(crate) use pack::{Row, pack};
pub(crate) use store::{Ref, Run};
pub(crate) use text::TextValues;
pub(crate) use time::TimeValues;
pub(crate) use witness::ordinary;
