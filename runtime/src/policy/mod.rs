//! The policy in force: read, proved and swapped away from the request path.

pub mod live;
