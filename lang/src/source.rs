//! The files of a policy, and the one loader that reads them.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// One file of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path below the folder, with `/` between parts.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The most bytes one file may hold.
pub const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// The most bytes all files of a folder may hold.
pub const FOLDER_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// The most files a folder may hold, whatever their kind.
pub const FOLDER_FILES_MAX: usize = 4096;
/// How deep folders may nest.
pub const FOLDER_DEPTH_MAX: usize = 16;

/// Reads every `*.claw` file below a folder, or the one file that the path names.
///
/// Hidden files, hidden folders and what editors leave behind are passed over; so is the `..data`
/// folder of a Kubernetes mount, whose files are seen through the links beside it. The result is
/// sorted by path, so that the order of the file system has no meaning.
///
/// # Errors
/// Tells by path what cannot be read: a missing path, something that is not a regular file, text
/// that is not UTF-8, more than the bounds above.
pub fn read_folder(path: &Path) -> io::Result<Vec<Source>> {
    let meta = fs::metadata(path).map_err(|e| about(path, &e))?;
    let mut found = Vec::new();
    if meta.is_dir() {
        let root = fs::canonicalize(path).map_err(|e| about(path, &e))?;
        collect((path, &root), 0, &mut 0, &mut found)?;
    } else {
        found.push(path.to_path_buf());
    }
    let root = if meta.is_dir() {
        path
    } else {
        path.parent().unwrap_or(Path::new(""))
    };
    let mut sources = Vec::with_capacity(found.len());
    let mut bytes = 0;
    for file in found {
        let text = read_file(&file)?;
        bytes += text.len() as u64;
        if bytes > FOLDER_BYTES_MAX {
            return Err(refuse(path, "holds more than 32 MiB of policy"));
        }
        sources.push(Source {
            path: shown(file.strip_prefix(root).unwrap_or(&file)),
            text,
        });
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn collect(
    (folder, root): (&Path, &Path),
    depth: usize,
    seen: &mut usize,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    if depth > FOLDER_DEPTH_MAX {
        return Err(refuse(folder, "nests deeper than 16 folders"));
    }
    for entry in fs::read_dir(folder).map_err(|e| about(folder, &e))? {
        let entry = entry.map_err(|e| about(folder, &e))?;
        *seen += 1;
        if *seen > FOLDER_FILES_MAX {
            return Err(refuse(folder, "holds more than 4096 files"));
        }
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_passed_over(&name) {
            continue;
        }
        let kind = entry.file_type().map_err(|e| about(&path, &e))?;
        let is_link = kind.is_symlink() && fs::metadata(&path).is_ok_and(|m| m.is_dir());
        if kind.is_dir() || is_link && is_mounted(&path, root) {
            collect((&path, root), depth + 1, seen, found)?;
        } else if !is_link && path.extension().is_some_and(|e| e == "claw") {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether a link leads into the `..data` beside it, as Kubernetes mounts the folders of a config map.
/// Others are not followed: they could lead back up, or out.
fn is_mounted(link: &Path, root: &Path) -> bool {
    let is_beside = fs::read_link(link).is_ok_and(|to| to.starts_with("..data"));
    let inside = fs::canonicalize(link).is_ok_and(|to| to != root && to.starts_with(root));
    is_beside && inside
}

/// Whether a name is hidden (`.x`, `..data`) or what an editor leaves behind (`x~`, `#x#`).
fn is_passed_over(name: &str) -> bool {
    name.starts_with(['.', '#']) || name.ends_with('~')
}

fn read_file(path: &Path) -> io::Result<String> {
    let meta = fs::metadata(path).map_err(|e| about(path, &e))?;
    if !meta.is_file() {
        return Err(refuse(path, "is not a regular file"));
    }
    if meta.len() > FILE_BYTES_MAX {
        return Err(refuse(path, TOO_BIG));
    }
    // The file may have grown since it was measured.
    let mut bytes = Vec::new();
    let mut file = fs::File::open(path)
        .map_err(|e| about(path, &e))?
        .take(FILE_BYTES_MAX + 1);
    file.read_to_end(&mut bytes).map_err(|e| about(path, &e))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(refuse(path, TOO_BIG));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        refuse(
            path,
            &format!("is not UTF-8 at byte {at}; save it as UTF-8"),
        )
    })
}

const TOO_BIG: &str = "is larger than 8 MiB; split it, the files of a folder are one policy";

fn shown(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|c| c.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn refuse(path: &Path, why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{} {why}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn paths(sources: &[Source]) -> Vec<&str> {
        sources.iter().map(|s| s.path.as_str()).collect()
    }

    #[test]
    fn a_folder_is_every_claw_file_below_it_sorted_by_path() {
        let root = tempfile::tempdir().unwrap();
        for path in ["b.claw", "a/z.claw", "a.claw", "notes.md", "x.claw.bak"] {
            put(root.path(), path, path);
        }
        for hidden in [
            ".hidden.claw",
            ".git/x.claw",
            "a.claw~",
            "#a.claw",
            ".#a.claw",
            ".a.claw.swp",
        ] {
            put(root.path(), hidden, "");
        }
        let sources = read_folder(root.path()).unwrap();
        assert_eq!(paths(&sources), ["a.claw", "a/z.claw", "b.claw"]);
        assert_eq!(sources[1].text, "a/z.claw");
    }

    #[test]
    fn a_kubernetes_mount_is_read_once_through_its_links() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "..2026_11_21/shop.claw", "policy shop");
        symlink("..2026_11_21", root.path().join("..data")).unwrap();
        symlink("..data/shop.claw", root.path().join("shop.claw")).unwrap();
        let sources = read_folder(root.path()).unwrap();
        assert_eq!(paths(&sources), ["shop.claw"]);
        assert_eq!(sources[0].text, "policy shop");
    }

    #[test]
    fn what_is_not_a_regular_file_or_not_utf8_is_refused_by_name() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.claw"), b"policy \xFF").unwrap();
        let error = read_folder(root.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("a.claw is not UTF-8 at byte 7; save it as UTF-8"),
            "{error}"
        );

        let root = tempfile::tempdir().unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.path().join("a.claw")).unwrap();
        let error = read_folder(root.path()).unwrap_err().to_string();
        assert!(error.ends_with("a.claw is not a regular file"), "{error}");
    }

    #[test]
    fn a_file_over_the_bound_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let file = fs::File::create(root.path().join("a.claw")).unwrap();
        file.set_len(FILE_BYTES_MAX + 1).unwrap();
        let error = read_folder(root.path()).unwrap_err().to_string();
        assert!(
            error.contains("a.claw is larger than 8 MiB; split it"),
            "{error}"
        );
    }

    #[test]
    fn one_file_may_be_named_by_itself() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "a.claw", "policy a");
        let sources = read_folder(&root.path().join("a.claw")).unwrap();
        assert_eq!(paths(&sources), ["a.claw"]);
    }
}
