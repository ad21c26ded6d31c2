//! Why bytes are not a table that can be served.

use std::fmt;

use crate::file::FORMAT;

/// A part of a table file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Compiler, source and behaviour digests.
    About,
    /// Needed features.
    Features,
    /// Providers, classes, refusals, arms.
    Policy,
    /// Fields and their atoms.
    Fields,
    /// Nodes, cells and runs.
    Diagram,
    /// Where each arm is written.
    Places,
}

/// The first reason found why some bytes are not a sound table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsound {
    /// The bytes do not begin like a table.
    NotATable,
    /// Another version of `clawc` wrote it, in a format this build does not read.
    Format {
        /// The format number found.
        found: u32,
    },
    /// The bytes end before the table does, or go on after it.
    Length,
    /// The bytes were changed after they were written.
    Damaged,
    /// A section is not what `clawc` writes.
    Malformed {
        /// Which section.
        section: Section,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Two byte strings would mean the same table; only one of them is written by `clawc`.
    NotCanonical,
    /// The behaviour digest does not belong to the decision.
    WrongBehaviour,
}

impl Unsound {
    /// A stable code for logs and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotATable => "table_not_a_table",
            Self::Format { .. } => "table_format",
            Self::Length => "table_length",
            Self::Damaged => "table_damaged",
            Self::Malformed { .. } => "table_malformed",
            Self::NotCanonical => "table_not_canonical",
            Self::WrongBehaviour => "table_wrong_behaviour",
        }
    }
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const AGAIN: &str = "build it again with `clawc build`";
        match self {
            Self::NotATable => write!(f, "this is not a compiled policy: {AGAIN}"),
            Self::Format { found } => write!(
                f,
                "the compiled policy has format {found}, this build reads format {FORMAT}: \
                 rebuild with clawc {}",
                env!("CARGO_PKG_VERSION")
            ),
            Self::Length => write!(
                f,
                "the compiled policy is cut short or has bytes after its end: copy it again, or {AGAIN}"
            ),
            Self::Damaged => write!(
                f,
                "the compiled policy was changed after it was built: copy it again, or {AGAIN}"
            ),
            Self::Malformed { section, what } => {
                write!(
                    f,
                    "the compiled policy is unsound ({section:?}: {what}): {AGAIN}"
                )
            }
            Self::NotCanonical => {
                write!(
                    f,
                    "the compiled policy is not in its one normal form: {AGAIN}"
                )
            }
            Self::WrongBehaviour => write!(
                f,
                "the compiled policy's behaviour digest does not fit its decision: {AGAIN}"
            ),
        }
    }
}

impl std::error::Error for Unsound {}
