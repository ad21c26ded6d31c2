//! What a request says: its path, its body, and the one edit the body gets.

pub mod facts;
pub mod path;
pub mod peek;
pub mod splice;
pub mod tokens;
