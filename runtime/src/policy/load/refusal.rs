//! Why a policy was not taken. Every case has a code; the old policy stays in force.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use claw_table::{Feature, Unsound};
use serde_json::Value;

use crate::identity::roster::NoRoster;
use crate::keys::NoKey;
use crate::request::changes::NoHeader;
use crate::upstream::tls::NoRoots;
use crate::zones::NoZone;

/// Why a policy was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Its files cannot be read.
    #[error("the policy cannot be read: {0}")]
    Unreadable(io::Error),
    /// There is no file to read.
    #[error("`{0}` holds no `.claw` file; a policy that allows nothing is written, not deleted")]
    Empty(PathBuf),
    /// The compiler found errors in it.
    #[error("{}", .0.text)]
    Invalid(Diagnostics),
    /// Its files kept changing while they were read.
    #[error("the files of `{0}` kept changing while they were read; it is tried again")]
    Unsteady(PathBuf),
    /// The compiler took too long.
    #[error("compiling `{path}` took longer than {after:?} and was ended")]
    CompilerTimeout {
        /// The folder.
        path: PathBuf,
        /// How long it was given.
        after: Duration,
    },
    /// The compiler broke. That is a fault of ours, not of the policy's author.
    #[error("the compiler broke on `{path}` ({what}); please report it with the policy")]
    CompilerBroke {
        /// The folder.
        path: PathBuf,
        /// How it ended, and its last words.
        what: String,
    },
    /// The table is not sound.
    #[error("{0}")]
    Unsound(Unsound),
    /// The table needs what this build does not enforce.
    #[error("{}", features(.0))]
    NotEnforced(Vec<Feature>),
    /// A provider's key cannot be had.
    #[error("provider `{provider}`: {why}")]
    KeyMissing {
        /// Whose key.
        provider: String,
        /// Which reference, and why it leads nowhere.
        why: NoKey,
    },
    /// The file with a provider's roots cannot be read.
    #[error("provider `{provider}`: the file `{path}` with its roots cannot be read ({why})")]
    RootsUnreadable {
        /// Whose roots.
        provider: String,
        /// As the policy writes it.
        path: String,
        /// What the operating system said.
        why: io::Error,
    },
    /// Its clients cannot be recognised.
    #[error("{0}")]
    Clients(NoRoster),
    /// A header that it changes cannot be sent.
    #[error("{0}")]
    Change(NoHeader),
    /// It goes by the clock of a zone that is not known.
    #[error("{0}")]
    Zones(NoZone),
    /// The roots cannot be trusted.
    #[error("provider `{provider}`: {}{why}", of_file(.path.as_ref()))]
    RootsUnusable {
        /// Whose roots.
        provider: String,
        /// As the policy writes it; nothing for the platform's.
        path: Option<String>,
        /// What is wrong with them.
        why: NoRoots,
    },
    /// A provider's address or header cannot be put on the wire.
    #[error("provider `{provider}`: {what}")]
    Provider {
        /// Which.
        provider: String,
        /// What is wrong, and what to write.
        what: String,
    },
    /// The gateway is on its way out.
    #[error("the gateway is stopping and takes no new policy")]
    Draining,
}

/// What the compiler found, for people and for machines.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    /// As `clawc check` prints them.
    pub text: String,
    /// As `clawc check --format json` prints them.
    pub json: Value,
}

impl Refusal {
    /// A stable code for logs, metrics and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "policy_unreadable",
            Self::Empty(_) => "policy_empty",
            Self::Invalid(_) => "policy_invalid",
            Self::Unsteady(_) => "policy_unsteady",
            Self::CompilerTimeout { .. } => "compiler_timeout",
            Self::CompilerBroke { .. } => "compiler_broke",
            Self::Unsound(unsound) => unsound.code(),
            Self::NotEnforced(_) => "feature_not_enforced",
            Self::KeyMissing { .. } => "key_missing",
            Self::Clients(_) => "clients_unusable",
            Self::Change(_) => "change_unusable",
            Self::Zones(_) => "zone_unknown",
            Self::RootsUnreadable { .. } | Self::RootsUnusable { .. } => "roots_unusable",
            Self::Provider { .. } => "provider_unusable",
            Self::Draining => "draining",
        }
    }

    /// The compiler's findings as JSON; null where it was not the compiler that refused.
    pub fn diagnostics(&self) -> Value {
        match self {
            Self::Invalid(found) => found.json.clone(),
            Self::NotEnforced(features) => features
                .iter()
                .map(|feature| {
                    serde_json::json!({
                        "feature": feature.name,
                        "file": feature.place.file,
                        "line": feature.place.line,
                        "column": feature.place.column,
                    })
                })
                .collect(),
            Self::Unreadable(_)
            | Self::Empty(_)
            | Self::Unsteady(_)
            | Self::CompilerTimeout { .. }
            | Self::CompilerBroke { .. }
            | Self::Unsound(_)
            | Self::KeyMissing { .. }
            | Self::Clients(_)
            | Self::Change(_)
            | Self::Zones(_)
            | Self::RootsUnreadable { .. }
            | Self::RootsUnusable { .. }
            | Self::Provider { .. }
            | Self::Draining => Value::Null,
        }
    }

    /// Whether the same bytes may be taken another time without anything written anew.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unsteady(_))
    }
}

fn features(needed: &[Feature]) -> String {
    let lines = needed.iter().map(|feature| {
        format!(
            "{}: this build does not enforce `{}`; take it out of the policy or use a build that does",
            feature.place, feature.name
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn of_file(path: Option<&String>) -> String {
    path.map_or_else(String::new, |path| {
        format!("the file `{path}` with its roots: ")
    })
}
