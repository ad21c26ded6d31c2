//! Responses as OpenAI and the servers that took over the protocol speak it.

mod plain;
mod response;
mod usage;

pub(super) use plain::plain;
pub(super) use response::Response;
