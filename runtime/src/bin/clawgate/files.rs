//! Open files: a request that runs needs two, and most systems begin at 1 024.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit of open files as far as the system lets this process, as nearly every server
/// of the network does: the low default is for programs that use `select`.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    // Where the system says no, fewer clients are served at once; accepting waits for a free file.
    let _refused = setrlimit(Resource::Nofile, raised);
}
