//! Chat completions as OpenAI and every compatible server speak them.

mod chunk;
pub(super) mod embeddings;
pub mod option;
pub(super) mod plain;
pub mod usage;
pub(super) mod watch;
