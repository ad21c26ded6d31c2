//! The policy in force: read, proved and swapped away from the request path.

pub mod live;
pub mod load;
pub mod reload;
pub mod status;
pub mod watch;
