//! What a request used.

pub mod usage;
