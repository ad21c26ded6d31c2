//! The data plane: serves LLM traffic by a claw decision table.
//!
//! Only `policy::load` knows the compiler; the request path knows the table and nothing else.

pub mod admin;
pub mod clock;
pub mod dialect;
pub mod fault;
pub mod gateway;
pub mod identity;
pub mod json;
pub mod keys;
pub mod limits;
pub mod meter;
pub mod observe;
pub mod plan;
pub mod policy;
pub mod process;
pub mod relay;
pub mod request;
pub mod respond;
pub mod server;
pub mod sim;
pub mod sse;
pub mod translate;
pub mod upstream;
mod wake;
pub mod zones;
