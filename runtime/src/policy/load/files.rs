//! What a policy is made from on disk, and a fingerprint of it that changes when it does.

use std::io;
use std::path::{Path, PathBuf};

use blake3::Hasher;

use super::Refusal;
use crate::keys::regular_file;

/// The longest compiled policy read.
pub const TABLE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The longest file of roots or of a key that is looked at.
pub(super) const BESIDE_BYTES_MAX: u64 = 1024 * 1024;

/// Where a policy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A folder of `.claw` files, or one such file.
    Folder(PathBuf),
    /// A compiled `.clawt` file.
    Table(PathBuf),
}

/// Equal for equal content. Times and file numbers do not enter: a network file system may have
/// none that mean anything, and an editor that writes the same bytes has changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Origin {
    /// A `.clawt` file is a table; everything else is source.
    pub fn of(path: PathBuf) -> Self {
        if path
            .extension()
            .is_some_and(|extension| extension == "clawt")
        {
            Self::Table(path)
        } else {
            Self::Folder(path)
        }
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Table(path) => path,
        }
    }

    /// The folder that relative paths in the policy stand in.
    pub fn folder(&self) -> PathBuf {
        let path = self.path();
        if path.is_dir() || path.extension().is_none() {
            return path.to_owned();
        }
        path.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// A fingerprint of the policy's own files. A policy that cannot be read has one too, made of
    /// the reason, so that the day it can be read is a change.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut hasher = Hasher::new();
        match self {
            Self::Folder(path) => match claw_lang::read_folder(path) {
                Ok(sources) => {
                    for source in sources {
                        part(&mut hasher, source.path.as_bytes());
                        part(&mut hasher, source.text.as_bytes());
                    }
                }
                Err(why) => part(&mut hasher, why.to_string().as_bytes()),
            },
            Self::Table(path) => content(&mut hasher, path, TABLE_BYTES_MAX),
        }
        Fingerprint(hasher.finalize().into())
    }

    /// The bytes of a compiled policy.
    pub fn table(path: &Path) -> Result<Vec<u8>, Refusal> {
        regular_file(path, TABLE_BYTES_MAX).map_err(|why| {
            let said = format!("{}: {why}", path.display());
            Refusal::Unreadable(io::Error::new(why.kind(), said))
        })
    }
}

impl Fingerprint {
    /// With the files that the policy names: keys and roots.
    #[must_use]
    pub fn and(self, beside: &[PathBuf]) -> Self {
        if beside.is_empty() {
            return self;
        }
        let mut hasher = Hasher::new();
        part(&mut hasher, &self.0);
        for path in beside {
            part(&mut hasher, path.as_os_str().as_encoded_bytes());
            content(&mut hasher, path, BESIDE_BYTES_MAX);
        }
        Self(hasher.finalize().into())
    }
}

fn content(hasher: &mut Hasher, path: &Path, bytes_max: u64) {
    match regular_file(path, bytes_max) {
        Ok(bytes) => part(hasher, &bytes),
        Err(why) => part(hasher, why.to_string().as_bytes()),
    }
}

/// Lengths stand before contents, so that no two lists of parts read the same.
fn part(hasher: &mut Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}
