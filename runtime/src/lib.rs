//! The data plane: serves LLM traffic by a claw decision table.
//!
//! Only `policy::load` knows the compiler; the request path knows the table and nothing else.

pub mod dialect;
pub mod json;
pub mod meter;
pub mod observe;
pub mod policy;
pub mod request;
pub mod sse;
pub mod sim;
pub mod keys;
pub mod upstream;
pub mod limits;
pub mod clock;
pub mod fault;
pub mod plan;
pub mod relay;
pub mod respond;
pub mod gateway;
pub mod server;
pub mod admin;
pub mod process;
