//! Messages as Anthropic and the servers that took over its protocol speak them.

mod message;
mod plain;
mod usage;

pub(super) use message::Message;
pub(super) use plain::{count, plain};
