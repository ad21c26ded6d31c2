//! Who calls: one client of the policy, known by its key or by its address.
//!
//! ```text
//! head ─credential→ key or none ─┐
//! connection ─────── address ────┴─roster→ client
//! ```

pub mod credential;
pub mod key;
pub mod origin;
pub mod proxy;
pub mod roster;
