//! What an operator sees of a request after it ended.

pub mod event;
pub mod histogram;
pub mod json;
pub mod log;
pub mod metrics;
pub mod record;
pub mod recorder;
pub mod stamp;
