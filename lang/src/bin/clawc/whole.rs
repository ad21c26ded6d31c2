//! Files that are written whole or not at all.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Writes beside the path and renames: whoever watches it sees the old file or the new one.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::other(
            "this is a folder; name a file, such as `policy.clawt`",
        ));
    }
    put(path, bytes, |_| Ok(()))
}

/// Writes over a file that keeps its mode and its owner. A link stays one: what it leads to is
/// written.
pub(crate) fn rewrite(path: &Path, (old, new): (&str, &str)) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    put(&path, new.as_bytes(), |draft| {
        let meta = fs::metadata(&path)?;
        keep_owner(draft, &meta)?;
        draft.set_permissions(meta.permissions())?;
        // An editor may have saved it since it was read.
        if fs::read(&path)? != old.as_bytes() {
            return Err(io::Error::other(
                "it was changed meanwhile; run the command again",
            ));
        }
        Ok(())
    })
}

/// Why a file may not be written over, if its mode says so: a rename would not ask.
pub(crate) fn is_read_only(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().readonly())
}

fn put(
    path: &Path,
    bytes: &[u8],
    before_rename: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let draft = draft(path)?;
    let written = fill(&draft, bytes)
        .and_then(|file| before_rename(&file))
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&draft);
    }
    written
}

/// A hidden name in the same folder, so that the rename does not cross file systems.
fn draft(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("this names no file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}", std::process::id()));
    Ok(path.with_file_name(hidden))
}

fn fill(draft: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(draft)?;
    file.write_all(bytes)?;
    // A rename may reach the disk before the bytes do.
    file.sync_all()?;
    Ok(file)
}

#[cfg(unix)]
fn keep_owner(draft: &File, meta: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let ours = draft.metadata()?;
    if (ours.uid(), ours.gid()) == (meta.uid(), meta.gid()) {
        return Ok(());
    }
    fchown(draft, Some(meta.uid()), Some(meta.gid())).map_err(|why| {
        io::Error::new(
            why.kind(),
            "it belongs to somebody else, and would not after this; run the command as its owner",
        )
    })
}

#[cfg(not(unix))]
fn keep_owner(_draft: &File, _meta: &Metadata) -> io::Result<()> {
    Ok(())
}
