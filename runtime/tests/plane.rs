//! The data plane as a client sees it: one request through the real gateway, over pipes with a
//! paused clock where time matters, over sockets where bytes do.

#[path = "plane/client.rs"]
mod client;
#[path = "plane/house.rs"]
mod house;

#[path = "plane/bytes.rs"]
mod bytes;
#[path = "plane/commit.rs"]
mod commit;
#[path = "plane/deadlines.rs"]
mod deadlines;
#[path = "plane/failover.rs"]
mod failover;
#[path = "plane/gone.rs"]
mod gone;
#[path = "plane/refuse.rs"]
mod refuse;
#[path = "plane/reuse.rs"]
mod reuse;
