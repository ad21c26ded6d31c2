//! From what stands on disk to a snapshot that can serve. It blocks, so it never runs on a worker.
//!
//! ```text
//! folder ─clawgate compile→ bytes ┐
//! FILE.clawt ───────────── bytes ─┴─Table::open→ features? keys? roots? ─→ Snapshot
//! ```

mod compiler;
mod features;
mod files;
pub(crate) mod models;
mod refusal;
mod upstreams;

pub use compiler::{COMPILE_WAIT, Compiled, Compiler};
pub use features::ENFORCED;
pub use files::{Fingerprint, Origin, TABLE_BYTES_MAX};
pub use refusal::{Diagnostics, Refusal};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use claw_table::Table;
use http::HeaderValue;

use super::live::Snapshot;
use crate::identity::roster::{self, Roster};
use crate::keys::Vault;
use crate::request::changes::Changes;
use crate::request::peek::Pointers;
use crate::upstream::Upstream;
use crate::upstream::asking::Reluctant;
use crate::upstream::names::Names;
use crate::zones::Zones;
use features::enforced;
use upstreams::Upstreams;

/// How often a folder that changes while it is compiled is compiled again at once.
const STEADY_TRIES: usize = 5;

/// Loads one policy, again and again.
#[derive(Debug)]
pub struct Loader {
    /// Where the policy is.
    pub origin: Origin,
    /// Who compiles it.
    pub compiler: Compiler,
    /// Where its keys and roots are.
    pub vault: Vault,
    /// Where its providers are.
    pub names: Names,
}

/// One attempt to load.
#[derive(Debug)]
pub struct Loaded {
    /// What was found on disk, keys and roots included.
    pub fingerprint: Fingerprint,
    /// The files beside the policy that it names.
    pub beside: Vec<PathBuf>,
    /// What the compiler says of a policy that it took: warnings, or nothing.
    pub warnings: Diagnostics,
    /// What came of it.
    pub result: Result<Snapshot, Refusal>,
}

impl Loader {
    /// A loader of the policy at `path`, which compiles with this binary.
    pub fn new(path: PathBuf) -> std::io::Result<Self> {
        let origin = Origin::of(path);
        Ok(Self {
            vault: Vault::new(origin.folder()),
            compiler: Compiler::own()?,
            names: Names::new(),
            origin,
        })
    }

    /// Reads, compiles, proves and equips. `previous` is what is in force, if anything is.
    pub fn load(&self, previous: Option<&Snapshot>) -> Loaded {
        let (found, compiled) = self.bytes();
        let mut loaded = Loaded {
            fingerprint: found,
            beside: Vec::new(),
            warnings: Diagnostics::default(),
            result: Err(Refusal::Empty(self.origin.path().to_owned())),
        };
        let opened = compiled.and_then(|(bytes, found)| {
            loaded.warnings = found;
            Table::open(&bytes).map_err(Refusal::Unsound)
        });
        loaded.result = opened.and_then(|table| {
            // Taken before keys and roots are read: what changes after this is a change.
            loaded.beside = upstreams::beside(table.policy(), &self.vault);
            loaded
                .beside
                .extend(roster::beside(table.policy(), &self.vault));
            loaded.fingerprint = found.and(&loaded.beside);
            enforced(&table)?;
            self.equip(table, previous)
        });
        loaded
    }

    /// What stands on disk now.
    pub fn fingerprint(&self, beside: &[PathBuf]) -> Fingerprint {
        self.origin.fingerprint().and(beside)
    }

    /// Table bytes, what the compiler says of them, and the fingerprint of what they come from.
    fn bytes(&self) -> (Fingerprint, Result<(Vec<u8>, Diagnostics), Refusal>) {
        let mut found = self.origin.fingerprint();
        let path = match &self.origin {
            Origin::Table(path) => {
                let bytes = Origin::table(path);
                return (found, bytes.map(|bytes| (bytes, Diagnostics::default())));
            }
            Origin::Folder(path) => path,
        };
        for _ in 0..STEADY_TRIES {
            let compiled = self.of_folder(path);
            let now = self.origin.fingerprint();
            // The files were the same before and after, so the compiler saw these and no mixture
            // of two versions.
            if now == found {
                return (found, compiled);
            }
            found = now;
        }
        (found, Err(Refusal::Unsteady(path.clone())))
    }

    fn of_folder(&self, path: &Path) -> Result<(Vec<u8>, Diagnostics), Refusal> {
        let sources = claw_lang::read_folder(path).map_err(Refusal::Unreadable)?;
        if sources.is_empty() {
            return Err(Refusal::Empty(path.to_owned()));
        }
        let compiled = self.compiler.compile(path)?;
        match compiled.table {
            Some(table) => Ok((table, compiled.found)),
            None => Err(Refusal::Invalid(compiled.found)),
        }
    }

    fn equip(&self, table: Table, previous: Option<&Snapshot>) -> Result<Snapshot, Refusal> {
        let upstreams = Upstreams {
            vault: &self.vault,
            names: &self.names,
            previous: previous.map_or(&[], |previous| &previous.upstreams),
        };
        let digest = hex(&table.about().behaviour);
        Ok(Snapshot {
            upstreams: upstreams.of(table.policy())?,
            roster: Roster::of(table.policy(), &self.vault).map_err(Refusal::Clients)?,
            pointers: Pointers::of(&table),
            changes: Changes::of(table.policy()).map_err(Refusal::Change)?,
            zones: Zones::of(&table).map_err(Refusal::Zones)?,
            reluctant: Reluctant::nobody(table.policy()),
            models: models::models(table.policy().offered.iter().map(String::as_str)),
            digest: HeaderValue::try_from(digest).unwrap_or(HeaderValue::from_static("")),
            table,
        })
    }
}

/// A digest as text.
pub fn hex(digest: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*digest).to_hex().to_string()
}

/// Whether two snapshots come from the same text and serve with the same keys and roots, so that
/// putting one in the other's place would change nothing at all.
pub fn same(one: &Snapshot, other: &Snapshot) -> bool {
    let serves_alike = |(one, other): (&Arc<Upstream>, &Arc<Upstream>)| {
        one.pool_key == other.pool_key
            && one.credential == other.credential
            && one.headers == other.headers
    };
    one.table.about() == other.table.about()
        && one.roster == other.roster
        && one.upstreams.len() == other.upstreams.len()
        && one.upstreams.iter().zip(&other.upstreams).all(serves_alike)
}
