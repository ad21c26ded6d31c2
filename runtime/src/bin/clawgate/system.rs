//! What the process asks of the system before it serves.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::disable_transparent_huge_pages;

/// Raises the limit of open files as far as the system lets this process, as nearly every server
/// of the network does: the low default is for programs that use `select`, and a request that runs
/// needs two.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where the system says no, fewer clients are served at once; accepting waits for a free file.
    let _refused = setrlimit(Resource::Nofile, raised);
}

/// Keeps memory in pages of the usual size. A stream holds half a dozen blocks of many kilobytes
/// of which it touches little, and within a page of 2 MiB untouched is resident as well.
pub(crate) fn keep_pages_small() {
    // An old kernel says no: more memory is used, nothing else.
    let _refused = disable_transparent_huge_pages(true);
}
