//! Chat completions as OpenAI and every compatible server speak them.

mod chunk;
pub mod option;
pub(super) mod plain;
pub mod usage;
pub(super) mod watch;
