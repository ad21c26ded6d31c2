//! What providers say, each in its own protocol: answers, usage, failures.

pub mod failure;
pub mod openai;
