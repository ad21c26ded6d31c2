//! The claw policy language: from a folder of `.claw` files to a proved, flat decision table.
//!
//! This crate knows nothing of sockets, clocks or the environment: the same policy bytes give the
//! same table bytes.

pub mod model;
pub mod span;
