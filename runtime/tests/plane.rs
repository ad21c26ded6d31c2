//! The data plane as a client sees it: one request through the real gateway, over pipes with a
//! paused clock where time matters, over sockets where bytes do.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failure here is a failed test; and a test asks the paused clock how long it took"
)]

#[path = "plane/client.rs"]
mod client;
#[path = "plane/house.rs"]
mod house;

#[path = "plane/base.rs"]
mod base;
#[path = "plane/bytes.rs"]
mod bytes;
#[path = "plane/changes.rs"]
mod changes;
#[path = "plane/commit.rs"]
mod commit;
#[path = "plane/course.rs"]
mod course;
#[path = "plane/deadlines.rs"]
mod deadlines;
#[path = "plane/facts.rs"]
mod facts;
#[path = "plane/failover.rs"]
mod failover;
#[path = "plane/gone.rs"]
mod gone;
#[path = "plane/hardening.rs"]
mod hardening;
#[path = "plane/identity.rs"]
mod identity;
#[path = "plane/lent.rs"]
mod lent;
#[path = "plane/matrix.rs"]
mod matrix;
#[path = "plane/messages.rs"]
mod messages;
#[path = "plane/models.rs"]
mod models;
#[path = "plane/polls.rs"]
mod polls;
#[path = "plane/refuse.rs"]
mod refuse;
#[path = "plane/responses.rs"]
mod responses;
#[path = "plane/resumed.rs"]
mod resumed;
#[path = "plane/reuse.rs"]
mod reuse;
#[path = "plane/scenarios.rs"]
mod scenarios;
#[path = "plane/translate.rs"]
mod translate;
#[path = "plane/usage.rs"]
mod usage;
#[path = "plane/whole.rs"]
mod whole;
#[path = "plane/windows.rs"]
mod windows;
