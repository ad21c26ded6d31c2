//! The claw policy language: from a folder of `.claw` files to a proved, flat decision table.
//!
//! This crate knows nothing of sockets, clocks or the environment: the same policy bytes give the
//! same table bytes.

mod accepted;
mod age;
mod audit;
mod build;
mod check;
pub mod codes;
mod compile;
pub mod day;
pub mod diagram;
pub mod diff;
pub mod doc;
pub mod explain;
mod flatten;
pub mod format;
pub mod graph;
pub mod import;
pub mod model;
pub mod moment;
pub mod moves;
mod near;
pub mod never;
pub mod oracle;
mod proofs;
pub mod report;
pub mod request;
pub mod source;
pub mod span;
pub mod syntax;
pub mod testing;
pub mod unseen;
pub mod vocab;
pub mod worst;
pub mod zone;

pub use build::{Unbuilt, build, finish};
pub use compile::{
    Checked, Compiled, Ran, check, compile, compile_on, declared, drafted, ordered, test, test_on,
};
pub use flatten::BuildInfo;
pub use report::Report;
pub use source::{Source, read_folder};
