//! Chat completions as OpenAI and every compatible server speak them.

mod chunk;
pub mod classify;
mod complaint;
pub mod delay;
pub mod option;
pub mod plain;
pub mod reader;
mod shape;
pub mod usage;
mod watch;
