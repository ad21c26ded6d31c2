//! What an operator sees of a request after it ended.

pub mod record;
