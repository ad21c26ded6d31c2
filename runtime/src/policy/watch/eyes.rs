//! Which folders are watched, and the system's watcher on them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::policy::load::Origin;

/// Most folders watched; a policy beyond it is still polled.
const FOLDERS_MAX: usize = 256;

/// Watches folders and hints at changes in them.
pub(super) struct Eyes {
    hint: mpsc::Sender<()>,
    watcher: Option<RecommendedWatcher>,
    aimed: BTreeSet<Aim>,
    /// Set when a watched folder itself was removed or moved: the watch went with it, and what
    /// stands in its place may even bear its number.
    lost: Arc<AtomicBool>,
}

/// One folder as it was when it was aimed at: another folder of the same name is another aim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Aim {
    folder: PathBuf,
    identity: Option<(u64, u64)>,
}

impl Eyes {
    pub(super) fn new(hint: mpsc::Sender<()>) -> Self {
        Self {
            hint,
            watcher: None,
            aimed: BTreeSet::new(),
            lost: Arc::default(),
        }
    }

    /// Aims at the folders of a policy and of the files beside it, if they are not the ones that
    /// are watched already. Says why where it cannot.
    pub(super) fn aim(&mut self, origin: &Origin, beside: &[PathBuf]) -> Option<String> {
        let wanted = aims(origin, beside);
        if !self.lost.swap(false, Ordering::Relaxed) && wanted == self.aimed {
            return None;
        }
        // The old watcher goes first: the system bounds how many there are.
        self.watcher = None;
        let (hint, lost) = (self.hint.clone(), Arc::clone(&self.lost));
        let folders: BTreeSet<PathBuf> = wanted.iter().map(|aim| aim.folder.clone()).collect();
        let made = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An error may stand for events that were lost, so it is a hint too.
            let content = event.as_ref().map_or(true, tells_of_content);
            if content
                && event.is_ok_and(|event| event.paths.iter().any(|path| folders.contains(path)))
            {
                lost.store(true, Ordering::Relaxed);
            }
            if content {
                // Full means that a hint waits already.
                let _waits = hint.try_send(());
            }
        });
        let mut said = None;
        match made {
            Ok(mut watcher) => {
                for aim in &wanted {
                    if let Err(why) = watcher.watch(&aim.folder, RecursiveMode::NonRecursive) {
                        said = Some(format!("`{}` is not watched ({why})", aim.folder.display()));
                    }
                }
                self.watcher = Some(watcher);
            }
            Err(why) => said = Some(format!("files are not watched ({why})")),
        }
        self.aimed = wanted;
        // What changed while nobody watched is found by the look that this leads to.
        let _waits = self.hint.try_send(());
        said
    }
}

/// Reading a file is an event too. If it counted, each look would lead to the next.
fn tells_of_content(event: &Event) -> bool {
    let EventKind::Access(access) = event.kind else {
        return true;
    };
    access == AccessKind::Close(AccessMode::Write)
}

fn aims(origin: &Origin, beside: &[PathBuf]) -> BTreeSet<Aim> {
    let mut folders = BTreeSet::new();
    if let Origin::Folder(path) = origin {
        below(path, &mut folders);
    }
    for file in beside.iter().map(PathBuf::as_path).chain([origin.path()]) {
        above(file, &mut folders);
    }
    folders.into_iter().take(FOLDERS_MAX).map(Aim::at).collect()
}

/// A folder and every folder below it, hidden ones left out.
fn below(folder: &Path, folders: &mut BTreeSet<PathBuf>) {
    if folders.len() >= FOLDERS_MAX || !folder.is_dir() {
        return;
    }
    folders.insert(folder.to_owned());
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            below(&entry.path(), folders);
        }
    }
}

/// The folders in which the entry for a path stands: the one it is written in, and, where the path
/// is a link, the one it leads to.
fn above(path: &Path, folders: &mut BTreeSet<PathBuf>) {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let real = fs::canonicalize(&whole).ok();
    for path in [Some(whole), real].into_iter().flatten() {
        folders.extend(path.parent().map(Path::to_owned));
    }
}

impl Aim {
    fn at(folder: PathBuf) -> Self {
        let identity = fs::metadata(&folder).ok().map(|meta| identity(&meta));
        Self { folder, identity }
    }
}

#[cfg(unix)]
fn identity(meta: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

#[cfg(not(unix))]
fn identity(meta: &fs::Metadata) -> (u64, u64) {
    let made = meta.created().ok();
    let made = made.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    (
        made.map_or(0, |at| at.as_secs()),
        made.map_or(0, |at| u64::from(at.subsec_nanos())),
    )
}
