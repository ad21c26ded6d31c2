//! The claw policy language: from a folder of `.claw` files to a proved, flat decision table.
//!
//! This crate knows nothing of sockets, clocks or the environment: the same policy bytes give the
//! same table bytes.

pub mod span;
pub mod source;
pub mod codes;
pub mod report;
pub mod vocab;
mod near;
pub mod syntax;
pub mod model;
mod check;
pub mod diagram;
mod flatten;
pub mod oracle;
mod build;
mod audit;
mod compile;
pub mod request;
pub mod explain;

pub use build::{Unbuilt, build, finish};
pub use compile::{Checked, Compiled, check, compile};
pub use flatten::BuildInfo;
pub use report::Report;
pub use source::{Source, read_folder};
